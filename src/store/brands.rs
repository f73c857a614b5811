//! What people see of tenants.

use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use super::columns::parse;
use crate::reservation::{Brand, Contact, DisplayName, Logo, TenantId};

/// What people see of a tenant: nothing but its name, where nobody said more.
///
/// # Errors
/// Where the database fails.
pub async fn get(db: &mut PgConnection, tenant: TenantId) -> Result<Brand, StoreError> {
    let row = sqlx::query!(
        "SELECT display_name, color, logo, contact FROM brands WHERE tenant_id = $1",
        Uuid::from(tenant)
    );
    let Some(row) = row.fetch_optional(db).await? else { return Ok(Brand::default()) };
    Ok(Brand {
        display_name: row.display_name.map(|name| parse("display_name", &name)).transpose()?,
        color: row.color.map(|color| parse("color", &color)).transpose()?,
        logo: row
            .logo
            .map(|logo| Logo::new(logo).map_err(|_| StoreError::Unreadable { column: "logo" }))
            .transpose()?,
        contact: row.contact.map(|contact| parse("contact", &contact)).transpose()?,
    })
}

/// Writes what people see of a tenant.
///
/// # Errors
/// Where the database fails.
pub async fn put(db: &mut PgConnection, tenant: TenantId, brand: &Brand) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO brands (tenant_id, display_name, color, logo, contact) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id) DO UPDATE
         SET display_name = $2, color = $3, logo = $4, contact = $5",
        Uuid::from(tenant),
        brand.display_name.as_ref().map(DisplayName::as_str),
        brand.color.map(|color| color.to_string()),
        brand.logo.as_ref().map(Logo::bytes),
        brand.contact.as_ref().map(Contact::as_str),
    )
    .execute(db)
    .await?;
    Ok(())
}
