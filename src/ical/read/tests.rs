use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::reservation::{Description, Email, PersonName, Role, Series, Title};

mod files;

pub(super) fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

/// Reads what is within a calendar, in a Frontdesk in Lisbon.
fn calendar(within: &str) -> CalendarFile {
    let file = format!("BEGIN:VCALENDAR\nVERSION:2.0\n{within}END:VCALENDAR\n");
    super::read(file.as_bytes(), Tz::Europe__Lisbon).expect("a calendar")
}

fn item(within: &str) -> Item {
    let CalendarFile { items, .. } = calendar(within);
    let [item] = <[Item; 1]>::try_from(items).expect("one item");
    item
}

/// Reads the properties of one event.
fn vevent(properties: &str) -> Item {
    item(&format!("BEGIN:VEVENT\nUID:1\n{properties}\nEND:VEVENT\n"))
}

pub(super) fn event(item: &Item) -> &Event {
    match &item.content {
        Ok(Content::Event(event)) => event,
        other => panic!("{other:?}"),
    }
}

pub(super) fn dates(event: &Event, until: &str) -> Vec<String> {
    let Event { starts: first, zone, recurrence, .. } = event.clone();
    let dates = Series { first, zone, recurrence }.dates(first, at(until), 100).expect("few dates");
    let taking_place = dates.into_iter().filter(|date| !date.excepted);
    taking_place
        .map(|date| date.starts.with_timezone(&zone).format("%Y-%m-%dT%H:%M%:z").to_string())
        .collect()
}

fn problem(properties: &str) -> String {
    vevent(properties).content.expect_err(properties).to_string()
}

pub(super) fn notes(item: &Item) -> Vec<String> {
    item.notes.iter().map(ToString::to_string).collect()
}

#[test]
fn an_event_needs_few_words() {
    let item = vevent("DTSTART:20261103T090000Z");
    let event = event(&item);
    assert_eq!((event.starts, event.length, event.zone), (at("2026-11-03T09:00:00Z"), None, Tz::UTC));
    assert_eq!((event.version.sequence, event.cancelled), (0, false));
    assert_eq!(event.details, Details::default());
    assert_eq!((item.uid.as_deref(), item.line, item.notes), (Some("1"), 3, vec![]));
}

#[test]
fn what_is_wrong_with_an_event_is_told() {
    assert_eq!(problem("SUMMARY:x"), "line 3: `DTSTART`: every event has one, and this has none");
    assert_eq!(
        problem("DTSTART;VALUE=DATE:20261103"),
        "line 5: `DTSTART` can't be `20261103`: a room is booked for a time, not for whole days"
    );
    assert_eq!(
        problem("DTSTART:tomorrow"),
        "line 5: `DTSTART` can't be `tomorrow`: it is a time like 20261231T090000 with a TZID, or 20261231T080000Z"
    );
    assert_eq!(
        problem("DTSTART;TZID=Nowhere:20261103T090000"),
        "line 5: `DTSTART` can't be `20261103T090000`: `Nowhere` is no time zone that is known, and the file does not \
         describe one of those under that name"
    );
    let after = |line| problem(&format!("DTSTART:20261103T090000Z\n{line}"));
    assert_eq!(
        after("DTEND:20261103T090000Z"),
        "line 6: `DTEND` can't be `20261103T090000Z`: an event ends after it starts"
    );
    assert_eq!(after("DURATION:1h"), "line 6: `DURATION` can't be `1h`: it is a length like PT1H30M");
    assert_eq!(
        after("RRULE:FREQ=HOURLY"),
        "line 6: `RRULE` can't be `FREQ=HOURLY`: a rule recurs daily, weekly, monthly or yearly, and not `HOURLY`"
    );
    assert!(after("RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY").contains("and this is another"));
    assert!(after("EXRULE:FREQ=DAILY").contains("have no rule"));
    assert!(
        after("RRULE FREQ=DAILY")
            .contains("`RRULE` can't be `RRULE FREQ=DAILY`: the line is not of the form")
    );
    let many: Vec<_> =
        (0..1001).map(|n| format!("2026110{}T{:02}{:02}00Z", n / 600 + 1, n / 60 % 10, n % 60)).collect();
    assert!(
        after(&format!("RDATE:{}", many.join(","))).ends_with("an event has at most 1000 dates of that kind")
    );
    let long =
        item(&format!("BEGIN:VEVENT\nUID:{}\nDTSTART:20261103T090000Z\nEND:VEVENT\n", "u".repeat(256)));
    assert!(matches!(long.content, Err(Problem { wrong: Wrong::Uid(_), line: 4, .. })), "{long:?}");
    let none = item("BEGIN:VEVENT\nDTSTART:20261103T090000Z\nEND:VEVENT\n");
    assert!(matches!(none.content, Err(Problem { property: "UID", wrong: Wrong::Missing, .. })), "{none:?}");
    assert_eq!(none.uid, None);
}

