//! Apps. Their credentials are in [`app_credentials`](super::app_credentials), what they sign tokens with is in
//! [`app_signing_keys`](super::app_signing_keys).

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::columns::parse;
use super::{StoreError, is_duplicate};
use crate::credential::CredentialHash;
use crate::reservation::{AppId, CredentialId, Scopes, TenantId, TenantName};

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

/// What an app is found by, within its tenant.
#[derive(Debug, Clone, Copy)]
pub enum AppKey<'a> {
    /// Its name.
    Name(&'a str),
    /// Its id.
    Id(AppId),
}

impl AppKey<'_> {
    fn columns(self) -> (Option<String>, Option<Uuid>) {
        match self {
            Self::Name(name) => (Some(name.to_owned()), None),
            Self::Id(id) => (None, Some(id.into())),
        }
    }
}

impl<'a> From<&'a str> for AppKey<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl From<AppId> for AppKey<'_> {
    fn from(id: AppId) -> Self {
        Self::Id(id)
    }
}

impl fmt::Display for AppKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
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

/// Reads apps of a tenant, which is `$1`.
macro_rules! select_apps {
    ($which:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            AppRow,
            "SELECT tenant_id, id, name, scopes, created_at, revoked_at FROM apps WHERE tenant_id = $1 " + $which
            $(, $argument)*
        )
    };
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
             ON CONFLICT (tenant_id, name) DO NOTHING
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
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The app of that name or id.
///
/// # Errors
/// Where the database fails.
pub async fn find(
    db: &mut PgConnection,
    tenant: TenantId,
    key: AppKey<'_>,
) -> Result<Option<AppRecord>, StoreError> {
    let (name, id) = key.columns();
    let row =
        select_apps!("AND (name = $2 OR id = $3)", Uuid::from(tenant), name, id).fetch_optional(db).await?;
    row.map(AppRecord::try_from).transpose()
}

/// The app of that name or id, for this transaction to change, or to change what belongs to it.
///
/// # Errors
/// Where the database fails.
pub async fn find_for_update(
    db: &mut PgConnection,
    tenant: TenantId,
    key: AppKey<'_>,
) -> Result<Option<AppRecord>, StoreError> {
    let (name, id) = key.columns();
    let row = select_apps!("AND (name = $2 OR id = $3) FOR NO KEY UPDATE", Uuid::from(tenant), name, id);
    row.fetch_optional(db).await?.map(AppRecord::try_from).transpose()
}

/// The tenant that an app belongs to.
///
/// # Errors
/// Where the database fails.
pub async fn tenant_of(db: &mut PgConnection, app: AppId) -> Result<Option<AppTenant>, StoreError> {
    let row = sqlx::query!(
        "SELECT t.id, t.name FROM apps a JOIN tenants t ON t.id = a.tenant_id WHERE a.id = $1",
        Uuid::from(app)
    );
    let row = row.fetch_optional(db).await?;
    row.map(|row| Ok(AppTenant { id: row.id.into(), name: parse("name", &row.name)? })).transpose()
}

/// A tenant, as far as an app's place goes.
#[derive(Debug, Clone)]
pub struct AppTenant {
    /// Which one.
    pub id: TenantId,
    /// Its name.
    pub name: TenantName,
}

/// The tenant's apps, by name.
///
/// # Errors
/// Where the database fails.
pub async fn list(db: &mut PgConnection, tenant: TenantId) -> Result<Vec<AppRecord>, StoreError> {
    let rows = select_apps!("ORDER BY name", Uuid::from(tenant)).fetch_all(db).await?;
    rows.into_iter().map(AppRecord::try_from).collect()
}

/// The tenant's apps by the order in which they were added, at most `limit`: those that come after that one.
///
/// # Errors
/// Where the database fails.
pub async fn page(
    db: &mut PgConnection,
    tenant: TenantId,
    after: Option<AppId>,
    limit: i64,
) -> Result<Vec<AppRecord>, StoreError> {
    let rows = select_apps!(
        "AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        Uuid::from(tenant),
        after.map(Uuid::from),
        limit
    );
    rows.fetch_all(db).await?.into_iter().map(AppRecord::try_from).collect()
}

/// Writes name and scopes. `false` where the tenant has another app of that name; the transaction is then lost.
///
/// # Errors
/// Where the database fails.
pub async fn update(db: &mut PgConnection, app: &AppRecord) -> Result<bool, StoreError> {
    let updated = sqlx::query!(
        "UPDATE apps SET name = $3, scopes = $4 WHERE tenant_id = $1 AND id = $2",
        Uuid::from(app.tenant),
        Uuid::from(app.id),
        app.name,
        &to_scopes(&app.scopes),
    )
    .execute(db)
    .await;
    match updated {
        Ok(_) => Ok(true),
        Err(error) if is_duplicate(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Revokes an app with its credentials and signing keys. `false` where it was revoked before.
///
/// # Errors
/// Where the database fails.
pub async fn revoke(
    db: &mut PgConnection,
    tenant: TenantId,
    id: AppId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"
        WITH revoked AS (
            UPDATE apps SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL
            RETURNING tenant_id, id
        ), credentials AS (
            UPDATE app_credentials c SET revoked_at = $3 FROM revoked
            WHERE c.tenant_id = revoked.tenant_id AND c.app_id = revoked.id AND c.revoked_at IS NULL
        ), signing_keys AS (
            UPDATE app_signing_keys k SET revoked_at = $3 FROM revoked
            WHERE k.tenant_id = revoked.tenant_id AND k.app_id = revoked.id AND k.revoked_at IS NULL
        )
        SELECT EXISTS (SELECT FROM revoked) AS "revoked!"
        "#,
        Uuid::from(tenant),
        Uuid::from(id),
        now,
    )
    .fetch_one(db)
    .await?)
}
