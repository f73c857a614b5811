//! Between whom an ask is: the server that asks, and the tenant it asks for. It seldom changes, so it is remembered.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Asker, LookUp, place};
use crate::reservation::{Server, Tenant, TenantId, TenantName};
use crate::store::columns::parse;
use crate::store::{StoreError, tenants};

/// How long it is used at most. Every change holds at once, but for one that is made where PostgreSQL runs no triggers, such
/// as a restore: that one holds after this time.
const USED: Duration = Duration::from_mins(1);

/// How long who asks counts as known, after this was read last.
const KNOWN: Duration = Duration::from_hours(24);

/// How a server stands to a tenant, for as long as the desk has this revision.
#[derive(Debug)]
pub(super) struct Standing {
    pub revision: Uuid,
    pub server: Server,
    pub default_tenant: TenantId,
    /// The tenant that is asked for, or the server's default one where there is no such tenant.
    pub speaker: Arc<Tenant>,
    /// Whether the tenant that is asked for is there.
    pub is_there: bool,
    /// Whether the server may ask for it.
    pub served: bool,
}

impl Standing {
    /// The tenant that is asked for.
    pub fn tenant(&self) -> Option<&Arc<Tenant>> {
        Some(&self.speaker).filter(|_| self.is_there)
    }
}

/// Who asks, and for which tenant; `None` for the server's default one.
type Parties = (Asker, Option<TenantName>);

/// The most that are remembered.
const MOST: u64 = 16_384;

/// How servers stand to tenants, as it was when they asked last. Whether it still holds, each ask reads anew.
#[derive(Debug)]
pub struct Standings {
    used: Cache<Parties, Arc<Standing>>,
    known: Cache<Parties, ()>,
}

impl Default for Standings {
    fn default() -> Self {
        Self {
            used: Cache::builder().max_capacity(MOST).time_to_live(USED).build(),
            known: Cache::builder().max_capacity(MOST).time_to_live(KNOWN).build(),
        }
    }
}

impl Standings {
    /// Whether who asks was known when it asked last, and the tenant was there.
    #[must_use]
    pub fn know(&self, asker: Asker, tenant: Option<&TenantName>) -> bool {
        self.known.contains_key(&(asker, tenant.cloned()))
    }

    pub(super) fn of(&self, look_up: &LookUp<'_>) -> Option<Arc<Standing>> {
        self.used.get(&(look_up.asker, look_up.tenant.cloned()))
    }

    /// Reads them anew, in the order of the look-ups; `None` where nobody known asks. What can't be read about one fails that one
    /// alone.
    pub(super) async fn read(
        &self,
        db: &mut PgConnection,
        look_ups: &[&LookUp<'_>],
    ) -> Result<Vec<Result<Option<Arc<Standing>>, StoreError>>, StoreError> {
        let rows = rows(db, look_ups).await?;
        let mut ids: Vec<_> = rows.iter().filter_map(StandingRow::speaker).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut speakers = HashMap::new();
        if !ids.is_empty() {
            for row in tenants::rows(db, &ids).await? {
                let (id, tenant) = (row.id, Tenant::try_from(row));
                speakers.insert(id, tenant.map(Arc::new));
            }
        }
        let mut standings: Vec<_> = look_ups.iter().map(|_| Err(StoreError::Outdated)).collect();
        for row in rows {
            let Some((look_up, slot)) =
                place(row.ord).and_then(|place| look_ups.get(place).zip(standings.get_mut(place)))
            else {
                continue;
            };
            let standing = row.standing(&speakers);
            // A tenant that is not there is not remembered: a server could name any number of them.
            if let Ok(Some(standing)) = &standing
                && standing.is_there
            {
                let parties = (look_up.asker, look_up.tenant.cloned());
                self.known.insert(parties.clone(), ());
                self.used.insert(parties, Arc::clone(standing));
            }
            *slot = standing;
        }
        Ok(standings)
    }
}

/// One row: who asks, where anybody does, and for which tenant.
struct StandingRow {
    /// Which look-up, from 1.
    ord: i64,
    revision: Uuid,
    server_id: Option<Uuid>,
    server_state: Option<String>,
    default_tenant_id: Option<Uuid>,
    tenant_id: Option<Uuid>,
    served: bool,
}

async fn rows(db: &mut PgConnection, look_ups: &[&LookUp<'_>]) -> Result<Vec<StandingRow>, StoreError> {
    let mut hashes = Vec::with_capacity(look_ups.len());
    let mut servers = Vec::with_capacity(look_ups.len());
    for look_up in look_ups {
        let (hash, server) = match look_up.asker {
            Asker::Credential(hash) => (Some(hash.as_bytes().to_vec()), None),
            Asker::Server(server) => (None, Some(Uuid::from(server))),
        };
        hashes.push(hash);
        servers.push(server);
    }
    let tenants: Vec<_> = look_ups.iter().map(|l| l.tenant.map(|name| name.as_str().to_owned())).collect();
    let rows = sqlx::query_as!(
        StandingRow,
        r#"
        SELECT
            asker.ord AS "ord!", d.revision AS "revision!",
            s.id AS "server_id?", s.state AS "server_state?", s.default_tenant_id AS "default_tenant_id?",
            t.id AS "tenant_id?",
            COALESCE(s.serves_all OR t.id = s.default_tenant_id OR EXISTS (
                SELECT FROM conference_server_tenants st WHERE st.tenant_id = t.id AND st.server_id = s.id
            ), false) AS "served!"
        FROM unnest($1::bytea[], $2::uuid[], $3::text[]) WITH ORDINALITY AS asker (hash, server_id, tenant, ord)
        JOIN desk_revision d ON d.singleton
        LEFT JOIN server_credentials k ON k.hash = asker.hash AND k.revoked_at IS NULL
        LEFT JOIN conference_servers s ON s.id = COALESCE(k.server_id, asker.server_id) AND s.state <> 'revoked'
        LEFT JOIN tenants t ON t.id = CASE
            WHEN asker.tenant IS NULL THEN s.default_tenant_id
            WHEN s.id IS NOT NULL THEN (SELECT named.id FROM tenants named WHERE named.name = asker.tenant)
        END
        "#,
        &hashes as &[Option<Vec<u8>>],
        &servers as &[Option<Uuid>],
        &tenants as &[Option<String>],
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

impl StandingRow {
    /// Whose language is spoken.
    fn speaker(&self) -> Option<Uuid> {
        self.tenant_id.or(self.default_tenant_id)
    }

    fn standing(
        &self,
        speakers: &HashMap<Uuid, Result<Arc<Tenant>, StoreError>>,
    ) -> Result<Option<Arc<Standing>>, StoreError> {
        let (Some(id), Some(state), Some(default_tenant), Some(speaker)) =
            (self.server_id, &self.server_state, self.default_tenant_id, self.speaker())
        else {
            return Ok(None);
        };
        let speaker = match speakers.get(&speaker) {
            Some(Ok(speaker)) => Arc::clone(speaker),
            Some(Err(StoreError::Unreadable { column })) => return Err(StoreError::Unreadable { column }),
            Some(Err(_)) | None => return Err(StoreError::Outdated),
        };
        Ok(Some(Arc::new(Standing {
            revision: self.revision,
            server: Server { id: id.into(), state: parse("state", state)? },
            default_tenant: default_tenant.into(),
            speaker,
            is_there: self.tenant_id.is_some(),
            served: self.served,
        })))
    }
}
