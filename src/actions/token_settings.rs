//! What a tenant's room tokens are like, and how that changes.

use sqlx::PgConnection;

use super::transaction::transact;
use crate::app::App;
use crate::reservation::TenantName;
use crate::store::{StoreError, tenants, token_settings};
use crate::token::{SettingsError, TokenSettings};

/// Why a tenant's tokens stay as they are.
#[derive(Debug, thiserror::Error)]
pub enum TokenSettingsError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// Whoever verifies would refuse every token.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the tenant's tokens are like.
///
/// # Errors
/// Where there is no such tenant.
pub async fn token_settings(app: &App, name: &TenantName) -> Result<TokenSettings, TokenSettingsError> {
    let mut db = app.db.acquire().await.map_err(StoreError::from)?;
    let tenant = tenants::by_name(&mut db, name).await?;
    let tenant = tenant.ok_or_else(|| TokenSettingsError::UnknownTenant(name.clone()))?;
    Ok(token_settings::get(&mut db, tenant.id).await?)
}

/// Changes what the tenant's tokens are like, in a transaction of its own. Tokens that were made stay as they are.
///
/// # Errors
/// Where there is no such tenant, or whoever verifies would refuse every token.
pub async fn change_token_settings(
    app: &App,
    name: &TenantName,
    change: impl Fn(&mut TokenSettings),
) -> Result<TokenSettings, TokenSettingsError> {
    transact(app, async |db: &mut PgConnection| {
        let tenant = tenants::by_name_for_update(db, name).await?;
        let tenant = tenant.ok_or_else(|| TokenSettingsError::UnknownTenant(name.clone()))?;
        let mut settings = token_settings::get(db, tenant.id).await?;
        change(&mut settings);
        settings.check()?;
        token_settings::put(db, tenant.id, &settings).await?;
        Ok(settings)
    })
    .await
}
