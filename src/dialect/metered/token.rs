//! `/api/v1/token`: access tokens are made, and looked at.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{admit, clothe};
use crate::actions::mint::{Holder, MintError, Opens, TokenRequest, WILDCARD_LONGEST, mint};
use crate::actions::verify_token::verify_token;
use crate::api::body::Incoming;
use crate::api::field::{Field, FromJson, Length, Reading, from_objects, wrong};
use crate::api::problem::{FieldError, Problem};
use crate::app::App;
use crate::dialect::app::{OrEmpty, Speaker, UnixSeconds};
use crate::dialect::refusal::{Kind, Refusal, answer};
use crate::reservation::{Email, PersonName, Role, RoomName, Scope};
use crate::token::{DialectClaims, Person, Until, UserId, depth};

/// The ten properties of a token: all of them may be left out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenInput {
    #[serde(default)]
    is_admin: Field<bool>,
    #[serde(default)]
    room_name: Field<RoomName>,
    #[serde(default)]
    global_token: Field<bool>,
    #[serde(default)]
    name: Field<OrEmpty<PersonName>>,
    #[serde(default)]
    email: Field<OrEmpty<Email>>,
    #[serde(default)]
    meta: Field<Meta>,
    #[serde(default)]
    external_user_id: Field<OrEmpty<UserId>>,
    #[serde(default)]
    expire_unix_sec: Field<UnixSeconds>,
    #[serde(default)]
    not_before_unix_sec: Field<UnixSeconds>,
    #[serde(default)]
    eject_after_elapsed_time_in_sec: Field<Length>,
}

from_objects! { TokenInput }

/// What an app attaches to a person: a text or an object, at most 1000 characters.
#[derive(Debug)]
struct Meta(Value);

impl FromJson for Meta {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let length = match &value {
            Value::String(text) => text.chars().count(),
            Value::Object(_) => value.to_string().chars().count(),
            _ => return Err(wrong("write a string or an object")),
        };
        if length > 1000 || depth(&value) > 32 {
            return Err(wrong("write 1000 characters at the most, and 32 levels"));
        }
        Ok(Self(value))
    }
}

impl TokenInput {
    /// The token that is wanted, and of which scope it needs to be.
    fn read(self, speaker: &Speaker, now: DateTime<Utc>) -> Result<(TokenRequest, Scope), Vec<FieldError>> {
        let mut reading = Reading::default();
        let is_admin = reading.optional("isAdmin", self.is_admin);
        let room = reading.optional("roomName", self.room_name);
        let global = reading.optional("globalToken", self.global_token);
        let name = reading.optional("name", self.name).and_then(|name| name.0);
        let email = reading.optional("email", self.email).and_then(|email| email.0);
        let meta = reading.optional("meta", self.meta);
        let id = reading.optional("externalUserId", self.external_user_id).and_then(|id| id.0);
        let expires = reading.optional("expireUnixSec", self.expire_unix_sec).map(|at| at.0);
        let not_before = reading.optional("notBeforeUnixSec", self.not_before_unix_sec).map(|at| at.0);
        let eject = reading.optional("ejectAfterElapsedTimeInSec", self.eject_after_elapsed_time_in_sec);
        let eject = eject.map(|Length(after)| after);
        if room.is_some() && global == Some(true) {
            reading.wrong("globalToken", "a token is either for the room `roomName`, or for all rooms");
        }
        if expires.is_some_and(|expires| expires <= not_before.unwrap_or(now).max(now)) {
            reading.wrong("expireUnixSec", "this has to be later than now, and than `notBeforeUnixSec`");
        }
        // Nobody puts people out of a room, so at least nobody comes in again.
        let ejected = eject.map(|after| not_before.unwrap_or(now).max(now) + after);
        let app_name = speaker.caller.tenant.name.as_str();
        let said = [
            ("isAdmin", is_admin.map(Value::from)),
            ("roomName", room.as_ref().map(|room| room.as_str().into())),
            ("globalToken", room.is_none().then_some(true.into())),
            ("name", name.as_ref().map(|name| name.as_str().into())),
            ("email", email.as_ref().map(|email| email.as_str().into())),
            ("meta", meta.map(|meta| meta.0)),
            ("externalUserId", id.as_ref().map(|id| id.as_str().into())),
            ("expireUnixSec", expires.map(|at| at.timestamp().into())),
            ("notBeforeUnixSec", not_before.map(|at| at.timestamp().into())),
            ("ejectAfterElapsedTimeInSec", eject.map(|after| after.num_seconds().into())),
            ("appName", Some(app_name.into())),
        ];
        let data: Map<_, _> =
            said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let longest = speaker.dialects.metered_token_lifetime;
        let scope = if room.is_some() { Scope::TokensMint } else { Scope::TokensWildcard };
        let opens = match room {
            Some(room) => Opens::BookedRoom(room),
            None => Opens::Wildcard { pattern: None, until: now + WILDCARD_LONGEST },
        };
        let is_admin = is_admin.unwrap_or_default();
        let request = TokenRequest {
            role: Some(if is_admin { Role::Host } else { Role::Participant }),
            moderator: Some(is_admin),
            // Source: a private room is one that needs a token.
            lobby_bypass: Some(true),
            eject_after: eject,
            not_before,
            lifetime: Some(longest),
            until: [expires, ejected].into_iter().flatten().min().map_or(Until::Usual, Until::AtMost),
            dialect: Some(DialectClaims::Metered(data)),
            ..TokenRequest::new(opens, Holder::Guest(Some(Person { id, name, email, avatar: None })))
        };
        reading.done(Some((request, scope)))
    }
}

