//! A booked room.

use std::borrow::Cow;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use secrecy::{ExposeSecret, SecretString};

use super::room::decoded;
use super::{
    AppId, AppointmentId, Description, ExternalId, Metadata, NameError, Node, Options, Participant,
    ParticipantId, PersonName, Recurrence, Role, RoomKey, Series, Slot, TenantId, Title,
};

/// A booked room. What it leaves open (`None`) follows the tenant's setting of the day.
#[derive(Debug, Clone)]
pub struct Appointment {
    /// The tenant.
    pub tenant: TenantId,
    /// Which one.
    pub id: AppointmentId,
    /// The room.
    pub room: RoomName,
    /// The app that booked it; `None` for the command line.
    pub app: Option<AppId>,
    /// What that app calls it.
    pub external_id: Option<ExternalId>,
    /// What it is about.
    pub title: Option<Title>,
    /// More about it.
    pub description: Option<Description>,
    /// Who is expected, in the order of the booker.
    pub participants: Vec<Participant>,
    /// What the app keeps with it.
    pub metadata: Metadata,
    /// The time zone that it was booked in.
    pub time_zone: Tz,
    /// The booked time; where it recurs, that of the first date of the rule that is in force.
    pub slot: Slot,
    /// How it recurs; `None` where it takes place once.
    pub recurring: Option<Recurring>,
    /// How long before the start people may come in.
    pub early_open: Option<TimeDelta>,
    /// How long after the end people may stay.
    pub grace: Option<TimeDelta>,
    /// The longest the room may be open, counted from its first opening.
    pub max_duration: Option<TimeDelta>,
    /// Whether the answer to a conference server carries a room token.
    pub answer_token: Option<bool>,
    /// Whether its hosts may record, also where the role settings of the tenant's tokens don't say so.
    pub recording: bool,
    /// What the room is opened with.
    pub options: Options,
    /// Counts its changes, from 1.
    pub revision: i64,
    /// When it was booked.
    pub created_at: DateTime<Utc>,
    /// When it was changed or cancelled last; at first, when it was booked.
    pub updated_at: DateTime<Utc>,
    /// When it was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
}

/// How an appointment recurs, and how far that is placed.
#[derive(Debug, Clone, PartialEq)]
pub struct Recurring {
    /// By which rule, from the appointment's start on. Dates that came before a change of the rule are as they were.
    pub recurrence: Recurrence,
    /// When the first of all its dates starts.
    pub first_starts: DateTime<Utc>,
    /// When the last of all its dates ends; `None` where there is no last one, or it lies beyond the horizon.
    pub last_ends: Option<DateTime<Utc>>,
    /// Its dates that start before this are placed; `None` where all are.
    pub expanded_until: Option<DateTime<Utc>>,
}

/// A room as the booker wrote it, with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomName {
    written: String,
    key: RoomKey,
}

impl RoomName {
    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// A name that was stored with its key.
    #[must_use]
    pub fn from_stored(written: String, key: RoomKey) -> Self {
        Self { written, key }
    }

    /// As people read it: without the escapes of an address, where it was written as one has it.
    #[must_use]
    pub fn decoded(&self) -> Cow<'_, str> {
        decoded(&self.written)
    }

    /// What it is looked up by.
    #[must_use]
    pub fn key(&self) -> &RoomKey {
        &self.key
    }
}

impl FromStr for RoomName {
    type Err = NameError;

    /// Source: the web client leaves an apostrophe as it is, and nodeprep forbids it. An address with `.` or `..` leads
    /// elsewhere, however it is escaped (WHATWG URL, "double-dot path segment").
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let key: RoomKey = text.parse()?;
        if key.as_str().contains('\'') {
            return Err(NameError::Apostrophe);
        }
        if matches!(key.as_str(), "." | "..") {
            return Err(NameError::Dots);
        }
        if text.parse::<Node>()?.names_a_tenant() {
            return Err(NameError::TenantInside);
        }
        Ok(Self { written: text.to_owned(), key })
    }
}

/// A room's password in clear: 1 to 128 characters, no controls.
#[derive(Debug, Clone)]
pub struct RoomPassword(SecretString);

/// It can't be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has 1 to {} characters, and no control characters", RoomPassword::MAX_CHARS)]
pub struct RoomPasswordError;

impl RoomPassword {
    /// The most characters.
    pub const MAX_CHARS: usize = 128;

    /// The password in clear.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl FromStr for RoomPassword {
    type Err = RoomPasswordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let length = text.chars().count();
        if !(1..=Self::MAX_CHARS).contains(&length) || text.chars().any(char::is_control) {
            return Err(RoomPasswordError);
        }
        Ok(Self(text.into()))
    }
}

/// Where an appointment is in time.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::VariantNames,
)]
#[strum(serialize_all = "snake_case")]
pub enum AppointmentState {
    /// Its start is still to come.
    Upcoming,
    /// It has started and not ended, whether or not anybody is there.
    Ongoing,
    /// It has ended.
    Past,
    /// It was cancelled.
    Cancelled,
}

impl AppointmentState {
    /// Where something is at that moment that takes place then, unless it was cancelled.
    #[must_use]
    pub fn of(cancelled: bool, slot: Slot, now: DateTime<Utc>) -> Self {
        if cancelled {
            Self::Cancelled
        } else if slot.starts() > now {
            Self::Upcoming
        } else if slot.contains(now) {
            Self::Ongoing
        } else {
            Self::Past
        }
    }
}

impl Appointment {
    /// The names of its hosts, as far as they have any, for one of them or for somebody else: who reads it is left out.
    #[must_use]
    pub fn hosts(&self, reader: Option<ParticipantId>) -> Vec<&str> {
        let hosts = self.participants.iter().filter(|one| one.role == Role::Host && Some(one.id) != reader);
        hosts.filter_map(|host| host.name.as_ref()).map(PersonName::as_str).collect()
    }

    /// When it takes place: from the first of its dates to the end of the last.
    #[must_use]
    pub fn span(&self) -> Slot {
        let recurring = self.recurring.as_ref();
        recurring
            .and_then(|recurring| Slot::new(recurring.first_starts, recurring.last_ends))
            .unwrap_or(self.slot)
    }

    /// Where it is at that moment. A series is ongoing from its first date to its last.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> AppointmentState {
        AppointmentState::of(self.cancelled_at.is_some(), self.span(), now)
    }

    /// Its dates by the rule that is in force, if it recurs.
    #[must_use]
    pub fn series(&self) -> Option<Series> {
        let recurring = self.recurring.as_ref()?;
        let recurrence = recurring.recurrence.clone();
        Some(Series { first: self.slot.starts(), zone: self.time_zone, recurrence })
    }
}