#[test]
fn one_bad_event_costs_no_other() {
    let file = calendar(
        "BEGIN:VEVENT\nUID:bad\nEND:VEVENT\nBEGIN:VEVENT\nUID:good\nDTSTART:20261103T090000Z\nEND:VEVENT\n",
    );
    let read: Vec<_> = file.items.iter().map(|item| (item.uid.as_deref(), item.content.is_ok())).collect();
    assert_eq!(read, [(Some("bad"), false), (Some("good"), true)]);
}

#[test]
fn a_length_is_an_end_or_a_duration_with_days_on_the_wall_clock() {
    let length = |line| event(&vevent(&format!("DTSTART;TZID=Europe/Berlin:20261024T220000\n{line}"))).length;
    assert_eq!(length("DTEND;TZID=Europe/Berlin:20261025T060000"), Some(TimeDelta::hours(9)));
    assert_eq!(length("DTEND;TZID=Europe/London:20261025T050000"), Some(TimeDelta::hours(9)));
    assert_eq!(length("DURATION:P1D"), Some(TimeDelta::hours(25)));
    assert_eq!(length("DURATION:PT24H"), Some(TimeDelta::hours(24)));
    assert_eq!(length("DTEND:"), None);
}

#[test]
fn a_time_without_a_zone_is_in_that_of_the_calendar_or_of_the_reader() {
    let floating = vevent("DTSTART:20261103T090000");
    assert_eq!(
        (event(&floating).zone, event(&floating).starts),
        (Tz::Europe__Lisbon, at("2026-11-03T09:00:00Z"))
    );
    assert_eq!(
        notes(&floating),
        ["line 5: the time has no time zone, and was taken for one in Europe/Lisbon"]
    );
    let within = "BEGIN:VEVENT\nUID:1\nDTSTART:20261103T090000\nEND:VEVENT\n";
    for line in ["X-WR-TIMEZONE:Europe/Vienna", "TIMEZONE-ID:Europe/Vienna", "x-wr-timezone:europe/vienna"] {
        let item = item(&format!("{line}\n{within}"));
        assert_eq!(
            (event(&item).zone, event(&item).starts),
            (Tz::Europe__Vienna, at("2026-11-03T08:00:00Z"))
        );
    }
}

#[test]
fn what_recurs_in_utc_stays_in_utc_whatever_the_calendar_says() {
    let within = |rule| {
        format!(
            "X-WR-TIMEZONE:Europe/Vienna\nBEGIN:VEVENT\nUID:1\nDTSTART:20261020T070000Z\n{rule}END:VEVENT\n"
        )
    };
    assert_eq!(event(&item(&within("RRULE:FREQ=WEEKLY\n"))).zone, Tz::UTC);
    let single = item(&within(""));
    assert_eq!(
        (event(&single).zone, event(&single).starts),
        (Tz::Europe__Vienna, at("2026-10-20T07:00:00Z"))
    );
}

