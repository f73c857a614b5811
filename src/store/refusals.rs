//! Why rooms did not open.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::reservation::wording::Language;
use crate::reservation::{Node, Reason, RoomKey, ServerId, TenantId};

/// One refusal. Of a tenant that does not exist or is not the server's, it is written down for the
/// server's default one.
///
/// The room's key and the sentence for people follow from it, and are made when it is written: neither
/// costs the ask anything, nor any place among the refusals that wait.
#[derive(Debug, Clone)]
pub struct RefusalRecord {
    /// Which refusal: written twice, it is there once.
    pub id: Uuid,
    /// The tenant.
    pub tenant: TenantId,
    /// The server that asked.
    pub server: ServerId,
    /// The room's name as the server wrote it.
    pub node: Node,
    /// Why.
    pub reason: Reason,
    /// When.
    pub refused_at: DateTime<Utc>,
    /// The language that people were told in.
    pub language: Language,
    /// The time zone of the moments that they were told.
    pub time_zone: Tz,
}

impl RefusalRecord {
    /// The sentence that people saw.
    fn message(&self) -> String {
        self.reason.message(self.language, self.time_zone, self.refused_at)
    }
}

/// Writes refusals down; none of a tenant that was removed in the meantime, or is just being removed.
///
/// # Errors
/// Where the database fails; then none is written.
pub async fn insert(db: &mut PgConnection, refusals: &[RefusalRecord]) -> Result<(), StoreError> {
    let tenants: Vec<Uuid> = refusals.iter().map(|refusal| refusal.tenant.into()).collect();
    let ids: Vec<Uuid> = refusals.iter().map(|refusal| refusal.id).collect();
    let servers: Vec<Uuid> = refusals.iter().map(|refusal| refusal.server.into()).collect();
    // PostgreSQL's text takes no NUL, a node that is refused for one may have it.
    let nodes: Vec<String> =
        refusals.iter().map(|refusal| refusal.node.as_str().replace('\0', "\u{fffd}")).collect();
    let reasons: Vec<String> = refusals.iter().map(|refusal| refusal.reason.code().to_owned()).collect();
    let times: Vec<DateTime<Utc>> = refusals.iter().map(|refusal| refusal.refused_at).collect();
    let rooms: Vec<Option<String>> =
        refusals.iter().map(|refusal| refusal.node.meant().as_ref().map(RoomKey::to_string)).collect();
    let messages: Vec<String> = refusals.iter().map(RefusalRecord::message).collect();
    sqlx::query!(
        "WITH there AS MATERIALIZED (SELECT id FROM tenants WHERE id = ANY ($1) FOR KEY SHARE SKIP LOCKED)
         INSERT INTO refusals (tenant_id, id, server_id, node, reason, refused_at, room, message)
         SELECT refusal.*
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::text[],
                     $8::text[]) AS refusal (tenant_id, id, server_id, node, reason, refused_at, room, message)
         JOIN there ON there.id = refusal.tenant_id
         ON CONFLICT DO NOTHING",
        &tenants,
        &ids,
        &servers,
        &nodes,
        &reasons,
        &times,
        &rooms as &[Option<String>],
        &messages,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes refusals from before `until`, at most `limit`, and says how many.
///
/// # Errors
/// Where the database fails.
pub async fn purge(db: &mut PgConnection, until: DateTime<Utc>, limit: i64) -> Result<u64, StoreError> {
    let purged = sqlx::query!(
        "DELETE FROM refusals WHERE (tenant_id, id) IN (
             SELECT tenant_id, id FROM refusals WHERE refused_at < $1 ORDER BY refused_at LIMIT $2
             FOR UPDATE SKIP LOCKED)",
        until,
        limit,
    )
    .execute(db)
    .await?;
    Ok(purged.rows_affected())
}
