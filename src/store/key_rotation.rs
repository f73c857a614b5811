//! Signing keys over time: which ones are due, what they are called, how many there are.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::reservation::{SigningKeyId, TenantId};
use crate::signing::{Algorithm, Kid};

/// Until the end of the transaction nobody else adds a key of that owner, or changes which one signs. `false` where the
/// owner is not there.
///
/// # Errors
/// Where the database fails.
pub async fn lock_owner(db: &mut PgConnection, owner: Option<TenantId>) -> Result<bool, StoreError> {
    let found = match owner {
        Some(tenant) => {
            sqlx::query_scalar!(
                r#"SELECT 1 AS "found!" FROM tenants WHERE id = $1 FOR NO KEY UPDATE"#,
                Uuid::from(tenant)
            )
            .fetch_optional(db)
            .await?
        }
        None => {
            sqlx::query_scalar!(r#"SELECT 1 AS "found!" FROM deployment FOR NO KEY UPDATE"#)
                .fetch_optional(db)
                .await?
        }
    };
    Ok(found.is_some())
}

/// The key that the owner signs with.
///
/// # Errors
/// Where the database fails.
pub async fn active(
    db: &mut PgConnection,
    owner: Option<TenantId>,
    algorithm: Algorithm,
) -> Result<Option<SigningKeyId>, StoreError> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM signing_keys WHERE tenant_id IS NOT DISTINCT FROM $1 AND algorithm = $2
               AND activated_at IS NOT NULL AND retired_at IS NULL",
        owner.map(Uuid::from),
        algorithm.as_str(),
    );
    Ok(id.fetch_optional(db).await?.map(Into::into))
}

/// The keys that sign, were made here and are served, and that have signed since `before`, or that no key is there to
/// follow. `before` is `None` where none is ever too old.
///
/// # Errors
/// Where the database fails.
pub async fn due(
    db: &mut PgConnection,
    before: Option<DateTime<Utc>>,
) -> Result<Vec<SigningKeyId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM signing_keys k
         WHERE origin = 'made' AND public_key IS NOT NULL AND activated_at IS NOT NULL AND retired_at IS NULL
               AND (activated_at <= $1 OR NOT EXISTS (
                   SELECT FROM signing_keys n
                   WHERE n.tenant_id IS NOT DISTINCT FROM k.tenant_id AND n.algorithm = k.algorithm
                         AND n.activated_at IS NULL AND n.retired_at IS NULL
               ))
         ORDER BY activated_at, id",
        before
    );
    Ok(ids.fetch_all(db).await?.into_iter().map(Into::into).collect())
}

/// Takes a name for a key, for good. `false` where it has been used before, by whomever.
pub(super) async fn take_name(db: &mut PgConnection, kid: &Kid) -> Result<bool, StoreError> {
    let taken =
        sqlx::query!("INSERT INTO signing_kids (hash) VALUES ($1) ON CONFLICT DO NOTHING", &kid.hash());
    Ok(taken.execute(db).await?.rows_affected() == 1)
}

/// Calls a key otherwise that has never signed. `false` where the name has been used before, by whomever.
///
/// # Errors
/// Where the database fails.
pub async fn rename(
    db: &mut PgConnection,
    id: SigningKeyId,
    kid: &Kid,
    certificate: Option<&str>,
) -> Result<bool, StoreError> {
    if !take_name(db, kid).await? {
        return Ok(false);
    }
    sqlx::query!(
        "UPDATE signing_keys SET kid = $2, kid_hash = $3, certificate = $4
         WHERE id = $1 AND activated_at IS NULL AND retired_at IS NULL",
        Uuid::from(id),
        kid.as_str(),
        &kid.hash(),
        certificate,
    )
    .execute(db)
    .await?;
    Ok(true)
}

/// How many keys there are in each state, of all owners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyCounts {
    /// Keys that sign next.
    pub next: i64,
    /// Keys that sign.
    pub active: i64,
    /// Keys that sign no more and are served still.
    pub retired: i64,
}

/// Counts keys.
///
/// # Errors
/// Where the database fails.
pub async fn count(db: &mut PgConnection) -> Result<KeyCounts, StoreError> {
    Ok(sqlx::query_as!(
        KeyCounts,
        r#"SELECT count(*) FILTER (WHERE activated_at IS NULL AND retired_at IS NULL) AS "next!",
                  count(*) FILTER (WHERE activated_at IS NOT NULL AND retired_at IS NULL) AS "active!",
                  count(*) FILTER (WHERE retired_at IS NOT NULL) AS "retired!"
           FROM signing_keys WHERE withdrawn_at IS NULL"#
    )
    .fetch_one(db)
    .await?)
}
