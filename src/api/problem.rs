//! Errors on the wire: `application/problem+json` (RFC 9457), with a stable `code`.

use std::error::Error;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::code::Code;
use super::field::ENOUGH;
use crate::store::StoreError;
use crate::telemetry::Failure;

/// What went wrong, as an API client is told.
#[derive(Debug)]
pub struct Problem {
    /// Which problem.
    pub code: Code,
    case: Box<Case>,
}

/// This very case of it.
#[derive(Debug)]
struct Case {
    /// In words.
    detail: String,
    /// What is wrong where.
    errors: Vec<FieldError>,
    /// What else a client can work with, such as the appointment in the way.
    members: Map<String, Value>,
    /// In how many seconds it is worth trying again.
    retry_after: Option<u64>,
    /// The methods that are there.
    allowed: Option<String>,
    /// What the log is told, and the client is not.
    source: Option<Box<dyn Error>>,
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where in the body: a JSON Pointer (RFC 6901), such as `/participants/0/email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Which query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// In words.
    pub detail: String,
    /// Which problem it is, where it is more than a value that can't be read: of an item of a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// What else there is to say of an item, such as `appointment`: the id of the appointment in its way.
    #[serde(flatten)]
    #[schema(ignore)]
    pub members: Map<String, Value>,
}

impl FieldError {
    /// Nothing said yet about this place in the body.
    #[must_use]
    pub fn at(pointer: &str) -> Self {
        Self {
            pointer: Some(pointer.to_owned()),
            parameter: None,
            detail: String::new(),
            code: None,
            members: Map::new(),
        }
    }
}

// Its doc comment stands in the OpenAPI document.
/// What went wrong (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemView {
    /// Where the problem is explained.
    #[schema(format = "uri-reference", example = "/docs/problems/room_taken")]
    r#type: String,
    /// The problem in general.
    title: &'static str,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// The problem's name for programs: it never changes.
    code: Code,
    /// This case of it.
    detail: String,
    /// Everything that is wrong with the request, where it can be told apart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    /// What the request is called in the log.
    request_id: Option<String>,
    /// What else there is to say, such as `appointment`: the id of the appointment in the way.
    #[serde(flatten)]
    #[schema(ignore)]
    members: Map<String, Value>,
}

impl Problem {
    /// The problem, in the words of this case.
    #[must_use]
    pub fn new(code: Code, detail: impl fmt::Display) -> Self {
        let case = Case {
            detail: detail.to_string(),
            errors: Vec::new(),
            members: Map::new(),
            retry_after: None,
            allowed: None,
            source: None,
        };
        Self { code, case: Box::new(case) }
    }

    /// Nothing is there, or nothing that is the caller's: the two must not be told apart.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format_args!("there is no such {what}"))
    }

    /// A request whose fields can't be worked with.
    #[must_use]
    pub fn fields(mut errors: Vec<FieldError>) -> Self {
        errors.truncate(ENOUGH);
        let mut problem = match errors.as_slice() {
            [one] => Self::new(Code::InvalidFields, &one.detail),
            many => {
                let detail = format_args!("{} things are wrong with this request: see `errors`", many.len());
                Self::new(Code::InvalidFields, detail)
            }
        };
        problem.case.errors = errors;
        problem
    }

    /// What is wrong is this member of the body.
    #[must_use]
    pub fn at(mut self, pointer: &str) -> Self {
        let detail = self.case.detail.clone();
        self.case.errors.push(FieldError { detail, ..FieldError::at(pointer) });
        self
    }

    /// The same, with something for programs.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Serialize) -> Self {
        self.case.members.insert(member.to_owned(), json!(value));
        self
    }

    /// The same, worth trying again in so many seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.case.retry_after = Some(seconds);
        self
    }

    /// The same, where only these methods are there.
    #[must_use]
    pub fn allowing(mut self, methods: &str) -> Self {
        self.case.allowed = Some(methods.to_owned());
        self
    }

    /// Everything that is wrong, where it can be told apart.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.case.errors
    }

    /// The same under another name.
    #[must_use]
    pub fn coded(self, code: Code) -> Self {
        Self { code, ..self }
    }

    /// The same, with what the log is told of it.
    #[must_use]
    pub fn because(mut self, source: impl Error + 'static) -> Self {
        self.case.source = Some(Box::new(source));
        self
    }

    /// As errors in a list of them, with pointers from one level up.
    #[must_use]
    pub fn into_errors(self, pointer: &str) -> Vec<FieldError> {
        let code = self.code;
        let Case { detail, errors, members, .. } = *self.case;
        let below = |error: FieldError| FieldError {
            pointer: Some(format!("{pointer}{}", error.pointer.unwrap_or_default())),
            code: Some(error.code.unwrap_or(code)),
            members: members.clone(),
            ..error
        };
        if errors.is_empty() {
            return vec![below(FieldError { detail, ..FieldError::at("") })];
        }
        errors.into_iter().map(below).collect()
    }

    /// The answer to the request of that id.
    #[must_use]
    pub fn respond(&self, request_id: Option<String>) -> HttpResponse {
        let status = self.code.status();
        let mut response = HttpResponse::build(status);
        response.content_type("application/problem+json");
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"frontdesk\""));
        }
        if let Some(seconds) = self.case.retry_after {
            response.insert_header((RETRY_AFTER, seconds));
        }
        if let Some(methods) = &self.case.allowed {
            response.insert_header((ALLOW, methods.as_str()));
        }
        // Not `json`: it would put its own type over ours.
        response.body(
            json!(ProblemView {
                r#type: format!("/docs/problems/{}", self.code),
                title: self.code.title(),
                status: status.as_u16(),
                code: self.code,
                detail: self.case.detail.clone(),
                errors: self.case.errors.clone(),
                request_id,
                members: self.case.members.clone(),
            })
            .to_string(),
        )
    }

    /// In how many seconds it is worth trying again.
    #[must_use]
    pub fn seconds_to_wait(&self) -> Option<u64> {
        self.case.retry_after
    }

    /// What the log is told.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        self.case.source.as_deref().map(Failure::of)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.case.detail)
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.case.source.as_deref()
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.respond(None)
    }
}

/// The database failed. What passes by itself is worth trying again.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let passes =
            matches!(&error, StoreError::Database(error) if crate::database::fault::is_passing(error));
        if passes {
            Self::new(Code::Unavailable, "the schedule can't be reached right now")
                .retry_after(1)
                .because(error)
        } else {
            Self::internal(error)
        }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl Problem {
    /// Something that only an operator can mend.
    #[must_use]
    pub fn internal(error: impl Error + 'static) -> Self {
        Self::new(Code::Internal, "this went wrong on our side; the log knows more, by the request id")
            .because(error)
    }
}
