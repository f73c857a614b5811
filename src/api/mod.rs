//! The API of appointment apps: `/v1`. And the feeds that calendar programs fetch.
//!
//! A request passes the [`door`], where it is found out who calls; is read whole ([`body`], [`field`]), with everything
//! that is wrong said at once; and is answered, or refused with a [`problem`]. What is asked for is done by `actions`.

mod admin;
mod appointments;
pub mod body;
mod calendar_file;
mod calendars;
pub mod caller;
mod callers;
pub mod code;
pub mod conditional;
mod conferences;
mod decisions;
mod docs;
pub mod door;
mod feeds;
pub mod field;
mod join_links;
pub mod limiter;
pub mod once;
mod openapi;
pub mod page;
pub mod problem;
mod rooms;
mod shape;
mod tokens;

use std::future::ready;

use actix_cors::Cors;
use actix_web::middleware::{Condition, from_fn};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder, Route, web};

use self::admin::{apps, brand, dialects, servers, signing_keys, tenant_removal, tenants, token_settings};
use self::code::Code;
use self::door::door;
use self::problem::Problem;
use crate::config::Origins;
use crate::http;
pub use appointments::BatchInput;
pub use openapi::document;

/// Every URL of the API.
pub fn routes(config: &mut web::ServiceConfig, allowed: &Origins) {
    config
        .configure(docs::routes)
        .service(web::resource("/openapi.json").route(http::get().to(openapi::serve)))
        .service(web::resource("/feeds/{feed:.*}").route(http::get().to(feeds::serve)));
    config.service(
        web::scope("/v1")
            .wrap(from_fn(door))
            .wrap(Condition::new(!allowed.as_slice().is_empty(), cors(allowed)))
            .service(at("/appointments", [get().to(appointments::list), post().to(appointments::create)]))
            .service(at("/appointments/batch", [post().to(appointments::create_many)]))
            .service(at("/appointments/preview", [post().to(appointments::preview)]))
            .service(at(
                "/appointments/{id}",
                [
                    get().to(appointments::show),
                    patch().to(appointments::change),
                    delete().to(appointments::cancel),
                ],
            ))
            .service(at("/appointments/{id}/calendar", [get().to(appointments::calendar)]))
            .service(at("/appointments/{id}/occurrences", [get().to(appointments::list_occurrences_of)]))
            .service(at(
                "/appointments/{id}/occurrences/{original_start}",
                [
                    get().to(appointments::show_occurrence),
                    patch().to(appointments::change_occurrence),
                    delete().to(appointments::cancel_occurrence),
                ],
            ))
            .service(at(
                "/appointments/{id}/occurrences/{original_start}/following",
                [patch().to(appointments::change_following), delete().to(appointments::cancel_following)],
            ))
            .service(at("/calendars/{calendar}/import", [post().to(calendars::import)]))
            .service(at("/occurrences", [get().to(appointments::list_occurrences)]))
            .service(at("/feeds", [get().to(feeds::list), post().to(feeds::create)]))
            .service(at("/feeds/{id}", [delete().to(feeds::revoke)]))
            .service(at("/rooms/{room}/decision", [post().to(rooms::decide)]))
            .service(at(
                "/appointments/{id}/tokens",
                [post().to(tokens::for_appointment), delete().to(tokens::revoke::of_appointment)],
            ))
            .service(at(
                "/appointments/{id}/join-links",
                [get().to(join_links::list), post().to(join_links::create)],
            ))
            .service(at("/join-links/{id}", [get().to(join_links::show), delete().to(join_links::revoke)]))
            .service(at("/join-links/{id}/invitation", [get().to(join_links::invite)]))
            .service(at("/rooms/{room}/tokens", [post().to(tokens::for_room)]))
            .service(at("/tokens", [post().to(tokens::for_many)]))
            .service(at("/instant-rooms", [post().to(tokens::instant::create)]))
            .service(at("/tokens/verify", [post().to(tokens::verify::verify)]))
            .service(at("/tokens/{id}", [delete().to(tokens::revoke::one)]))
            .service(at("/rooms/{room}/free-busy", [get().to(rooms::free_busy)]))
            .service(at("/conferences", [get().to(conferences::list)]))
            .service(at("/conferences/{id}", [get().to(conferences::show)]))
            .service(at("/conferences/{id}/close", [post().to(conferences::close)]))
            .service(at("/decisions", [get().to(decisions::list)]))
            .service(at("/tenants", [get().to(tenants::list), post().to(tenants::create)]))
            .service(at(
                "/tenants/{name}",
                [get().to(tenants::show), patch().to(tenants::change), delete().to(tenant_removal::remove)],
            ))
            .service(at(
                "/tenants/{name}/token-settings",
                [get().to(token_settings::show), patch().to(token_settings::change)],
            ))
            .service(at("/tenants/{name}/dialects", [get().to(dialects::show), patch().to(dialects::change)]))
            .service(at("/tenants/{name}/brand", [get().to(brand::show), patch().to(brand::change)]))
            .service(at("/tenants/{name}/export", [get().to(tenant_removal::export)]))
            .service(at("/servers", [get().to(servers::list_all), post().to(servers::create)]))
            .service(at("/servers/{id}", [get().to(servers::show), patch().to(servers::change)]))
            .service(at("/servers/{id}/credentials", [post().to(servers::add_credential)]))
            .service(at("/servers/{id}/credentials/{credential}", [delete().to(servers::remove_credential)]))
            .service(at("/apps", [get().to(apps::list_all), post().to(apps::create)]))
            .service(at(
                "/apps/{id}",
                [get().to(apps::show), patch().to(apps::change), delete().to(apps::revoke)],
            ))
            .service(at("/apps/{id}/credentials", [post().to(apps::add_credential)]))
            .service(at("/apps/{id}/credentials/{credential}", [delete().to(apps::remove_credential)]))
            .service(at("/apps/{id}/signing-keys", [post().to(apps::add_key)]))
            .service(at("/apps/{id}/signing-keys/{key}", [delete().to(apps::remove_key)]))
            .service(at("/signing-keys", [get().to(signing_keys::list_all), post().to(signing_keys::create)]))
            .service(at("/signing-keys/rotate", [post().to(signing_keys::rotate)]))
            .service(at("/signing-keys/{id}", [get().to(signing_keys::show)]))
            .service(at("/signing-keys/{id}/activate", [post().to(signing_keys::activate)]))
            .service(at("/signing-keys/{id}/retire", [post().to(signing_keys::retire)]))
            .service(at("/signing-keys/{id}/withdraw", [post().to(signing_keys::withdraw)]))
            .default_service(web::to(nothing)),
    );
}

