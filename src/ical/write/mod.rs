//! Writing calendars.

mod dates;
mod event;
#[cfg(test)]
mod tests;
mod timezone;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::line::Lines;
use super::{Person, Uid};
use crate::reservation::{Description, Recurrence, Title};
pub(super) use timezone::timezone;

/// Who wrote the calendar (RFC 5545 section 3.7.3).
const PRODID: &str = concat!("-//Frontdesk//Frontdesk ", env!("CARGO_PKG_VERSION"), "//EN");

/// A calendar to write.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outgoing {
    /// What it is called.
    pub name: Option<String>,
    /// What it is sent for; `None` for a file that somebody subscribes to or keeps.
    pub method: Option<Method>,
    /// After which time it is worth fetching again, in whole minutes.
    pub refresh: Option<TimeDelta>,
    /// What is in it. Dates that differ follow their event.
    pub events: Vec<OutgoingEvent>,
}

/// What a calendar is sent for (RFC 5546).
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "UPPERCASE")]
pub enum Method {
    /// To be shown.
    Publish,
    /// To invite, or to say what has changed.
    Request,
    /// To say that something does not take place.
    Cancel,
}

/// An event to write, or one date of an event that differs from the others.
#[derive(Debug, Clone, PartialEq)]
pub struct OutgoingEvent {
    /// Which one.
    pub uid: Uid,
    /// For one date: when it would have started.
    pub recurrence_id: Option<DateTime<Utc>>,
    /// How often it was changed so far in a way that matters.
    pub sequence: u32,
    /// When this version is sent, or was made.
    pub stamped: DateTime<Utc>,
    /// When the event was made.
    pub created: Option<DateTime<Utc>>,
    /// When it was changed last.
    pub last_modified: Option<DateTime<Utc>>,
    /// When it starts, for the first time if it recurs.
    pub starts: DateTime<Utc>,
    /// How long it takes; `None` for a room without an end.
    pub length: Option<TimeDelta>,
    /// The time zone whose wall clock it keeps to.
    pub zone: Tz,
    /// How it recurs. Nothing for one date.
    pub recurrence: Recurrence,
    /// What it is about.
    pub title: Option<Title>,
    /// More about it.
    pub description: Option<Description>,
    /// Where it is.
    pub location: Option<String>,
    /// Where more about it is.
    pub url: Option<String>,
    /// Where the room is entered.
    pub conference: Option<String>,
    /// Who invites. They need an e-mail address to be written.
    pub organizer: Option<Person>,
    /// Who is expected. They need an e-mail address to be written.
    pub attendees: Vec<Person>,
    /// Whether it does not take place.
    pub cancelled: bool,
}

impl OutgoingEvent {
    /// The first moment that it names.
    fn earliest(&self) -> DateTime<Utc> {
        let others = self.recurrence.rdates.first().into_iter().chain(self.recurrence.exdates.first());
        others.copied().chain(self.recurrence_id).fold(self.starts, DateTime::min)
    }
}

/// Writes a calendar: lines of at most 75 octets that end with CRLF.
///
/// Whatever titles, names and addresses hold, it stays within the property that it is for.
#[must_use]
pub fn write(calendar: &Outgoing) -> String {
    let mut lines = Lines::default();
    lines.raw("BEGIN:VCALENDAR");
    lines.raw("VERSION:2.0");
    lines.text("PRODID", PRODID);
    lines.raw("CALSCALE:GREGORIAN");
    if let Some(method) = calendar.method {
        lines.raw(&format!("METHOD:{}", <&str>::from(method)));
    }
    if let Some(name) = &calendar.name {
        lines.text("NAME", name);
        lines.text("X-WR-CALNAME", name);
    }
    if let Some(refresh) = calendar.refresh {
        let minutes = refresh.num_minutes().max(1);
        lines.raw(&format!("REFRESH-INTERVAL;VALUE=DURATION:PT{minutes}M"));
        lines.raw(&format!("X-PUBLISHED-TTL:PT{minutes}M"));
    }
    let mut zones: BTreeMap<&str, (Tz, DateTime<Utc>)> = BTreeMap::new();
    for event in calendar.events.iter().filter(|event| !dates::is_utc(event.zone)) {
        let earliest = event.earliest();
        let (_, known) = zones.entry(event.zone.name()).or_insert((event.zone, earliest));
        *known = earliest.min(*known);
    }
    for (zone, earliest) in zones.into_values() {
        timezone(&mut lines, zone, earliest);
    }
    for event in &calendar.events {
        event::event(&mut lines, event);
    }
    lines.raw("END:VCALENDAR");
    lines.into_string()
}
