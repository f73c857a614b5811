//! A tenant is taken out, and away.

use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use futures_util::stream;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use crate::actions::export_tenant::{Export, ExportError, export_tenant};
use crate::actions::remove_tenant::remove_tenant;
use crate::api::body::{Path, Query, ReadQuery};
use crate::api::caller::Calling;
use crate::api::field::{Field, FromJson, Reading, Unknown, wrong};
use crate::api::problem::{FieldError, Problem, ProblemView};
use crate::app::App;
use crate::reservation::{Scope, TenantName};
use crate::view::{ExportView, RemovedView};

/// Whether a tenant goes although rooms of it are open.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RemoveQuery {
    /// `true`, where rooms of it may be open.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    force: Field<Yes>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// What is exported.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `true` for the passwords of rooms in clear, which takes the scope `passwords:read`, too.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    passwords: Field<Yes>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// `true` or `false` in a query.
#[derive(Debug, Clone, Copy, Default)]
struct Yes(bool);

impl FromJson for Yes {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let yes = value.as_str().and_then(|text| text.parse().ok());
        yes.map(Self).ok_or_else(|| wrong("write `true` or `false`"))
    }
}

/// By force.
#[derive(Debug)]
pub struct Force(bool);

impl ReadQuery for Force {
    type Raw = RemoveQuery;

    fn read(raw: RemoveQuery) -> Result<Self, Problem> {
        let mut reading = Reading::of_parameters();
        reading.refuse(&raw.unknown);
        let force = reading.present("force", raw.force).unwrap_or_default();
        Ok(reading.done(Some(Self(force.0)))?)
    }
}

/// With passwords.
#[derive(Debug)]
pub struct Passwords(bool);

impl ReadQuery for Passwords {
    type Raw = ExportQuery;

    fn read(raw: ExportQuery) -> Result<Self, Problem> {
        let mut reading = Reading::of_parameters();
        reading.refuse(&raw.unknown);
        let passwords = reading.present("passwords", raw.passwords).unwrap_or_default();
        Ok(reading.done(Some(Self(passwords.0)))?)
    }
}

/// Remove a tenant with everything of it
///
/// Its appointments, conferences, refusals, apps, and the conference servers that are its alone. Nothing brings them back
/// but a backup: export it first. Refused while rooms of it are open, except by force, and where its conference server
/// serves others, too.
#[utoipa::path(
    delete, path = "/v1/tenants/{name}", tag = "administration", operation_id = "removeTenant",
    security(("app" = ["admin"])),
    params(("name" = String, Path), RemoveQuery),
    responses(
        (status = 200, description = "What went", body = RemovedView),
        (status = 409, description = "Rooms of it are open, or others use its server", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn remove(
    app: web::Data<App>,
    caller: Calling,
    name: Path<TenantName>,
    force: Query<Force>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let removed = remove_tenant(&app, &name.0, force.0.0).await?;
    Ok(HttpResponse::Ok().json(RemovedView::from(&removed)))
}

/// Export a tenant
///
/// Everything of it, one JSON object a line: the tenant, its apps (without credentials), servers, appointments, conferences
/// and refusals; `kind` says which. The last line has the kind `end`: without it, the export is not whole.
#[utoipa::path(
    get, path = "/v1/tenants/{name}/export", tag = "administration", operation_id = "exportTenant",
    security(("app" = ["admin"])),
    params(("name" = String, Path), ExportQuery),
    responses((status = 200, description = "The lines", content_type = "application/x-ndjson", body = String)),
)]
pub async fn export(
    app: web::Data<App>,
    caller: Calling,
    name: Path<TenantName>,
    passwords: Query<Passwords>,
    method: Method,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    if passwords.0.0 {
        caller.may(Scope::PasswordsRead)?;
    }
    let export = export_tenant(&app, &name.0, passwords.0.0).await?;
    let mut response = HttpResponse::Ok();
    response.content_type("application/x-ndjson");
    if method == Method::HEAD {
        // Nothing is read that nobody gets.
        return Ok(response.body(actix_web::body::None::new()));
    }
    let lines = stream::unfold(Some((app, export)), async |state| {
        let (app, mut export) = state?;
        match lines(&app, &mut export).await {
            Ok(Some(lines)) => Some((Ok(web::Bytes::from(lines)), Some((app, export)))),
            Ok(None) => Some((Ok(web::Bytes::from_static(b"{\"kind\":\"end\"}\n")), None)),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an export broke off");
                Some((Err(error), None))
            }
        }
    });
    Ok(response.streaming(lines))
}

/// The next lines.
async fn lines(app: &App, export: &mut Export) -> Result<Option<String>, ExportError> {
    let Some(page) = export.page(app).await? else {
        return Ok(None);
    };
    let line =
        |exported| serde_json::json!(ExportView::new(export.tenant(), exported, export.began())).to_string();
    Ok(Some(page.iter().map(|exported| line(exported) + "\n").collect()))
}
