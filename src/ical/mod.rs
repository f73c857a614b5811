//! Calendars in files: iCalendar (RFC 5545, RFC 5546, RFC 7986). Pure: no database, no clock, no network.
//!
//! [`read()`] makes events of the calendars that other programs write, as they really write them: what is wrong with one
//! event costs only that one. [`write()`] writes calendars as the standard wants them. What becomes of events here, and
//! which of ours are written, is decided elsewhere.

mod line;
mod person;
mod read;
#[cfg(test)]
mod tests;
mod tree;
mod uid;
mod value;
mod write;
mod zone;

pub use person::Person;
pub use read::{
    CalendarFile, Content, Dates, Details, Event, Exception, Ignored, Item, Note, Noted, Problem, Version,
    Wrong, read,
};
pub use tree::FileError;
pub use uid::{Uid, UidError};
pub use write::{Method, Outgoing, OutgoingEvent, write};

/// The most bytes of a file.
pub const MAX_BYTES: usize = 5 * 1024 * 1024;
/// The most components of a file: events, time zones, alarms, …
pub const MAX_COMPONENTS: usize = 10_000;
/// The most components within each other. Those of RFC 5545 go three deep.
pub const MAX_DEPTH: usize = 10;
/// The most dates of an event that differ from the others.
pub const MOST_EXCEPTIONS: usize = 1000;
/// The most notes about an event.
pub const MOST_NOTES: usize = 100;
/// The most addresses of an event that are read.
pub const MOST_URLS: usize = 20;
/// The most characters of an address that is read.
pub const MAX_URL_CHARS: usize = 2000;
/// The most characters of where an event is.
pub const MAX_LOCATION_CHARS: usize = 500;
