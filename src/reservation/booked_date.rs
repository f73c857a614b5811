//! One date of an appointment as it is booked.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Appointment, AppointmentState, Description, Options, RoomName, Slot, Title};

/// What a date can have for itself. In the rest it follows its appointment.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::VariantNames,
)]
#[strum(serialize_all = "snake_case")]
pub enum DateField {
    /// When it starts and ends.
    Time,
    /// The room.
    Room,
    /// What it is about.
    Title,
    /// More about it.
    Description,
    /// The password.
    Password,
    /// Whether people wait in a lobby.
    Lobby,
    /// The most people at once.
    MaxOccupants,
    /// The longest the room may be open.
    MaxDuration,
    /// How long before the start people may come in.
    EarlyOpen,
    /// How long after the end people may stay.
    Grace,
    /// Whether the answer to a conference server carries a room token.
    AnswerToken,
}

/// One date of an appointment. What it leaves open (`None`) follows the tenant's setting of the day.
#[derive(Debug, Clone, PartialEq)]
pub struct BookedDate {
    /// When it was first to start, by which it is known: moving it does not change that.
    pub original_start: DateTime<Utc>,
    /// The room.
    pub room: RoomName,
    /// What it is about.
    pub title: Option<Title>,
    /// More about it.
    pub description: Option<Description>,
    /// The booked time.
    pub slot: Slot,
    /// How long before the start people may come in.
    pub early_open: Option<TimeDelta>,
    /// How long after the end people may stay.
    pub grace: Option<TimeDelta>,
    /// The longest the room may be open, counted from its first opening.
    pub max_duration: Option<TimeDelta>,
    /// Whether the answer to a conference server carries a room token.
    pub answer_token: Option<bool>,
    /// What the room is opened with.
    pub options: Options,
    /// What it has for itself.
    pub own: BTreeSet<DateField>,
    /// Counts the changes that a conference server has to know of, from 1.
    pub revision: i64,
    /// When it was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Whether that is because the room was taken when the date came within the horizon.
    pub room_taken: bool,
}

impl BookedDate {
    /// The most days that a date of a series may last, so that what is on at a moment is found near it.
    pub const LONGEST_DAYS: i64 = 7;

    /// Whether a date of a series may last so long.
    #[must_use]
    pub fn may_last(slot: Slot) -> bool {
        slot.ends().is_some_and(|ends| ends - slot.starts() <= TimeDelta::days(Self::LONGEST_DAYS))
    }

    /// The date of an appointment that starts then, and follows it in everything.
    ///
    /// `None` where its end can't be written.
    #[must_use]
    pub fn of(appointment: &Appointment, starts: DateTime<Utc>) -> Option<Self> {
        let length = appointment.slot.ends().map(|ends| ends - appointment.slot.starts());
        let ends = match length {
            Some(length) => Some(starts.checked_add_signed(length)?),
            None => None,
        };
        Some(Self {
            original_start: starts,
            room: appointment.room.clone(),
            title: appointment.title.clone(),
            description: appointment.description.clone(),
            slot: Slot::new(starts, ends)?,
            early_open: appointment.early_open,
            grace: appointment.grace,
            max_duration: appointment.max_duration,
            answer_token: appointment.answer_token,
            options: appointment.options.clone(),
            own: BTreeSet::new(),
            revision: 1,
            cancelled_at: None,
            room_taken: false,
        })
    }

    /// The same date with what it follows the appointment in, but the time, as the appointment has it.
    #[must_use]
    pub fn following(mut self, appointment: &Appointment) -> Self {
        let follows = |field| !self.own.contains(&field);
        if follows(DateField::Room) {
            self.room = appointment.room.clone();
        }
        if follows(DateField::Title) {
            self.title.clone_from(&appointment.title);
        }
        if follows(DateField::Description) {
            self.description.clone_from(&appointment.description);
        }
        if follows(DateField::Password) {
            self.options.password.clone_from(&appointment.options.password);
        }
        if follows(DateField::Lobby) {
            self.options.lobby = appointment.options.lobby;
        }
        if follows(DateField::MaxOccupants) {
            self.options.max_occupants = appointment.options.max_occupants;
        }
        if follows(DateField::MaxDuration) {
            self.max_duration = appointment.max_duration;
        }
        if follows(DateField::EarlyOpen) {
            self.early_open = appointment.early_open;
        }
        if follows(DateField::Grace) {
            self.grace = appointment.grace;
        }
        if follows(DateField::AnswerToken) {
            self.answer_token = appointment.answer_token;
        }
        self
    }

    /// Whether a conference server would have to know of the difference.
    #[must_use]
    pub fn is_served_as(&self, other: &Self) -> bool {
        let served = |date: &Self| {
            let Self {
                room, slot, early_open, grace, max_duration, answer_token, options, cancelled_at, ..
            } = date;
            (
                room.key().clone(),
                *slot,
                *early_open,
                *grace,
                *max_duration,
                *answer_token,
                options.clone(),
                cancelled_at.is_some(),
            )
        };
        served(self) == served(other)
    }

    /// Where it is at that moment.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> AppointmentState {
        AppointmentState::of(self.cancelled_at.is_some(), self.slot, now)
    }
}
