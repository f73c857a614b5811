//! A tenant's policy changes.

use sqlx::PgConnection;

use super::transaction::transact;
use crate::app::App;
use crate::reservation::{Policy, Tenant, TenantName};
use crate::store::{StoreError, tenants};

/// Why a tenant was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeTenantError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    Unknown(TenantName),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes a tenant's policy with `change`, and switches it on or off where `enabled` says so, in a transaction of its
/// own. Rooms that are open stay open.
///
/// # Errors
/// Where there is no such tenant, or the new policy locks people out.
pub async fn change_tenant(
    app: &App,
    name: &TenantName,
    enabled: Option<bool>,
    change: impl Fn(&mut Policy),
) -> Result<Tenant, ChangeTenantError> {
    transact(app, async |db| change_tenant_in(app, db, name, enabled, &change).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where there is no such tenant, or the new policy locks people out.
pub async fn change_tenant_in(
    app: &App,
    db: &mut PgConnection,
    name: &TenantName,
    enabled: Option<bool>,
    change: impl FnOnce(&mut Policy),
) -> Result<Tenant, ChangeTenantError> {
    let now = app.clock.now();
    let tenant = tenants::by_name_for_update(db, name).await?;
    let mut tenant = tenant.ok_or_else(|| ChangeTenantError::Unknown(name.clone()))?;
    change(&mut tenant.policy);
    tenant.disabled_at = match enabled {
        None => tenant.disabled_at,
        Some(true) => None,
        Some(false) => tenant.disabled_at.or(Some(now)),
    };
    tenant.revision += 1;
    tenants::update(db, &tenant).await?;
    Ok(tenant)
}
