//! What is read: events, and single dates of events.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::problem::{Note, Problem};
use crate::ical::{Person, Uid};
use crate::reservation::{Description, Recurrence, Title};

/// A calendar file.
#[derive(Debug, Clone, PartialEq)]
pub struct CalendarFile {
    /// What the calendar is called.
    pub name: Option<String>,
    /// What it is sent for (RFC 5546), in capitals: `PUBLISH`, `REQUEST`, `CANCEL`, …
    pub method: Option<String>,
    /// What is in it by UID, in the order of the file.
    pub items: Vec<Item>,
    /// What is in it and is no event.
    pub ignored: Ignored,
}

/// How many components of each kind were passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ignored {
    /// Tasks.
    pub todos: usize,
    /// Journal entries.
    pub journals: usize,
    /// When somebody is free.
    pub free_busy: usize,
    /// Whatever else, without time zones.
    pub others: usize,
}

/// All that a file says under one UID.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The UID as it is written, its beginning where it is too long; `None` where there is none.
    pub uid: Option<String>,
    /// Where it is first.
    pub line: usize,
    /// What it is, or what is wrong with it.
    pub content: Result<Content, Problem>,
    /// What was ignored or assumed.
    pub notes: Vec<Note>,
}

/// What a file says under one UID.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// An event, once or recurring, with the dates of it that differ.
    Event(Box<Event>),
    /// Only some dates of an event that is elsewhere, as in an invitation to one of them.
    Dates(Dates),
    /// That an event is cancelled, and not when it would have been.
    Cancellation(Version),
}

/// Which event it is, and which version of it. When a version was written to a file (DTSTAMP) or changed last is not in here:
/// programs write the one anew each time, and what is the same event must be equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Which event.
    pub uid: Uid,
    /// How often it was changed so far in a way that matters.
    pub sequence: u32,
}

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Which one.
    pub version: Version,
    /// When it starts, for the first time if it recurs.
    pub starts: DateTime<Utc>,
    /// How long it takes; `None` where the file does not say.
    pub length: Option<TimeDelta>,
    /// The time zone whose wall clock it keeps to.
    pub zone: Tz,
    /// How it recurs.
    pub recurrence: Recurrence,
    /// Whether it does not take place.
    pub cancelled: bool,
    /// What it is about, and who is expected.
    pub details: Details,
    /// The dates that differ, sorted by which date they are of.
    pub exceptions: Vec<Exception>,
}

impl Event {
    /// When it ends, for the first time if it recurs.
    #[must_use]
    pub fn ends(&self) -> Option<DateTime<Utc>> {
        self.starts.checked_add_signed(self.length?)
    }
}

/// Dates of an event without the event.
#[derive(Debug, Clone, PartialEq)]
pub struct Dates {
    /// Which event.
    pub uid: Uid,
    /// Its dates, sorted.
    pub exceptions: Vec<Exception>,
}

/// One date of an event that differs from the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Exception {
    /// When the date would start by the event's recurrence.
    pub of: DateTime<Utc>,
    /// Whether all later dates change with it.
    pub and_later: bool,
    /// Which version it is.
    pub version: Version,
    /// Whether it does not take place.
    pub cancelled: bool,
    /// When it starts.
    pub starts: DateTime<Utc>,
    /// How long it takes; `None` where the file does not say.
    pub length: Option<TimeDelta>,
    /// The time zone that it is told in.
    pub zone: Tz,
    /// What it is about, and who is expected.
    pub details: Details,
}

/// What an event is about, and who is expected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Details {
    /// What it is about.
    pub title: Option<Title>,
    /// More about it.
    pub description: Option<Description>,
    /// Where it is, as a text: at most [`crate::ical::MAX_LOCATION_CHARS`] characters, no controls.
    pub location: Option<String>,
    /// Addresses of it on the web as they are written, each once. Nobody looked whether they are any.
    pub urls: Vec<String>,
    /// Who invites.
    pub organizer: Option<Person>,
    /// Who is expected, without rooms and resources. The organizer may be one of them.
    pub attendees: Vec<Person>,
}
