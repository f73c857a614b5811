//! Writing a VTIMEZONE: when a time zone has which offset (RFC 5545 section 3.6.5).

use std::collections::BTreeSet;

use chrono::{
    DateTime, Datelike as _, NaiveDate, NaiveDateTime, Offset as _, TimeDelta, TimeZone as _, Utc, Weekday,
};
use chrono_tz::{OffsetComponents as _, OffsetName as _, Tz};

use super::dates::written;
use crate::ical::line::Lines;

/// No offset holds for less.
const STEP: TimeDelta = TimeDelta::days(2);
/// Before that, few had the time from a time zone.
const FIRST_YEAR: i32 = 1900;
/// So many years show a rule.
const SHOW_A_RULE: usize = 5;

/// What holds at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    /// Seconds east of Greenwich.
    offset: i32,
    /// Seconds that are saved; fewer than none in winter where the summer's is the standard, as in Ireland.
    saved: i64,
    /// What it is called.
    name: String,
}

impl State {
    fn at(zone: Tz, at: DateTime<Utc>) -> Self {
        let offset = zone.offset_from_utc_datetime(&at.naive_utc());
        let seconds = offset.fix().local_minus_utc();
        // Many zones are called by their offset.
        let name = offset.abbreviation().map_or_else(|| self::offset(seconds), str::to_owned);
        Self { offset: seconds, saved: offset.dst_offset().num_seconds(), name }
    }

    /// Programs take the later wall clock for the saving one.
    fn is_daylight(&self, before: &Self) -> bool {
        self.saved > 0 || (self.saved == 0 && before.saved < 0)
    }
}

/// Changes from one state to another.
struct Observance {
    before: State,
    state: State,
    /// On the wall clock before, sorted.
    onsets: Vec<NaiveDateTime>,
}

/// Adds the time zone from the year before that moment on.
pub(in crate::ical) fn timezone(lines: &mut Lines, zone: Tz, earliest: DateTime<Utc>) {
    let year = (earliest.with_timezone(&zone).year() - 1).max(FIRST_YEAR);
    let begin = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default().and_time(chrono::NaiveTime::MIN);
    let begin = begin.and_utc() - TimeDelta::days(1);
    let changes = changes(zone, begin);
    lines.raw("BEGIN:VTIMEZONE");
    lines.raw(&format!("TZID:{}", zone.name()));
    let first = State::at(zone, begin);
    let since = vec![begin.naive_utc() + TimeDelta::seconds(first.offset.into())];
    observance(lines, &Observance { before: first.clone(), state: first, onsets: since });
    for change in &changes {
        observance(lines, change);
    }
    lines.raw("END:VTIMEZONE");
}

/// The changes from then on, until the last one that is known.
fn changes(zone: Tz, begin: DateTime<Utc>) -> Vec<Observance> {
    let mut changes: Vec<Observance> = Vec::new();
    let end = end_of_table().max(begin);
    let (mut at, mut before) = (begin, State::at(zone, begin));
    while at < end {
        let next = at + STEP;
        let state = State::at(zone, next);
        if state == before {
            at = next;
            continue;
        }
        let onset = onset(zone, at, next, &before);
        let state = State::at(zone, onset);
        let local = onset.naive_utc() + TimeDelta::seconds(before.offset.into());
        match changes.iter_mut().find(|known| known.before == before && known.state == state) {
            Some(known) => known.onsets.push(local),
            None => {
                changes.push(Observance {
                    before: before.clone(),
                    state: state.clone(),
                    onsets: vec![local],
                });
            }
        }
        (at, before) = (onset, state);
    }
    changes
}

/// The first second that differs from `before`, between two moments of which only the second one does.
fn onset(zone: Tz, mut same: DateTime<Utc>, mut differs: DateTime<Utc>, before: &State) -> DateTime<Utc> {
    while differs - same > TimeDelta::seconds(1) {
        let middle = same + TimeDelta::seconds((differs - same).num_seconds() / 2);
        if State::at(zone, middle) == *before {
            same = middle;
        } else {
            differs = middle;
        }
    }
    differs
}

/// The table of time zones goes no further.
fn end_of_table() -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(LAST_YEAR, 12, 31).unwrap_or_default().and_time(chrono::NaiveTime::MIN).and_utc()
}

