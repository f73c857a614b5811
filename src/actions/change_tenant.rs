//! A tenant's policy changes.

use sqlx::Connection as _;

use crate::app::App;
use crate::reservation::{Policy, Tenant, TenantName};
use crate::store::{StoreError, tenants};

/// Why a tenant was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeTenantError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    Unknown(TenantName),
    /// Its unscheduled rooms would have a lobby that nobody could open.
    #[error(transparent)]
    Lobby(#[from] super::LockedLobby),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ChangeTenantError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Changes a tenant's policy with `change`, and switches it on or off where `enabled` says so.
/// Rooms that are open stay open.
///
/// # Errors
/// Where there is no such tenant, or the new policy locks people out.
pub async fn change_tenant(
    app: &App,
    name: &TenantName,
    enabled: Option<bool>,
    change: impl FnOnce(&mut Policy),
) -> Result<Tenant, ChangeTenantError> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let mut transaction = db.begin().await?;
    let tenant = tenants::by_name_for_update(&mut transaction, name).await?;
    let mut tenant = tenant.ok_or_else(|| ChangeTenantError::Unknown(name.clone()))?;
    change(&mut tenant.policy);
    super::check_unscheduled_lobby(&tenant.policy)?;
    tenant.disabled_at = match enabled {
        None => tenant.disabled_at,
        Some(true) => None,
        Some(false) => tenant.disabled_at.or(Some(now)),
    };
    tenant.revision += 1;
    tenants::update(&mut transaction, &tenant).await?;
    transaction.commit().await?;
    Ok(tenant)
}
