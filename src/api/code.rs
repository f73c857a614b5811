//! The problems that the API knows: their names never change, and each has a page in the documentation.

use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// A problem's name for programs.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    ToSchema,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[schema(as = ProblemCode)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Code {
    /// No credential, or one that is not valid.
    Unauthorized,
    /// The credential lacks a scope.
    InsufficientScope,
    /// The tenant is disabled.
    TenantDisabled,
    /// Nothing is there.
    NotFound,
    /// The path is there, the method is not.
    MethodNotAllowed,
    /// The body can't be read.
    Malformed,
    /// The body is of another type.
    UnsupportedMediaType,
    /// The body is too large.
    BodyTooLarge,
    /// The body came too slowly.
    BodyTooSlow,
    /// Fields or parameters can't be worked with.
    InvalidFields,
    /// The room is taken at that time.
    RoomTaken,
    /// Another appointment has this external id.
    ExternalIdTaken,
    /// It starts further ahead than the tenant books.
    BeyondHorizon,
    /// The appointment is cancelled.
    AppointmentCancelled,
    /// The date is cancelled.
    DateCancelled,
    /// The date has started, or is over.
    DateStarted,
    /// The rule that is in force does not name the date.
    DateOffRule,
    /// The appointment or the date is over.
    AppointmentOver,
    /// Nobody booked the room.
    NotBooked,
    /// The tenant's tokens are not set up.
    TokensNotSetUp,
    /// Nobody could use the link.
    NoInvitation,
    /// The calendar file can't be read.
    UnreadableCalendar,
    /// Some items of a batch can't be done.
    BatchFailed,
    /// Something of that name is there.
    NameTaken,
    /// Two credentials are live already.
    TooManyCredentials,
    /// What was to go is in use.
    InUse,
    /// What was to change is revoked for good.
    Revoked,
    /// A key was called so before.
    KidUsed,
    /// The key signs, or has signed.
    KeyNotNext,
    /// No key is there to sign next.
    NoNextKey,
    /// Who verifies may not know the key yet.
    KeyTooYoung,
    /// No conference server could ask.
    NoConferenceServer,
    /// `If-Match` is missing.
    PreconditionRequired,
    /// It was changed meanwhile.
    PreconditionFailed,
    /// A request with this key is under way.
    IdempotencyKeyInUse,
    /// The key was used for another request.
    IdempotencyKeyReused,
    /// Too many requests.
    RateLimited,
    /// The database can't be reached.
    Unavailable,
    /// Something only an operator can mend.
    Internal,
}

