//! What an appointment is to be.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::actions::book::Booking;
use crate::actions::change_appointment::{Expected, RecurrenceChange};
use crate::actions::passwords;
use crate::actions::room_names;
use crate::api::appointments::recurrence::RecurrenceInput;
use crate::api::field::{Field, FromJson, Length, Reading, Unknown, from_objects, list, object};
use crate::api::problem::{FieldError, Problem};
use crate::reservation::{
    AppId, Description, Email, ExternalId, Metadata, Participant, ParticipantId, PersonName, Recurrence,
    Role, RoomName, RoomPassword, TenantName, Title,
};

/// An appointment to book. Times are RFC 3339 with their offset from UTC.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = AppointmentInput, example = json!({
    "room": "Grüße Raum", "title": "Consultation", "starts": "2026-12-01T09:00:00+01:00", "duration_seconds": 1800,
    "time_zone": "Europe/Berlin", "participants": [{ "role": "host", "name": "Ada", "email": "ada@example.org" }],
}))]
pub struct AppointmentInput {
    /// The room, as a person writes it or as its URL has it. Without one, a name is made that nobody guesses and that can
    /// be read aloud.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Grüße Raum", min_length = 1, max_length = 1023,
        pattern = r"^[^\u0000-\u001F'\u007F-\u009F]*$")]
    pub room: Field<RoomName>,
    /// What it is about.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    pub title: Field<Title>,
    /// More about it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 5000,
        pattern = r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]*$")]
    pub description: Field<Description>,
    /// When it starts.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime, required, example = "2026-12-01T09:00:00+01:00")]
    pub starts: Field<DateTime<Utc>>,
    /// When it ends; null for a room without an end.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-12-01T10:00:00+01:00")]
    pub ends: Field<DateTime<Utc>>,
    /// How long it takes, in place of `ends`.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 316_224_000)]
    pub duration_seconds: Field<Length>,
    /// The IANA time zone that it is booked in; the tenant's, where none is given. What recurs keeps to its wall clock:
    /// nine o'clock stays nine o'clock when the clocks change. People are told times in the tenant's time zone.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Europe/Berlin")]
    pub time_zone: Field<Tz>,
    /// How it recurs; null for once.
    #[serde(default)]
    #[schema(value_type = Option<RecurrenceInput>)]
    pub recurrence: Field<RecurrenceChange>,
    /// What people have to type to come in.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 128,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    pub password: Field<RoomPassword>,
    /// Make a password.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub generate_password: Field<bool>,
    /// Whether people wait in a lobby.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub lobby: Field<bool>,
    /// The most people at once; null follows the tenant.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    pub max_occupants: Field<u32>,
    /// How long before the start people may come in; null follows the tenant.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 316_224_000)]
    pub early_open_seconds: Field<TimeDelta>,
    /// How long after the end people may stay; null follows the tenant.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 316_224_000)]
    pub grace_seconds: Field<TimeDelta>,
    /// The longest the room may be open, from its first opening; null follows the tenant.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 316_224_000)]
    pub max_duration_seconds: Field<Length>,
    /// Whether the answer to a conference server carries a room token; null follows the tenant.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub answer_token: Field<bool>,
    /// Whether its hosts may record, also where the role settings of the tenant's tokens don't say so. It starts no
    /// recording.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub recording: Field<bool>,
    /// Who is expected.
    #[serde(default)]
    #[schema(value_type = Option<Vec<ParticipantInput>>, max_items = 500)]
    pub participants: Field<Everybody>,
    /// What you want to keep with it: at most 16 KiB, eight levels deep.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub metadata: Field<Metadata>,
    /// What you call it: unique among your app's appointments that are not cancelled.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    pub external_id: Field<ExternalId>,
    #[serde(flatten)]
    #[schema(ignore)]
    pub(super) unknown: Unknown,
}

/// Somebody who is expected.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ParticipantInput {
    /// One who is expected already, in a change. Without it, people are known again by the first of `external_id`, `email`
    /// and `name` that they had and have; who could be several is somebody new.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    id: Field<ParticipantId>,
    /// What they are there: `host`, `participant` (where nothing is said) or `observer`.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(host|participant|observer)$")]
    role: Field<Role>,
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    name: Field<PersonName>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Email, max_length = 254,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    email: Field<Email>,
    /// What you call them.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    external_id: Field<ExternalId>,
    /// What an answer says, so that it can be sent back as it was read. It changes nothing.
    #[serde(default, rename = "join_url")]
    #[schema(value_type = Option<String>, read_only)]
    _join_url: serde::de::IgnoredAny,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// Everybody who is expected.
