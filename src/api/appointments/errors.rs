//! What bookings, changes and cancellations fail with, on the wire.

use chrono::SecondsFormat;
use serde_json::json;

use crate::actions::book::BookError;
use crate::actions::cancel::CancelError;
use crate::actions::change_appointment::{ChangeAppointmentError, UnknownParticipant};
use crate::actions::passwords::KeysError;
use crate::api::code::Code;
use crate::api::problem::Problem;
use crate::reservation::NotOne;
use crate::view::time;

impl From<BookError> for Problem {
    fn from(error: BookError) -> Self {
        match error {
            BookError::UnknownTenant(_) => Self::not_found("tenant"),
            BookError::EndsTooSoon | BookError::EndsTooLate => {
                Self::new(Code::InvalidFields, error).at("/ends")
            }
            BookError::BeyondHorizon { until } => Self::new(Code::BeyondHorizon, error)
                .at("/starts")
                .with("until", until.to_rfc3339_opts(SecondsFormat::Secs, true)),
            BookError::Keys(error) => error.into(),
            BookError::JoinLinks(error) => error.into(),
            BookError::Taken { by } => Self::new(Code::RoomTaken, error).at("/room").with("appointment", by),
            BookError::TakenDates { ref conflicts, all } => {
                let times: Vec<_> = conflicts
                    .iter()
                    .map(|conflict| json!({ "starts": time(conflict.starts), "appointment": conflict.by }))
                    .collect();
                let by = conflicts.first().and_then(|conflict| conflict.by);
                Self::new(Code::RoomTaken, error)
                    .at("/room")
                    .with("appointment", by)
                    .with("conflicts", times)
                    .with("conflicting_dates", all)
            }
            BookError::RecursTooLong => Self::new(Code::InvalidFields, error).at("/ends"),
            BookError::StartsOffRule { .. } => Self::new(Code::InvalidFields, error).at("/starts"),
            BookError::OverlapsItself(_) | BookError::TooManyDates(_) => {
                Self::new(Code::InvalidFields, error).at("/recurrence/rrule")
            }
            BookError::NoSuchDate(_) => Self::new(Code::InvalidFields, error).at("/recurrence/exdates"),
            BookError::ExternalIdTaken { by, .. } => {
                Self::new(Code::ExternalIdTaken, error).at("/external_id").with("appointment", by)
            }
            BookError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeAppointmentError> for Problem {
    fn from(error: ChangeAppointmentError) -> Self {
        match error {
            ChangeAppointmentError::Unknown(_) => Self::not_found("appointment"),
            ChangeAppointmentError::Cancelled => Self::new(Code::AppointmentCancelled, error),
            ChangeAppointmentError::Outdated { current } => {
                Self::new(Code::PreconditionFailed, error).with("revision", current)
            }
            ChangeAppointmentError::UnknownDate(_) => Self::not_found("date of this appointment"),
            ChangeAppointmentError::DateCancelled => Self::new(Code::DateCancelled, error),
            ChangeAppointmentError::DateStarted | ChangeAppointmentError::DateOver => {
                Self::new(Code::DateStarted, error)
            }
            ChangeAppointmentError::IntoPast => Self::new(Code::InvalidFields, error).at("/starts"),
            ChangeAppointmentError::DateOffRule => Self::new(Code::DateOffRule, error),
            ChangeAppointmentError::NotOfADate(_) => Self::new(Code::InvalidFields, error),
            ChangeAppointmentError::UnknownParticipant(UnknownParticipant { place, .. }) => {
                let pointer = format!("/participants/{place}");
                Self::new(Code::InvalidFields, error).at(&pointer)
            }
            ChangeAppointmentError::Metadata(_) => Self::new(Code::InvalidFields, error).at("/metadata"),
            ChangeAppointmentError::Booking(error) => error.into(),
            ChangeAppointmentError::Store(error) => error.into(),
        }
    }
}

impl From<NotOne> for Problem {
    fn from(error: NotOne) -> Self {
        match error {
            NotOne::Nobody => Self::not_found("participant"),
            NotOne::Several => Self::new(Code::InvalidFields, error),
        }
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::UnknownTenant(_) => Self::not_found("tenant"),
            CancelError::Unknown(_) => Self::not_found("appointment"),
            CancelError::Outdated { current } => {
                Self::new(Code::PreconditionFailed, error).with("revision", current)
            }
            CancelError::Store(error) => error.into(),
        }
    }
}

impl From<KeysError> for Problem {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Missing { .. } => Self::internal(error),
            KeysError::Store(error) => error.into(),
        }
    }
}