impl Code {
    /// The status of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope | Self::TenantDisabled => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::InvalidFields
            | Self::BeyondHorizon
            | Self::BatchFailed
            | Self::UnreadableCalendar
            | Self::NoConferenceServer
            | Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RoomTaken
            | Self::ExternalIdTaken
            | Self::AppointmentCancelled
            | Self::DateCancelled
            | Self::DateStarted
            | Self::DateOffRule
            | Self::AppointmentOver
            | Self::NotBooked
            | Self::TokensNotSetUp
            | Self::NoInvitation
            | Self::NameTaken
            | Self::TooManyCredentials
            | Self::InUse
            | Self::Revoked
            | Self::KidUsed
            | Self::KeyNotNext
            | Self::NoNextKey
            | Self::KeyTooYoung
            | Self::IdempotencyKeyInUse => StatusCode::CONFLICT,
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The problem in general.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Unauthorized => "The credential is missing or not valid",
            Self::InsufficientScope => "The credential may not do this",
            Self::TenantDisabled => "The tenant is disabled",
            Self::NotFound => "There is nothing here",
            Self::MethodNotAllowed => "This method is not there",
            Self::Malformed => "The request can't be read",
            Self::UnsupportedMediaType => "The body is of another type",
            Self::BodyTooLarge => "The body is too large",
            Self::BodyTooSlow => "The body took too long",
            Self::InvalidFields => "Some fields can't be worked with",
            Self::RoomTaken => "The room is taken at that time",
            Self::ExternalIdTaken => "Another appointment has this external id",
            Self::BeyondHorizon => "That is further ahead than this tenant books",
            Self::AppointmentCancelled => "The appointment is cancelled",
            Self::DateCancelled => "This date is cancelled",
            Self::DateStarted => "This date has started",
            Self::DateOffRule => "This date is not one of the rule",
            Self::AppointmentOver => "The appointment is over",
            Self::NotBooked => "Nobody booked this room",
            Self::TokensNotSetUp => "This tenant's room tokens are not set up",
            Self::NoInvitation => "Nobody could use this link",
            Self::UnreadableCalendar => "The calendar file can't be read",
            Self::BatchFailed => "Some items of the batch can't be done",
            Self::NameTaken => "The name is taken",
            Self::TooManyCredentials => "Two credentials are live already",
            Self::InUse => "This is in use",
            Self::Revoked => "This is revoked for good",
            Self::KidUsed => "A key was called so before",
            Self::KeyNotNext => "This key signs already, or has signed",
            Self::NoNextKey => "There is no next key",
            Self::KeyTooYoung => "Whoever verifies may not know this key yet",
            Self::NoConferenceServer => "No conference server asks for this tenant",
            Self::PreconditionRequired => "Say which version you change",
            Self::PreconditionFailed => "It was changed meanwhile",
            Self::IdempotencyKeyInUse => "A request with this key is under way",
            Self::IdempotencyKeyReused => "This key was used for another request",
            Self::RateLimited => "Too many requests",
            Self::Unavailable => "The schedule can't be reached",
            Self::Internal => "Something went wrong on our side",
        }
    }

    /// What it means, and what a client can do: for its page in the documentation. Markdown.
    #[must_use]
    pub fn help(self) -> &'static str {
        match self {
            Self::Unauthorized => {
                "Send `Authorization: Bearer …` with an app's key (`fd_app_…`), or with a JWT that the app has signed. \
                 The detail says what is wrong with what was sent. A key that was revoked is not known any more."
            }
            Self::InsufficientScope => {
                "The app lacks the scope that `scope` names. An administrator adds it: \
                 `frontdesk app change NAME --add-scope …`."
            }
            Self::TenantDisabled => "The tenant was disabled by an administrator. Nothing of it was lost.",
            Self::NotFound => {
                "The path does not exist, or the thing does not, or it belongs to another tenant: the answer does not \
                 tell which."
            }
            Self::MethodNotAllowed => "The header `Allow` lists the methods that are there.",
            Self::Malformed => {
                "The body is no JSON object, or a parameter of the path or query can't be decoded. The detail says where."
            }
            Self::UnsupportedMediaType => {
                "Send `Content-Type: application/json`; for `PATCH`, `application/merge-patch+json` will do as well. A calendar \
                 file is `text/calendar`."
            }
            Self::BodyTooLarge => "The detail names the limit. Send large batches in parts.",
            Self::BodyTooSlow => "The body has to come within ten seconds. Nothing was done; try again.",
            Self::InvalidFields => {
                "`errors` lists everything that is wrong, each with a JSON Pointer into the body (`pointer`) or the name \
                 of a query parameter (`parameter`). Fields that the API does not know are refused too: a typo in an \
                 optional field would otherwise be lost. Nothing was done."
            }
            Self::RoomTaken => {
                "No two appointments of a room overlap. `appointment` is the id of the one in the way. Of an appointment \
                 that recurs, `conflicts` lists the first dates on which the room is taken, each with the `appointment` in \
                 the way, and `conflicting_dates` counts them all. Ask `GET /v1/rooms/{room}/free-busy` for the room's \
                 free times."
            }
            Self::ExternalIdTaken => {
                "An external id names one appointment of an app. `appointment` is the id of the one that has it. Change \
                 that one, or cancel it: then its external id is free."
            }
            Self::BeyondHorizon => {
                "A tenant books so many days ahead, 730 unless an administrator says otherwise. `until` is the last \
                 moment that can be booked."
            }
            Self::AppointmentCancelled => "Cancelling is final. Book the room anew.",
            Self::DateCancelled => {
                "A cancelled date is an exception of its series. Take it out of `recurrence.exdates` of the appointment \
                 to have it take place after all."
            }
            Self::DateStarted => {
                "What has started stays as it was. A date that is going on can be changed alone until it is over; a \
                 series from the next date on."
            }
            Self::DateOffRule => {
                "A series can be changed from a date on that its rule names. Further dates (`rdates`), those \
                 from before the last change of the rule, and one that starts later because the clocks skipped its time \
                 are changed alone."
            }
            Self::AppointmentOver => {
                "The room does not open for this appointment, or this date of it, any more: so there is nothing that a \
                 token could open."
            }
            Self::NotBooked => {
                "Nothing is booked in this room from now on, and the tenant opens no rooms that nobody booked. Book it, or \
                 let the tenant open unscheduled rooms."
            }
            Self::TokensNotSetUp => {
                "There is no key that signs what the tenant's tokens are to be signed with, or nobody knows whose rooms \
                 they are; the detail says which. An operator gives the tenant a meeting URL (`frontdesk tenant`), token \
                 settings (`frontdesk token settings`) or a key (`frontdesk keys`)."
            }
            Self::NoInvitation => {
                "The link is revoked, or can't be shown any more because its master key is gone: make a new one with \
                 `POST /v1/appointments/{id}/join-links`. Or the service does not know under which address people reach \
                 it: an operator sets `public_url`. The detail says which."
            }
            Self::UnreadableCalendar => {
                "The file is not iCalendar (RFC 5545), not complete, or too large; the detail says where. Nothing was \
                 imported. What is wrong with a single event is told in the answer, and keeps no other from being \
                 imported."
            }
            Self::BatchFailed => {
                "Nothing of the batch was done. `errors` says what is wrong with which item; each has a `code` of its \
                 own. Items that overlap each other are found too."
            }
            Self::NameTaken => "Choose another name, or change the one that is there.",
            Self::TooManyCredentials => {
                "Two credentials can be live at a time, so that one can be replaced without a gap. Revoke one first."
            }
            Self::InUse => "The detail says by what.",
            Self::Revoked => "Add it anew, under another name.",
            Self::KidUsed => {
                "Verifiers remember a key under its name, some for as long as they run. So no name is used again, not even \
                 that of a key whose tenant was removed. Choose another one, or none."
            }
            Self::KeyNotNext => {
                "A key signs once in its life. Activate one whose `state` is `next`, or make another."
            }
            Self::NoNextKey => {
                "Make or import a key first; or wait a moment, where the service makes them itself."
            }
            Self::KeyTooYoung => {
                "Verifiers ask for keys every quarter of an hour, or as `signing_keys.max_age` says. `known_at` is when all \
                 of them know this key; try again then. With `\"now\": true` it signs at once, and what it signs may be \
                 refused until then."
            }
            Self::NoConferenceServer => {
                "What a conference server would be told depends on the server, and none may ask for this tenant. \
                 `frontdesk server add` adds one."
            }
            Self::PreconditionRequired => {
                "Send `If-Match` with the `ETag` of the version that you have read, so that nobody's change is \
                 overwritten unseen; or `If-Match: *` to change whatever is there."
            }
            Self::PreconditionFailed => "Read it again, and decide again. `revision` is where it is now.",
            Self::IdempotencyKeyInUse => {
                "The first request with this `Idempotency-Key` is not done yet. Try again in a second: you will get its \
                 answer."
            }
            Self::IdempotencyKeyReused => {
                "The key has been used with another path or body. Make a new key, such as a UUID, for each thing that \
                 you mean to do, and keep it for repetitions of that."
            }
            Self::RateLimited => {
                "Wait for as many seconds as `Retry-After` says. `RateLimit` and `RateLimit-Policy` on every answer to \
                 who was let in say how much is left. Without them, it is about wrong credentials: from each address 60 \
                 a minute are answered 401, and what comes on top 429. Who has a valid one is let in all the same. \
                 Conference servers are never limited."
            }
            Self::Unavailable => {
                "The database can't be reached, or is handing over to another; or so many requests of this tenant are under \
                 way that there was no place for 10 s. Try again after a second, with the same `Idempotency-Key`."
            }
            Self::Internal => "Tell the operator the `request_id`: the log has it.",
        }
    }
}
