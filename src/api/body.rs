//! Bodies and queries: read whole, within bounds, and refused with everything that is wrong.

use std::borrow::Cow;
use std::future::Future;
use std::marker::PhantomData;
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
use super::door::be_seated;
use super::field::{FromJson, Reading, Unknown, object};
use super::problem::{FieldError, Problem};

/// The largest body, in bytes: a batch of 1000 appointments, with some to say about each.
pub const MAX_BODY: usize = 8 * 1024 * 1024;

/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// From how many bytes on a body is read beside the requests: conference servers must not wait for it.
const LARGE: usize = 64 * 1024;

/// A body that is still to come. It is read by who has found that the caller may send it.
pub struct Incoming<T> {
    request: HttpRequest,
    payload: web::Payload,
    content_type: String,
    read_as: PhantomData<T>,
}

/// The body of a request, read as `T`.
#[derive(Debug)]
pub struct Body<T> {
    /// What it says.
    pub value: T,
    /// What tells it from other bodies.
    pub hash: [u8; 32],
}

impl<T: 'static> FromRequest for Incoming<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_type = request.content_type().to_ascii_lowercase();
        let payload = web::Payload::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let payload = payload.await.map_err(|error| Problem::new(Code::Malformed, error))?;
            Ok(Self { request, payload, content_type, read_as: PhantomData })
        })
    }
}

impl<T: FromJson + Send + 'static> Incoming<T> {
    /// Reads it.
    ///
    /// # Errors
    /// Where it is too large, too slow or no JSON object, or everything that is wrong with its fields.
    pub async fn read(self) -> Result<Body<T>, Problem> {
        self.read_as(false).await
    }

    /// Reads it; where there is none, it is `{}`.
    ///
    /// # Errors
    /// As [`Incoming::read`].
    pub async fn read_or_empty(self) -> Result<Body<T>, Problem> {
        self.read_as(true).await
    }

    async fn read_as(self, may_be_missing: bool) -> Result<Body<T>, Problem> {
        let body = bytes(self.payload, MAX_BODY).await?;
        be_seated(&self.request).await?;
        let is_json =
            matches!(self.content_type.as_str(), "application/json" | "application/merge-patch+json");
        let nothing = may_be_missing && body.is_empty() && (is_json || self.content_type.is_empty());
        if !is_json && !nothing {
            return Err(Problem::new(Code::UnsupportedMediaType, "send `Content-Type: application/json`"));
        }
        let read = if body.len() > LARGE {
            web::block(move || parse(&body)).await.map_err(Problem::internal)?
        } else {
            parse(if nothing { b"{}" } else { &body })
        };
        read.map_err(|unreadable| match unreadable {
            Unreadable::NotJson(detail) => Problem::new(Code::Malformed, detail),
            Unreadable::Fields(errors) => errors.into(),
        })
    }
}

async fn bytes(payload: web::Payload, most: usize) -> Result<web::Bytes, Problem> {
    let body = timeout(PATIENCE, payload.to_bytes_limited(most));
    let body = body.await.map_err(|_| {
        Problem::new(Code::BodyTooSlow, format_args!("the body took longer than {} s", PATIENCE.as_secs()))
    })?;
    body.map_err(|_| Problem::new(Code::BodyTooLarge, format_args!("a body may have {most} bytes")))?
        .map_err(|_| Problem::new(Code::Malformed, "the body did not come as it was announced"))
}

/// A file that is still to come, of another type than JSON.
pub struct Upload {
    payload: web::Payload,
    content_type: String,
}

impl FromRequest for Upload {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_type = request.content_type().to_ascii_lowercase();
        let payload = web::Payload::from_request(request, payload);
        Box::pin(async move {
            let payload = payload.await.map_err(|error| Problem::new(Code::Malformed, error))?;
            Ok(Self { payload, content_type })
        })
    }
}

impl Upload {
    /// Reads a file of that type, which has at most so many bytes.
    ///
    /// # Errors
    /// Where it is of another type, too large or too slow.
    pub async fn read(self, content_type: &str, most: usize) -> Result<web::Bytes, Problem> {
        if self.content_type != content_type {
            let detail = format_args!("send `Content-Type: {content_type}`");
            return Err(Problem::new(Code::UnsupportedMediaType, detail));
        }
        bytes(self.payload, most).await
    }
}

/// Why a body can't be worked with.
enum Unreadable {
    NotJson(String),
    Fields(Vec<FieldError>),
}

fn parse<T: FromJson>(body: &[u8]) -> Result<Body<T>, Unreadable> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Unreadable::NotJson(format!("the body is not JSON: {error}")))?;
    if !value.is_object() {
        return Err(Unreadable::NotJson("the body has to be a JSON object".to_owned()));
    }
    let value = T::from_json(value).map_err(Unreadable::Fields)?;
    Ok(Body { value, hash: Sha256::digest(body).into() })
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
        let empty: Self = object(value)?;
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
        let mut segments = request.match_info().iter().map(|(_, segment)| unescaped(segment));
        let first = segments.next().flatten().and_then(|segment| segment.parse().ok());
        let second = segments.next().flatten().and_then(|segment| segment.parse().ok());
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
        let segment = request.match_info().iter().next().and_then(|(_, segment)| unescaped(segment));
        let value = segment.and_then(|segment| segment.parse().ok());
        std::future::ready(value.map(Self).ok_or_else(|| Problem::not_found("thing")))
    }
}

/// The router leaves some characters escaped, such as a slash.
fn unescaped(segment: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(segment).decode_utf8().ok()
}
