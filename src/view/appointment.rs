//! Appointments and their dates.

use serde::Serialize;

use super::{seconds, time};
use crate::reservation::{Appointment, AppointmentId, Tenant};
use crate::store::export::OccurrenceRecord;

/// An appointment. The password is there only where it was asked for.
#[derive(Debug, Serialize)]
pub struct AppointmentView {
    id: AppointmentId,
    tenant: String,
    room: String,
    /// Where people meet, if the tenant's meeting URL is set.
    url: Option<String>,
    title: Option<String>,
    time_zone: &'static str,
    starts: String,
    ends: Option<String>,
    early_open_seconds: Option<i64>,
    grace_seconds: Option<i64>,
    max_duration_seconds: Option<i64>,
    max_occupants: Option<u32>,
    lobby: bool,
    has_password: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    created_at: String,
    cancelled_at: Option<String>,
}

impl AppointmentView {
    /// The appointment of that tenant; with its password in clear where it is given.
    #[must_use]
    pub fn new(tenant: &Tenant, appointment: &Appointment, password: Option<String>) -> Self {
        Self {
            id: appointment.id,
            tenant: tenant.name.to_string(),
            room: appointment.room.as_str().to_owned(),
            url: tenant.policy.meeting_url.as_ref().map(|url| url.with_segment(appointment.room.as_str())),
            title: appointment.title.as_ref().map(|title| title.as_str().to_owned()),
            time_zone: appointment.time_zone.name(),
            starts: time(appointment.slot.starts()),
            ends: appointment.slot.ends().map(time),
            early_open_seconds: appointment.early_open.map(seconds),
            grace_seconds: appointment.grace.map(seconds),
            max_duration_seconds: appointment.max_duration.map(seconds),
            max_occupants: appointment.options.max_occupants,
            lobby: appointment.options.lobby,
            has_password: appointment.options.password.is_some(),
            password,
            created_at: time(appointment.created_at),
            cancelled_at: appointment.cancelled_at.map(time),
        }
    }
}

/// One date of an appointment.
#[derive(Debug, Serialize)]
pub struct OccurrenceView {
    original_start: String,
    starts: String,
    ends: Option<String>,
    cancelled_at: Option<String>,
}

impl From<&OccurrenceRecord> for OccurrenceView {
    fn from(occurrence: &OccurrenceRecord) -> Self {
        Self {
            original_start: time(occurrence.original_start),
            starts: time(occurrence.slot.starts()),
            ends: occurrence.slot.ends().map(time),
            cancelled_at: occurrence.cancelled_at.map(time),
        }
    }
}
