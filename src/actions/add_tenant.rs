//! A new tenant.

use sqlx::PgConnection;

use super::transaction::transact;
use crate::app::App;
use crate::reservation::{Policy, Tenant, TenantId, TenantName};
use crate::store::{StoreError, tenants};

/// Why a tenant was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddTenantError {
    /// There is one of that name.
    #[error("there is a tenant `{0}` already")]
    Exists(TenantName),
    /// The doctor's own are called so.
    #[error("names that begin with `{}` are the doctor's", TenantName::RESERVED)]
    Reserved,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds a tenant, in a transaction of its own.
///
/// # Errors
/// Where there is one of that name, the name is reserved, or the policy locks people out.
pub async fn add_tenant(app: &App, name: TenantName, policy: Policy) -> Result<Tenant, AddTenantError> {
    transact(app, async |db| add_tenant_in(app, db, name.clone(), policy.clone()).await).await
}

/// Adds a tenant, as a part of a transaction.
///
/// # Errors
/// Where there is one of that name, the name is reserved, or the policy locks people out.
pub async fn add_tenant_in(
    app: &App,
    db: &mut PgConnection,
    name: TenantName,
    policy: Policy,
) -> Result<Tenant, AddTenantError> {
    if name.as_str().starts_with(TenantName::RESERVED) {
        return Err(AddTenantError::Reserved);
    }
    let now = app.clock.now();
    let tenant =
        Tenant { id: TenantId::new(), name, policy, revision: 1, created_at: now, disabled_at: None };
    if tenants::insert(db, &tenant).await? { Ok(tenant) } else { Err(AddTenantError::Exists(tenant.name)) }
}
