//! Requests that are done once, however often they are sent.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, is_orphan};
use crate::reservation::{AppId, TenantId};
use crate::seal::Sealed;

/// How long one who sends a request again waits for the first one, before being told that it is under way.
const PATIENCE: &str = "200ms";

/// What an app calls a thing that it wants done once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnceKey {
    /// The tenant.
    pub tenant: TenantId,
    /// The app.
    pub app: AppId,
    /// The SHA-256 of the key.
    pub key: [u8; 32],
    /// The SHA-256 of what was asked for.
    pub request: [u8; 32],
}

/// What became of a claim.
#[derive(Debug, PartialEq)]
pub enum Claimed {
    /// The key is new: this transaction is to do it.
    New,
    /// Another transaction is doing it. This one is lost.
    UnderWay,
    /// The tenant is gone: it was removed in this very moment. This transaction is lost.
    NoTenant,
    /// It was done, for this request or another.
    Done {
        /// The SHA-256 of what was asked for.
        request: Vec<u8>,
        /// What was answered.
        answer: Sealed,
    },
}

/// Claims a key for the transaction, which has to end with [`put`] or be rolled back.
///
/// # Errors
/// Where the database fails.
pub async fn claim(db: &mut PgConnection, key: &OnceKey, now: DateTime<Utc>) -> Result<Claimed, StoreError> {
    let usual = sqlx::query_scalar!(r#"SELECT current_setting('lock_timeout') AS "usual!""#)
        .fetch_one(&mut *db)
        .await?;
    set_lock_timeout(db, PATIENCE).await?;
    let inserted = sqlx::query!(
        "INSERT INTO idempotency_keys (tenant_id, app_id, key_hash, request_hash, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        Uuid::from(key.tenant),
        Uuid::from(key.app),
        &key.key,
        &key.request,
        now,
    )
    .execute(&mut *db)
    .await;
    match inserted {
        Err(error)
            if error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("55P03")) =>
        {
            return Ok(Claimed::UnderWay);
        }
        Err(error) if is_orphan(&error) => return Ok(Claimed::NoTenant),
        Err(error) => return Err(error.into()),
        Ok(inserted) => {
            set_lock_timeout(db, &usual).await?;
            if inserted.rows_affected() == 1 {
                return Ok(Claimed::New);
            }
        }
    }
    let row = sqlx::query!(
        r#"SELECT request_hash, answer AS "answer!" FROM idempotency_keys
           WHERE tenant_id = $1 AND app_id = $2 AND key_hash = $3 AND answer IS NOT NULL"#,
        Uuid::from(key.tenant),
        Uuid::from(key.app),
        &key.key,
    )
    .fetch_optional(db)
    .await?;
    // Purged in this very moment: whoever asks again finds it new.
    Ok(row.map_or(Claimed::UnderWay, |row| Claimed::Done {
        request: row.request_hash,
        answer: Sealed::from_bytes(row.answer),
    }))
}

async fn set_lock_timeout(db: &mut PgConnection, timeout: &str) -> Result<(), StoreError> {
    sqlx::query!("SELECT set_config('lock_timeout', $1, true)", timeout).fetch_one(db).await?;
    Ok(())
}

/// Puts down what is answered, for whoever sends the request again.
///
/// # Errors
/// Where the database fails.
pub async fn put(db: &mut PgConnection, key: &OnceKey, answer: &Sealed) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE idempotency_keys SET answer = $4 WHERE tenant_id = $1 AND app_id = $2 AND key_hash = $3",
        Uuid::from(key.tenant),
        Uuid::from(key.app),
        &key.key,
        answer.as_bytes(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes keys from before `until`, at most `limit`, and says how many.
///
/// # Errors
/// Where the database fails.
pub async fn purge(db: &mut PgConnection, until: DateTime<Utc>, limit: i64) -> Result<u64, StoreError> {
    let purged = sqlx::query!(
        "DELETE FROM idempotency_keys WHERE (tenant_id, app_id, key_hash) IN (
             SELECT tenant_id, app_id, key_hash FROM idempotency_keys WHERE created_at < $1
             ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        until,
        limit,
    )
    .execute(db)
    .await?;
    Ok(purged.rows_affected())
}
