//! What people see of a tenant.

use serde::Serialize;
use utoipa::ToSchema;

use crate::reservation::{Brand, Contact, DisplayName, Logo};

/// What people see of a tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Brand)]
pub struct BrandView {
    /// What it is called; null for its name.
    display_name: Option<String>,
    /// The colour of what people press.
    color: Option<String>,
    /// Its logo as a `data:` URL.
    logo: Option<String>,
    /// Where people turn who did not get in.
    contact: Option<String>,
}

impl From<&Brand> for BrandView {
    fn from(brand: &Brand) -> Self {
        Self {
            display_name: brand.display_name.as_ref().map(DisplayName::to_string),
            color: brand.color.map(|color| color.to_string()),
            logo: brand.logo.as_ref().map(Logo::to_string),
            contact: brand.contact.as_ref().map(Contact::to_string),
        }
    }
}

impl BrandView {
    /// The same for a terminal: of the logo, what it is.
    #[must_use]
    pub fn in_short(brand: &Brand) -> Self {
        let logo =
            brand.logo.as_ref().map(|logo| format!("{}, {} bytes", logo.media_type(), logo.bytes().len()));
        Self { logo, ..Self::from(brand) }
    }
}
