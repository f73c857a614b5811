use chrono::{Offset as _, TimeZone as _};
use chrono_tz::TZ_VARIANTS;

use super::*;
use crate::ical::tree::calendars;
use crate::ical::zone::Observances;
use crate::reservation::Role;

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

fn event(starts: &str, zone: Tz) -> OutgoingEvent {
    OutgoingEvent {
        uid: "1@example.org".parse().expect("a uid"),
        recurrence_id: None,
        sequence: 2,
        stamped: at("2026-01-02T03:04:05Z"),
        created: None,
        last_modified: None,
        starts: at(starts),
        length: Some(TimeDelta::hours(1)),
        zone,
        recurrence: Recurrence::default(),
        title: None,
        description: None,
        location: None,
        url: None,
        conference: None,
        organizer: None,
        attendees: Vec::new(),
        cancelled: false,
    }
}

fn recurring(starts: &str, zone: Tz, rule: &str) -> OutgoingEvent {
    let mut event = event(starts, zone);
    event.recurrence.rule = Some(rule.parse().expect("a rule"));
    event
}

fn written(event: OutgoingEvent) -> String {
    write(&Outgoing { events: vec![event], ..Outgoing::default() })
}

/// The unfolded lines of the event that say when it is.
fn times(event: OutgoingEvent) -> Vec<String> {
    let text = written(event).replace("\r\n ", "");
    let (_, event) = text.split_once("BEGIN:VEVENT").expect("an event");
    let names = ["DTSTART", "DTEND", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"];
    event.lines().filter(|line| names.iter().any(|name| line.starts_with(name))).map(str::to_owned).collect()
}

fn person(name: &str, email: &str, role: Role) -> Person {
    Person { name: name.parse().ok(), email: email.parse().ok(), role }
}

#[test]
fn a_calendar_is_written() {
    let mut event = event("2026-11-03T09:00:00Z", Tz::UTC);
    event.created = Some(at("2026-01-01T00:00:00Z"));
    event.last_modified = Some(at("2026-01-02T00:00:00Z"));
    event.title = Some("Plan; the, year\\".parse().unwrap());
    event.description = Some("One\r\ntwo".parse().unwrap());
    event.location = Some("Here".to_owned());
    event.url = Some("https://desk.example.org/1?a=ü".to_owned());
    event.conference = Some("https://meet.example.org/plan".to_owned());
    event.organizer = Some(person("Ada \"A\"", "ada@example.org", Role::Host));
    event.attendees = vec![
        person("Doe, Bob", "bob@example.org", Role::Participant),
        person("", "eve@example.org", Role::Observer),
        person("Nobody", "", Role::Participant),
    ];
    let calendar = Outgoing {
        name: Some("Rooms".to_owned()),
        method: Some(Method::Request),
        refresh: Some(TimeDelta::hours(1)),
        events: vec![event],
    };
    let version = env!("CARGO_PKG_VERSION");
    let expected = format!(
        "BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Frontdesk//Frontdesk {version}//EN
CALSCALE:GREGORIAN
METHOD:REQUEST
NAME:Rooms
X-WR-CALNAME:Rooms
REFRESH-INTERVAL;VALUE=DURATION:PT60M
X-PUBLISHED-TTL:PT60M
BEGIN:VEVENT
UID:1@example.org
DTSTAMP:20260102T030405Z
CREATED:20260101T000000Z
LAST-MODIFIED:20260102T000000Z
SEQUENCE:2
DTSTART:20261103T090000Z
DTEND:20261103T100000Z
SUMMARY:Plan\\; the\\, year\\\\
DESCRIPTION:One\\ntwo
LOCATION:Here
URL:https://desk.example.org/1?a=%C3%BC
CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO:https://meet.example.org/plan
ORGANIZER;CN=Ada ^'A^':mailto:ada@example.org
ATTENDEE;CN=\"Doe, Bob\";ROLE=REQ-PARTICIPANT:mailto:bob@example.org
ATTENDEE;ROLE=NON-PARTICIPANT:mailto:eve@example.org
STATUS:CONFIRMED
TRANSP:OPAQUE
END:VEVENT
END:VCALENDAR
"
    );
    assert_eq!(write(&calendar), expected.replace('\n', "\r\n"));
}

#[test]
fn a_cancelled_room_without_an_end_has_neither_an_end_nor_a_doubt() {
    let mut event = event("2026-11-03T09:00:00Z", Tz::UTC);
    (event.length, event.cancelled) = (None, true);
    let text = written(event);
    assert!(!text.contains("DTEND") && text.contains("STATUS:CANCELLED"), "{text}");
}

#[test]
fn times_are_told_on_the_wall_clock_and_ends_of_rules_in_utc() {
    let mut series = recurring("2026-11-03T09:00:00Z", Tz::Europe__Berlin, "FREQ=WEEKLY;UNTIL=20270401");
    series.recurrence.rdates.extend([at("2026-11-05T09:00:00Z"), at("2027-06-01T08:00:00Z")]);
    series.recurrence.exdates.insert(at("2027-03-30T08:00:00Z"));
    assert_eq!(
        times(series),
        [
            "DTSTART;TZID=Europe/Berlin:20261103T100000",
            "DTEND;TZID=Europe/Berlin:20261103T110000",
            "RRULE:FREQ=WEEKLY;UNTIL=20270401T215959Z",
            "RDATE;TZID=Europe/Berlin:20261105T100000,20270601T100000",
            "EXDATE;TZID=Europe/Berlin:20270330T100000",
        ]
    );
    let local = recurring("2026-11-03T09:00:00Z", Tz::Europe__Berlin, "FREQ=DAILY;UNTIL=20270401T100000");
    assert_eq!(times(local)[2], "RRULE:FREQ=DAILY;UNTIL=20270401T080000Z");
    let mut moved = event("2026-11-04T09:00:00Z", Tz::Europe__Berlin);
    moved.recurrence_id = Some(at("2026-11-03T09:00:00Z"));
    assert_eq!(times(moved)[0], "RECURRENCE-ID;TZID=Europe/Berlin:20261103T100000");
}

#[test]
fn the_second_of_two_times_that_look_the_same_is_told_in_utc() {
    let single = event("2026-10-25T01:30:00Z", Tz::Europe__Berlin);
    assert_eq!(times(single), ["DTSTART:20261025T013000Z", "DTEND;TZID=Europe/Berlin:20261025T033000"]);
    let series = recurring("2026-10-25T01:30:00Z", Tz::Europe__Berlin, "FREQ=DAILY;COUNT=3");
    assert_eq!(
        times(series),
        [
            "DTSTART;TZID=Europe/Berlin:20261025T023000",
            "DTEND:20261025T013000Z",
            "RRULE:FREQ=DAILY;COUNT=3",
            "RDATE:20261025T013000Z",
            "EXDATE;TZID=Europe/Berlin:20261025T023000",
        ]
    );
}

#[test]
fn a_first_date_that_the_rule_does_not_name_is_listed_and_nothing_is_counted() {
    let odd = recurring("2026-11-04T09:00:00Z", Tz::UTC, "FREQ=WEEKLY;COUNT=3;BYDAY=MO");
    let expected = ["RRULE:FREQ=WEEKLY;UNTIL=20261116T090000Z;BYDAY=MO", "RDATE:20261104T090000Z"];
    assert_eq!(times(odd)[2..], expected);
}

#[test]
fn nothing_gets_out_of_its_property() {
    let evil = "a\r\nATTENDEE:mailto:evil@example.org\nX:\",;:^\\n\u{85}\u{2028}\u{0}🎪".repeat(9);
    let mut event = recurring("2026-11-03T09:00:00Z", Tz::Europe__Berlin, "FREQ=DAILY");
    event.description = evil.replace(['\u{85}', '\u{0}'], "").parse().ok();
    assert!(event.description.is_some());
    (event.location, event.url, event.conference) =
        (Some(evil.clone()), Some(evil.clone()), Some(evil.clone()));
    event.organizer = Some(person("A\":;,^n", "\"a;b:c\"@example.org", Role::Host));
    event.uid = "a;b,c:\"d\\ne".parse().unwrap();
    let plain = written(recurring("2026-11-03T09:00:00Z", Tz::Europe__Berlin, "FREQ=DAILY"));
    let text = write(&Outgoing { name: Some(evil), events: vec![event], ..Outgoing::default() });
    let properties = |text: &str| text.lines().filter(|line| !line.starts_with(' ')).count();
    // NAME, X-WR-CALNAME, DESCRIPTION, LOCATION, URL, CONFERENCE and ORGANIZER.
    assert_eq!(properties(&text), properties(&plain) + 7);
    for line in text.split("\r\n") {
        assert!(line.len() <= 75 && !line.contains(|c: char| c.is_control() && c != '\t'), "{line:?}");
    }
}

/// The offsets that a written time zone says.
fn observances(zone: Tz) -> Observances {
    let mut lines = Lines::default();
    lines.raw("BEGIN:VCALENDAR");
    timezone(&mut lines, zone, at("2026-06-01T00:00:00Z"));
    lines.raw("END:VCALENDAR");
    let calendars = calendars(lines.into_string().as_bytes()).expect("a calendar");
    Observances::read(&calendars[0].within[0]).expect("observances")
}

#[test]
fn every_time_zone_is_written_with_the_offsets_that_it_has() {
    let (from, until) = (at("2025-01-01T00:00:00Z"), at("2099-12-30T00:00:00Z"));
    for zone in TZ_VARIANTS {
        let offsets = observances(zone).offsets(from, until).expect("offsets");
        let every = |step: TimeDelta, until: DateTime<Utc>| {
            std::iter::successors(Some(from), move |at| Some(*at + step)).take_while(move |at| *at < until)
        };
        let onsets = offsets.onsets().filter(|onset| *onset > from && *onset < until);
        let around = onsets.flat_map(|onset| [onset - TimeDelta::seconds(1), onset]);
        let near = every(TimeDelta::hours(11), at("2035-01-01T00:00:00Z"));
        for at in around.chain(near).chain(every(TimeDelta::days(9), until)) {
            let expected = zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
            assert_eq!(offsets.at(at), expected, "{zone} at {at}");
        }
    }
}

#[test]
fn a_time_zone_with_a_rule_is_written_with_it_and_goes_on() {
    let berlin = written(event("2026-11-03T09:00:00Z", Tz::Europe__Berlin));
    assert!(berlin.contains("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"), "{berlin}");
    let casablanca = written(event("2026-11-03T09:00:00Z", Tz::Africa__Casablanca));
    assert!(casablanca.contains("RDATE:") && !casablanca.contains("RRULE"), "{casablanca}");
    let dublin = written(event("2026-11-03T09:00:00Z", Tz::Europe__Dublin)).replace("\r\n", "\n");
    let summer =
        "BEGIN:DAYLIGHT\nDTSTART:20250330T010000\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0100\nTZNAME:IST\n";
    assert!(dublin.contains(summer), "{dublin}");
    let kolkata = written(event("2026-11-03T09:00:00Z", Tz::Asia__Kolkata));
    assert_eq!(kolkata.matches("BEGIN:STANDARD").count(), 1);
    assert!(kolkata.contains("TZOFFSETTO:+0530\r\n"), "{kolkata}");
}
