//! The door of the API: who comes in, how often, and how they are told what went wrong.

use std::net::IpAddr;
use std::rc::Rc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};
use tracing::Span;
use tracing_actix_web::RequestId;

use super::caller::Calling;
use super::code::Code;
use super::limiter::{Left, Limiter};
use super::problem::Problem;
use crate::actions::authenticate::{Caller, authenticate};
use crate::app::{App, Place};
use crate::credential::Bearer;
use crate::http::client;
use crate::reservation::{CredentialId, TenantId};
use crate::signing::Terms;

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
    let mut response = match enter(&request).await {
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
    let request = response.request().clone();
    let headers = response.headers_mut();
    tell_what_is_left(&request, headers);
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

async fn enter(request: &ServiceRequest) -> Result<(), Problem> {
    let bearer = bearer(request.request());
    let caller = admit(request.request(), bearer.as_ref(), Terms::Usual).await?;
    let_in(request.request(), Calling(Rc::new(caller))).await
}

/// Lets in who has been admitted. Who sends a body has a place once it is here; everybody else waits for one now.
///
/// # Errors
/// Where there was none for a while.
pub async fn let_in(request: &HttpRequest, caller: Calling) -> Result<(), Problem> {
    request.extensions_mut().insert(caller);
    let headers = request.headers();
    let sends_length = headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0");
    if sends_length || headers.contains_key(TRANSFER_ENCODING) {
        return Ok(());
    }
    be_seated(request).await
}

/// Has a request of who was let in wait for its place, unless it has one.
///
/// # Errors
/// Where there was none for a while.
pub async fn be_seated(request: &HttpRequest) -> Result<(), Problem> {
    let caller = request.extensions().get::<Calling>().cloned();
    let is_seated = request.extensions().contains::<Place>();
    match (request.app_data::<web::Data<App>>(), caller) {
        (Some(app), Some(caller)) if !is_seated => sit(request, app, caller.tenant.id).await,
        _ => Ok(()),
    }
}

/// The credential or token of an `Authorization` header, with its scheme.
#[must_use]
pub fn bearer(request: &HttpRequest) -> Option<Bearer> {
    request.headers().get(AUTHORIZATION)?.to_str().ok()?.parse().ok()
}

/// Says in the headers of an answer how often whoever asked may still ask, where that is known.
pub fn tell_what_is_left(request: &HttpRequest, headers: &mut HeaderMap) {
    let Some(left) = request.extensions().get::<Left>().copied() else { return };
    for (name, text) in [(RATE_LIMIT_POLICY, left.policy()), (RATE_LIMIT, left.left())] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    }
}

/// Who calls with this, where they have not called too often.
///
/// # Errors
/// Where it is nobody known, or they have called too often.
pub async fn admit(request: &HttpRequest, bearer: Option<&Bearer>, terms: Terms) -> Result<Caller, Problem> {
    let (Some(app), Some(limiter)) =
        (request.app_data::<web::Data<App>>(), request.app_data::<web::Data<Limiter>>())
    else {
        return Err(Problem::new(Code::Internal, "the service is not set up"));
    };
    let bearer = bearer.ok_or_else(|| Problem::new(Code::Unauthorized, "send `Authorization: Bearer …`"))?;
    let caller = authenticate(app, bearer, terms).await.map_err(|error| {
        let reason = error.to_string();
        let problem = Problem::from(error);
        if problem.code != Code::Unauthorized {
            return problem;
        }
        // Only now: behind the same address may be others, whose credentials are good.
        wrong(request, app, limiter, &reason).err().unwrap_or(problem)
    })?;
    Span::current().record("tenant.name", tracing::field::display(&caller.tenant.name));
    take(request, limiter, caller.credential)?;
    Ok(caller)
}

/// Has the request wait for a place among those of its tenant, which is its own until it is answered.
///
/// # Errors
/// Where there was none for a while.
pub async fn sit(request: &HttpRequest, app: &App, tenant: TenantId) -> Result<(), Problem> {
    let place = app.shares.take(tenant).await.ok_or_else(crowded)?;
    request.extensions_mut().insert(place);
    Ok(())
}

/// There was no place for a while.
#[must_use]
pub fn crowded() -> Problem {
    Problem::new(Code::Unavailable, "too many requests of this tenant are under way").retry_after(1)
}

/// Counts a request of whatever is known by that id. What is left is told with the answer.
///
/// # Errors
/// Where it was one too many.
pub fn take(request: &HttpRequest, limiter: &Limiter, id: CredentialId) -> Result<(), Problem> {
    let (left, taken) = limiter.take(id);
    request.extensions_mut().insert(left);
    taken
}

/// Counts a credential or token that is not valid for where it came from, and notes it in the log.
///
/// # Errors
/// Where too many came from there.
pub fn wrong(request: &HttpRequest, app: &App, limiter: &Limiter, reason: &str) -> Result<(), Problem> {
    let address = client::address(request, &app.trusted_proxies);
    stranger(app, address, reason);
    limiter.wrong(address)
}

/// Lets through who has not brought too many that are not valid: for what others have chosen, and might be guessed.
///
/// # Errors
/// Where too many came from there.
pub fn bar(request: &HttpRequest, app: &App, limiter: &Limiter) -> Result<(), Problem> {
    limiter.is_barred(client::address(request, &app.trusted_proxies))
}

/// A credential that is not valid is logged with where it came from, once a minute for each address.
fn stranger(app: &App, address: Option<IpAddr>, reason: &str) {
    if app.strangers.note(address) {
        let address = address.map(tracing::field::display);
        tracing::warn!(client.address = address, reason, "a credential or a token is not valid");
    }
}