/// Web pages of these origins may call.
fn cors(allowed: &Origins) -> Cors {
    let cors = Cors::default()
        .allow_any_method()
        .allow_any_header()
        .expose_headers([
            "ETag",
            "Idempotency-Replayed",
            "Location",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "X-Request-Id",
        ])
        .max_age(3600);
    allowed.as_slice().iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}

/// A method of a path, and what it does. `GET` brings `HEAD` along.
struct Endpoint {
    /// As `Allow` names it.
    methods: &'static str,
    route: Route,
}

impl Endpoint {
    fn to<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self { route: self.route.to(handler), ..self }
    }
}

fn get() -> Endpoint {
    Endpoint { methods: "GET, HEAD", route: http::get() }
}

fn post() -> Endpoint {
    Endpoint { methods: "POST", route: web::post() }
}

fn patch() -> Endpoint {
    Endpoint { methods: "PATCH", route: web::patch() }
}

fn delete() -> Endpoint {
    Endpoint { methods: "DELETE", route: web::delete() }
}

/// A path with its methods. Others are refused, with a list of these.
fn at<const N: usize>(path: &str, endpoints: [Endpoint; N]) -> Resource {
    let allowed = endpoints.each_ref().map(|endpoint| endpoint.methods).join(", ");
    let resource =
        endpoints.into_iter().fold(web::resource(path), |resource, endpoint| resource.route(endpoint.route));
    resource.default_service(web::to(move || {
        let problem = Problem::new(Code::MethodNotAllowed, format_args!("this path has {allowed}"));
        ready(Err::<HttpResponse, _>(problem.allowing(&allowed)))
    }))
}

async fn nothing() -> Result<HttpResponse, Problem> {
    Err(Problem::new(Code::NotFound, "there is no such path"))
}
