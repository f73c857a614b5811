//! A tenant is taken away, with everything of it.

use sqlx::PgConnection;

use super::transaction::transact;
use crate::app::App;
use crate::reservation::{Tenant, TenantName};
use crate::store::removal::{self, Counts};
use crate::store::{StoreError, tenants};

/// Why a tenant was not removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveTenantError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    Unknown(TenantName),
    /// People are in its rooms, and Prosody would ask for them again.
    #[error(
        "the tenant `{tenant}` has {conferences} open conference(s); wait, close them, or remove it by force"
    )]
    Live {
        /// The tenant.
        tenant: TenantName,
        /// How many are open and not over.
        conferences: i64,
    },
    /// A server would go with it that others need.
    #[error(
        "`{tenant}` is the default tenant of the conference server `{server}`, which other tenants use or have used, \
         too: give the server another one with `server change {server} --tenant`, then remove the tenant"
    )]
    SharedServer {
        /// The tenant.
        tenant: TenantName,
        /// The server.
        server: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is gone.
#[derive(Debug, Clone)]
pub struct Removed {
    /// The tenant, as it was.
    pub tenant: Tenant,
    /// What went with it.
    pub counts: Counts,
}

/// Removes a tenant with everything of it, also the servers that are its alone, in a transaction of its own. By
/// force also while its rooms are open: the people in them stay, and the rooms open no more.
///
/// # Errors
/// Where there is no such tenant, rooms of it are open, or others need one of its servers.
pub async fn remove_tenant(app: &App, name: &TenantName, force: bool) -> Result<Removed, RemoveTenantError> {
    transact(app, async |db| remove_tenant_in(app, db, name, force).await).await
}

/// The same, as a part of a transaction. It must write nothing about the tenant afterwards.
///
/// # Errors
/// Where there is no such tenant, rooms of it are open, or others need one of its servers.
pub async fn remove_tenant_in(
    app: &App,
    db: &mut PgConnection,
    name: &TenantName,
    force: bool,
) -> Result<Removed, RemoveTenantError> {
    let now = app.clock.now();
    // Nothing of it is added from here on: whatever refers to the tenant's row waits, and then finds it gone.
    let tenant = tenants::by_name_for_removal(db, name).await?;
    let tenant = tenant.ok_or_else(|| RemoveTenantError::Unknown(name.clone()))?;
    let conferences = removal::count_live(db, tenant.id, now).await?;
    if conferences > 0 && !force {
        return Err(RemoveTenantError::Live { tenant: tenant.name, conferences });
    }
    if let Some(server) = removal::shared_server(db, tenant.id).await? {
        return Err(RemoveTenantError::SharedServer { tenant: tenant.name, server });
    }
    let counts = removal::remove_tenant(db, tenant.id).await?;
    Ok(Removed { tenant, counts })
}
