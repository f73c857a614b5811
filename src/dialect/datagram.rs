//! Datagram: aliases, which are asked for with a token that is signed with the alias's own secret.
//!
//! Source: Datagram's page "JWT retrieve alias". Its programs read what was made from `data`, while its table names the
//! members alone: they stand in both places. What it calls organisation is our tenant.

use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::app::{UnixSeconds, admit};
use super::refusal::{Kind, Refusal, answer, nothing_at, only, usual_status};
use crate::actions::aliases::{
    CreateAliasError, FindAliasError, FoundAlias, NewAlias, create_alias, find_alias, open_alias,
};
use crate::api::body::{Incoming, Path};
use crate::api::door;
use crate::api::field::{Field, FromJson, Reading, from_objects, from_words, text, wrong};
use crate::api::limiter::Limiter;
use crate::api::problem::{FieldError, Problem};
use crate::app::App;
use crate::http::get;
use crate::reservation::{AliasId, AliasKind, Dialect, RoomPassword, Scope, Title};
use crate::signing::Terms;

/// Both calls, and nothing else below their path.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(only("/organization/api/v1/alias/create", "POST", clothe).route(web::post().to(create)))
        .service(
            only("/organization/api/v1/alias/{id}", "GET, HEAD", clothe_retrieval).route(get().to(retrieve)),
        )
        .service(nothing_at("/organization", clothe))
        .service(nothing_at("/organization/{rest:.*}", clothe));
}

/// What an alias is to be.
#[derive(Debug, Deserialize)]
struct AliasInput {
    #[serde(default)]
    r#type: Field<AliasKind>,
    #[serde(default)]
    name: Field<Title>,
    #[serde(default)]
    passcode: Field<RoomPassword>,
    #[serde(default)]
    jwt_secret: Field<Secret>,
    #[serde(default)]
    expired_at: Field<UnixSeconds>,
}

from_words! { AliasKind }
from_objects! { AliasInput }

/// What tokens are signed with: any text of 1 to 256 bytes.
#[derive(Debug)]
struct Secret(SecretString);

impl FromJson for Secret {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let secret = text(&value)?;
        if (1..=256).contains(&secret.len()) {
            Ok(Self(secret.into()))
        } else {
            Err(wrong("write 1 to 256 bytes"))
        }
    }
}

impl AliasInput {
    fn read(self, now: DateTime<Utc>) -> Result<NewAlias, Vec<FieldError>> {
        let mut reading = Reading::default();
        let kind = reading.required("type", self.r#type);
        let name = reading.optional("name", self.name);
        let passcode = reading.optional("passcode", self.passcode);
        let secret = reading.required("jwt_secret", self.jwt_secret);
        let ends = reading.required("expired_at", self.expired_at).map(|at| at.0);
        if ends.is_some_and(|ends| ends <= now) {
            reading.wrong("expired_at", "this has passed");
        }
        let all = kind.zip(secret).zip(ends);
        let alias = all.map(|((kind, Secret(secret)), ends)| NewAlias { kind, name, passcode, secret, ends });
        reading.done(alias)
    }
}

/// An alias, to whoever made it. It tells secrets: so there is no `Debug`.
#[derive(Serialize)]
struct AliasBody<'a> {
    id: &'a AliasId,
    r#type: AliasKind,
    name: Option<&'a str>,
    passcode: Option<&'a str>,
    jwt_secret: &'a str,
    stream_key: Option<String>,
    expired_at: i64,
}

async fn create(app: web::Data<App>, request: HttpRequest, body: Incoming<AliasInput>) -> HttpResponse {
    let answered = async {
        let bearer = door::bearer(&request);
        let speaker = admit(&request, &app, bearer.as_ref(), Terms::Usual, Dialect::Datagram).await?;
        speaker.caller.may(Scope::AppointmentsWrite)?;
        // Whoever has the secret gets in.
        speaker.caller.may(Scope::TokensMint)?;
        let wanted = body.read().await?.value.read(app.clock.now())?;
        let id = create_alias(&app, &speaker.caller.tenant, speaker.caller.app, &wanted).await?;
        let alias = AliasBody {
            id: &id,
            r#type: wanted.kind,
            name: wanted.name.as_ref().map(Title::as_str),
            passcode: wanted.passcode.as_ref().map(RoomPassword::expose),
            jwt_secret: wanted.secret.expose_secret(),
            stream_key: stream_key(&id, wanted.kind),
            expired_at: wanted.ends.timestamp(),
        };
        let mut body = json!(alias);
        body["data"] = json!(alias);
        Ok(HttpResponse::Ok().json(body))
    };
    answer(&request, answered.await, clothe)
}

