//! Tokens are revoked: `/v1/tokens/{id}`, `/v1/appointments/{id}/tokens`.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::actions::revoke_tokens::{RevokeTokensError, Tokens, revoke_tokens};
use crate::api::body::{Path, Query, ReadQuery};
use crate::api::caller::Calling;
use crate::api::field::{Field, Reading, Unknown};
use crate::api::problem::{Problem, ProblemView};
use crate::app::App;
use crate::reservation::{AppointmentId, HostKey, Scope, TokenId};
use crate::view::RevocationView;

/// Whose tokens to revoke.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RevokeQuery {
    /// Only those of somebody who is expected: their id, external id or e-mail address. By their id also where they are not
    /// expected any more.
    #[serde(default)]
    #[param(value_type = Option<String>, min_length = 1, max_length = 254,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    participant: Field<HostKey>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// Somebody, or nobody in particular.
#[derive(Debug)]
pub struct Whose(Option<HostKey>);

impl ReadQuery for Whose {
    type Raw = RevokeQuery;

    fn read(raw: RevokeQuery) -> Result<Self, Problem> {
        let mut reading = Reading::of_parameters();
        reading.refuse(&raw.unknown);
        let participant = reading.optional("participant", raw.participant);
        Ok(reading.done(Some(Self(participant)))?)
    }
}

/// Revoke a token
///
/// By its `jti`. Tokens are not kept: so nobody can say whether there is one of that name. The answer says whom this reaches;
/// a conference server is not among them. It may be repeated.
#[utoipa::path(
    delete, path = "/v1/tokens/{id}", tag = "tokens", operation_id = "revokeToken",
    security(("app" = ["tokens:mint"]), ("app" = ["tokens:wildcard"])),
    params(("id" = uuid::Uuid, Path, description = "The token's `jti`")),
    responses((status = 200, description = "What is revoked, and whom that reaches", body = RevocationView)),
)]
pub async fn one(app: web::Data<App>, caller: Calling, id: Path<TokenId>) -> Result<HttpResponse, Problem> {
    caller.may_by_any([Scope::TokensMint, Scope::TokensWildcard])?;
    revoke(&app, &caller, &Tokens::One(id.0)).await
}

/// Revoke an appointment's tokens
///
/// All that were made until now, for each of its dates; those that are made later are good. The answer says whom this
/// reaches; a conference server is not among them. It may be repeated.
#[utoipa::path(
    delete, path = "/v1/appointments/{id}/tokens", tag = "tokens", operation_id = "revokeAppointmentTokens",
    security(("app" = ["tokens:mint"])),
    params(("id" = uuid::Uuid, Path), RevokeQuery),
    responses(
        (status = 200, description = "What is revoked, and whom that reaches", body = RevocationView),
        (status = 404, description = "There is no such appointment or participant", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn of_appointment(
    app: web::Data<App>,
    caller: Calling,
    id: Path<AppointmentId>,
    query: Query<Whose>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::TokensMint)?;
    let tokens = match query.0.0 {
        None => Tokens::Appointment(id.0),
        Some(who) => Tokens::Participant(id.0, who.to_string()),
    };
    revoke(&app, &caller, &tokens).await
}

async fn revoke(app: &App, caller: &Calling, tokens: &Tokens) -> Result<HttpResponse, Problem> {
    let revocation = revoke_tokens(app, caller.tenant.id, tokens).await?;
    Ok(HttpResponse::Ok().json(RevocationView::from(&revocation)))
}

impl From<RevokeTokensError> for Problem {
    fn from(error: RevokeTokensError) -> Self {
        match error {
            RevokeTokensError::UnknownAppointment(_) => Self::not_found("appointment"),
            RevokeTokensError::Participant(error) => error.into(),
            RevokeTokensError::Store(error) => error.into(),
        }
    }
}
