//! `/v1/instant-rooms`: rooms that are open by their very names.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::actions::instant_room::{MakeError, instant_room};
use crate::actions::mint::{Holder, Opens, TokenRequest, mint_in};
use crate::api::body::Incoming;
use crate::api::caller::Calling;
use crate::api::code::Code;
use crate::api::field::{Field, Length, Reading, Unknown, from_objects};
use crate::api::once::{Answer, Once};
use crate::api::problem::{Problem, ProblemView};
use crate::app::App;
use crate::reservation::{InstantRoomError, Role, Scope};
use crate::token::{CustomClaims, Features, Group, Person};
use crate::view::InstantRoomOnce;

/// A room at once, or at any time, that nobody has to book.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = InstantRoomInput, example = json!({ "duration_seconds": 3600, "person": { "id": "42", "name": "Ada" } }))]
pub struct InstantRoomInput {
    /// When people are told that it opens; now, where nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    opens: Field<DateTime<Utc>>,
    /// How long it is open: whole minutes, a day at the most.
    #[serde(default)]
    #[schema(value_type = i64, required, minimum = 60, maximum = 86_400, multiple_of = 60)]
    duration_seconds: Field<Length>,
    /// Whom the token is for.
    #[serde(default)]
    #[schema(value_type = Option<crate::api::tokens::input::PersonInput>)]
    person: Field<Person>,
    /// `host` (where nothing is said), `participant` or `observer`.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(host|participant|observer)$")]
    role: Field<Role>,
    /// What they may do, where it is not as their role has it.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::HashMap<String, bool>>)]
    features: Field<Features>,
    /// A group that they belong to.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    group: Field<Group>,
    /// Claims of your own: at most 20, of 2 KiB, four levels deep, and none that mean something already.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    claims: Field<CustomClaims>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

from_objects! { InstantRoomInput }

/// What was asked for.
struct Wanted {
    opens: Option<DateTime<Utc>>,
    length: TimeDelta,
    person: Option<Person>,
    role: Role,
    features: Option<Features>,
    group: Option<Group>,
    custom: CustomClaims,
}

impl InstantRoomInput {
    fn read(self) -> Result<Wanted, Problem> {
        let mut reading = Reading::default();
        reading.refuse(&self.unknown);
        let opens = reading.optional("opens", self.opens);
        let person = reading.optional("person", self.person);
        let role = reading.optional("role", self.role).unwrap_or(Role::Host);
        let features = reading.optional("features", self.features);
        let group = reading.optional("group", self.group);
        let custom = reading.optional("claims", self.claims).unwrap_or_default();
        let length = reading.required("duration_seconds", self.duration_seconds);
        let wanted =
            length.map(|length| Wanted { opens, length: length.0, person, role, features, group, custom });
        Ok(reading.done(wanted)?)
    }
}

/// Make an instant room
///
/// A room whose name nobody guesses and which says when it is open, and a token to open it with. Nothing is stored, and
/// nothing has to be looked up: a conference server that asks is told by the name alone. Whoever has the name can join once
/// it is open, where Jitsi lets people in without a token; see the documentation for its settings.
#[utoipa::path(
    post, path = "/v1/instant-rooms", tag = "tokens", operation_id = "createInstantRoom",
    security(("app" = ["tokens:mint"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repetitions harmless",
        min_length = 1, max_length = 255)),
    request_body = InstantRoomInput,
    responses(
        (status = 201, description = "The room, and a token", body = InstantRoomOnce),
        (status = 409, description = "The tenant's tokens are not set up", body = ProblemView,
            content_type = "application/problem+json"),
        (status = 422, description = "It would open further ahead than the tenant books, or be over",
            body = ProblemView, content_type = "application/problem+json"),
    ),
)]
pub async fn create(
    app: web::Data<App>,
    caller: Calling,
    once: Once,
    body: Incoming<InstantRoomInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::TokensMint)?;
    let body = body.read().await?;
    let wanted = body.value.read()?;
    let now = app.clock.now();
    let opens = wanted.opens.unwrap_or(now);
    let until = now + caller.tenant.policy.horizon;
    if opens > until {
        let detail = format_args!(
            "it opens later than {}, which is as far ahead as this tenant books",
            until.to_rfc3339()
        );
        return Err(Problem::new(Code::BeyondHorizon, detail).at("/opens"));
    }
    once.run(&app, &caller, body.hash, async |db| {
        let (room, window) = instant_room(&app, db, caller.tenant.id, opens, wanted.length).await?;
        let request = TokenRequest {
            role: Some(wanted.role),
            features: wanted.features.clone(),
            group: wanted.group.clone(),
            custom: wanted.custom.clone(),
            ..TokenRequest::new(
                Opens::Window(room.clone(), window.into()),
                Holder::Guest(wanted.person.clone()),
            )
        };
        let minted = mint_in(&app, db, &caller.tenant, &request).await?;
        let base = caller.tenant.policy.meeting_url.as_ref();
        let url = base.map(|base| base.with_room(&room));
        Ok(Answer::created(None, InstantRoomOnce::new(&room, window, url, &minted)))
    })
    .await
}

impl From<MakeError> for Problem {
    fn from(error: MakeError) -> Self {
        match error {
            MakeError::Window(InstantRoomError::Opens) => Self::new(Code::InvalidFields, error).at("/opens"),
            MakeError::Window(InstantRoomError::Length) => {
                Self::new(Code::InvalidFields, error).at("/duration_seconds")
            }
            MakeError::NoRandomness(_) => Self::internal(error),
            MakeError::Keys(error) => error.into(),
        }
    }
}