/// What a stream would be sent under. Nobody here takes one, so it is nothing but a name.
fn stream_key(id: &AliasId, kind: AliasKind) -> Option<String> {
    (kind == AliasKind::Live).then(|| format!("live_{}", id.suffix()))
}

async fn retrieve(
    app: web::Data<App>,
    limiter: web::Data<Limiter>,
    request: HttpRequest,
    id: Result<Path<AliasId>, Problem>,
) -> HttpResponse {
    let answered = async {
        let id = id?.0;
        let header = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok());
        // A secret may be short. Past the limit not even the right one is told from the wrong ones.
        door::bar(&request, &app, &limiter)?;
        let visitor = match find_alias(&app, &id, header.map(without_scheme)).await {
            Ok(visitor) => visitor,
            Err(error @ (FindAliasError::Unknown(_) | FindAliasError::Token(_))) => {
                door::wrong(&request, &app, &limiter, &error.to_string())?;
                return Err(error.into());
            }
            Err(error) => return Err(error.into()),
        };
        // Whoever has a token for it, an alias is asked for no more often than an app may ask.
        door::take(&request, &limiter, Uuid::from(visitor.alias.appointment).into())?;
        Ok(render(&id, &open_alias(&app, visitor).await?))
    };
    answer(&request, answered.await, clothe_retrieval)
}

/// The token. Source: one of the page's examples has no space before it.
fn without_scheme(header: &str) -> &str {
    match header.split_at_checked("bearer".len()) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => header.trim(),
    }
}

fn render(id: &AliasId, found: &FoundAlias) -> HttpResponse {
    let FoundAlias { kind, appointment, passcode, token } = found;
    HttpResponse::Ok().json(json!({
        "alias": id,
        "status": if token.is_some() { "active" } else { "expired" },
        "type": kind,
        "name": appointment.title.as_ref().map(Title::as_str),
        "passcode": passcode.as_ref().map(ExposeSecret::expose_secret),
        "stream_key": stream_key(id, *kind),
        "expired_at": appointment.slot.ends().map(|ends| ends.timestamp()),
        "join_url": token.as_ref().and_then(|token| Some(token.url.as_ref()?.expose_secret())),
        "token": token.as_ref().map(|token| token.token.expose_secret()),
    }))
}

impl From<CreateAliasError> for Refusal {
    fn from(error: CreateAliasError) -> Self {
        match error {
            CreateAliasError::Exists(_) => Self::new(Kind::Unavailable, &error),
            CreateAliasError::NoRandomness(_) => Problem::internal(error).into(),
            CreateAliasError::Keys(error) => Problem::from(error).into(),
            CreateAliasError::Book(error) => Problem::from(error).into(),
            CreateAliasError::Store(error) => Problem::from(error).into(),
        }
    }
}

impl From<FindAliasError> for Refusal {
    fn from(error: FindAliasError) -> Self {
        match error {
            FindAliasError::Unknown(_) => Self::new(Kind::NotFound, &error),
            FindAliasError::Token(_) => Self::new(Kind::Unauthorized, &error),
            FindAliasError::Sealed(_) | FindAliasError::Passcode(_) => Problem::internal(error).into(),
            FindAliasError::Mint(error) => Problem::from(error).into(),
            FindAliasError::Store(error) => Problem::from(error).into(),
        }
    }
}

/// What is wrong with an alias that was to be made.
fn clothe(refusal: &Refusal) -> HttpResponse {
    let (status, message) = described(refusal, "UNAUTHORIZED");
    HttpResponse::build(status).json(json!({ "message": message }))
}

/// What is wrong where one is asked for.
fn clothe_retrieval(refusal: &Refusal) -> HttpResponse {
    let (status, message) = described(refusal, "unauthorized");
    HttpResponse::build(status).json(json!({ "error": message }))
}

/// Where the page has words of its own, these. A tenant that doesn't speak this language is an organisation that is not there.
fn described<'a>(refusal: &'a Refusal, unauthorized: &'static str) -> (StatusCode, &'a str) {
    match refusal.kind {
        Kind::Unauthorized => (StatusCode::UNAUTHORIZED, unauthorized),
        Kind::NotFound | Kind::NotSpoken | Kind::Disabled => (StatusCode::NOT_FOUND, "Alias not found"),
        kind => (usual_status(kind), &refusal.message),
    }
}
