//! What goes wrong around a decision, on the wire: in the words that a conference server passes on.

use actix_web::http::StatusCode;
use actix_web::http::header::WWW_AUTHENTICATE;
use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::app::App;
use crate::reservation::wording::Language;

/// A refusal. Prosody shows `message` to people; `reason` is for operators.
#[derive(Serialize)]
pub struct RefusalBody<'a> {
    /// The sentence.
    pub message: &'a str,
    /// The stable code.
    pub reason: &'a str,
}

/// What goes wrong around a decision: the request itself, or the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Fault {
    /// No credential, or one that is not (or no longer) known.
    Unauthorized,
    /// Nothing is there.
    NotFound,
    /// The path exists, the method doesn't.
    MethodNotAllowed,
    /// The body is too large.
    BodyTooLarge,
    /// The body came too slowly.
    BodyTooSlow,
    /// The body is of a type that can't be read.
    UnsupportedType,
    /// The body can't be read.
    Malformed,
    /// The name is missing.
    NameMissing,
    /// The name has more bytes than a node can have.
    #[strum(serialize = "bad_name")]
    NameTooLong,
    /// `mail_owner` can't be a JID.
    BadOwner,
    /// The database doesn't answer. The one fault that is worth asking again for.
    Unavailable,
}

impl Fault {
    /// The stable code, such as `unauthorized`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.into()
    }

    /// The sentence for people.
    #[must_use]
    pub fn message(&self, language: Language) -> &'static str {
        let (en, de) = match self {
            Self::Unauthorized => (
                "The video server's credential is missing or not valid.",
                "Die Zugangsdaten des Videoservers fehlen oder sind ungültig.",
            ),
            Self::NotFound => ("There is nothing here.", "Hier ist nichts."),
            Self::MethodNotAllowed => ("This can't be done here.", "Das geht hier nicht."),
            Self::BodyTooLarge => ("The request is too large.", "Die Anfrage ist zu groß."),
            Self::BodyTooSlow => ("The request took too long.", "Die Anfrage hat zu lange gedauert."),
            Self::UnsupportedType => (
                "The request has to be form-encoded or JSON.",
                "Die Anfrage muss ein Formular oder JSON sein.",
            ),
            Self::Malformed => ("The request can't be read.", "Die Anfrage ist nicht lesbar."),
            Self::NameMissing => (
                "The request does not name a room: `name` is missing.",
                "Die Anfrage nennt keinen Raum: `name` fehlt.",
            ),
            Self::NameTooLong => ("The name of this room is too long.", "Der Name dieses Raums ist zu lang."),
            Self::BadOwner => (
                "`mail_owner` is longer than a JID can be, or contains a NUL.",
                "`mail_owner` ist länger, als eine JID sein kann, oder enthält ein NUL.",
            ),
            Self::Unavailable => (
                "The schedule can't be reached right now. Please try again in a moment.",
                "Der Terminplan ist gerade nicht erreichbar. Bitte versuchen Sie es gleich noch einmal.",
            ),
        };
        match language {
            Language::En => en,
            Language::De => de,
        }
    }
}

impl Fault {
    fn status(self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::UnsupportedType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Malformed | Self::NameMissing | Self::NameTooLong | Self::BadOwner => {
                StatusCode::BAD_REQUEST
            }
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The answer.
    #[must_use]
    pub fn respond(self, language: Language) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        if self == Self::Unauthorized {
            response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"frontdesk\""));
        }
        response.json(RefusalBody { message: self.message(language), reason: self.code() })
    }
}

/// The answer to a path that does not exist.
pub async fn not_found(app: web::Data<App>) -> HttpResponse {
    Fault::NotFound.respond(app.language)
}

/// The answer to a method that a path doesn't have.
pub async fn method_not_allowed(app: web::Data<App>) -> HttpResponse {
    Fault::MethodNotAllowed.respond(app.language)
}
