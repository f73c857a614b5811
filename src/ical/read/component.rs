//! One VEVENT.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::details;
use super::event::{Details, Version};
use super::problem::{Note, Noted, Problem, Wrong};
use super::times::{Times, When};
use crate::ical::Uid;
use crate::ical::tree::Component;
use crate::ical::value::{Duration, Moment};
use crate::ical::zone::Zones;
use crate::reservation::{Recurrence, Rule, on_wall_clock};

/// What must not be lost in a line that can't be taken apart.
const DECISIVE: [&str; 10] =
    ["DTSTART", "DTEND", "DURATION", "RRULE", "EXRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "STATUS", "UID"];

/// Which of several versions counts: the one with the highest.
pub(super) type Rank = (u32, Option<DateTime<Utc>>);

/// A VEVENT, and what should be known of it.
pub(super) struct Read {
    pub(super) line: usize,
    pub(super) rank: Rank,
    /// Whether it is one date of an event.
    pub(super) is_exception: bool,
    pub(super) parsed: Result<Parsed, Problem>,
    pub(super) notes: Vec<Note>,
}

/// What a VEVENT says.
pub(super) struct Parsed {
    pub(super) version: Version,
    pub(super) of: Option<When>,
    pub(super) and_later: bool,
    pub(super) starts: Option<(DateTime<Utc>, Tz)>,
    pub(super) length: Option<TimeDelta>,
    pub(super) recurrence: Recurrence,
    pub(super) cancelled: bool,
    pub(super) details: Details,
}

/// Reads a VEVENT. `cancelled` is whether the whole file says so.
pub(super) fn read(event: &Component, zones: &mut Zones<'_>, cancelled: bool) -> Read {
    let mut times = Times { zones, notes: Vec::new() };
    let (sequence, stamped) = (sequence(event, &mut times), utc(event, "DTSTAMP", &mut times));
    let parsed = parsed(event, &mut times, sequence, cancelled);
    Read {
        line: event.line,
        rank: (sequence, stamped),
        is_exception: event.first("RECURRENCE-ID").is_some(),
        parsed,
        notes: times.notes,
    }
}

fn parsed(
    event: &Component,
    times: &mut Times<'_, '_>,
    sequence: u32,
    cancelled: bool,
) -> Result<Parsed, Problem> {
    broken(event, times)?;
    let uid = event.first("UID").ok_or_else(|| Problem::missing(event.line, "UID"))?;
    let uid_text = uid.text();
    let uid: Uid =
        uid_text.trim().parse().map_err(|error| Problem::with(uid, "UID", &uid_text, Wrong::Uid(error)))?;
    let version = Version { uid, sequence };
    let cancelled = cancelled
        || event.first("STATUS").is_some_and(|line| line.value.trim().eq_ignore_ascii_case("CANCELLED"));
    let of = event.first("RECURRENCE-ID");
    let and_later = of.is_some_and(|line| line.has("RANGE", "THISANDFUTURE"));
    let of = of.map(|line| times.read(line, "RECURRENCE-ID", &line.value)).transpose()?;
    let recurs = event.first("RRULE").is_some() && of.is_none();
    let starts = starts(event, times, recurs)?;
    if starts.is_none() && !cancelled {
        return Err(Problem::missing(event.line, "DTSTART"));
    }
    let length = starts.map(|starts| length(event, times, starts)).transpose()?.flatten();
    let recurrence = match starts {
        Some(starts) if of.is_none() => recurrence(event, times, starts)?,
        _ => Recurrence::default(),
    };
    let details = details::read(event, times);
    Ok(Parsed { version, of, and_later, starts, length, recurrence, cancelled, details })
}

/// A bad line in a description is passed over; one that decides when the event is must be right.
fn broken(event: &Component, times: &mut Times<'_, '_>) -> Result<(), Problem> {
    for (number, text) in &event.broken {
        let name = text.split([':', ';', '=', ' ']).next().unwrap_or_default();
        if let Some(property) = DECISIVE.iter().find(|decisive| name.eq_ignore_ascii_case(decisive)) {
            let value = Some(text.chars().take(100).collect());
            return Err(Problem { line: *number, property, value, wrong: Wrong::Line });
        }
    }
    if let Some((number, text)) = event.broken.first() {
        times.note(*number, Noted::no_line(text));
    }
    Ok(())
}

fn sequence(event: &Component, times: &mut Times<'_, '_>) -> u32 {
    let Some(line) = event.first("SEQUENCE") else { return 0 };
    // PostgreSQL's integers have a sign, and so have those of iCalendar.
    let sequence = line.value.trim().parse().ok().and_then(|sequence: i32| u32::try_from(sequence).ok());
    sequence.unwrap_or_else(|| {
        times.note(line.number, Noted::ignored("SEQUENCE", &line.value));
        0
    })
}

/// A property that has to be in UTC. Where it is not, it is taken for UTC.
fn utc(event: &Component, property: &'static str, times: &mut Times<'_, '_>) -> Option<DateTime<Utc>> {
    let line = event.first(property)?;
    match Moment::parse(&line.value) {
        Some(Moment::Utc(at)) => Some(at),
        Some(Moment::Local(at)) => Some(at.and_utc()),
        Some(Moment::Day(_)) | None => {
            times.note(line.number, Noted::ignored(property, &line.value));
            None
        }
    }
}

/// When it starts, and on which wall clock.
///
/// What recurs in UTC keeps to UTC, also in a calendar that says which zone it is in: every reader takes it so, and
/// Google, which is what `X-WR-TIMEZONE` comes from, writes UTC only for what does not recur. That is then told in the
/// calendar's zone, which changes no moment.
fn starts(
    event: &Component,
    times: &mut Times<'_, '_>,
    recurs: bool,
) -> Result<Option<(DateTime<Utc>, Tz)>, Problem> {
    let Some(line) = event.first("DTSTART") else { return Ok(None) };
    match times.read(line, "DTSTART", &line.value)? {
        When::Day(_) => Err(Problem::with(line, "DTSTART", &line.value, Wrong::WholeDay)),
        When::At { at, zone: Some(zone) } => Ok(Some((at, zone))),
        When::At { at, zone: None } => {
            let zone = times.zones.of_calendar.filter(|_| !recurs);
            Ok(Some((at, zone.unwrap_or(Tz::UTC))))
        }
    }
}

/// How long it takes. Days of a DURATION are days on the wall clock.
fn length(
    event: &Component,
    times: &mut Times<'_, '_>,
    (starts, zone): (DateTime<Utc>, Tz),
) -> Result<Option<TimeDelta>, Problem> {
    let (line, property, ends) = if let Some(line) = event.first("DTEND") {
        match times.read(line, "DTEND", &line.value)? {
            When::Day(_) => return Err(Problem::with(line, "DTEND", &line.value, Wrong::WholeDay)),
            When::At { at, .. } => (line, "DTEND", at),
        }
    } else if let Some(line) = event.first("DURATION") {
        let duration = Duration::parse(&line.value)
            .ok_or_else(|| Problem::with(line, "DURATION", &line.value, Wrong::Duration))?;
        let begin = starts.with_timezone(&zone).naive_local();
        // Nothing is added to the time itself where there are no days, for it may be one that is there twice.
        let ends = if duration.days == 0 {
            starts
        } else {
            on_wall_clock(begin + TimeDelta::days(duration.days), zone)
        };
        (line, "DURATION", ends + duration.exact)
    } else {
        return Ok(None);
    };
    if ends > starts {
        Ok(Some(ends - starts))
    } else {
        Err(Problem::with(line, property, &line.value, Wrong::Ends))
    }
}

fn recurrence(
    event: &Component,
    times: &mut Times<'_, '_>,
    starts: (DateTime<Utc>, Tz),
) -> Result<Recurrence, Problem> {
    let rules: Vec<_> = event.all("RRULE").collect();
    if let Some(second) = rules.iter().find(|line| line.value.trim() != rules[0].value.trim()) {
        return Err(Problem::with(second, "RRULE", &second.value, Wrong::SecondRule));
    }
    if let Some(line) = event.first("EXRULE") {
        return Err(Problem::with(line, "EXRULE", &line.value, Wrong::ExceptionRule));
    }
    let rule = rules.first().map(|line| {
        let rule = line.value.parse::<Rule>();
        rule.map_err(|error| Problem::with(line, "RRULE", &line.value, error))
    });
    let rule = rule.transpose()?;
    let rdates = dates(event, times, "RDATE", starts)?;
    let exdates = dates(event, times, "EXDATE", starts)?;
    Ok(Recurrence { rule, rdates, exdates })
}

/// The dates of all lines of that name. A day stands for the time of the series on it, as Outlook and Google have it.
fn dates(
    event: &Component,
    times: &mut Times<'_, '_>,
    property: &'static str,
    starts: (DateTime<Utc>, Tz),
) -> Result<BTreeSet<DateTime<Utc>>, Problem> {
    let mut dates = BTreeSet::new();
    for line in event.all(property) {
        for value in line.value.split(',').map(str::trim).filter(|value| !value.is_empty()) {
            let (begin, end) = value.split_once('/').map_or((value, None), |(begin, end)| (begin, Some(end)));
            if end.is_some() {
                times.note(line.number, Noted::OwnLength);
            }
            let when = times.read(line, property, begin)?;
            dates.extend(when.at(Some(starts)));
            if dates.len() > Recurrence::MOST_DATES {
                return Err(Problem::with(line, property, value, Wrong::TooManyDates));
            }
        }
    }
    Ok(dates)
}
