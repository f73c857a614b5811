//! An app may not call any more.

use crate::app::App;
use crate::reservation::TenantName;
use crate::store::{StoreError, apps, tenants};

/// Why an app was not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeAppError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// The tenant has no such app.
    #[error("the tenant has no app `{0}`")]
    Unknown(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Revokes an app with its credentials, at once. `false` where it was revoked before.
///
/// # Errors
/// Where tenant or app are not there.
pub async fn revoke_app(app: &App, tenant: &TenantName, name: &str) -> Result<bool, RevokeAppError> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await.map_err(StoreError::from)?;
    let found = tenants::by_name(&mut db, tenant).await?;
    let found = found.ok_or_else(|| RevokeAppError::UnknownTenant(tenant.clone()))?;
    let revoked = apps::revoke(&mut db, found.id, name, now).await?;
    revoked.ok_or_else(|| RevokeAppError::Unknown(name.to_owned()))
}
