//! Times of properties, with their time zones.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use chrono_tz::Tz;

use super::problem::{Note, Noted, Problem, Wrong};
use crate::ical::MOST_NOTES;
use crate::ical::line::Line;
use crate::ical::value::Moment;
use crate::ical::zone::{Named, Zones};
use crate::reservation::on_wall_clock;

/// A date or a time of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Day(NaiveDate),
    At {
        at: DateTime<Utc>,
        /// `None` where it is told in UTC.
        zone: Option<Tz>,
    },
}

impl When {
    /// The moment, on a day that at which a series takes place.
    pub(super) fn at(self, series: Option<(DateTime<Utc>, Tz)>) -> Option<DateTime<Utc>> {
        match self {
            Self::At { at, .. } => Some(at),
            Self::Day(day) => {
                let (first, zone) = series?;
                Some(on_wall_clock(day.and_time(first.with_timezone(&zone).time()), zone))
            }
        }
    }
}

/// Reads times, and keeps what should be known of them.
pub(super) struct Times<'a, 'b> {
    pub(super) zones: &'a mut Zones<'b>,
    pub(super) notes: Vec<Note>,
}

impl Times<'_, '_> {
    /// The moment that a value of that line is.
    pub(super) fn read(&mut self, line: &Line, property: &'static str, value: &str) -> Result<When, Problem> {
        let wrong = |wrong: Wrong| Problem::with(line, property, value, wrong);
        let at = match Moment::parse(value).ok_or_else(|| wrong(Wrong::Time))? {
            Moment::Day(day) => return Ok(When::Day(day)),
            Moment::Utc(at) => return Ok(When::At { at, zone: None }),
            Moment::Local(at) => at,
        };
        let zone = match line.parameter("TZID") {
            None => {
                let zone = self.zones.floating();
                self.note(line.number, Noted::Floating { zone });
                zone
            }
            Some(tzid) => {
                let named = self.zones.named(tzid, at.year());
                let named =
                    named.ok_or_else(|| wrong(Wrong::Zone { tzid: tzid.chars().take(100).collect() }))?;
                self.note_zone(line.number, tzid, named);
                named.zone()
            }
        };
        Ok(When::At { at: on_wall_clock(at, zone), zone: Some(zone) })
    }

    /// Keeps that, unless it was said before or enough was said.
    pub(super) fn note(&mut self, line: usize, what: Noted) {
        if self.notes.len() < MOST_NOTES && !self.notes.iter().any(|note| note.what == what) {
            self.notes.push(Note { line, what });
        }
    }

    fn note_zone(&mut self, line: usize, tzid: &str, named: Named) {
        let tzid = || tzid.chars().take(100).collect();
        match named {
            Named::Known(_) => {}
            Named::KnownOtherwise(zone) => self.note(line, Noted::ZoneOtherwise { tzid: tzid(), zone }),
            Named::Fits(zone) => self.note(line, Noted::ZoneByOffsets { tzid: tzid(), zone }),
        }
    }
}
