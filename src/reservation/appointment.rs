//! A booked room.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use secrecy::{ExposeSecret, SecretString};

use super::{AppointmentId, NameError, Node, Options, RoomKey, Slot, TenantId};

/// A booked room. What it leaves open (`None`) follows the tenant's setting of the day.
#[derive(Debug, Clone)]
pub struct Appointment {
    /// The tenant.
    pub tenant: TenantId,
    /// Which one.
    pub id: AppointmentId,
    /// The room.
    pub room: RoomName,
    /// What it is about.
    pub title: Option<Title>,
    /// The time zone that it was booked in.
    pub time_zone: Tz,
    /// The booked time.
    pub slot: Slot,
    /// How long before the start people may come in.
    pub early_open: Option<TimeDelta>,
    /// How long after the end people may stay.
    pub grace: Option<TimeDelta>,
    /// The longest the room may be open, counted from its first opening.
    pub max_duration: Option<TimeDelta>,
    /// What the room is opened with.
    pub options: Options,
    /// When it was booked.
    pub created_at: DateTime<Utc>,
    /// When it was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
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

    /// What it is looked up by.
    #[must_use]
    pub fn key(&self) -> &RoomKey {
        &self.key
    }
}

impl FromStr for RoomName {
    type Err = NameError;

    /// Source: the web client leaves an apostrophe as it is, and nodeprep forbids it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let key: RoomKey = text.parse()?;
        if key.as_str().contains('\'') {
            return Err(NameError::Apostrophe);
        }
        if text.parse::<Node>()?.names_a_tenant() {
            return Err(NameError::TenantInside);
        }
        Ok(Self { written: text.to_owned(), key })
    }
}

/// What an appointment is about: at most 500 characters, no controls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title(String);

/// It can't be a title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a title has at most {} characters, and no control characters", Title::MAX_CHARS)]
pub struct TitleError;

impl Title {
    /// The most characters.
    pub const MAX_CHARS: usize = 500;

    /// The title.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Title {
    type Err = TitleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.chars().count() > Self::MAX_CHARS || text.chars().any(char::is_control) {
            return Err(TitleError);
        }
        Ok(Self(text.to_owned()))
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
