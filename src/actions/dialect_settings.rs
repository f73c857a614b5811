//! Which languages of other systems a tenant's apps may speak, and how that changes.

use sqlx::PgConnection;

use super::transaction::transact;
use crate::app::App;
use crate::reservation::{Dialects, DialectsError, TenantId, TenantName};
use crate::store::{StoreError, dialects, tenants};

/// Why that stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum DialectSettingsError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// It can't be so.
    #[error(transparent)]
    Dialects(#[from] DialectsError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which languages the tenant's apps may speak.
///
/// # Errors
/// Where there is no such tenant.
pub async fn dialect_settings(app: &App, name: &TenantName) -> Result<Dialects, DialectSettingsError> {
    let mut db = app.db.acquire().await.map_err(StoreError::from)?;
    let tenant = tenants::by_name(&mut db, name).await?;
    let tenant = tenant.ok_or_else(|| DialectSettingsError::UnknownTenant(name.clone()))?;
    Ok(dialects::get(&mut db, tenant.id).await?)
}

/// Which languages the apps of a tenant may speak that was found before.
///
/// # Errors
/// Where the database fails.
pub async fn dialects_of(app: &App, tenant: TenantId) -> Result<Dialects, StoreError> {
    let mut db = app.db.acquire().await?;
    dialects::get(&mut db, tenant).await
}

/// Changes which languages the tenant's apps may speak, in a transaction of its own. Rooms and tokens that were made stay
/// as they are.
///
/// # Errors
/// Where there is no such tenant, or it can't be so.
pub async fn change_dialect_settings(
    app: &App,
    name: &TenantName,
    change: impl Fn(&mut Dialects),
) -> Result<Dialects, DialectSettingsError> {
    transact(app, async |db: &mut PgConnection| {
        let tenant = tenants::by_name_for_update(db, name).await?;
        let tenant = tenant.ok_or_else(|| DialectSettingsError::UnknownTenant(name.clone()))?;
        let mut settings = dialects::get(db, tenant.id).await?;
        change(&mut settings);
        settings.check()?;
        dialects::put(db, tenant.id, &settings).await?;
        Ok(settings)
    })
    .await
}
