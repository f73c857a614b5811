//! `…/tokens`: room tokens. Not in here: the keys that sign them.

mod errors;
mod input;
pub mod instant;
pub mod revoke;
pub mod verify;

use actix_web::{HttpResponse, web};

use self::input::{For, TokenInput, WildcardInput};
use super::body::{Incoming, Path};
use super::caller::Calling;
use super::once::{Answer, Once};
use super::problem::{Problem, ProblemView};
use crate::actions::mint::{TokenRequest, mint_in};
use crate::app::App;
use crate::reservation::{AppointmentId, RoomName, Scope};
use crate::view::TokenOnce;

/// Make a token for an appointment
///
/// It lets its holder into the room, at one date and no sooner and no later: who has it gets in. For a participant, and for
/// anybody with an `id`, it is good until the room closes; for others for a short while. It is not kept, and not shown
/// again.
#[utoipa::path(
    post, path = "/v1/appointments/{id}/tokens", tag = "tokens", operation_id = "createAppointmentToken",
    security(("app" = ["tokens:mint"])),
    params(
        ("id" = uuid::Uuid, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes repetitions harmless",
            min_length = 1, max_length = 255),
    ),
    request_body = Option<TokenInput>,
    responses(
        (status = 201, description = "The token, and where one enters with it", body = TokenOnce),
        (status = 404, description = "There is no such appointment or participant", body = ProblemView,
            content_type = "application/problem+json"),
        (status = 409, description = "It is cancelled or over, or the tenant's tokens are not set up",
            body = ProblemView, content_type = "application/problem+json"),
    ),
)]
pub async fn for_appointment(
    app: web::Data<App>,
    caller: Calling,
    id: Path<AppointmentId>,
    once: Once,
    body: Incoming<TokenInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::TokensMint)?;
    let body = body.read_or_empty().await?;
    make(&app, &caller, once, body.hash, &body.value.read(For::Appointment(id.0))?).await
}

/// Make a token for a room
///
/// For the appointment that has the room now or next; now, where nobody booked it and the tenant opens such rooms.
#[utoipa::path(
    post, path = "/v1/rooms/{room}/tokens", tag = "tokens", operation_id = "createRoomToken",
    security(("app" = ["tokens:mint"])),
    params(
        ("room" = String, Path, description = "The room, in any spelling", min_length = 1),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes repetitions harmless",
            min_length = 1, max_length = 255),
    ),
    request_body = Option<TokenInput>,
    responses(
        (status = 201, description = "The token, and where one enters with it", body = TokenOnce),
        (status = 409, description = "Nobody booked the room, or the tenant's tokens are not set up",
            body = ProblemView, content_type = "application/problem+json"),
    ),
)]
pub async fn for_room(
    app: web::Data<App>,
    caller: Calling,
    room: Path<RoomName>,
    once: Once,
    body: Incoming<TokenInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::TokensMint)?;
    let body = body.read_or_empty().await?;
    make(&app, &caller, once, body.hash, &body.value.read(For::Room(room.0))?).await
}

/// Make a token for many rooms
///
/// It opens every room of the tenant, or all whose names match a pattern, for 24 hours at the most. Who loses it has lost
/// all of them: so it takes a scope of its own.
#[utoipa::path(
    post, path = "/v1/tokens", tag = "tokens", operation_id = "createWildcardToken",
    security(("app" = ["tokens:wildcard"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repetitions harmless",
        min_length = 1, max_length = 255)),
    request_body = WildcardInput,
    responses(
        (status = 201, description = "The token", body = TokenOnce),
        (status = 409, description = "The tenant's tokens are not set up",
            body = ProblemView, content_type = "application/problem+json"),
    ),
)]
pub async fn for_many(
    app: web::Data<App>,
    caller: Calling,
    once: Once,
    body: Incoming<WildcardInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::TokensWildcard)?;
    let body = body.read().await?;
    make(&app, &caller, once, body.hash, &body.value.read()?).await
}

async fn make(
    app: &App,
    caller: &Calling,
    once: Once,
    hash: [u8; 32],
    request: &TokenRequest,
) -> Result<HttpResponse, Problem> {
    once.run(app, caller, hash, async |db| {
        let minted = mint_in(app, db, &caller.tenant, request).await?;
        Ok(Answer::created(None, TokenOnce::from(&minted)))
    })
    .await
}
