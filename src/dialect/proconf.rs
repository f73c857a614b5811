//! ProCONF: `POST /proconfToken` and `POST /api/proconf-token`, a token for a room and a role.
//!
//! Source: ProCONF's page on `/proconfToken`. Whatever happens, the answer has its envelope, `{"error", "data"}`, and its
//! status is the code in there. The page shows no credential; but without one anybody could become an owner.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::app::admit;
use super::refusal::{Kind, Refusal, answer, nothing, nothing_at};
use crate::actions::mint::{Holder, Opens, TokenRequest};
use crate::actions::mint_or_book::{MintOrBookError, OnTheSpot, mint_or_book};
use crate::api::body::Incoming;
use crate::api::door::bearer;
use crate::api::field::{Field, Reading, from_objects, from_words};
use crate::api::problem::{FieldError, Problem};
use crate::app::App;
use crate::reservation::{Dialect, PersonName, Role, RoomName, Scope};
use crate::signing::Terms;
use crate::token::{DialectClaims, LONGEST, Person, ProconfRole};

/// Both paths, and nothing else below them.
pub fn routes(config: &mut web::ServiceConfig) {
    for path in ["/proconfToken", "/api/proconf-token"] {
        let resource = web::resource(path).route(web::post().to(create));
        config
            .service(resource.default_service(nothing(clothe)))
            .service(nothing_at(&format!("{path}/{{rest:.*}}"), clothe));
    }
}

/// Who comes where, and as what.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenInput {
    #[serde(default)]
    role: Field<ProconfRole>,
    #[serde(default)]
    room: Field<RoomName>,
    #[serde(default)]
    participant_name: Field<PersonName>,
}

from_words! { ProconfRole }
from_objects! { TokenInput }

impl TokenInput {
    fn read(self) -> Result<(ProconfRole, RoomName, PersonName), Vec<FieldError>> {
        let mut reading = Reading::default();
        let role = reading.required("role", self.role);
        let room = reading.required("room", self.room);
        let name = reading.required("participantName", self.participant_name);
        let all = role.zip(room).zip(name).map(|((role, room), name)| (role, room, name));
        reading.done(all)
    }
}

async fn create(app: web::Data<App>, request: HttpRequest, body: Incoming<TokenInput>) -> HttpResponse {
    let answered = async {
        let bearer = bearer(&request);
        let speaker = admit(&request, &app, bearer.as_ref(), Terms::Usual, Dialect::Proconf).await?;
        speaker.caller.may(Scope::TokensMint)?;
        let (role, room, name) = body.read().await?.value.read()?;
        let person = Person { name: Some(name.clone()), ..Person::default() };
        let spot = OnTheSpot {
            room: room.clone(),
            app: speaker.caller.app,
            length: speaker.dialects.proconf_room_length,
        };
        let wanted = TokenRequest {
            role: Some(match role {
                ProconfRole::Owner | ProconfRole::Moderator => Role::Host,
                ProconfRole::Participant => Role::Participant,
            }),
            moderator: Some(role != ProconfRole::Participant),
            lifetime: Some(LONGEST),
            dialect: Some(DialectClaims::Proconf { role, participant: name }),
            ..TokenRequest::new(Opens::BookedRoom(room), Holder::Guest(Some(person)))
        };
        let minted = mint_or_book(&app, &speaker.caller.tenant, &spot, &wanted).await?;
        Ok(HttpResponse::Ok().json(json!({ "error": Value::Null, "data": minted.token.expose_secret() })))
    };
    answer(&request, answered.await, clothe)
}

impl From<MintOrBookError> for Refusal {
    fn from(error: MintOrBookError) -> Self {
        match error {
            MintOrBookError::Cancelled => Self::new(Kind::NotFound, &error),
            MintOrBookError::Mint(error) => Problem::from(error).into(),
            MintOrBookError::Book(error) => Problem::from(error).into(),
            MintOrBookError::Store(error) => Problem::from(error).into(),
        }
    }
}

/// The page's own words, and ours beside them.
fn clothe(refusal: &Refusal) -> HttpResponse {
    let (status, message) = match refusal.kind {
        Kind::Malformed | Kind::Conflict => (StatusCode::BAD_REQUEST, "Invalid body in request."),
        Kind::Unauthorized | Kind::Forbidden | Kind::Disabled => (StatusCode::UNAUTHORIZED, "Unauthorized"),
        Kind::NotFound | Kind::NoSuchMethod | Kind::NotSpoken => (StatusCode::NOT_FOUND, "Not found"),
        Kind::TooOften => (StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
        Kind::NotSetUp | Kind::Unavailable | Kind::Fault => {
            (StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")
        }
    };
    HttpResponse::build(status).json(json!({
        "error": { "code": status.as_u16(), "message": message, "detail": refusal.message },
        "data": Value::Null,
    }))
}
