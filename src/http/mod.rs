//! Our own endpoints.

pub mod client;
pub mod fault;
pub mod health;
pub mod metrics;

use actix_web::{Route, guard, web};

/// A route for `GET`, and for `HEAD`: the same, and the server leaves out the body.
#[must_use]
pub fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}
