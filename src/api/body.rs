//! Bodies and queries: read whole, within bounds, and refused with everything that is wrong.

use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::timeout;
use utoipa::ToSchema;

use super::code::Code;
use super::field::{FromJson, Reading, Unknown, wrong};
use super::problem::{FieldError, Problem};

/// The largest body, in bytes: a batch of 1000 appointments, with some to say about each.
pub const MAX_BODY: usize = 8 * 1024 * 1024;

/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// The body of a request, read as `T`.
#[derive(Debug)]
pub struct Body<T> {
    /// What it says.
    pub value: T,
    /// What tells it from other bodies.
    pub hash: [u8; 32],
}

impl<T: FromJson + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_type = request.content_type().to_ascii_lowercase();
        let payload = web::Payload::from_request(request, payload);
        Box::pin(async move {
            let payload = payload.await.map_err(|error| Problem::new(Code::Malformed, error))?;
            let is_json =
                matches!(content_type.as_str(), "application/json" | "application/merge-patch+json");
            let body = timeout(PATIENCE, payload.to_bytes_limited(MAX_BODY));
            let body = body.await.map_err(|_| {
                Problem::new(
                    Code::BodyTooSlow,
                    format_args!("the body took longer than {} s", PATIENCE.as_secs()),
                )
            })?;
            let body = body
                .map_err(|_| {
                    Problem::new(Code::BodyTooLarge, format_args!("a body may have {MAX_BODY} bytes"))
                })?
                .map_err(|_| Problem::new(Code::Malformed, "the body did not come as it was announced"))?;
            // Nothing at all says nothing.
            let nothing = body.is_empty() && content_type.is_empty();
            if !is_json && !nothing {
                let detail = "send `Content-Type: application/json`";
                return Err(Problem::new(Code::UnsupportedMediaType, detail));
            }
            let value: Value = serde_json::from_slice(&body).map_err(|error| {
                Problem::new(Code::Malformed, format_args!("the body is not JSON: {error}"))
            })?;
            if !value.is_object() {
                return Err(Problem::new(Code::Malformed, "the body has to be a JSON object"));
            }
            let value = T::from_json(value)?;
            Ok(Self { value, hash: Sha256::digest(&body).into() })
        })
    }
}

/// The query of a request, read as `T`.
#[derive(Debug)]
pub struct Query<T>(pub T);

/// A query as it comes; its fields are read by `T::try_from`.
impl<T> FromRequest for Query<T>
where
    T: ReadQuery + 'static,
{
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let raw = web::Query::<T::Raw>::from_query(request.query_string())
            .map_err(|error| Problem::new(Code::Malformed, format_args!("the query can't be read: {error}")));
        std::future::ready(raw.and_then(|raw| T::read(raw.into_inner()).map(Query)))
    }
}

/// Something that a query says.
pub trait ReadQuery: Sized {
    /// The query as it is written.
    type Raw: DeserializeOwned;

    /// What it says.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    fn read(raw: Self::Raw) -> Result<Self, Problem>;
}

/// A body that says nothing: `{}`.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Empty {
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl FromJson for Empty {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let empty: Self = serde_json::from_value(value).map_err(|_| wrong("write an object"))?;
        let mut reading = Reading::default();
        reading.refuse(&empty.unknown);
        reading.done(Some(empty))
    }
}

/// Two parts of the path. What can't be them names nothing.
#[derive(Debug)]
pub struct Paths<A, B>(pub A, pub B);

impl<A: FromStr + 'static, B: FromStr + 'static> FromRequest for Paths<A, B> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut segments = request.match_info().iter().map(|(_, segment)| segment);
        let first = segments.next().and_then(|segment| segment.parse().ok());
        let second = segments.next().and_then(|segment| segment.parse().ok());
        let both = first.zip(second).map(|(first, second)| Self(first, second));
        std::future::ready(both.ok_or_else(|| Problem::not_found("thing")))
    }
}

/// A part of the path, read as `T`. What can't be one names nothing.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: FromStr + 'static> FromRequest for Path<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // The router leaves some characters escaped, such as a slash.
        let segment = request.match_info().iter().next().map(|(_, segment)| percent_decode_str(segment));
        let value = segment.and_then(|segment| segment.decode_utf8().ok()?.parse().ok());
        std::future::ready(value.map(Self).ok_or_else(|| Problem::not_found("thing")))
    }
}
