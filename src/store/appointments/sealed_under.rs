//! Which appointments have a password that a certain master key has sealed.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::reservation::AppointmentId;
use crate::seal::KeyId;
use crate::store::StoreError;

/// An appointment whose password, or that of one of its dates, the key has sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedUnder {
    /// The name of its tenant.
    pub tenant: String,
    /// Which one.
    pub id: AppointmentId,
    /// Its room.
    pub room: String,
    /// When the first of its dates starts that is not over and has such a password; `None` where there is none.
    pub next_starts: Option<DateTime<Utc>>,
    /// How many such appointments there are.
    pub all: i64,
    /// How many of those have such a date.
    pub upcoming: i64,
}

/// At most `limit` of them, the next one first, and those that are over last.
///
/// # Errors
/// Where the database fails.
pub async fn sealed_under(
    db: &mut PgConnection,
    key: KeyId,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<SealedUnder>, StoreError> {
    Ok(sqlx::query_as!(
        SealedUnder,
        r#"SELECT t.name AS tenant, a.id, a.room_name AS room, next.starts AS next_starts,
                  count(*) OVER () AS "all!", count(next.starts) OVER () AS "upcoming!"
           FROM (SELECT tenant_id, id FROM appointments WHERE substring(password FROM 2 FOR 8) = $1
                 UNION
                 SELECT tenant_id, appointment_id FROM occurrences WHERE substring(password FROM 2 FOR 8) = $1) AS k
           JOIN appointments a ON a.tenant_id = k.tenant_id AND a.id = k.id
           JOIN tenants t ON t.id = k.tenant_id
           CROSS JOIN LATERAL (
               SELECT min(o.starts) AS starts FROM occurrences o
               WHERE o.tenant_id = k.tenant_id AND o.appointment_id = k.id AND o.cancelled_at IS NULL
                 AND (o.ends IS NULL OR o.ends > $2) AND substring(o.password FROM 2 FOR 8) = $1
           ) AS next
           ORDER BY next.starts NULLS LAST, a.id DESC LIMIT $3"#,
        key.bytes(),
        now,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// Has this transaction hold appointments, in an order that all who hold several should keep: who is to change one waits.
///
/// # Errors
/// Where the database fails.
pub async fn hold(db: &mut PgConnection, tenants: &[Uuid], ids: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query!(
        "SELECT a.id FROM appointments a
         JOIN unnest($1::uuid[], $2::uuid[]) AS held (tenant_id, id) ON a.tenant_id = held.tenant_id AND a.id = held.id
         ORDER BY a.tenant_id, a.id FOR NO KEY UPDATE OF a",
        tenants,
        ids,
    )
    .fetch_all(db)
    .await?;
    Ok(())
}
