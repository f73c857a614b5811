//! One date of an appointment.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{seconds, time};
use crate::reservation::{AppointmentId, Description, ExternalId, Tenant, Title};
use crate::store::occurrences::CalendarEntry;

/// One date of an appointment, with all that is true of it: its own, and what it follows the appointment in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Occurrence)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct OccurrenceView {
    #[schema(value_type = uuid::Uuid)]
    appointment: AppointmentId,
    /// By this it is known, whatever it is moved to. In UTC.
    #[schema(format = DateTime)]
    original_start: String,
    room: String,
    /// Where people meet, if the tenant's meeting URL is set.
    #[schema(format = "uri")]
    url: Option<String>,
    title: Option<String>,
    description: Option<String>,
    time_zone: &'static str,
    /// In UTC.
    #[schema(format = DateTime)]
    starts: String,
    /// In UTC; null for a room without an end.
    #[schema(format = DateTime)]
    ends: Option<String>,
    /// `upcoming`, `ongoing` (whether or not anybody is there), `past` or `cancelled`.
    state: &'static str,
    /// Whether it is cancelled because its room was taken by the time the date came within the horizon.
    room_taken: bool,
    /// Whether the appointment has more dates than this one.
    recurs: bool,
    /// What the date has for itself: `time`, `room`, `title`, `description`, `password`, `lobby`, `max_occupants`,
    /// `max_duration`, `early_open`, `grace`, `answer_token`.
    own: Vec<&'static str>,
    early_open_seconds: Option<i64>,
    grace_seconds: Option<i64>,
    max_duration_seconds: Option<i64>,
    max_occupants: Option<u32>,
    lobby: bool,
    answer_token: Option<bool>,
    has_password: bool,
    /// The password, for apps with the scope `passwords:read`; left out from lists and for everybody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    /// What the app calls the appointment.
    external_id: Option<String>,
    /// That of the appointment. The `ETag` is made of it.
    revision: i64,
    #[schema(format = DateTime)]
    cancelled_at: Option<String>,
}

impl OccurrenceView {
    /// The date as it is at that moment.
    #[must_use]
    pub fn new(tenant: &Tenant, entry: &CalendarEntry, now: DateTime<Utc>) -> Self {
        let CalendarEntry { date, .. } = entry;
        Self {
            appointment: entry.appointment,
            original_start: time(date.original_start),
            room: date.room.as_str().to_owned(),
            url: tenant.policy.meeting_url.as_ref().map(|url| url.with_room(&date.room)),
            title: date.title.as_ref().map(Title::to_string),
            description: date.description.as_ref().map(Description::to_string),
            time_zone: entry.time_zone.name(),
            starts: time(date.slot.starts()),
            ends: date.slot.ends().map(time),
            state: date.state(now).into(),
            room_taken: date.room_taken,
            recurs: entry.recurs,
            own: date.own.iter().map(|field| (*field).into()).collect(),
            early_open_seconds: date.early_open.map(seconds),
            grace_seconds: date.grace.map(seconds),
            max_duration_seconds: date.max_duration.map(seconds),
            max_occupants: date.options.max_occupants,
            lobby: date.options.lobby,
            answer_token: date.answer_token,
            has_password: date.options.password.is_some(),
            password: None,
            external_id: entry.external_id.as_ref().map(ExternalId::to_string),
            revision: entry.revision,
            cancelled_at: date.cancelled_at.map(time),
        }
    }

    /// The same, with its password in clear where it is given.
    #[must_use]
    pub fn with_password(self, password: Option<String>) -> Self {
        Self { password, ..self }
    }
}
