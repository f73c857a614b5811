//! Writing a VEVENT.

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::{DateTime, Days, TimeDelta, Utc};

use super::OutgoingEvent;
use super::dates::{date, dates, is_utc, on_clock, utc};
use crate::ical::Person;
use crate::ical::line::{Lines, percent, quoted};
use crate::reservation::{
    Description, Email, PersonName, Recurrence, Role, Rule, RuleEnd, Series, Title, on_wall_clock,
};

/// Adds an event.
pub(super) fn event(lines: &mut Lines, event: &OutgoingEvent) {
    lines.raw("BEGIN:VEVENT");
    lines.text("UID", event.uid.as_str());
    utc(lines, "DTSTAMP", event.stamped);
    for (name, at) in [("CREATED", event.created), ("LAST-MODIFIED", event.last_modified)] {
        if let Some(at) = at {
            utc(lines, name, at);
        }
    }
    lines.raw(&format!("SEQUENCE:{}", event.sequence));
    if let Some(of) = event.recurrence_id {
        date(lines, "RECURRENCE-ID", of, event.zone);
    }
    times(lines, event);
    for (name, text) in [
        ("SUMMARY", event.title.as_ref().map(Title::as_str)),
        ("DESCRIPTION", event.description.as_ref().map(Description::as_str)),
        ("LOCATION", event.location.as_deref()),
    ] {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            lines.text(name, text);
        }
    }
    if let Some(url) = &event.url {
        lines.uri("URL", url);
    }
    if let Some(url) = &event.conference {
        lines.uri("CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO", url);
    }
    for (name, person) in event
        .organizer
        .iter()
        .map(|person| ("ORGANIZER", person))
        .chain(event.attendees.iter().map(|person| ("ATTENDEE", person)))
    {
        self::person(lines, name, person);
    }
    lines.raw(if event.cancelled { "STATUS:CANCELLED" } else { "STATUS:CONFIRMED" });
    lines.raw("TRANSP:OPAQUE");
    lines.raw("END:VEVENT");
}

/// Who organizes has no role of their own in iCalendar.
fn person(lines: &mut Lines, property: &str, person: &Person) {
    let Some(email) = person.email.as_ref().map(Email::as_str) else { return };
    let name = person.name.as_ref().map(PersonName::as_str).map(quoted);
    let name = name.filter(|name| !name.is_empty()).map(|name| format!(";CN={name}")).unwrap_or_default();
    let role = match person.role {
        _ if property == "ORGANIZER" => "",
        Role::Host => ";ROLE=CHAIR",
        Role::Participant => ";ROLE=REQ-PARTICIPANT",
        Role::Observer => ";ROLE=NON-PARTICIPANT",
    };
    // A percent sign of an address would be taken for the beginning of an escape.
    let email = percent(&email.replace('%', "%25").replace('?', "%3F"));
    lines.raw(&format!("{property}{name}{role}:mailto:{email}"));
}

/// When it is.
fn times(lines: &mut Lines, event: &OutgoingEvent) {
    let zone = event.zone;
    let recurrence = told_apart(event);
    // A series keeps to a wall clock, and its first date has to be on it.
    let recurs = recurrence.rule.is_some();
    let twice = recurs && !is_utc(zone) && on_clock(event.starts, zone).is_none();
    let local = event.starts.with_timezone(&zone).naive_local();
    let starts = if twice { on_wall_clock(local, zone) } else { event.starts };
    date(lines, "DTSTART", starts, zone);
    if let Some(length) = event.length {
        date(lines, "DTEND", starts + length, zone);
    }
    let (mut rdates, mut exdates) = (Cow::Borrowed(&recurrence.rdates), Cow::Borrowed(&recurrence.exdates));
    if twice {
        // Its first date is the second of two times that look the same: the first of them is left out instead.
        rdates.to_mut().insert(event.starts);
        exdates.to_mut().insert(starts);
    }
    if let Some(rule) = &recurrence.rule {
        lines.raw(&format!("RRULE:{rule}"));
    }
    dates(lines, "RDATE", &rdates, zone);
    dates(lines, "EXDATE", &exdates, zone);
}

/// The recurrence as every program understands it.
///
/// RFC 5545 wants the end of a rule in UTC. It leaves open what a first date is that the rule does not name: some
/// programs leave it out, some count it. So it is listed, and the rule gets an end instead of a count.
fn told_apart(event: &OutgoingEvent) -> Recurrence {
    let series = Series { first: event.starts, zone: event.zone, recurrence: event.recurrence.clone() };
    let mut recurrence = event.recurrence.clone();
    let Some(rule) = &mut recurrence.rule else { return recurrence };
    match rule.end {
        RuleEnd::Never | RuleEnd::Count(_) | RuleEnd::Until(_) => {}
        RuleEnd::UntilLocal(end) => rule.end = RuleEnd::Until(on_wall_clock(end, event.zone)),
        RuleEnd::UntilDay(day) => {
            let next = day.checked_add_days(Days::new(1)).unwrap_or(day).and_time(chrono::NaiveTime::MIN);
            rule.end = RuleEnd::Until(on_wall_clock(next, event.zone) - TimeDelta::seconds(1));
        }
    }
    if series.first_by_rule() != Some(event.starts) {
        recurrence.rdates.insert(event.starts);
        if let RuleEnd::Count(count) = rule.end {
            rule.end = last(&series, rule, count).map_or(rule.end, RuleEnd::Until);
        }
    }
    recurrence
}

/// The last date by a rule with a count, in a hundred years.
fn last(series: &Series, rule: &Rule, count: u32) -> Option<DateTime<Utc>> {
    let recurrence =
        Recurrence { rule: Some(rule.clone()), rdates: BTreeSet::new(), exdates: BTreeSet::new() };
    let series = Series { recurrence, ..series.clone() };
    let until = series.first.checked_add_days(Days::new(36_525))?;
    let dates = series.dates(series.first, until, usize::try_from(count).ok()?).ok()?;
    dates.last().map(|date| date.starts)
}
