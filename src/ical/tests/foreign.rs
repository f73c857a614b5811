//! Calendars for other programs to read: `scripts/test-calendars` looks what they make of them.

use std::fs;

use serde_json::{Value, json};

use super::*;

const ZONES: [Tz; 9] = [
    Tz::UTC,
    Tz::Europe__Berlin,
    Tz::Europe__Dublin,
    Tz::America__New_York,
    Tz::America__St_Johns,
    Tz::America__Nuuk,
    Tz::Asia__Kolkata,
    Tz::Africa__Casablanca,
    Tz::Australia__Lord_Howe,
];

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

/// An event with everything in it.
fn event(uid: &str, starts: &str, zone: Tz, rule: Option<&str>) -> OutgoingEvent {
    let hard =
        "Grüße, \"Ada\"; C:\\new 🎪🎪🎪 und noch mehr, damit die Zeile umbrochen wird: 🎪🎪🎪🎪🎪🎪🎪🎪🎪🎪";
    let person =
        |name: &str, email: &str, role| Person { name: name.parse().ok(), email: email.parse().ok(), role };
    OutgoingEvent {
        uid: uid.parse().expect("a uid"),
        recurrence_id: None,
        sequence: 1,
        stamped: at("2026-10-01T00:00:00Z"),
        created: Some(at("2026-09-01T00:00:00Z")),
        last_modified: Some(at("2026-10-01T00:00:00Z")),
        starts: at(starts),
        length: Some(TimeDelta::minutes(45)),
        zone,
        recurrence: Recurrence {
            rule: rule.map(|rule| rule.parse().expect("a rule")),
            ..Recurrence::default()
        },
        title: hard.parse().ok(),
        description: format!("{hard}\n\n{hard}").parse().ok(),
        location: Some("Here; or, there".to_owned()),
        url: Some("https://desk.example.org/?a=1;b=2,3".to_owned()),
        conference: Some("https://meet.example.org/plan#config.a=1".to_owned()),
        organizer: Some(person("Lovelace, Ada \"A\"", "ada@example.org", Role::Host)),
        attendees: vec![person("Bob: B", "bob+x@example.org", Role::Observer)],
        cancelled: false,
    }
}

/// A series with further dates, exceptions, one date that is elsewhere and one that is cancelled.
fn changed(zone: Tz) -> (Vec<OutgoingEvent>, BTreeSet<DateTime<Utc>>) {
    let mut series = event("changed", "2026-11-03T15:30:00Z", zone, Some("FREQ=WEEKLY;UNTIL=20271231"));
    series.recurrence.rdates.extend([at("2026-11-05T15:30:00Z"), at("2027-06-05T12:00:00Z")]);
    let all: Vec<_> = dates(series.starts, zone, &series.recurrence).into_iter().collect();
    series.recurrence.exdates.extend([all[4], all[30]]);
    let mut expected = dates(series.starts, zone, &series.recurrence);
    let of = |of: DateTime<Utc>| OutgoingEvent {
        recurrence_id: Some(of),
        starts: of + TimeDelta::hours(2),
        recurrence: Recurrence::default(),
        ..series.clone()
    };
    let moved = of(all[6]);
    let cancelled = OutgoingEvent { cancelled: true, ..of(all[8]) };
    expected.remove(&all[6]);
    expected.insert(moved.starts);
    expected.remove(&all[8]);
    (vec![series, moved, cancelled], expected)
}

#[test]
#[ignore = "writes files for scripts/test-calendars"]
fn calendars_are_written_for_other_programs() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/target/ical");
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).expect("a folder");
    let (from, until) = (at("2026-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"));
    let mut expected = serde_json::Map::new();
    let mut add = |name: String, events: Vec<OutgoingEvent>, dates: BTreeSet<DateTime<Utc>>| {
        let calendar = Outgoing {
            name: Some("Rooms; all, of them".to_owned()),
            method: Some(Method::Publish),
            refresh: Some(TimeDelta::hours(1)),
            events,
        };
        fs::write(format!("{folder}/{name}.ics"), write(&calendar)).expect("a file");
        let dates = dates.range(from..until).map(|at| json!(at.timestamp()));
        expected.insert(name, Value::Array(dates.collect()));
    };
    for (place, zone) in ZONES.into_iter().enumerate() {
        for (rule, text) in super::RULES.into_iter().map(Some).chain([None]).enumerate() {
            let events = vec![event("series", "2026-02-10T15:30:00Z", zone, text)];
            let dates = dates(events[0].starts, zone, &events[0].recurrence);
            add(format!("{place}-{rule}"), events, dates);
        }
        let (events, dates) = changed(zone);
        add(format!("{place}-changed"), events, dates);
    }
    // The second half past two of that night.
    for (name, rule) in [("twice", None), ("twice-daily", Some("FREQ=DAILY;COUNT=5"))] {
        let events = vec![event("twice", "2026-10-25T01:30:00Z", Tz::Europe__Berlin, rule)];
        let dates = dates(events[0].starts, Tz::Europe__Berlin, &events[0].recurrence);
        add(name.to_owned(), events, dates);
    }
    let endless =
        OutgoingEvent { length: None, ..event("endless", "2026-11-03T15:30:00Z", Tz::Europe__Berlin, None) };
    let dates = BTreeSet::from([endless.starts]);
    add("endless".to_owned(), vec![endless], dates);
    fs::write(format!("{folder}/expected.json"), Value::Object(expected).to_string()).expect("a file");
    let zones = TZ_VARIANTS.into_iter().map(|zone| event(zone.name(), "2026-11-03T15:30:00Z", zone, None));
    let zones = Outgoing { events: zones.collect(), ..Outgoing::default() };
    fs::write(format!("{folder}/zones.ics"), write(&zones)).expect("a file");
}