/// The last year for which the table has changes by a rule.
const LAST_YEAR: i32 = 2099;

/// Adds an observance: by rule where there is one until the table's end, and the dates before it.
fn observance(lines: &mut Lines, observance: &Observance) {
    let regular = regular(&observance.onsets);
    let (listed, by_rule) =
        observance.onsets.split_at(observance.onsets.len() - regular.as_ref().map_or(0, |r| r.1));
    if let Some((first, others)) = listed.split_first() {
        begin(lines, observance, *first);
        // Source: of several dates in a line, ical.js (2.2) takes the first.
        for onset in others {
            lines.raw(&format!("RDATE:{}", written(*onset)));
        }
        end(lines, observance);
    }
    if let (Some((rule, _)), Some(first)) = (regular, by_rule.first()) {
        begin(lines, observance, *first);
        lines.raw(&format!("RRULE:{rule}"));
        end(lines, observance);
    }
}

fn kind(observance: &Observance) -> &'static str {
    if observance.state.is_daylight(&observance.before) { "DAYLIGHT" } else { "STANDARD" }
}

fn begin(lines: &mut Lines, observance: &Observance, first: NaiveDateTime) {
    lines.raw(&format!("BEGIN:{}", kind(observance)));
    lines.raw(&format!("DTSTART:{}", written(first)));
    lines.raw(&format!("TZOFFSETFROM:{}", offset(observance.before.offset)));
    lines.raw(&format!("TZOFFSETTO:{}", offset(observance.state.offset)));
    lines.text("TZNAME", &observance.state.name);
}

fn end(lines: &mut Lines, observance: &Observance) {
    lines.raw(&format!("END:{}", kind(observance)));
}

/// A rule without an end, and for how many of the last onsets it holds.
fn regular(onsets: &[NaiveDateTime]) -> Option<(String, usize)> {
    let last = onsets.last().filter(|last| last.year() >= LAST_YEAR)?;
    let alike = onsets.iter().rev().zip((0..).map(|ago| last.year() - ago));
    let is_alike = |onset: &NaiveDateTime| {
        (onset.month(), onset.weekday(), onset.time()) == (last.month(), last.weekday(), last.time())
    };
    let count = alike.take_while(|(onset, year)| onset.year() == *year && is_alike(onset)).count();
    // The longest run that keeps to one week of the month.
    (SHOW_A_RULE..=count).rev().find_map(|count| {
        let days = onsets[onsets.len() - count..].iter().map(NaiveDateTime::date);
        Some((format!("FREQ=YEARLY;BYMONTH={};{}", last.month(), week(&days.collect())?), count))
    })
}

/// The part of a rule that picks those days, all of one month and one day of the week.
fn week(days: &BTreeSet<NaiveDate>) -> Option<String> {
    let day_of_week = match days.first()?.weekday() {
        Weekday::Mon => "MO",
        Weekday::Tue => "TU",
        Weekday::Wed => "WE",
        Weekday::Thu => "TH",
        Weekday::Fri => "FR",
        Weekday::Sat => "SA",
        Weekday::Sun => "SU",
    };
    let month_has = |day: &NaiveDate| u32::from(day.num_days_in_month());
    if days.iter().all(|day| day.day() + 7 > month_has(day)) {
        return Some(format!("BYDAY=-1{day_of_week}"));
    }
    let of_month: BTreeSet<_> = days.iter().map(chrono::Datelike::day).collect();
    let (first, last) = (*of_month.first()?, *of_month.last()?);
    if first.div_ceil(7) == last.div_ceil(7) {
        return Some(format!("BYDAY={}{day_of_week}", first.div_ceil(7)));
    }
    let listed = || (first..=last).map(|day| day.to_string()).collect::<Vec<_>>().join(",");
    (last - first == 6).then(|| format!("BYMONTHDAY={};BYDAY={day_of_week}", listed()))
}

/// As iCalendar writes an offset.
fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes, rest) = (seconds.abs() / 3600, seconds.abs() / 60 % 60, seconds.abs() % 60);
    let rest = if rest == 0 { String::new() } else { format!("{rest:02}") };
    format!("{sign}{hours:02}{minutes:02}{rest}")
}
