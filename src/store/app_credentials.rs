//! Credentials of apps.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::credential::CredentialHash;
use crate::reservation::{AppId, CredentialId, TenantId};

/// A credential of an app, without itself.
#[derive(Debug, Clone)]
pub struct AppCredentialRecord {
    /// The tenant.
    pub tenant: TenantId,
    /// Whose it is.
    pub app: AppId,
    /// Which one.
    pub id: CredentialId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// The credentials of these apps, the oldest first.
///
/// # Errors
/// Where the database fails.
pub async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    apps: &[AppId],
) -> Result<Vec<AppCredentialRecord>, StoreError> {
    let apps: Vec<Uuid> = apps.iter().copied().map(Uuid::from).collect();
    let rows = sqlx::query!(
        "SELECT tenant_id, app_id, id, created_at, revoked_at FROM app_credentials
         WHERE tenant_id = $1 AND app_id = ANY ($2) ORDER BY id",
        Uuid::from(tenant),
        &apps,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| AppCredentialRecord {
            tenant: row.tenant_id.into(),
            app: row.app_id.into(),
            id: row.id.into(),
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        })
        .collect())
}

/// How many credentials of the app are live.
///
/// # Errors
/// Where the database fails.
pub async fn count_live(db: &mut PgConnection, tenant: TenantId, app: AppId) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM app_credentials
           WHERE tenant_id = $1 AND app_id = $2 AND revoked_at IS NULL"#,
        Uuid::from(tenant),
        Uuid::from(app),
    )
    .fetch_one(db)
    .await?)
}

/// Gives an app another credential.
///
/// # Errors
/// Where the database fails.
pub async fn insert(
    db: &mut PgConnection,
    hash: CredentialHash,
    credential: &AppCredentialRecord,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO app_credentials (hash, id, tenant_id, app_id, created_at) VALUES ($1, $2, $3, $4, $5)",
        hash.as_bytes(),
        Uuid::from(credential.id),
        Uuid::from(credential.tenant),
        Uuid::from(credential.app),
        credential.created_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Revokes one credential of an app. `false` where the app has no such credential that is live.
///
/// # Errors
/// Where the database fails.
pub async fn revoke(
    db: &mut PgConnection,
    tenant: TenantId,
    app: AppId,
    credential: CredentialId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let revoked = sqlx::query!(
        "UPDATE app_credentials SET revoked_at = $4
         WHERE tenant_id = $1 AND app_id = $2 AND id = $3 AND revoked_at IS NULL",
        Uuid::from(tenant),
        Uuid::from(app),
        Uuid::from(credential),
        now,
    )
    .execute(db)
    .await?;
    Ok(revoked.rows_affected() == 1)
}
