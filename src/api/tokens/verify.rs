//! `/v1/tokens/verify`: whether a token is good, and why not.

use actix_web::{HttpResponse, web};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::actions::verify_token::{VerifyTokenError, verify_token};
use crate::api::body::Incoming;
use crate::api::caller::Calling;
use crate::api::field::{Field, Reading, Unknown, from_objects};
use crate::api::problem::Problem;
use crate::app::App;
use crate::reservation::{RoomKey, Scope};
use crate::view::VerificationView;

/// A token to be looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.e30.c2ln", "room": "standup" }))]
pub struct VerifyInput {
    /// The token, whoever made it.
    #[serde(default)]
    #[schema(value_type = String, required)]
    token: Field<SecretString>,
    /// The room that it should open, in any spelling; whatever room it is for, where nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    room: Field<RoomKey>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

from_objects! { VerifyInput }

/// Look at a token
///
/// Says whether a room token is good now, and if not, everything that is wrong with it; and what Jitsi and JaaS would say to
/// it, taken to be set up as the tenant's token settings say. That is said of any token that can be taken apart, also of
/// one that your own code has signed. The token is not kept, and not logged.
#[utoipa::path(
    post, path = "/v1/tokens/verify", tag = "tokens", operation_id = "verifyToken",
    security(("app" = ["tokens:mint"]), ("app" = ["tokens:wildcard"])),
    request_body = VerifyInput,
    responses((status = 200, description = "What there is to say of it, good or not", body = VerificationView)),
)]
pub async fn verify(
    app: web::Data<App>,
    caller: Calling,
    body: Incoming<VerifyInput>,
) -> Result<HttpResponse, Problem> {
    caller.may_by_any([Scope::TokensMint, Scope::TokensWildcard])?;
    let input = body.read().await?.value;
    let mut reading = Reading::default();
    reading.refuse(&input.unknown);
    let token = reading.required("token", input.token);
    let room = reading.optional("room", input.room);
    let token = reading.done(token)?;
    let seen = verify_token(&app, &caller.tenant, token.expose_secret(), room.as_ref()).await?;
    Ok(HttpResponse::Ok().json(VerificationView::from(&seen)))
}

impl From<VerifyTokenError> for Problem {
    fn from(error: VerifyTokenError) -> Self {
        match error {
            VerifyTokenError::Unlock(_) => Self::internal(error),
            VerifyTokenError::Store(error) => error.into(),
        }
    }
}
