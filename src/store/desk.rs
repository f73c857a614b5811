//! Everything that a decision is made from, for several asks at once.
//!
//! One statement reads what is different for each ask. What is settled for a tenant is read again only where it changed, and a
//! conference only where one is open. Each statement sees the database at a moment of its own, so an ask is told where what
//! they saw does not belong together.

mod row;

use std::collections::{HashMap, HashSet};
use std::slice;
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
use crate::reservation::{Conference, RoomKey, ServerId, Situation, Tenant, TenantId, TenantName};

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

/// How often it is read again what changed meanwhile.
const ATTEMPTS: usize = 3;

/// Reads what one look-up needs; `None` where nobody known asks.
///
/// # Errors
/// Where the database fails, something can't be read, or it changes time and again.
pub async fn read_one(
    db: &mut PgConnection,
    known: &KnownTenants,
    look_up: &LookUp<'_>,
    now: DateTime<Utc>,
) -> Result<Option<Found>, StoreError> {
    for _ in 0..ATTEMPTS {
        match read(db, known, slice::from_ref(look_up), now).await?.pop() {
            Some(Err(StoreError::Outdated)) => {}
            found => return found.unwrap_or(Ok(None)),
        }
    }
    Err(StoreError::Outdated)
}

/// Reads what each look-up needs, in the same order; `None` where nobody known asks. What can't be read about one, or changed
/// meanwhile, fails that one alone.
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
    let beside = Beside { tenants: read_tenants(db, known, &rows).await?, live: read_live(db, &rows).await? };
    let mut found: Vec<_> = look_ups.iter().map(|_| Ok(None)).collect();
    for rows in rows.chunk_by(|one, next| one.ord == next.ord) {
        if let Some(place) = usize::try_from(rows[0].ord - 1).ok().and_then(|ord| found.get_mut(ord)) {
            *place = beside.assemble(rows, now);
        }
    }
    Ok(found)
}

/// What is read beside the rows of the asks.
struct Beside {
    /// By their ids: the tenant of each ask; of those for a tenant that is not there, the server's default one.
    tenants: HashMap<Uuid, Readable<Arc<Tenant>>>,
    /// By tenant and id: each conference that is open, and whether the booking that it was granted for is still there.
    live: HashMap<(Uuid, Uuid), Readable<(Conference, bool)>>,
}

/// What was read, or in which column there is something that can't be.
type Readable<T> = Result<T, &'static str>;

fn readable<T>(read: Result<T, StoreError>) -> Result<Readable<T>, StoreError> {
    match read {
        Ok(value) => Ok(Ok(value)),
        Err(StoreError::Unreadable { column }) => Ok(Err(column)),
        Err(error) => Err(error),
    }
}

async fn read_tenants(
    db: &mut PgConnection,
    known: &KnownTenants,
    rows: &[DeskRow],
) -> Result<HashMap<Uuid, Readable<Arc<Tenant>>>, StoreError> {
    let mut tenants = HashMap::new();
    let mut missing = HashSet::new();
    for row in rows {
        // Which revision of the default one is in force, no ask reads: there is none for a tenant that is not there.
        let wanted = row.tenant_id.zip(row.tenant_revision);
        let Some(id) = row.tenant_id.or(row.default_tenant_id) else { continue };
        if tenants.contains_key(&id) || missing.contains(&id) {
            continue;
        }
        match wanted.and_then(|(id, revision)| known.at(TenantId::from(id), revision)) {
            Some(tenant) => _ = tenants.insert(id, Ok(tenant)),
            None => _ = missing.insert(id),
        }
    }
    if !missing.is_empty() {
        let ids: Vec<_> = missing.into_iter().collect();
        for row in tenants::rows(db, &ids).await? {
            let id = row.id;
            tenants.insert(id, readable(Tenant::try_from(row))?.map(|tenant| known.note(tenant)));
        }
    }
    Ok(tenants)
}

async fn read_live(
    db: &mut PgConnection,
    rows: &[DeskRow],
) -> Result<HashMap<(Uuid, Uuid), Readable<(Conference, bool)>>, StoreError> {
    let wanted: HashSet<_> = rows.iter().filter_map(|row| row.tenant_id.zip(row.live_id)).collect();
    let mut live = HashMap::new();
    if !wanted.is_empty() {
        let (tenants, ids): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
        for OpenConference { row, is_booked } in open(db, &tenants, &ids).await? {
            let place = (row.tenant_id, row.id);
            live.insert(
                place,
                readable(Conference::try_from(row))?.map(|conference| (conference, is_booked)),
            );
        }
    }
    Ok(live)
}

