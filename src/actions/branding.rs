//! What people see of a tenant is read and changed.

use super::appointment_change::Patch;
use super::transaction::transact;
use crate::app::App;
use crate::reservation::{Brand, Color, Contact, DisplayName, Logo, TenantId, TenantName};
use crate::store::{StoreError, brands, tenants};

/// What is to change.
#[derive(Debug, Clone, Default)]
pub struct BrandChange {
    /// What it is called.
    pub display_name: Patch<DisplayName>,
    /// The colour of what people press.
    pub color: Patch<Color>,
    /// Its logo.
    pub logo: Patch<Logo>,
    /// Where people turn who did not get in.
    pub contact: Patch<Contact>,
}

/// Why it was not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum BrandError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for BrandError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What people see of a tenant that was found.
///
/// # Errors
/// Where the database fails.
pub async fn brand_of(app: &App, tenant: TenantId) -> Result<Brand, StoreError> {
    let mut db = app.db.acquire().await?;
    brands::get(&mut db, tenant).await
}

/// What people see of a tenant.
///
/// # Errors
/// Where there is no such tenant.
pub async fn brand(app: &App, tenant: &TenantName) -> Result<Brand, BrandError> {
    let mut db = app.db.acquire().await?;
    let found = tenants::by_name(&mut db, tenant).await?;
    let found = found.ok_or_else(|| BrandError::UnknownTenant(tenant.clone()))?;
    Ok(brands::get(&mut db, found.id).await?)
}

/// Changes what people see of a tenant.
///
/// # Errors
/// Where there is no such tenant.
pub async fn change_brand(app: &App, tenant: &TenantName, change: BrandChange) -> Result<Brand, BrandError> {
    transact(app, async |db| {
        // Held, so that two changes don't undo each other.
        let found = tenants::by_name_for_update(db, tenant).await?;
        let found = found.ok_or_else(|| BrandError::UnknownTenant(tenant.clone()))?;
        let mut brand = brands::get(db, found.id).await?;
        let BrandChange { display_name, color, logo, contact } = change.clone();
        display_name.apply(&mut brand.display_name);
        color.apply(&mut brand.color);
        logo.apply(&mut brand.logo);
        contact.apply(&mut brand.contact);
        brands::put(db, found.id, &brand).await?;
        Ok(brand)
    })
    .await
}
