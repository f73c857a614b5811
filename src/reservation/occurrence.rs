//! One date of an appointment.

use chrono::{DateTime, TimeDelta, Utc};

use super::{AppointmentId, Options, Slot};

/// Which date of which appointment. The start is the one it was first given: moving the date
/// does not change its identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OccurrenceId {
    /// The appointment.
    pub appointment: AppointmentId,
    /// When this date was first to start.
    pub original_start: DateTime<Utc>,
}

/// One date of an appointment, as a decision needs it: what the appointment leaves open is filled
/// in from the tenant's settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// Which one.
    pub id: OccurrenceId,
    /// Grows with every change, so that a claim notices one that came between.
    pub revision: i64,
    /// The booked time.
    pub slot: Slot,
    /// How long before the start people may come in.
    pub early_open: TimeDelta,
    /// How long after the end people may stay.
    pub grace: TimeDelta,
    /// The longest the room may be open, counted from its first opening.
    pub max_duration: Option<TimeDelta>,
    /// When the room was first opened for this date. Known only where `max_duration` is set.
    pub first_opened_at: Option<DateTime<Utc>>,
    /// Whether the answer to a conference server carries a room token.
    pub answer_token: bool,
    /// What the room is opened with.
    pub options: Options,
    /// Whether the whole appointment was cancelled, not just this date.
    pub appointment_cancelled: bool,
}