#[test]
fn days_in_lists_of_dates_have_the_time_of_the_series() {
    let item = vevent(
        "DTSTART;TZID=Europe/Berlin:20261020T093000\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE;VALUE=DATE:20261027\n\
         RDATE;VALUE=DATE:20261105,20261106",
    );
    assert_eq!(
        dates(event(&item), "2027-01-01T00:00:00Z"),
        [
            "2026-10-20T09:30+02:00",
            "2026-11-03T09:30+01:00",
            "2026-11-05T09:30+01:00",
            "2026-11-06T09:30+01:00"
        ]
    );
}

fn exception(properties: &str) -> String {
    format!("BEGIN:VEVENT\nUID:1\n{properties}\nEND:VEVENT\n")
}

const SERIES: &str =
    "BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Europe/Berlin:20261020T093000\nRRULE:FREQ=WEEKLY\nEND:VEVENT\n";

#[test]
fn a_date_that_differs_is_told_in_any_zone_or_as_a_day() {
    for of in [
        "RECURRENCE-ID;TZID=Europe/Berlin:20261103T093000",
        "RECURRENCE-ID:20261103T083000Z",
        "RECURRENCE-ID;TZID=Asia/Kolkata:20261103T140000",
        "RECURRENCE-ID;VALUE=DATE:20261103",
    ] {
        let moved = exception(&format!("{of}\nDTSTART:20261103T120000Z\nDURATION:PT1H\nSUMMARY:Moved"));
        // In either order.
        for file in [format!("{SERIES}{moved}"), format!("{moved}{SERIES}")] {
            let item = item(&file);
            let [exception] = event(&item).exceptions.as_slice() else { panic!("{item:?}") };
            assert_eq!(exception.of, at("2026-11-03T08:30:00Z"), "{of}");
            assert_eq!(exception.starts, at("2026-11-03T12:00:00Z"));
            assert_eq!(exception.length, Some(TimeDelta::hours(1)));
            assert_eq!(exception.details.title.as_ref().map(Title::as_str), Some("Moved"));
            assert!(!exception.cancelled && !exception.and_later);
        }
    }
}

#[test]
fn a_date_may_be_cancelled_or_change_all_later_ones() {
    let cancelled = exception("RECURRENCE-ID;VALUE=DATE:20261103\nSTATUS:CANCELLED");
    let later = exception("RECURRENCE-ID;RANGE=THISANDFUTURE:20261110T083000Z\nDTSTART:20261110T093000Z");
    let item = item(&format!("{SERIES}{cancelled}{later}"));
    let told: Vec<_> =
        event(&item).exceptions.iter().map(|one| (one.of, one.cancelled, one.and_later)).collect();
    assert_eq!(told, [(at("2026-11-03T08:30:00Z"), true, false), (at("2026-11-10T08:30:00Z"), false, true)]);
    assert_eq!(event(&item).exceptions[0].starts, at("2026-11-03T08:30:00Z"));
}

#[test]
fn dates_without_their_event_stand_for_themselves() {
    let item = item(&exception("RECURRENCE-ID:20261103T083000Z\nDTSTART:20261103T093000Z"));
    let Ok(Content::Dates(Dates { uid, exceptions })) = &item.content else { panic!("{item:?}") };
    assert_eq!((uid.as_str(), exceptions.len()), ("1", 1));
}

