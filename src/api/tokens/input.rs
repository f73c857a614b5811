//! What a token is to be.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::actions::mint::{Holder, Opens, TokenRequest};
use crate::api::field::{Field, FromJson, Length, Reading, Unknown, from_objects, object, wrong};
use crate::api::problem::{FieldError, Problem};
use crate::reservation::{AppointmentId, Email, HostKey, PersonName, Role, RoomName};
use crate::token::{Avatar, CustomClaims, Features, Group, LuaPattern, Person, Until, UserId};

/// A token for a room. All of it may be left out: then it is for nobody in particular, and good for a short while.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = TokenInput, example = json!({ "person": { "id": "42", "name": "Ada" }, "role": "host" }))]
pub struct TokenInput {
    /// Somebody who is expected: their id, external id or e-mail address. Theirs is good until the room closes.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 254, example = "ada@example.org",
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    participant: Field<HostKey>,
    /// Somebody else. With an `id` the token is good until the room closes; without one for a short while, as the tenant's
    /// token settings say.
    #[serde(default)]
    #[schema(value_type = Option<PersonInput>)]
    person: Field<Person>,
    /// Which date of an appointment that recurs: when it was first to start. The next one, where nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    original_start: Field<DateTime<Utc>>,
    /// `host`, `participant` or `observer`; what they are expected as, where nothing is said, and guests take part.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(host|participant|observer)$")]
    role: Field<Role>,
    /// Whether they moderate, where it is not as their role has it.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    moderator: Field<bool>,
    /// Whether they walk past the lobby, where it is not as their role has it.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    lobby_bypass: Field<bool>,
    /// What they may do, such as `{"recording": true}`, where it is not as their role has it. To Jitsi this is the whole
    /// list: what is not in it is not allowed, not even to moderators.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::HashMap<String, bool>>)]
    features: Field<Features>,
    /// A group that they belong to.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    group: Field<Group>,
    /// After how long in the room they are to be sent out. It is carried in the token; Jitsi does not do it.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 316_224_000)]
    eject_after_seconds: Field<Length>,
    /// Until when it is good, where that is sooner than it may be.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Field<DateTime<Utc>>,
    /// Claims of your own: at most 20, of 2 KiB, four levels deep, and none that mean something already.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    claims: Field<CustomClaims>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// Somebody, as far as others are to know.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PersonInput {
    /// What others know them by: the same in every token of one person.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    id: Field<UserId>,
    /// What they are called.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    name: Field<PersonName>,
    /// Where they are reached.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "email", max_length = 254)]
    email: Field<Email>,
    /// Where their picture is.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "uri", max_length = 1000, example = "https://example.org/ada.png")]
    avatar: Field<Avatar>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

from_objects! { TokenInput }

impl FromJson for Person {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let input: PersonInput = object(value)?;
        let mut reading = Reading::default();
        reading.refuse(&input.unknown);
        let person = Self {
            id: reading.optional("id", input.id),
            name: reading.optional("name", input.name),
            email: reading.optional("email", input.email),
            avatar: reading.optional("avatar", input.avatar),
        };
        reading.done(Some(person))
    }
}

/// A token for more than one room.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = WildcardTokenInput, example = json!({
    "room_pattern": "ward%-%d+", "person": { "id": "42", "name": "Ada" }, "expires_at": "2026-12-01T18:00:00Z",
}))]
pub struct WildcardInput {
    /// All rooms whose names match this pattern of Lua's, in which `-` is special; all rooms, where nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    room_pattern: Field<LuaPattern>,
    /// Whom it is for.
    #[serde(default)]
    #[schema(value_type = Option<PersonInput>)]
    person: Field<Person>,
    /// `host`, `participant` (where nothing is said) or `observer`.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(host|participant|observer)$")]
    role: Field<Role>,
    /// Until when it is good: 24 hours from now at the most.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime, required)]
    expires_at: Field<DateTime<Utc>>,
    /// Claims of your own: at most 20, of 2 KiB, four levels deep, and none that mean something already.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    claims: Field<CustomClaims>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

from_objects! { WildcardInput }

impl FromJson for Features {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let features: Self = serde_json::from_value(value).map_err(|_| {
            wrong("write an object of features and `true` or `false`, such as {\"recording\": true}")
        })?;
        if features.len() > MOST_FEATURES {
            return Err(wrong(format_args!("write {MOST_FEATURES} features at the most")));
        }
        Ok(features)
    }
}

const MOST_FEATURES: usize = 50;

impl FromJson for CustomClaims {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        value.try_into().map_err(wrong)
    }
}

/// What the path says that a token is for.
#[derive(Debug, Clone)]
pub enum For {
    Appointment(AppointmentId),
    Room(RoomName),
}

impl TokenInput {
    /// The token that is wanted.
    pub(super) fn read(self, path: For) -> Result<TokenRequest, Problem> {
        let mut reading = Reading::default();
        reading.refuse(&self.unknown);
        let participant = reading.optional("participant", self.participant);
        let person = reading.optional("person", self.person);
        if participant.is_some() && person.is_some() {
            reading.wrong("person", "this can't be said besides `participant`");
        }
        let original_start = reading.optional("original_start", self.original_start);
        let opens = match path {
            For::Appointment(id) => Opens::Appointment { id, original_start },
            For::Room(room) => {
                if original_start.is_some() {
                    reading.wrong("original_start", "this is said of an appointment only");
                }
                Opens::Room(room)
            }
        };
        let holder = match participant {
            Some(who) => Holder::Participant(who.to_string()),
            None => Holder::Guest(person),
        };
        let request = TokenRequest {
            role: reading.optional("role", self.role),
            moderator: reading.optional("moderator", self.moderator),
            lobby_bypass: reading.optional("lobby_bypass", self.lobby_bypass),
            features: reading.optional("features", self.features),
            group: reading.optional("group", self.group),
            eject_after: reading
                .optional("eject_after_seconds", self.eject_after_seconds)
                .map(|length| length.0),
            until: reading.optional("expires_at", self.expires_at).map_or(Until::Usual, Until::Exactly),
            custom: reading.optional("claims", self.claims).unwrap_or_default(),
            ..TokenRequest::new(opens, holder)
        };
        Ok(reading.done(Some(request))?)
    }
}

impl WildcardInput {
    /// The token that is wanted.
    pub(super) fn read(self) -> Result<TokenRequest, Problem> {
        let mut reading = Reading::default();
        reading.refuse(&self.unknown);
        let pattern = reading.optional("room_pattern", self.room_pattern);
        let person = reading.optional("person", self.person);
        let role = reading.optional("role", self.role);
        let custom = reading.optional("claims", self.claims).unwrap_or_default();
        let until = reading.required("expires_at", self.expires_at);
        let request = until.map(|until| TokenRequest {
            role,
            custom,
            ..TokenRequest::new(Opens::Wildcard { pattern, until }, Holder::Guest(person))
        });
        Ok(reading.done(request)?)
    }
}
