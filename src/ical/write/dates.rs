//! Dates as they are written: on the wall clock of their time zone where it tells them apart, and else in UTC.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;

use crate::ical::line::Lines;
use crate::reservation::on_wall_clock;

/// Whether times of the zone are written in UTC.
pub(super) fn is_utc(zone: Tz) -> bool {
    matches!(
        zone,
        Tz::UTC
            | Tz::Etc__UTC
            | Tz::Etc__UCT
            | Tz::UCT
            | Tz::Zulu
            | Tz::Etc__Zulu
            | Tz::Universal
            | Tz::Etc__Universal
    )
}

/// Adds a date. Of a time that the wall clock shows twice, it means the first: the second is written in UTC.
pub(super) fn date(lines: &mut Lines, name: &str, at: DateTime<Utc>, zone: Tz) {
    match on_clock(at, zone) {
        Some(local) => lines.raw(&format!("{name};TZID={}:{}", zone.name(), written(local))),
        None => utc(lines, name, at),
    }
}

/// Adds a date in UTC.
pub(super) fn utc(lines: &mut Lines, name: &str, at: DateTime<Utc>) {
    lines.raw(&format!("{name}:{}Z", written(at.naive_utc())));
}

/// Adds lists of dates: those on the wall clock, and the others.
pub(super) fn dates(lines: &mut Lines, name: &str, dates: &BTreeSet<DateTime<Utc>>, zone: Tz) {
    let local: Vec<_> = dates.iter().filter_map(|at| on_clock(*at, zone)).map(written).collect();
    if !local.is_empty() {
        lines.raw(&format!("{name};TZID={}:{}", zone.name(), local.join(",")));
    }
    let others = dates.iter().filter(|at| on_clock(**at, zone).is_none());
    let others: Vec<_> = others.map(|at| format!("{}Z", written(at.naive_utc()))).collect();
    if !others.is_empty() {
        lines.raw(&format!("{name}:{}", others.join(",")));
    }
}

/// What the wall clock shows, where that is not to be misunderstood.
pub(super) fn on_clock(at: DateTime<Utc>, zone: Tz) -> Option<NaiveDateTime> {
    let local = at.with_timezone(&zone).naive_local();
    (!is_utc(zone) && on_wall_clock(local, zone) == at).then_some(local)
}

/// As iCalendar writes a date with a time.
pub(super) fn written(at: NaiveDateTime) -> String {
    at.format("%Y%m%dT%H%M%S").to_string()
}
