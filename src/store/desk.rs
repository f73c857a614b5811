//! Everything that a decision is made from, for several asks at once, in one statement. What is settled for a tenant is read
//! again only where it changed, and what is known of a conference only where one is open.

mod row;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;
use uuid::Uuid;

use self::row::DeskRow;
use super::conferences::{OpenConference, open};
use super::known_tenants::KnownTenants;
use super::{StoreError, tenants};
use crate::credential::CredentialHash;
use crate::reservation::wording::Language;
use crate::reservation::{RoomKey, ServerId, Situation, Tenant, TenantId, TenantName};

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub enum Asker {
    /// The server that owns this credential.
    Credential(CredentialHash),
    /// This server. For dry runs: whoever calls has to know who is asking.
    Server(ServerId),
}

/// What to look up.
#[derive(Debug, Clone)]
pub struct LookUp<'a> {
    /// Who asks.
    pub asker: Asker,
    /// The tenant that the node names; `None` for the server's default one.
    pub tenant: Option<&'a TenantName>,
    /// The room; `None` looks at no room.
    pub room: Option<&'a RoomKey>,
}

/// What was found, and how to speak to the server.
#[derive(Debug, Clone)]
pub struct Found {
    /// What the decision is made from.
    pub situation: Situation,
    /// The language of the tenant, or else of the server's default one.
    pub language: Language,
    /// The time zone, likewise.
    pub time_zone: Tz,
}

/// Reads what each look-up needs, in the same order; `None` where nobody known asks. What can't be read about one fails that one
/// alone.
///
/// # Errors
/// Where the database fails.
pub async fn read(
    db: &mut PgConnection,
    known: &KnownTenants,
    look_ups: &[LookUp<'_>],
    now: DateTime<Utc>,
) -> Result<Vec<Result<Option<Found>, StoreError>>, StoreError> {
    let mut rows = row::read(db, look_ups, now).await?;
    rows.sort_unstable_by_key(|row| (row.ord, row.starts));
    let tenants = read_tenants(db, known, &rows).await?;
    let live = read_live(db, &rows).await?;
    let mut found: Vec<_> = look_ups.iter().map(|_| Ok(None)).collect();
    for rows in rows.chunk_by(|one, next| one.ord == next.ord) {
        let row = &rows[0];
        if let Some(place) = usize::try_from(row.ord - 1).ok().and_then(|ord| found.get_mut(ord)) {
            *place = assemble(rows, &tenants, row.live_id.and_then(|id| live.get(&id)), now);
        }
    }
    Ok(found)
}

/// The tenants of a batch, by their ids; or in which column there is something that can't be read.
type Tenants = HashMap<Uuid, Result<Arc<Tenant>, &'static str>>;

/// The tenant of each ask; of those for a tenant that is not there, the server's default one.
async fn read_tenants(
    db: &mut PgConnection,
    known: &KnownTenants,
    rows: &[DeskRow],
) -> Result<Tenants, StoreError> {
    let mut tenants = Tenants::new();
    let mut missing = HashSet::new();
    for row in rows {
        if let Some((id, revision)) = row.tenant_id.zip(row.tenant_revision) {
            if !tenants.contains_key(&id) && !missing.contains(&id) {
                match known.at(TenantId::from(id), revision) {
                    Some(tenant) => _ = tenants.insert(id, Ok(tenant)),
                    None => _ = missing.insert(id),
                }
            }
        } else {
            missing.extend(row.default_tenant_id);
        }
    }
    if !missing.is_empty() {
        let ids: Vec<_> = missing.into_iter().collect();
        for row in tenants::rows(db, &ids).await? {
            let id = row.id;
            let tenant = match Tenant::try_from(row) {
                Ok(tenant) => Ok(known.note(tenant)),
                Err(StoreError::Unreadable { column }) => Err(column),
                Err(error) => return Err(error),
            };
            tenants.insert(id, tenant);
        }
    }
    Ok(tenants)
}

/// The conferences that are open, by their ids.
async fn read_live(
    db: &mut PgConnection,
    rows: &[DeskRow],
) -> Result<HashMap<Uuid, OpenConference>, StoreError> {
    let (tenants, ids): (Vec<_>, Vec<_>) =
        rows.iter().filter_map(|row| row.tenant_id.zip(row.live_id)).unzip();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let live = open(db, &tenants, &ids).await?;
    Ok(live.into_iter().map(|live| (live.row.id, live)).collect())
}

/// What was found for an ask: one row for each date of its room, or one without.
fn assemble(
    rows: &[DeskRow],
    tenants: &Tenants,
    live: Option<&OpenConference>,
    now: DateTime<Utc>,
) -> Result<Option<Found>, StoreError> {
    let row = &rows[0];
    let (Some(server), Some(default_tenant)) = (row.server()?, row.default_tenant_id) else {
        return Ok(None);
    };
    // One that is not there any more was removed between two statements.
    let speaker = match tenants.get(&row.tenant_id.unwrap_or(default_tenant)) {
        Some(Ok(tenant)) => tenant,
        Some(Err(column)) => return Err(StoreError::Unreadable { column }),
        None => return Err(StoreError::Unreadable { column: "tenant_id" }),
    };
    let live_is_booked = live.is_some_and(|live| live.is_booked);
    Ok(Some(Found {
        situation: Situation {
            server,
            tenant: row.tenant_id.map(|_| Arc::clone(speaker)),
            served: row.served,
            near: row::near(rows, &speaker.policy, now)?,
            default_tenant: default_tenant.into(),
            live: live.map(|live| live.row.clone().try_into()).transpose()?,
            live_is_booked,
            live_count: row.live_count.unwrap_or(0).try_into().unwrap_or(u32::MAX),
        },
        language: speaker.policy.language,
        time_zone: speaker.policy.time_zone,
    }))
}
