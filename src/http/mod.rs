//! Our own endpoints.

pub mod client;
pub mod fault;
pub mod health;
pub mod keys;
pub mod metrics;

use actix_web::http::header::IF_NONE_MATCH;
use actix_web::{HttpRequest, Resource, Route, guard, web};

use self::fault::method_not_allowed;

/// A route for `GET`, and for `HEAD`: the same, and the server leaves out the body.
#[must_use]
pub fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// A path with one method.
pub fn resource(path: &str, route: Route) -> Resource {
    web::resource(path).route(route).default_service(web::to(method_not_allowed))
}

/// Whether the client has the version with that tag already (RFC 9110 section 13.1.2).
#[must_use]
pub fn has(request: &HttpRequest, tag: &str) -> bool {
    let lines = request.headers().get_all(IF_NONE_MATCH).filter_map(|line| line.to_str().ok());
    let mut known = lines.flat_map(|line| line.split(',')).map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
