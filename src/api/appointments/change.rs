//! What is to become of an appointment.

use std::borrow::Cow;

use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use super::input::{AppointmentInput, read_password};
use crate::actions::change_appointment::{AppointmentChange, End, Patch};
use crate::api::field::{Field, FromJson, Length, Reading};
use crate::api::problem::{FieldError, Problem};

/// A change of an appointment, as a JSON merge patch (RFC 7396): what is not there stays, what is null goes.
#[derive(Debug)]
pub struct AppointmentChangeInput(AppointmentInput);

/// What every appointment has; `null` would be no value for it.
const KEPT: [&str; 5] = ["room", "starts", "time_zone", "lobby", "recording"];

impl FromJson for AppointmentChangeInput {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        AppointmentInput::from_json(value).map(Self)
    }
}

impl PartialSchema for AppointmentChangeInput {
    fn schema() -> RefOr<Schema> {
        let mut schema = AppointmentInput::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.description =
                Some("A change of an appointment: what is left out stays, what is null goes.".to_owned());
            object.example = Some(json!({ "starts": "2026-12-01T10:00:00+01:00", "title": "Later" }));
            object.required.clear();
            for (_, property) in
                object.properties.iter_mut().filter(|(name, _)| KEPT.contains(&name.as_str()))
            {
                present(property);
            }
        }
        schema
    }
}

impl ToSchema for AppointmentChangeInput {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("AppointmentChange")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        AppointmentInput::schemas(schemas);
    }
}

/// The schema without `null`.
fn present(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::Object(object)) = schema
        && let SchemaType::Array(types) = &object.schema_type
        && let Some(one) = types.iter().find(|one| **one != Type::Null)
    {
        object.schema_type = SchemaType::Type(one.clone());
    }
}

impl AppointmentChangeInput {
    /// What it changes.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn into_change(self) -> Result<AppointmentChange, Problem> {
        let input = self.0;
        let mut reading = Reading::default();
        reading.refuse(&input.unknown);
        let length = reading.optional("duration_seconds", input.duration_seconds);
        if length.is_some() && !matches!(input.ends, Field::Absent) {
            reading.wrong("duration_seconds", "this can't be said besides `ends`");
        }
        let ends = match (reading.patch("ends", input.ends), length) {
            (_, Some(Length(length))) => Patch::Set(End::After(length)),
            (Patch::Set(ends), None) => Patch::Set(End::At(ends)),
            (Patch::Clear, None) => Patch::Clear,
            (Patch::Keep, None) => Patch::Keep,
        };
        let clears = matches!(input.password, Field::Null);
        let password = match read_password(&mut reading, input.password, input.generate_password)? {
            Some(password) => Patch::Set(password),
            None if clears => Patch::Clear,
            None => Patch::Keep,
        };
        let change = AppointmentChange {
            room: reading.present("room", input.room),
            starts: reading.present("starts", input.starts),
            ends,
            time_zone: reading.present("time_zone", input.time_zone),
            recurrence: reading.patch("recurrence", input.recurrence),
            external_id: reading.patch("external_id", input.external_id),
            title: reading.patch("title", input.title),
            description: reading.patch("description", input.description),
            participants: match input.participants {
                Field::Null => Some(Vec::new()),
                field => reading.optional("participants", field).map(|everybody| everybody.0),
            },
            metadata: reading.patch("metadata", input.metadata),
            password,
            lobby: reading.present("lobby", input.lobby),
            max_occupants: reading.patch("max_occupants", input.max_occupants),
            early_open: reading.patch("early_open_seconds", input.early_open_seconds),
            grace: reading.patch("grace_seconds", input.grace_seconds),
            max_duration: reading
                .patch("max_duration_seconds", input.max_duration_seconds)
                .map(|Length(length)| length),
            answer_token: reading.patch("answer_token", input.answer_token),
            recording: reading.present("recording", input.recording),
        };
        Ok(reading.done(Some(change))?)
    }
}
