//! `Idempotency-Key`: a request that is sent again is answered again, and done once.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::caller::Calling;
use super::code::Code;
use super::field::Reading;
use super::problem::Problem;
use crate::actions::once::{OnceError, once};
use crate::app::App;
use crate::reservation::{Scope, Scopes};
use crate::store::idempotency::OnceKey;

const HEADER: &str = "idempotency-key";

/// What is answered when all went well.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    status: u16,
    location: Option<String>,
    etag: Option<String>,
    body: Value,
}

impl Answer {
    /// Here it is.
    #[must_use]
    pub fn ok(body: impl Serialize) -> Self {
        Self { status: 200, location: None, etag: None, body: json!(body) }
    }

    /// It was made, and is to be found there.
    #[must_use]
    pub fn created(location: Option<String>, body: impl Serialize) -> Self {
        Self { status: 201, location, ..Self::ok(body) }
    }

    /// The same, at that revision.
    #[must_use]
    pub fn at_revision(self, revision: i64) -> Self {
        Self { etag: Some(format!("\"{revision}\"")), ..self }
    }

    /// Takes out what the caller may not see any more, of an appointment or of each of many: it may have been given when the
    /// app could see it still.
    fn conceal(&mut self, scopes: &Scopes) {
        if !scopes.contains(Scope::PasswordsRead) {
            remove(&mut self.body, "password");
        }
        if !scopes.contains(Scope::TokensMint) {
            remove(&mut self.body, "guest_join_url");
            remove(&mut self.body, "join_url");
        }
    }

    /// The answer on the wire.
    #[must_use]
    pub fn respond(self) -> HttpResponse {
        let mut response = HttpResponse::build(StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK));
        if let Some(location) = self.location {
            response.insert_header((LOCATION, location));
        }
        if let Some(etag) = self.etag {
            response.insert_header((ETAG, etag));
        }
        response.json(self.body)
    }
}

/// Takes a field out of an object, and out of those in its `data` and `participants`.
fn remove(body: &mut Value, name: &str) {
    let Some(fields) = body.as_object_mut() else { return };
    fields.remove(name);
    for list in ["data", "participants"] {
        let inner = fields.get_mut(list).and_then(Value::as_array_mut);
        inner.into_iter().flatten().for_each(|one| remove(one, name));
    }
}

/// How often a request is to be done: once for its key, or each time that it comes.
#[derive(Debug)]
pub struct Once {
    key: Option<[u8; 32]>,
    request: Sha256,
}

impl Once {
    /// Does the work in a transaction, once, and answers.
    ///
    /// # Errors
    /// What the work fails with, or where the key is in use or stands for something else.
    pub async fn run(
        self,
        app: &App,
        caller: &Calling,
        body: [u8; 32],
        work: impl AsyncFn(&mut PgConnection) -> Result<Answer, Problem>,
    ) -> Result<HttpResponse, Problem> {
        let request = self.request.chain_update(body).finalize().into();
        let key = self.key.map(|key| OnceKey { tenant: caller.tenant.id, app: caller.app, key, request });
        let answered = once(app, key.as_ref(), async |db| {
            let answer = work(db).await?;
            serde_json::to_vec(&answer).map_err(Problem::internal)
        });
        let answered = answered.await?;
        let mut answer: Answer = serde_json::from_slice(&answered.answer).map_err(Problem::internal)?;
        answer.conceal(&caller.scopes);
        let mut response = answer.respond();
        if answered.replayed {
            response.headers_mut().insert(
                actix_web::http::header::HeaderName::from_static("idempotency-replayed"),
                actix_web::http::header::HeaderValue::from_static("true"),
            );
        }
        Ok(response)
    }
}

impl FromRequest for Once {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut keys = request.headers().get_all(HEADER);
        let key = match (keys.next(), keys.next()) {
            (None, _) => Ok(None),
            (Some(key), None) if (1..=255).contains(&key.len()) && key.to_str().is_ok() => {
                Ok(Some(Sha256::digest(key.as_bytes()).into()))
            }
            _ => {
                let mut reading = Reading::of_parameters();
                reading
                    .wrong("Idempotency-Key", "write one key of 1 to 255 visible characters, such as a UUID");
                reading.done(None).map_err(Problem::from)
            }
        };
        let mut hash = Sha256::new();
        for part in [request.method().as_str(), request.path(), request.query_string()] {
            hash.update(part);
            hash.update([0]);
        }
        ready(key.map(|key| Self { key, request: hash }))
    }
}

impl From<OnceError> for Problem {
    fn from(error: OnceError) -> Self {
        match error {
            OnceError::UnderWay => Self::new(Code::IdempotencyKeyInUse, error).retry_after(1),
            OnceError::Reused => Self::new(Code::IdempotencyKeyReused, error),
            // As at the door, a moment later.
            OnceError::NoTenant => Self::new(Code::Unauthorized, error),
            OnceError::Sealed(_) => Self::internal(error),
            OnceError::Keys(error) => error.into(),
        }
    }
}