#[derive(Debug)]
pub struct Everybody(pub(super) Vec<Expected>);

from_objects! { AppointmentInput }

impl FromJson for Expected {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let input: ParticipantInput = object(value)?;
        let mut reading = Reading::default();
        reading.refuse(&input.unknown);
        let read = Self {
            id: reading.optional("id", input.id),
            role: reading.optional("role", input.role).unwrap_or(Role::Participant),
            name: reading.optional("name", input.name),
            email: reading.optional("email", input.email),
            external_id: reading.optional("external_id", input.external_id),
        };
        if read.name.is_none() && read.email.is_none() && read.external_id.is_none() {
            reading.wrong_together("say a name, an e-mail address or an external id");
        }
        reading.done(Some(read))
    }
}

impl FromJson for Everybody {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        list(value, Participant::MOST).map(Self)
    }
}

impl AppointmentInput {
    /// As a booking.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn into_booking(self, tenant: &TenantName, app: Option<AppId>) -> Result<Booking, Problem> {
        let mut reading = Reading::default();
        reading.refuse(&self.unknown);
        let ends = match (&self.ends, &self.duration_seconds) {
            (Field::Absent, Field::Absent | Field::Null) => {
                reading.wrong(
                    "ends",
                    "say `ends` or `duration_seconds`; a room without an end has `\"ends\": null`",
                );
                None
            }
            (Field::Absent | Field::Null, _) | (_, Field::Absent | Field::Null) => Some(()),
            _ => {
                reading.wrong("duration_seconds", "this can't be said besides `ends`");
                None
            }
        };
        let room = reading.optional("room", self.room);
        let starts = reading.required("starts", self.starts);
        let end = reading.optional("ends", self.ends);
        let length = reading.optional("duration_seconds", self.duration_seconds);
        let password = read_password(&mut reading, self.password, self.generate_password)?;
        let recurrence = reading.optional("recurrence", self.recurrence);
        let recurrence = recurrence.map(|recurrence| recurrence.applied(Recurrence::default()));
        if recurrence.as_ref().is_some_and(|recurrence| !recurrence.recurs()) {
            reading.wrong("recurrence", "say `rrule` or `rdates`; null for once");
        }
        let participants =
            reading.optional("participants", self.participants).map_or(Vec::new(), |everybody| everybody.0);
        if participants.iter().any(|expected| expected.id.is_some()) {
            reading.wrong("participants", "participants get their `id` when they are booked");
        }
        let booking = Booking {
            tenant: tenant.clone(),
            room: match room {
                Some(room) => room,
                None => room_names::generate().map_err(Problem::internal)?,
            },
            app,
            external_id: reading.optional("external_id", self.external_id),
            starts: starts.unwrap_or_default(),
            ends: end.or_else(|| {
                starts.zip(length).and_then(|(starts, Length(length))| starts.checked_add_signed(length))
            }),
            time_zone: reading.optional("time_zone", self.time_zone),
            recurrence,
            title: reading.optional("title", self.title),
            description: reading.optional("description", self.description),
            participants: participants.into_iter().map(Expected::anew).collect(),
            metadata: reading.optional("metadata", self.metadata).unwrap_or_default(),
            password,
            lobby: reading.optional("lobby", self.lobby).unwrap_or_default(),
            max_occupants: reading.optional("max_occupants", self.max_occupants),
            early_open: reading.optional("early_open_seconds", self.early_open_seconds),
            grace: reading.optional("grace_seconds", self.grace_seconds),
            max_duration: reading
                .optional("max_duration_seconds", self.max_duration_seconds)
                .map(|Length(length)| length),
            answer_token: reading.optional("answer_token", self.answer_token),
            recording: reading.optional("recording", self.recording).unwrap_or_default(),
        };
        if starts.is_some() && booking.ends.is_some_and(|ends| ends <= booking.starts) {
            reading.wrong("ends", "it has to end after it starts");
        }
        Ok(reading.done(ends.and(starts).map(|_| booking))?)
    }
}

/// The password that is given or to be made.
pub(super) fn read_password(
    reading: &mut Reading,
    password: Field<RoomPassword>,
    generate: Field<bool>,
) -> Result<Option<RoomPassword>, Problem> {
    let generate = reading.optional("generate_password", generate).unwrap_or_default();
    match reading.optional("password", password) {
        Some(_) if generate => {
            reading.wrong("generate_password", "this can't be said besides `password`");
            Ok(None)
        }
        None if generate => Ok(Some(passwords::generate().map_err(Problem::internal)?)),
        password => Ok(password),
    }
}