impl Beside {
    /// What was found for an ask: one row for each date of its room, or one without.
    fn assemble(&self, rows: &[DeskRow], now: DateTime<Utc>) -> Result<Option<Found>, StoreError> {
        let row = &rows[0];
        let (Some(server), Some(default_tenant)) = (row.server()?, row.default_tenant_id) else {
            return Ok(None);
        };
        let unreadable = |column: &&'static str| StoreError::Unreadable { column };
        let speaker =
            self.tenants.get(&row.tenant_id.unwrap_or(default_tenant)).ok_or(StoreError::Outdated)?;
        let speaker = speaker.as_ref().map_err(unreadable)?;
        // What else was read follows from the policy of that revision: whether conferences are counted, for one.
        if row.tenant_revision.is_some_and(|revision| revision != speaker.revision) {
            return Err(StoreError::Outdated);
        }
        let live = match row.tenant_id.zip(row.live_id) {
            None => None,
            Some(place) => {
                let live = self.live.get(&place).ok_or(StoreError::Outdated)?;
                Some(live.as_ref().map_err(unreadable)?)
            }
        };
        Ok(Some(Found {
            situation: Situation {
                server,
                tenant: row.tenant_id.map(|_| Arc::clone(speaker)),
                served: row.served,
                near: row::near(rows, &speaker.policy, now)?,
                default_tenant: default_tenant.into(),
                live: live.map(|(conference, _)| conference.clone()),
                live_is_booked: live.is_some_and(|(_, is_booked)| *is_booked),
                live_count: row.live_count.unwrap_or(0).try_into().unwrap_or(u32::MAX),
            },
            language: speaker.policy.language,
            time_zone: speaker.policy.time_zone,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reservation::{Options, Policy, Server, ServerState};

    /// An ask for a tenant at its first revision, with a conference that is open.
    fn asked(beside: &mut Beside) -> DeskRow {
        let now = DateTime::UNIX_EPOCH;
        let (tenant, live) = (TenantId::new(), Uuid::now_v7());
        let found = Tenant {
            id: tenant,
            name: "acme".parse().unwrap(),
            policy: Policy::default(),
            revision: 1,
            created_at: now,
            disabled_at: None,
        };
        let conference = Conference {
            tenant,
            id: live.into(),
            room: "room".parse().unwrap(),
            node: "room".parse().unwrap(),
            server: Server { id: ServerId::new(), state: ServerState::Active },
            mail_owner: "me@meet.test".parse().unwrap(),
            occurrence: None,
            opened_at: now,
            ends_at: now,
            answer_token: false,
            options: Options::default(),
        };
        let tenant = Uuid::from(tenant);
        beside.tenants.insert(tenant, Ok(Arc::new(found)));
        beside.live.insert((tenant, live), Ok((conference, true)));
        DeskRow {
            ord: 1,
            server_id: Some(Uuid::now_v7()),
            server_state: Some("active".to_owned()),
            default_tenant_id: Some(tenant),
            tenant_id: Some(tenant),
            tenant_revision: Some(1),
            live_id: Some(live),
            ..DeskRow::default()
        }
    }

    #[test]
    fn what_was_read_at_different_moments_is_taken_only_where_it_belongs_together() {
        let read = |change: fn(&mut Beside, &mut DeskRow)| {
            let mut beside = Beside { tenants: HashMap::new(), live: HashMap::new() };
            let mut row = asked(&mut beside);
            change(&mut beside, &mut row);
            beside.assemble(&[row], DateTime::UNIX_EPOCH)
        };
        let found = read(|_, _| {}).unwrap().unwrap().situation;
        assert!(found.tenant.is_some() && found.live.is_some() && found.live_is_booked);
        let outdated: [fn(&mut Beside, &mut DeskRow); 3] = [
            |_, row| row.tenant_revision = Some(2),
            |beside, _| beside.tenants.clear(),
            |beside, _| beside.live.clear(),
        ];
        for change in outdated {
            let read = read(change);
            assert!(matches!(read, Err(StoreError::Outdated)), "{read:?}");
        }
    }
}
