//! Answers to a conference server.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::actions::reserve::{Answer, Opened, ReserveError};
use crate::http::fault::{Fault, RefusalBody};
use crate::reservation::Reason;
use crate::reservation::wording::Language;
use crate::telemetry::{Expected, Failure};
use crate::view::Handle;

/// An open room. What is absent is left out, never null.
#[derive(Serialize)]
struct ConferenceBody<'a> {
    id: String,
    name: &'a str,
    mail_owner: &'a str,
    start_time: String,
    duration: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_occupants: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    lobby: bool,
    /// Source: Prosody's module has no use for it, and leaves members alone that it does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    jwt: Option<&'a str>,
}

#[derive(Serialize)]
struct ConflictBody {
    conflict_id: String,
    message: &'static str,
    reason: &'static str,
}

/// What goes wrong on the way to an answer.
#[derive(Debug)]
pub(super) enum ProsodyError {
    /// The request is at fault.
    Request(Fault),
    /// There was no answer.
    Reserve(ReserveError),
}

impl From<Fault> for ProsodyError {
    fn from(fault: Fault) -> Self {
        Self::Request(fault)
    }
}

impl From<ReserveError> for ProsodyError {
    fn from(error: ReserveError) -> Self {
        Self::Reserve(error)
    }
}

impl ProsodyError {
    /// Whether the credential is missing or not valid.
    pub const fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Request(Fault::Unauthorized) | Self::Reserve(ReserveError::UnknownCredential))
    }

    /// The error on the wire. Where the fault is ours, its cause goes to the log.
    pub fn render(self, language: Language) -> HttpResponse {
        match self {
            Self::Request(fault) => fault.respond(language),
            Self::Reserve(ReserveError::UnknownCredential) => Fault::Unauthorized.respond(language),
            Self::Reserve(ReserveError::Busy) => {
                // A limit that is reached, and counted; a line for each would be a flood more.
                let mut response = Fault::Unavailable.respond(language);
                response.extensions_mut().insert(Expected);
                response
            }
            Self::Reserve(
                error @ (ReserveError::Desk(_) | ReserveError::Password(_) | ReserveError::Contended),
            ) => {
                let mut response = Fault::Unavailable.respond(language);
                Failure::of(&error).attach(&mut response);
                response
            }
        }
    }
}

/// The answer to an ask.
pub(super) fn answer(answer: &Answer) -> HttpResponse {
    match answer {
        Answer::Opened(room) => opened(room),
        Answer::Conflict { tenant, id, message } => HttpResponse::Conflict().json(ConflictBody {
            conflict_id: Handle { tenant: *tenant, id: *id }.to_string(),
            message,
            reason: "open_already",
        }),
        Answer::Refused { reason, message } => {
            HttpResponse::build(status(reason)).json(RefusalBody { message, reason: reason.code() })
        }
    }
}

/// An open room.
pub(super) fn opened(room: &Opened) -> HttpResponse {
    let conference = &room.conference;
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(ConferenceBody {
        id: Handle { tenant: conference.tenant, id: conference.id }.to_string(),
        name: conference.node.as_str(),
        mail_owner: conference.mail_owner.as_str(),
        start_time: time(conference.opened_at),
        duration: (conference.ends_at - conference.opened_at).num_seconds(),
        max_occupants: conference.options.max_occupants,
        password: room.password.as_ref().map(ExposeSecret::expose_secret),
        lobby: conference.options.lobby,
        jwt: room.token.as_ref().map(ExposeSecret::expose_secret),
    })
}

/// The answer to a release.
pub(super) fn released() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// Source: Prosody reads `yyyy-MM-ddTHH:mm:ss.SSSZ`.
fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The status of a refusal: people see it as the error's code. Never 409, which promises a
/// conference to read, and never from 500 on, which is asked again.
fn status(reason: &Reason) -> StatusCode {
    match reason {
        Reason::UnknownRoom | Reason::TenantUnknown => StatusCode::NOT_FOUND,
        Reason::Over { .. } | Reason::Cancelled { .. } | Reason::OccurrenceCancelled { .. } => {
            StatusCode::GONE
        }
        Reason::TooEarly { .. }
        | Reason::TenantDisabled
        | Reason::NotYourTenant
        | Reason::Capacity
        | Reason::LiveElsewhere { .. }
        | Reason::ServerDrained => StatusCode::FORBIDDEN,
        Reason::BadName(_) => StatusCode::BAD_REQUEST,
    }
}
