//! Metered: rooms that stay until they are deleted, and access tokens.
//!
//! Source: Metered's page "Private rooms and authenticating users via access token" and those of its REST API. The
//! credential comes in the query, as `secretKey`; a bearer's header does as well, and stays out of proxies' logs.
//!
//! A private room has a lobby: who has a token of the tenant's walks past it. Where nobody may ask to join, it has a password
//! besides that nobody is told, so the lobby's own way in by password is shut, too.

mod room;
mod token;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;
use url::form_urlencoded;

use super::app::Speaker;
use super::refusal::{Kind, Refusal, nothing_at, only, usual_status};
use crate::api::door;
use crate::app::App;
use crate::credential::Bearer;
use crate::http::get;
use crate::reservation::Dialect;
use crate::signing::Terms;

/// The calls, and nothing else below their path. One of the page's own programs has a part of the path twice.
pub fn routes(config: &mut web::ServiceConfig) {
    let post = |path: &str| only(path, "POST", clothe);
    let room = only("/api/v1/room/{room}", "GET, HEAD, DELETE", clothe);
    config
        .service(post("/api/v1/room").route(web::post().to(room::create)))
        .service(room.route(get().to(room::show)).route(web::delete().to(room::delete)))
        .service(post("/api/v1/token").route(web::post().to(token::create)))
        .service(post("/api/v1/api/v1/token").route(web::post().to(token::create)))
        .service(post("/api/v1/token/validate").route(web::post().to(token::validate)))
        .service(nothing_at("/api/v1", clothe))
        .service(nothing_at("/api/v1/{rest:.*}", clothe));
}

/// Who calls.
async fn admit(app: &App, request: &HttpRequest) -> Result<Speaker, Refusal> {
    let mut query = form_urlencoded::parse(request.query_string().as_bytes());
    let key = query.find(|(name, _)| name == "secretKey").map(|(_, key)| Bearer::bare(&key));
    let bearer = key.or_else(|| door::bearer(request)).ok_or_else(|| {
        Refusal::new(Kind::Unauthorized, "send the credential of an app as `secretKey` in the query")
    })?;
    super::app::admit(request, app, Some(&bearer), Terms::Usual, Dialect::Metered).await
}

fn clothe(refusal: &Refusal) -> HttpResponse {
    let status = usual_status(refusal.kind);
    HttpResponse::build(status).json(json!({ "success": false, "message": refusal.message }))
}
