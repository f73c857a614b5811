//! Files as programs write them.

use super::*;
use crate::ical::Person;
use crate::reservation::Description;

fn file(bytes: &[u8]) -> CalendarFile {
    crate::ical::read(bytes, Tz::Europe__Lisbon).expect("a calendar")
}

fn title(event: &Event) -> Option<&str> {
    event.details.title.as_ref().map(Title::as_str)
}

fn names(people: &[Person]) -> Vec<(Option<&str>, Option<&str>)> {
    people
        .iter()
        .map(|one| (one.name.as_ref().map(PersonName::as_str), one.email.as_ref().map(Email::as_str)))
        .collect()
}

#[test]
fn a_calendar_of_google_is_read() {
    let file = file(include_bytes!("../../../../tests/calendars/google.ics"));
    assert_eq!(
        (file.name.as_deref(), file.method.as_deref()),
        (Some("Rooms of the faculty"), Some("PUBLISH"))
    );
    let [single, series, day] = file.items.as_slice() else { panic!("{file:?}") };
    let once = event(single);
    assert_eq!((once.zone, once.starts), (Tz::Europe__Vienna, at("2026-11-10T08:00:00Z")));
    assert_eq!(once.details.urls, ["https://meet.example.com/abc-defg-hij"]);
    assert_eq!((&once.details.description, &once.details.location), (&None, &None));
    let weekly = event(series);
    assert_eq!(
        dates(weekly, "2027-02-01T00:00:00Z"),
        [
            "2026-10-20T09:30+02:00",
            "2026-10-27T09:30+01:00",
            "2026-11-10T09:30+01:00",
            "2026-11-17T09:30+01:00",
            "2026-11-24T09:30+01:00",
            "2026-12-01T09:30+01:00",
            "2026-12-15T09:30+01:00",
        ]
    );
    assert_eq!((title(weekly), weekly.length), (Some("Seminar, weekly"), Some(TimeDelta::minutes(45))));
    let description = weekly.details.description.as_ref().map(Description::as_str);
    assert_eq!(description, Some("First line\nSecond line, with a comma; and more"));
    assert_eq!(names(&weekly.details.attendees), [(Some("Ada Lovelace"), Some("ada@example.org"))]);
    let [moved] = weekly.exceptions.as_slice() else { panic!("{weekly:?}") };
    assert_eq!((moved.of, moved.starts), (at("2026-11-10T08:30:00Z"), at("2026-11-11T13:00:00Z")));
    assert!(matches!(day.content, Err(Problem { line: 75, wrong: Wrong::WholeDay, .. })), "{day:?}");
    assert_eq!(file.items.iter().flat_map(notes).collect::<Vec<_>>(), [] as [&str; 0]);
}

#[test]
fn a_calendar_of_apple_is_read() {
    let file = file(include_bytes!("../../../../tests/calendars/apple.ics"));
    assert_eq!(file.ignored, Ignored { todos: 1, journals: 1, free_busy: 1, others: 0 });
    let [item] = file.items.as_slice() else { panic!("{file:?}") };
    let daily = event(item);
    assert_eq!(
        dates(daily, "2027-02-01T00:00:00Z"),
        [
            "2026-11-02T09:30-05:00",
            "2026-11-03T09:30-05:00",
            "2026-11-05T09:30-05:00",
            "2026-11-07T09:30-05:00",
            "2026-11-08T09:30-05:00",
            "2026-11-10T09:30-05:00",
            "2026-11-11T09:30-05:00",
            "2026-11-14T09:30-05:00",
        ]
    );
    assert_eq!(daily.details.location.as_deref(), Some("Main Street 1, Springfield"));
    assert_eq!(daily.details.urls, ["https://meet.example.org/standup"]);
    assert_eq!(notes(item), ["line 65: a date with a length of its own was given that of the event"]);
}

#[test]
fn an_invitation_of_outlook_is_read() {
    let file = file(include_bytes!("../../../../tests/calendars/outlook.ics"));
    let [series, custom] = file.items.as_slice() else { panic!("{file:?}") };
    let weekly = event(series);
    assert_eq!(weekly.zone, Tz::Europe__Berlin);
    assert_eq!(
        dates(weekly, "2026-12-05T00:00:00Z"),
        [
            "2026-10-20T10:00+02:00",
            "2026-10-27T10:00+01:00",
            "2026-11-03T10:00+01:00",
            "2026-11-24T10:00+01:00",
            "2026-12-01T10:00+01:00"
        ]
    );
    assert_eq!(title(weekly), Some("Jour fixe"));
    assert_eq!(
        weekly.details.description.as_ref().map(Description::as_str),
        Some("Hallo zusammen,\n\nbis dann.\n")
    );
    let organizer = weekly.details.organizer.as_ref().expect("an organizer");
    assert_eq!(
        (organizer.role, organizer.name.as_ref().map(PersonName::as_str)),
        (Role::Host, Some("Ada Lovelace"))
    );
    assert_eq!(
        names(&weekly.details.attendees),
        [(Some("Bob Doe"), Some("bob@example.org")), (Some("Doe, Eve"), Some("eve@example.org"))]
    );
    assert_eq!(weekly.details.urls, ["https://teams.example.com/l/meetup-join/19%3ameeting"]);
    assert_eq!(notes(series), [] as [&str; 0]);
    let once = event(custom);
    assert_eq!((once.zone, once.starts), (Tz::America__New_York, at("2026-11-05T14:00:00Z")));
    assert_eq!(
        notes(custom),
        [
            "line 71: the time zone `Customized Time Zone` was taken for America/New_York, which has the offsets that the \
          file describes"
        ]
    );
}

#[test]
fn a_cancellation_of_outlook_is_read() {
    let file = file(include_bytes!("../../../../tests/calendars/outlook-cancel.ics"));
    let [one, all] = file.items.as_slice() else { panic!("{file:?}") };
    let Ok(Content::Dates(Dates { exceptions, .. })) = &one.content else { panic!("{one:?}") };
    let [date] = exceptions.as_slice() else { panic!("{one:?}") };
    assert_eq!((date.of, date.cancelled, date.zone), (at("2026-11-24T09:00:00Z"), true, Tz::Europe__Berlin));
    let Ok(Content::Cancellation(version)) = &all.content else { panic!("{all:?}") };
    assert_eq!((version.uid.as_str(), version.sequence), ("all@exchange.example", 6));
}

#[test]
fn a_cancelling_file_cancels_every_event_of_it() {
    let text = String::from_utf8_lossy(include_bytes!("../../../../tests/calendars/outlook.ics"));
    let file = file(text.replace("METHOD:REQUEST", "method:cancel").as_bytes());
    assert!(file.items.iter().all(|item| event(item).cancelled));
}

#[test]
fn line_ends_marks_and_folds_of_any_kind_change_nothing() {
    let text = String::from_utf8_lossy(include_bytes!("../../../../tests/calendars/google.ics"));
    let expected = file(text.as_bytes());
    for other in [
        text.replace("\r\n", "\n"),
        text.replace("\r\n", "\r"),
        format!("\u{feff}{text}"),
        text.replace("\r\n ", "\r\n\t"),
        text.replace("\r\nSUMMARY", "\r\nsummary")
            .replace("\r\nDTSTART", "\r\nDtStart")
            .replace("BEGIN", "begin"),
        text.trim_end().to_owned(),
    ] {
        assert_eq!(file(other.as_bytes()), expected);
    }
    let folded = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261103T090000Z\r\nSUMMARY:caf\xc3\r\n \xa9\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    assert_eq!(title(event(&file(folded).items[0])), Some("café"));
}
