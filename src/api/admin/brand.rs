//! `/v1/tenants/{name}/brand`: what people see of a tenant.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::actions::branding::{BrandChange, BrandError, brand, change_brand};
use crate::api::body::{Incoming, Path};
use crate::api::caller::Calling;
use crate::api::field::{Field, Reading, Unknown, from_objects};
use crate::api::problem::{Problem, ProblemView};
use crate::app::App;
use crate::reservation::{Color, Contact, DisplayName, Logo, Scope, TenantName};
use crate::view::BrandView;

/// What people are to see of a tenant. What is left out stays, what is null goes.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = BrandInput, example = json!({ "display_name": "Acme Clinic", "color": "#0a7d4f" }))]
pub struct BrandInput {
    /// What it is called; null for its name.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    display_name: Field<DisplayName>,
    /// The colour of what people press. What stands on it is black or white, whichever is read more easily.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^#[0-9A-Fa-f]{6}$")]
    color: Field<Color>,
    /// Its logo: a PNG, JPEG, WebP or SVG of 64 KiB at the most, as a `data:` URL or in base64.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    logo: Field<Logo>,
    /// Where people turn who did not get in: a phone number, an address.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    contact: Field<Contact>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

from_objects! { BrandInput }

impl BrandInput {
    fn read(self) -> Result<BrandChange, Problem> {
        let mut reading = Reading::default();
        reading.refuse(&self.unknown);
        let change = BrandChange {
            display_name: reading.patch("display_name", self.display_name),
            color: reading.patch("color", self.color),
            logo: reading.patch("logo", self.logo),
            contact: reading.patch("contact", self.contact),
        };
        Ok(reading.done(Some(change))?)
    }
}

/// Show what people see of a tenant
#[utoipa::path(
    get, path = "/v1/tenants/{name}/brand", tag = "administration", operation_id = "getBrand",
    security(("app" = ["admin"])),
    params(("name" = String, Path)),
    responses(
        (status = 200, description = "Its name, colour and logo", body = BrandView),
        (status = 404, description = "There is no such tenant", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn show(
    app: web::Data<App>,
    caller: Calling,
    name: Path<TenantName>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    Ok(HttpResponse::Ok().json(BrandView::from(&brand(&app, &name.0).await?)))
}

/// Change what people see of a tenant
///
/// On the pages behind join links, and in invitations. A JSON merge patch (RFC 7396).
#[utoipa::path(
    patch, path = "/v1/tenants/{name}/brand", tag = "administration", operation_id = "updateBrand",
    security(("app" = ["admin"])),
    params(("name" = String, Path)),
    request_body = BrandInput,
    responses(
        (status = 200, description = "As it is now", body = BrandView),
        (status = 404, description = "There is no such tenant", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn change(
    app: web::Data<App>,
    caller: Calling,
    name: Path<TenantName>,
    body: Incoming<BrandInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let change = body.read().await?.value.read()?;
    Ok(HttpResponse::Ok().json(BrandView::from(&change_brand(&app, &name.0, change).await?)))
}

impl From<BrandError> for Problem {
    fn from(error: BrandError) -> Self {
        match error {
            BrandError::UnknownTenant(_) => Self::not_found("tenant"),
            BrandError::Store(error) => error.into(),
        }
    }
}
