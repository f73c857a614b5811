//! Apps and their credentials.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::columns::parse;
use super::{StoreError, is_duplicate};
use crate::credential::CredentialHash;
use crate::reservation::{AppId, CredentialId, Scopes, TenantId};

/// An app: a client of the API that belongs to one tenant.
#[derive(Debug, Clone)]
pub struct AppRecord {
    /// The tenant.
    pub tenant: TenantId,
    /// Which one.
    pub id: AppId,
    /// Its name, for operators.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

struct AppRow {
    tenant_id: Uuid,
    id: Uuid,
    name: String,
    scopes: Vec<String>,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<AppRow> for AppRecord {
    type Error = StoreError;

    fn try_from(row: AppRow) -> Result<Self, StoreError> {
        Ok(Self {
            tenant: row.tenant_id.into(),
            id: row.id.into(),
            name: row.name,
            scopes: scopes(&row.scopes)?,
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        })
    }
}

/// Scopes from their column.
pub(super) fn scopes(column: &[String]) -> Result<Scopes, StoreError> {
    column.iter().map(|scope| parse("scopes", scope)).collect()
}

fn to_scopes(scopes: &Scopes) -> Vec<String> {
    scopes.iter().map(|scope| scope.to_string()).collect()
}

/// Adds an app with its credential. `false` where the tenant has one of that name.
///
/// # Errors
/// Where the database fails.
pub async fn insert(
    db: &mut PgConnection,
    app: &AppRecord,
    credential: CredentialId,
    hash: CredentialHash,
) -> Result<bool, StoreError> {
    let inserted = sqlx::query!(
        "WITH added AS (
             INSERT INTO apps (tenant_id, id, name, created_at, scopes) VALUES ($1, $2, $3, $4, $7)
             RETURNING tenant_id, id, created_at
         )
         INSERT INTO app_credentials (hash, id, tenant_id, app_id, created_at)
         SELECT $5, $6, tenant_id, id, created_at FROM added",
        Uuid::from(app.tenant),
        Uuid::from(app.id),
        app.name,
        app.created_at,
        hash.as_bytes(),
        Uuid::from(credential),
        &to_scopes(&app.scopes),
    )
    .execute(db)
    .await;
    match inserted {
        Ok(_) => Ok(true),
        Err(error) if is_duplicate(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The tenant's apps, by name.
///
/// # Errors
/// Where the database fails.
pub async fn list(db: &mut PgConnection, tenant: TenantId) -> Result<Vec<AppRecord>, StoreError> {
    let rows = sqlx::query_as!(
        AppRow,
        "SELECT tenant_id, id, name, scopes, created_at, revoked_at FROM apps WHERE tenant_id = $1 ORDER BY name",
        Uuid::from(tenant)
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(AppRecord::try_from).collect()
}

/// Revokes an app and its credentials. `None` where there is no such app; `false` where it was
/// revoked before.
///
/// # Errors
/// Where the database fails.
pub async fn revoke(
    db: &mut PgConnection,
    tenant: TenantId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<Option<bool>, StoreError> {
    let row = sqlx::query!(
        r#"
        WITH revoked AS (
            UPDATE apps SET revoked_at = $3 WHERE tenant_id = $1 AND name = $2 AND revoked_at IS NULL
            RETURNING tenant_id, id
        ), credentials AS (
            UPDATE app_credentials c SET revoked_at = $3 FROM revoked
            WHERE c.tenant_id = revoked.tenant_id AND c.app_id = revoked.id AND c.revoked_at IS NULL
        )
        SELECT EXISTS (SELECT FROM apps WHERE tenant_id = $1 AND name = $2) AS "there!",
               EXISTS (SELECT FROM revoked) AS "revoked!"
        "#,
        Uuid::from(tenant),
        name,
        now,
    )
    .fetch_one(db)
    .await?;
    Ok(row.there.then_some(row.revoked))
}
