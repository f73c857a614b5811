//! What is wrong with an event, and what should be known of one that is read.

use std::fmt;

use chrono_tz::Tz;

use crate::ical::line::Line;
use crate::ical::{MOST_EXCEPTIONS, UidError};
use crate::reservation::{Recurrence, RuleError};

/// The most characters of a value that are repeated.
const MOST_REPEATED: usize = 100;

/// Why an event can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where in the file, counted from 1.
    pub line: usize,
    /// Which property it is about.
    pub property: &'static str,
    /// What it was, cut if it is long; `None` where it is missing, or is about several.
    pub value: Option<String>,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// What is wrong with a property.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It has to be there.
    #[error("every event has one, and this has none")]
    Missing,
    /// The line is no content line.
    #[error("the line is not of the form `NAME;PARAMETER=VALUE:VALUE`")]
    Line,
    /// It is no UID.
    #[error(transparent)]
    Uid(#[from] UidError),
    /// It is no time.
    #[error("it is a time like 20261231T090000 with a TZID, or 20261231T080000Z")]
    Time,
    /// It is a day.
    #[error("a room is booked for a time, not for whole days")]
    WholeDay,
    /// Nobody can tell which time zone that is.
    #[error(
        "`{tzid}` is no time zone that is known, and the file does not describe one of those under that name"
    )]
    Zone {
        /// What it is called.
        tzid: String,
    },
    /// It is no length.
    #[error("it is a length like PT1H30M")]
    Duration,
    /// The end comes too early.
    #[error("an event ends after it starts")]
    Ends,
    /// It is no rule.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// There are several rules.
    #[error("an event recurs by one rule, and this is another")]
    SecondRule,
    /// It says by rule when an event does not take place.
    #[error("exceptions are listed as EXDATE, and have no rule")]
    ExceptionRule,
    /// There are too many dates.
    #[error("an event has at most {} dates of that kind", Recurrence::MOST_DATES)]
    TooManyDates,
    /// There are too many exceptions.
    #[error("an event has at most {MOST_EXCEPTIONS} dates that differ from the others")]
    TooManyExceptions,
}

impl Problem {
    /// Something is wrong with that property.
    pub(super) fn with(line: &Line, property: &'static str, value: &str, wrong: impl Into<Wrong>) -> Self {
        Self { line: line.number, property, value: Some(cut(value, MOST_REPEATED)), wrong: wrong.into() }
    }

    /// That property is not there.
    pub(super) fn missing(line: usize, property: &'static str) -> Self {
        Self { line, property, value: None, wrong: Wrong::Missing }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, property, value, wrong } = self;
        match value {
            Some(value) => write!(f, "line {line}: `{property}` can't be `{value}`: {wrong}"),
            None => write!(f, "line {line}: `{property}`: {wrong}"),
        }
    }
}

impl std::error::Error for Problem {}

/// What was ignored of an event or assumed about it, and should be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Where in the file, counted from 1.
    pub line: usize,
    /// What it is.
    pub what: Noted,
}

/// What a note is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noted {
    /// A time zone was told by its offsets.
    ZoneByOffsets {
        /// What the file calls it.
        tzid: String,
        /// What it was taken for.
        zone: Tz,
    },
    /// The file describes a known time zone in another way.
    ZoneOtherwise {
        /// What the file calls it.
        tzid: String,
        /// What it was taken for.
        zone: Tz,
    },
    /// A time has no time zone.
    Floating {
        /// What it was taken for.
        zone: Tz,
    },
    /// A text was too long.
    Cut {
        /// Which one.
        property: &'static str,
        /// So many characters are left.
        most: usize,
    },
    /// Some of many were left out.
    LeftOut {
        /// Of what.
        property: &'static str,
        /// So many are left.
        most: usize,
    },
    /// A further date has a length of its own.
    OwnLength,
    /// Somebody has neither a name nor an e-mail address.
    Nobody {
        /// What was there.
        value: String,
    },
    /// A property does not have a value that it can have, and was ignored.
    Ignored {
        /// Which one.
        property: &'static str,
        /// What was there.
        value: String,
    },
    /// A line is no content line.
    NoLine {
        /// What was there.
        text: String,
    },
    /// There were older versions of the event in the file.
    OlderVersions(usize),
}

impl Noted {
    /// A property was ignored.
    pub(super) fn ignored(property: &'static str, value: &str) -> Self {
        Self::Ignored { property, value: cut(value, MOST_REPEATED) }
    }

    /// Somebody has neither a name nor an address.
    pub(super) fn nobody(value: &str) -> Self {
        Self::Nobody { value: cut(value, MOST_REPEATED) }
    }

    /// A line is none.
    pub(super) fn no_line(text: &str) -> Self {
        Self::NoLine { text: cut(text, MOST_REPEATED) }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.what {
            Noted::ZoneByOffsets { tzid, zone } => {
                write!(
                    f,
                    "the time zone `{tzid}` was taken for {zone}, which has the offsets that the file describes"
                )
            }
            Noted::ZoneOtherwise { tzid, zone } => {
                write!(f, "the time zone `{tzid}` is {zone}, although the file describes other offsets")
            }
            Noted::Floating { zone } => {
                write!(f, "the time has no time zone, and was taken for one in {zone}")
            }
            Noted::Cut { property, most } => write!(f, "`{property}` was cut after {most} characters"),
            Noted::LeftOut { property, most } => {
                write!(f, "of `{property}`, only the first {most} were taken")
            }
            Noted::OwnLength => write!(f, "a date with a length of its own was given that of the event"),
            Noted::Nobody { value } => write!(f, "`{value}` is nobody with a name or an e-mail address"),
            Noted::Ignored { property, value } => {
                write!(f, "`{property}` can't be `{value}`, and was ignored")
            }
            Noted::NoLine { text } => write!(f, "`{text}` is no line of iCalendar, and was ignored"),
            Noted::OlderVersions(1) => write!(f, "an older version of the event was left out"),
            Noted::OlderVersions(count) => write!(f, "{count} older versions of the event were left out"),
        }
    }
}

/// The first characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
