//! What is to change about an appointment.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::reservation::{
    Description, Email, ExternalId, Metadata, Participant, ParticipantId, PersonName, Recurrence, Role,
    RoomName, RoomPassword, Rule, Title,
};

/// What becomes of something that may be there or not.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Patch<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It goes: what it was follows the tenant, or is not there.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T> Patch<T> {
    /// The same of something else.
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(of(value)),
        }
    }

    /// Does it.
    pub fn apply(self, to: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *to = None,
            Self::Set(value) => *to = Some(value),
        }
    }
}

/// When an appointment is to end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum End {
    /// Then.
    At(DateTime<Utc>),
    /// So long after its start.
    After(TimeDelta),
}

/// Somebody who is to be expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// One who is expected already; `None` for who is known again without, or somebody new.
    pub id: Option<ParticipantId>,
    /// What they are there.
    pub role: Role,
    /// What they are called.
    pub name: Option<PersonName>,
    /// Where they are reached.
    pub email: Option<Email>,
    /// What the app calls them.
    pub external_id: Option<ExternalId>,
}

impl Expected {
    /// Somebody new, with an id of their own.
    #[must_use]
    pub fn anew(self) -> Participant {
        let Self { id: _, role, name, email, external_id } = self;
        Participant { id: ParticipantId::new(), role, name, email, external_id }
    }
}

/// What becomes of how an appointment recurs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecurrenceChange {
    /// The rule.
    pub rule: Patch<Rule>,
    /// The further dates.
    pub rdates: Patch<BTreeSet<DateTime<Utc>>>,
    /// The exceptions.
    pub exdates: Patch<BTreeSet<DateTime<Utc>>>,
}

impl RecurrenceChange {
    /// Does it.
    #[must_use]
    pub fn applied(self, to: Recurrence) -> Recurrence {
        let changed = |patch, was| match patch {
            Patch::Keep => was,
            Patch::Clear => BTreeSet::new(),
            Patch::Set(dates) => dates,
        };
        let mut rule = to.rule;
        self.rule.apply(&mut rule);
        Recurrence {
            rule,
            rdates: changed(self.rdates, to.rdates),
            exdates: changed(self.exdates, to.exdates),
        }
    }
}

/// What is to change. By default nothing does.
#[derive(Debug, Clone, Default)]
pub struct AppointmentChange {
    /// The room.
    pub room: Option<RoomName>,
    /// When it starts. Without `ends`, its length stays.
    pub starts: Option<DateTime<Utc>>,
    /// When it ends.
    pub ends: Patch<End>,
    /// The time zone that it is booked in.
    pub time_zone: Option<Tz>,
    /// How it recurs. `Clear` leaves the next date only.
    pub recurrence: Patch<RecurrenceChange>,
    /// What the app calls it.
    pub external_id: Patch<ExternalId>,
    /// What it is about.
    pub title: Patch<Title>,
    /// More about it.
    pub description: Patch<Description>,
    /// Everybody who is expected.
    pub participants: Option<Vec<Expected>>,
    /// What the app keeps with it: a merge patch (RFC 7396).
    pub metadata: Patch<Metadata>,
    /// What people have to type to come in.
    pub password: Patch<RoomPassword>,
    /// Whether people wait in a lobby.
    pub lobby: Option<bool>,
    /// The most people at once.
    pub max_occupants: Patch<u32>,
    /// How long before the start people may come in.
    pub early_open: Patch<TimeDelta>,
    /// How long after the end people may stay.
    pub grace: Patch<TimeDelta>,
    /// The longest the room may be open.
    pub max_duration: Patch<TimeDelta>,
    /// Whether the answer to a conference server carries a room token.
    pub answer_token: Patch<bool>,
    /// Whether its hosts may record.
    pub recording: Option<bool>,
}