#[test]
fn of_several_versions_the_newest_counts() {
    let version = |sequence, stamped, title| {
        exception(&format!(
            "DTSTART:20261103T090000Z\nSEQUENCE:{sequence}\nDTSTAMP:{stamped}\nSUMMARY:{title}"
        ))
    };
    let old = version(1, "20260105T000000Z", "old");
    let new = version(2, "20260101T000000Z", "new");
    let newer = version(2, "20260102T000000Z", "newer");
    for file in [format!("{old}{new}{newer}"), format!("{newer}{new}{old}"), format!("{new}{newer}{old}")] {
        let item = item(&file);
        assert_eq!(event(&item).details.title.as_ref().map(Title::as_str), Some("newer"));
        assert_eq!(notes(&item), ["line 3: 2 older versions of the event were left out"]);
    }
    let date = |sequence, title| {
        exception(&format!(
            "RECURRENCE-ID:20261103T083000Z\nDTSTART:20261103T093000Z\nSEQUENCE:{sequence}\nSUMMARY:{title}"
        ))
    };
    let item = item(&format!("{SERIES}{}{}", date(2, "new"), date(1, "old")));
    let [exception] = event(&item).exceptions.as_slice() else { panic!("{item:?}") };
    assert_eq!(exception.details.title.as_ref().map(Title::as_str), Some("new"));
}

#[test]
fn only_so_many_dates_may_differ() {
    let of = |n: usize| {
        exception(&format!(
            "RECURRENCE-ID:2026{:02}{:02}T{:02}0000Z\nSTATUS:CANCELLED",
            n / 500 + 1,
            n / 20 % 25 + 1,
            n % 20
        ))
    };
    let file = |count| (0..count).map(of).collect::<String>();
    assert!(item(&format!("{SERIES}{}", file(1000))).content.is_ok());
    let problem = item(&format!("{SERIES}{}", file(1001))).content.expect_err("too many");
    assert!(
        problem
            .to_string()
            .ends_with("`RECURRENCE-ID`: an event has at most 1000 dates that differ from the others")
    );
}

#[test]
fn what_does_not_matter_is_passed_over_with_a_note() {
    let item = vevent(&format!(
        "dtstart:20261103T090000Z\nSEQUENCE:x\nDTSTAMP:now\nSUMMARY:{}\nno line at all\nATTENDEE:é\nX-A;B:c\nDESCRIPTION:a\\tb\u{7}",
        "s".repeat(501)
    ));
    assert_eq!(event(&item).details.title.as_ref().map(|title| title.as_str().len()), Some(500));
    assert_eq!(event(&item).details.description.as_ref().map(Description::as_str), Some("a\\tb"));
    assert_eq!(
        notes(&item),
        [
            "line 6: `SEQUENCE` can't be `x`, and was ignored",
            "line 7: `DTSTAMP` can't be `now`, and was ignored",
            "line 9: `no line at all` is no line of iCalendar, and was ignored",
            "line 8: `SUMMARY` was cut after 500 characters",
            "line 10: `é` is nobody with a name or an e-mail address",
        ]
    );
}

#[test]
fn nothing_costs_more_than_what_is_read() {
    let nobody: Vec<_> = (0..200_000).map(|n| format!("ATTENDEE:{n}")).collect();
    let item = vevent(&format!("DTSTART:20261103T090000Z\n{}", nobody.join("\n")));
    assert_eq!(item.notes.len(), super::MOST_NOTES);
    let slashes = "/".repeat(4_000_000);
    assert!(
        problem(&format!("DTSTART;TZID={slashes}:20261103T090000")).contains("no time zone that is known")
    );
    let dates: Vec<_> = (0..90_000).map(|n| format!("EXDATE;TZID=(x{n}) Hawaii:20261103T090000")).collect();
    assert!(vevent(&format!("DTSTART:20261103T090000Z\n{}", dates.join("\n"))).content.is_ok());
}

#[test]
fn addresses_are_taken_from_where_programs_keep_them() {
    let item = vevent(
        "DTSTART:20261103T090000Z\nURL:https://a.example/\nCONFERENCE;VALUE=URI;FEATURE=VIDEO:https://b.example/\n\
         X-GOOGLE-CONFERENCE:https://c.example/\nX-MICROSOFT-SKYPETEAMSMEETINGURL:https://a.example/",
    );
    assert_eq!(event(&item).details.urls, ["https://b.example/", "https://c.example/", "https://a.example/"]);
}
