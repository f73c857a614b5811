//! `/openapi.json`: what the API can do, generated from the handlers.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use serde_json::json;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, ResponseBuilder};
use utoipa::{Modify, OpenApi as _};

use super::admin::{apps, brand, dialects, servers, signing_keys, tenant_removal, tenants, token_settings};
use super::problem::ProblemView;
use super::{appointments, calendars, conferences, decisions, feeds, join_links, rooms, shape, tokens};

/// The document. Each handler of the routes is listed here; a test compares the two.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Frontdesk",
        description = "The schedule of video rooms: appointments that open them, and what became of them.\n\n\
            Times are RFC 3339: with any offset in requests, in UTC in answers. Lengths are whole seconds. Errors are \
            `application/problem+json` with a stable `code`. Fields that the API does not know are refused.",
        license(name = "MIT OR Apache-2.0"),
    ),
    security(("app" = [])),
    modifiers(&Security, &CommonAnswers),
    components(schemas(ProblemView)),
    paths(
        appointments::list,
        appointments::create,
        appointments::create_many,
        appointments::show,
        appointments::change,
        appointments::cancel,
        appointments::calendar,
        appointments::preview,
        appointments::list_occurrences,
        appointments::list_occurrences_of,
        appointments::show_occurrence,
        appointments::change_occurrence,
        appointments::cancel_occurrence,
        appointments::change_following,
        appointments::cancel_following,
        calendars::import,
        feeds::create,
        feeds::list,
        feeds::revoke,
        join_links::create,
        join_links::list,
        join_links::show,
        join_links::revoke,
        join_links::invite,
        rooms::decide,
        rooms::free_busy,
        tokens::for_appointment,
        tokens::for_room,
        tokens::for_many,
        tokens::instant::create,
        tokens::verify::verify,
        tokens::revoke::one,
        tokens::revoke::of_appointment,
        conferences::list,
        conferences::show,
        conferences::close,
        decisions::list,
        tenants::list,
        tenants::create,
        tenants::show,
        tenants::change,
        token_settings::show,
        token_settings::change,
        dialects::show,
        dialects::change,
        brand::show,
        brand::change,
        tenant_removal::remove,
        tenant_removal::export,
        servers::list_all,
        servers::create,
        servers::show,
        servers::change,
        servers::add_credential,
        servers::remove_credential,
        apps::list_all,
        apps::create,
        apps::show,
        apps::change,
        apps::revoke,
        apps::add_credential,
        apps::remove_credential,
        apps::add_key,
        apps::remove_key,
        signing_keys::list_all,
        signing_keys::create,
        signing_keys::rotate,
        signing_keys::show,
        signing_keys::activate,
        signing_keys::retire,
        signing_keys::withdraw,
    ),
)]
struct ApiDoc;

/// How apps say who they are.
struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "An app's key (`fd_app_…`), or a JWT that the app has signed with its signing key, with the claims \
                 `app` (its id) and `exp`.",
            ))
            .build();
        document.components.get_or_insert_default().add_security_scheme("app", SecurityScheme::Http(scheme));
    }
}

/// What every operation may answer.
struct CommonAnswers;

const COMMON: [(&str, &str); 12] = [
    ("400", "The request can't be read"),
    ("401", "The credential is missing or not valid"),
    ("403", "The credential lacks a scope, or the tenant is disabled"),
    ("404", "There is nothing here, or nothing of yours"),
    ("408", "The body took too long"),
    ("409", "The `Idempotency-Key` is in use"),
    ("413", "The body is too large"),
    ("415", "The body is not JSON"),
    ("422", "Fields or parameters can't be worked with: `errors` lists all"),
    ("429", "Too many requests"),
    ("500", "Something went wrong on our side"),
    ("503", "The schedule can't be reached: try again"),
];

impl Modify for CommonAnswers {
    fn modify(&self, document: &mut OpenApi) {
        for item in document.paths.paths.values_mut() {
            let operations =
                [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
            operations.into_iter().flatten().for_each(add_common);
        }
    }
}

fn add_common(operation: &mut Operation) {
    for (status, description) in COMMON {
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", problem)
            .build();
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| response.into());
    }
}

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let mut document = json!(ApiDoc::openapi());
    shape::shape(&mut document);
    document.to_string()
});

/// The document as JSON.
#[must_use]
pub fn document() -> &'static str {
    &DOCUMENT
}

/// Serves it.
pub(super) async fn serve() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document())
}
