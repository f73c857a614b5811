//! The door of the API: who comes in, how often, and how they are told what went wrong.

use std::net::IpAddr;
use std::rc::Rc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use tracing::Span;
use tracing_actix_web::RequestId;

use super::caller::Calling;
use super::code::Code;
use super::limiter::{Left, Limiter};
use super::problem::Problem;
use crate::actions::authenticate::authenticate;
use crate::app::App;
use crate::http::client;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Lets in who has a valid credential and has not asked too often, and has problems say which request they are
/// about.
///
/// # Errors
/// Only those of the server itself.
pub async fn door(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = request.extensions().get::<RequestId>().map(ToString::to_string);
    let mut left = None;
    let mut response = match admit(&request, &mut left).await {
        Ok(()) => next.call(request).await?.map_into_boxed_body(),
        Err(problem) => request.error_response(problem),
    };
    if let Some(problem) = response.response().error().and_then(|error| error.as_error::<Problem>()) {
        let mut answer = problem.respond(id);
        if let Some(failure) = problem.failure() {
            failure.attach(&mut answer);
        }
        response = response.into_response(answer);
    }
    let headers = response.headers_mut();
    if let Some(left) = left {
        for (name, text) in [(RATE_LIMIT_POLICY, left.policy()), (RATE_LIMIT, left.left())] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

async fn admit(request: &ServiceRequest, left: &mut Option<Left>) -> Result<(), Problem> {
    let (Some(app), Some(limiter)) =
        (request.app_data::<web::Data<App>>(), request.app_data::<web::Data<Limiter>>())
    else {
        return Err(Problem::new(Code::Internal, "the service is not set up"));
    };
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = header.and_then(|header| header.parse().ok());
    let bearer = bearer.ok_or_else(|| Problem::new(Code::Unauthorized, "send `Authorization: Bearer …`"))?;
    let caller = authenticate(app, &bearer).await.map_err(|error| {
        let reason = error.to_string();
        let problem = Problem::from(error);
        if problem.code != Code::Unauthorized {
            return problem;
        }
        let address = client::address(request.request(), &app.trusted_proxies);
        stranger(app, address, &reason);
        // Only now: behind the same address may be others, whose credentials are good.
        limiter.wrong(address).err().unwrap_or(problem)
    })?;
    Span::current().record("tenant.name", tracing::field::display(&caller.tenant.name));
    let (now_left, taken) = limiter.take(caller.credential);
    *left = Some(now_left);
    taken?;
    request.extensions_mut().insert(Calling(Rc::new(caller)));
    Ok(())
}

/// A credential that is not valid is logged with where it came from, once a minute for each address.
fn stranger(app: &App, address: Option<IpAddr>, reason: &str) {
    if app.strangers.note(address) {
        let address = address.map(tracing::field::display);
        tracing::warn!(client.address = address, reason, "an app's credential is not valid");
    }
}
