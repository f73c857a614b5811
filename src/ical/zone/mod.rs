//! Time zones by the names that a file has for them.

mod fit;
mod names;
mod observances;

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::tree::Component;
pub(super) use observances::Observances;

/// The most time zones of one file that are told by their offsets, each for each year anew.
const MOST_FITS: usize = 100;

/// What a name was found to mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// The name says it.
    Known(Tz),
    /// The name says it, and the file describes something else under that name.
    KnownOtherwise(Tz),
    /// The file's description of it fits this one.
    Fits(Tz),
}

impl Named {
    pub(super) fn zone(self) -> Tz {
        match self {
            Self::Known(zone) | Self::KnownOtherwise(zone) | Self::Fits(zone) => zone,
        }
    }
}

/// The time zones of a calendar.
#[derive(Debug)]
pub(super) struct Zones<'a> {
    default: Tz,
    /// What the calendar says of itself.
    pub(super) of_calendar: Option<Tz>,
    described: BTreeMap<String, &'a Component>,
    found: BTreeMap<(String, i32), Option<Named>>,
    looked_at: usize,
}

impl<'a> Zones<'a> {
    /// Where the calendar does not say which time zone it is in, that is `default`. So many descriptions of the file
    /// were looked at before.
    pub(super) fn new(calendar: &'a Component, default: Tz, looked_at: usize) -> Self {
        let mut said = ["TIMEZONE-ID", "X-WR-TIMEZONE"].into_iter().filter_map(|name| calendar.first(name));
        let of_calendar = said.find_map(|line| names::by_name(&line.text(), default));
        let zones = calendar.within.iter().filter(|component| component.name == "VTIMEZONE");
        let described = zones
            .filter_map(|zone| Some((key(&zone.first("TZID")?.text()), zone)))
            .rev() // so that the first of a name is the one that stays
            .collect();
        Self { default, of_calendar, described, found: BTreeMap::new(), looked_at }
    }

    /// How many descriptions were looked at.
    pub(super) fn looked_at(&self) -> usize {
        self.looked_at
    }

    /// What times without a zone are in.
    pub(super) fn floating(&self) -> Tz {
        self.of_calendar.unwrap_or(self.default)
    }

    /// The time zone of that name, for something in that year; `None` where nobody can tell.
    pub(super) fn named(&mut self, tzid: &str, year: i32) -> Option<Named> {
        let key = (key(tzid), year);
        if let Some(found) = self.found.get(&key) {
            return *found;
        }
        let found = self.look_up(tzid, year);
        self.found.insert(key, found);
        found
    }

    fn look_up(&mut self, tzid: &str, year: i32) -> Option<Named> {
        let described = self.described.get(&key(tzid)).copied();
        let known = names::by_name(tzid, self.default);
        let location = || described?.first("X-LIC-LOCATION");
        let known = known.or_else(|| names::by_name(&location()?.text(), self.default));
        self.looked_at += usize::from(described.is_some());
        let observances = described.filter(|_| self.looked_at <= MOST_FITS).and_then(Observances::read);
        match (known, observances) {
            (Some(zone), Some(observances)) if !fit::fits(&observances, year, zone) => {
                Some(Named::KnownOtherwise(zone))
            }
            (Some(zone), _) => Some(Named::Known(zone)),
            (None, Some(observances)) => fit::best(&observances, year, self.default).map(Named::Fits),
            (None, None) => None,
        }
    }
}

/// Names are compared without regard to case, quotes and blanks around them.
fn key(tzid: &str) -> String {
    tzid.trim_matches(['"', ' ', '\t']).to_lowercase()
}

#[cfg(test)]
mod tests;
