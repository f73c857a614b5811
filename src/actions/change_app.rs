//! An app may do other things, or is called otherwise; or it may not call any more.

use sqlx::{Connection as _, PgConnection};

use super::transaction::transact;
use crate::app::App;
use crate::reservation::{Scopes, TenantName};
use crate::store::apps::{self, AppKey, AppRecord};
use crate::store::{StoreError, tenants};

/// What is to be different. What is left out stays.
#[derive(Debug, Clone, Default)]
pub struct AppChange {
    /// What operators call it.
    pub name: Option<String>,
    /// What it may do.
    pub scopes: Option<Scopes>,
    /// What it may do as well.
    pub more_scopes: Scopes,
}

/// Why an app was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeAppError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// The tenant has no such app.
    #[error("the tenant has no app `{0}`")]
    Unknown(String),
    /// It was revoked for good.
    #[error("the app `{0}` is revoked; add it anew under another name")]
    Revoked(String),
    /// Another one is called so.
    #[error("the tenant has an app `{0}` already")]
    Exists(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ChangeAppError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Changes an app, in a transaction of its own. What it may do holds from its next call.
///
/// # Errors
/// Where tenant or app are not there, the app is revoked, or the name is taken.
pub async fn change_app(
    app: &App,
    tenant: &TenantName,
    key: impl Into<AppKey<'_>>,
    change: AppChange,
) -> Result<AppRecord, ChangeAppError> {
    let key = key.into();
    transact(app, async |db| change_app_in(db, tenant, key, change.clone()).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where tenant or app are not there, the app is revoked, or the name is taken.
pub async fn change_app_in(
    db: &mut PgConnection,
    tenant: &TenantName,
    key: AppKey<'_>,
    change: AppChange,
) -> Result<AppRecord, ChangeAppError> {
    let mut record = known(db, tenant, key).await?;
    if record.revoked_at.is_some() {
        return Err(ChangeAppError::Revoked(record.name));
    }
    record.name = change.name.unwrap_or(record.name);
    let scopes = change.scopes.unwrap_or(record.scopes);
    record.scopes = scopes.iter().chain(change.more_scopes.iter()).collect();
    let mut attempt = db.begin().await?;
    if apps::update(&mut attempt, &record).await? {
        attempt.commit().await?;
        return Ok(record);
    }
    attempt.rollback().await?;
    Err(ChangeAppError::Exists(record.name))
}

/// Revokes an app with its credentials and signing keys, at once and for good, in a transaction of its own. `false`
/// where it was revoked before.
///
/// # Errors
/// Where tenant or app are not there.
pub async fn revoke_app(
    app: &App,
    tenant: &TenantName,
    key: impl Into<AppKey<'_>>,
) -> Result<bool, ChangeAppError> {
    let key = key.into();
    transact(app, async |db| revoke_app_in(app, db, tenant, key).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where tenant or app are not there.
pub async fn revoke_app_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &TenantName,
    key: AppKey<'_>,
) -> Result<bool, ChangeAppError> {
    let now = app.clock.now();
    let record = known(db, tenant, key).await?;
    Ok(apps::revoke(db, record.tenant, record.id, now).await?)
}

async fn known(
    db: &mut PgConnection,
    tenant: &TenantName,
    key: AppKey<'_>,
) -> Result<AppRecord, ChangeAppError> {
    let found = tenants::by_name_for_share(db, tenant).await?;
    let found = found.ok_or_else(|| ChangeAppError::UnknownTenant(tenant.clone()))?;
    let record = apps::find_for_update(db, found.id, key).await?;
    record.ok_or_else(|| ChangeAppError::Unknown(key.to_string()))
}
