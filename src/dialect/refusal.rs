//! Why an app of another system does not get what it asked for. How that is said is each dialect's own.

use std::error::Error;
use std::fmt::{self, Display};
use std::future::ready;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, Resource, Route, web};

use crate::api::code::Code;
use crate::api::door;
use crate::api::problem::{FieldError, Problem};
use crate::telemetry::Failure;

/// What kind of refusal it is: each dialect has a status for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The request can't be worked with.
    Malformed,
    /// Nobody known calls.
    Unauthorized,
    /// The app may not do that.
    Forbidden,
    /// The tenant is switched off.
    Disabled,
    /// The tenant's apps don't speak this language.
    NotSpoken,
    /// Nothing is there.
    NotFound,
    /// The path is there, the method is not.
    NoSuchMethod,
    /// Something is in the way.
    Conflict,
    /// The tenant lacks something that only an operator can give it.
    NotSetUp,
    /// The app calls too often.
    TooOften,
    /// It is worth trying again.
    Unavailable,
    /// Something only an operator can mend.
    Fault,
}

impl From<Code> for Kind {
    fn from(code: Code) -> Self {
        match code {
            Code::Malformed
            | Code::UnsupportedMediaType
            | Code::BodyTooLarge
            | Code::BodyTooSlow
            | Code::InvalidFields
            | Code::BeyondHorizon
            | Code::UnreadableCalendar
            | Code::BatchFailed
            | Code::NoConferenceServer
            | Code::PreconditionRequired
            | Code::IdempotencyKeyReused => Self::Malformed,
            Code::Unauthorized => Self::Unauthorized,
            Code::InsufficientScope => Self::Forbidden,
            Code::TenantDisabled => Self::Disabled,
            Code::NotFound | Code::NotBooked => Self::NotFound,
            Code::MethodNotAllowed => Self::NoSuchMethod,
            Code::RoomTaken
            | Code::ExternalIdTaken
            | Code::AppointmentCancelled
            | Code::DateCancelled
            | Code::DateStarted
            | Code::DateOffRule
            | Code::AppointmentOver
            | Code::NoInvitation
            | Code::NameTaken
            | Code::TooManyCredentials
            | Code::InUse
            | Code::Revoked
            | Code::KidUsed
            | Code::KeyNotNext
            | Code::NoNextKey
            | Code::KeyTooYoung
            | Code::PreconditionFailed
            | Code::IdempotencyKeyInUse => Self::Conflict,
            Code::TokensNotSetUp => Self::NotSetUp,
            Code::RateLimited => Self::TooOften,
            Code::Unavailable => Self::Unavailable,
            Code::Internal => Self::Fault,
        }
    }
}

/// Why an app does not get what it asked for.
#[derive(Debug)]
pub(super) struct Refusal {
    /// What kind it is.
    pub kind: Kind,
    /// In words.
    pub message: String,
    retry_after: Option<u64>,
    failure: Option<Failure>,
}

impl Refusal {
    /// A refusal of that kind.
    pub fn new(kind: Kind, message: &(impl Display + ?Sized)) -> Self {
        Self { kind, message: message.to_string(), retry_after: None, failure: None }
    }

    fn answer(self, clothe: impl Fn(&Self) -> HttpResponse) -> HttpResponse {
        let mut response = clothe(&self);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        // What is answered as a fault of ours has its reason in the log, also where an operator has just not set it up.
        let is_fault = response.status().is_server_error();
        if let Some(failure) = self.failure.clone().or_else(|| is_fault.then(|| Failure::of(&self))) {
            failure.attach(&mut response);
        }
        response
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Refusal {}

/// Fields of the dialect's own: everything that is wrong with them, in one sentence.
impl From<Vec<FieldError>> for Refusal {
    fn from(errors: Vec<FieldError>) -> Self {
        let said = errors.iter().map(|error| match error.pointer.as_deref().unwrap_or_default() {
            "" => error.detail.clone(),
            pointer => format!("`{}`: {}", pointer.trim_start_matches('/'), error.detail),
        });
        Self::new(Kind::Malformed, &said.collect::<Vec<_>>().join("; "))
    }
}

/// What our own API would say. The fields that it names are called otherwise there, so they are left out.
impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self {
            kind: problem.code.into(),
            message: problem.to_string(),
            retry_after: problem.seconds_to_wait(),
            failure: problem.failure(),
        }
    }
}

/// The answer, or the refusal in the dialect's clothes. None of it may be kept anywhere.
pub(super) fn answer(
    request: &HttpRequest,
    answered: Result<HttpResponse, Refusal>,
    clothe: impl Fn(&Refusal) -> HttpResponse,
) -> HttpResponse {
    let mut response = answered.unwrap_or_else(|refusal| refusal.answer(clothe));
    door::tell_what_is_left(request, response.headers_mut());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Nothing is there, whatever the method.
pub(super) fn nothing(clothe: fn(&Refusal) -> HttpResponse) -> Route {
    web::to(move |request: HttpRequest| {
        let refusal = Refusal::new(Kind::NotFound, "there is no such path");
        ready(answer(&request, Err(refusal), clothe))
    })
}

/// Nothing is at these paths.
pub(super) fn nothing_at(path: &str, clothe: fn(&Refusal) -> HttpResponse) -> Resource {
    web::resource(path).default_service(nothing(clothe))
}

/// A path that has these methods and no others.
pub(super) fn only(path: &str, methods: &'static str, clothe: fn(&Refusal) -> HttpResponse) -> Resource {
    web::resource(path).default_service(web::to(move |request: HttpRequest| {
        let refusal = Refusal::new(Kind::NoSuchMethod, &format_args!("this path has {methods}"));
        let mut response = answer(&request, Err(refusal), clothe);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
        ready(response)
    }))
}

/// The status that most systems have for such a refusal.
pub(super) fn usual_status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Unauthorized => StatusCode::UNAUTHORIZED,
        Kind::Forbidden | Kind::Disabled | Kind::NotSpoken => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooOften => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::NotSetUp | Kind::Fault => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