/// Makes a token. Where nobody said when it is to end, it ends all the same, and the answer says when.
pub(super) async fn create(
    app: web::Data<App>,
    request: HttpRequest,
    body: Incoming<TokenInput>,
) -> HttpResponse {
    let answered = async {
        let speaker = admit(&app, &request).await?;
        let input = body.read_or_empty().await?.value;
        let (wanted, scope) = input.read(&speaker, app.clock.now())?;
        speaker.caller.may(scope)?;
        let minted = mint(&app, &speaker.caller.tenant, &wanted).await.map_err(refused)?;
        Ok(HttpResponse::Ok().json(json!({
            "token": minted.token.expose_secret(),
            "expireUnixSec": minted.validity.expires_at.timestamp(),
        })))
    };
    answer(&request, answered.await, clothe)
}

/// A token that somebody has.
#[derive(Debug, Deserialize)]
pub(super) struct ValidateInput {
    #[serde(default)]
    token: Field<SecretString>,
}

from_objects! { ValidateInput }

/// Says what a token says, where it is good here and now.
pub(super) async fn validate(
    app: web::Data<App>,
    request: HttpRequest,
    body: Incoming<ValidateInput>,
) -> HttpResponse {
    let answered = async {
        let Speaker { caller, .. } = admit(&app, &request).await?;
        caller.may_by_any([Scope::TokensMint, Scope::TokensWildcard])?;
        let mut reading = Reading::default();
        let token = reading.required("token", body.read().await?.value.token);
        let token = reading.done(token)?;
        let seen =
            verify_token(&app, &caller.tenant, token.expose_secret(), None).await.map_err(Problem::from)?;
        match (seen.flaws.first(), seen.claims) {
            (None, Some(claims)) => Ok(HttpResponse::Ok().json(claims)),
            (flaw, _) => {
                let message = flaw.map_or_else(|| "the token is not valid".to_owned(), ToString::to_string);
                Err(Refusal::new(Kind::Unauthorized, &message))
            }
        }
    };
    answer(&request, answered.await, clothe)
}

/// Why there is no token, in what Metered's properties are called.
fn refused(error: MintError) -> Refusal {
    match error {
        MintError::Validity(_) => {
            let message = "with this `notBeforeUnixSec` and `expireUnixSec` the token would never be good: it is for a day at the \
                           most, and for no longer than its room is open";
            Refusal::new(Kind::Malformed, message)
        }
        MintError::NotBooked => Refusal::new(Kind::NotFound, "there is no such room"),
        error => Problem::from(error).into(),
    }
}
