use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use proptest::prelude::*;

use super::*;
use crate::reservation::{Recurrence, Role, Series, Title};

mod foreign;

const FILES: [&[u8]; 4] = [
    include_bytes!("../../tests/calendars/google.ics"),
    include_bytes!("../../tests/calendars/apple.ics"),
    include_bytes!("../../tests/calendars/outlook.ics"),
    include_bytes!("../../tests/calendars/outlook-cancel.ics"),
];

const RULES: [&str; 10] = [
    "FREQ=DAILY;COUNT=20",
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=9",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,TU",
    "FREQ=WEEKLY;UNTIL=20280101",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=MONTHLY;BYMONTHDAY=31,-1;UNTIL=20290101T000000",
    "FREQ=YEARLY;UNTIL=20300101T000000Z",
    "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
];

/// Moments in four years, on the quarter of an hour.
fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    (0..4 * 365 * 96_i64)
        .prop_map(|quarters| DateTime::from_timestamp(1_767_225_600 + quarters * 900, 0).expect("a moment"))
}

fn person() -> impl Strategy<Value = Person> {
    let name = "[^\\pC\\s]{1,5}( [^\\pC\\s]{1,20})?";
    let role = prop_oneof![Just(Role::Host), Just(Role::Participant), Just(Role::Observer)];
    (proptest::option::of(name), "[a-z+%?&=é]{1,10}@example\\.org", role).prop_map(|(name, email, role)| {
        Person {
            name: name.map(|name| name.parse().expect("a name")),
            email: Some(email.parse().expect("an address")),
            role,
        }
    })
}

prop_compose! {
    fn outgoing()(
        uid in "[^\\pC\\s]{1,100}",
        texts in ("\\PC{0,200}", "[^\\pC]{0,100}\n[^\\pC]{1,100}", "\\PC{0,100}"),
        sequence in 0..i32::MAX.unsigned_abs(),
        (stamped, starts) in (moment(), moment()),
        length in proptest::option::of(1..2000_i64),
        zone in proptest::sample::select(&TZ_VARIANTS[..]),
        rule in proptest::option::of(proptest::sample::select(&RULES[..])),
        further in (proptest::collection::btree_set(moment(), 0..4), proptest::collection::btree_set(moment(), 0..4)),
        organizer in proptest::option::of(person()),
        attendees in proptest::collection::vec(person(), 0..4),
        cancelled in any::<bool>(),
    ) -> OutgoingEvent {
        let (rdates, exdates) = further;
        OutgoingEvent {
            uid: uid.parse().expect("a uid"),
            recurrence_id: None,
            sequence,
            stamped,
            created: Some(stamped),
            last_modified: Some(stamped),
            starts,
            length: length.map(TimeDelta::minutes),
            zone,
            recurrence: Recurrence { rule: rule.map(|rule| rule.parse().expect("a rule")), rdates, exdates },
            title: texts.0.parse().ok(),
            description: texts.1.parse().ok(),
            location: Some(texts.2),
            url: Some("https://desk.example.org/1".to_owned()),
            conference: Some("https://meet.example.org/1".to_owned()),
            organizer: organizer.map(|organizer| Person { role: Role::Host, ..organizer }),
            attendees,
            cancelled,
        }
    }
}

/// When it takes place in the first years.
fn dates(first: DateTime<Utc>, zone: Tz, recurrence: &Recurrence) -> BTreeSet<DateTime<Utc>> {
    let until = DateTime::from_timestamp(1_987_225_600, 0).expect("a moment");
    let from = DateTime::from_timestamp(1_700_000_000, 0).expect("a moment");
    let dates =
        Series { first, zone, recurrence: recurrence.clone() }.dates(from, until, 5000).expect("few dates");
    dates.into_iter().filter(|date| !date.excepted).map(|date| date.starts).collect()
}

proptest! {
    #[test]
    fn what_is_written_is_read(written in outgoing()) {
        let file = write(&Outgoing { events: vec![written.clone()], ..Outgoing::default() });
        let read = read(file.as_bytes(), Tz::UTC).expect("a calendar");
        let Ok(Content::Event(event)) = &read.items[0].content else { panic!("{:?}\n{file}", read.items) };
        prop_assert_eq!(&read.items[0].notes, &vec![]);
        prop_assert_eq!(
            dates(event.starts, event.zone, &event.recurrence),
            dates(written.starts, written.zone, &written.recurrence),
            "{}", file
        );
        prop_assert_eq!(event.length, written.length);
        prop_assert_eq!(&event.version.uid, &written.uid);
        prop_assert_eq!(event.version.sequence, written.sequence);
        prop_assert_eq!(event.cancelled, written.cancelled);
        let text = |text: Option<&str>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let title = |title: &Option<Title>| text(title.as_ref().map(Title::as_str));
        prop_assert_eq!(title(&event.details.title), title(&written.title));
        prop_assert_eq!(&event.details.description, &written.description);
        prop_assert_eq!(text(event.details.location.as_deref()), text(written.location.as_deref()));
        prop_assert_eq!(&event.details.urls, &["https://meet.example.org/1", "https://desk.example.org/1"]);
        prop_assert_eq!(&event.details.organizer, &written.organizer);
        prop_assert_eq!(&event.details.attendees, &written.attendees);
    }

    #[test]
    fn no_file_can_make_it_panic(file in any::<Vec<u8>>()) {
        let _ = read(&file, Tz::Europe__Berlin);
    }

    #[test]
    fn no_mangled_file_can_make_it_panic(
        file in proptest::sample::select(&FILES[..]),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), change()), 1..8),
    ) {
        let mut file = file.to_vec();
        for (at, (cut, put)) in changes {
            let at = at.index(file.len());
            let end = (at + cut).min(file.len());
            file.splice(at..end, put);
        }
        if let Ok(read) = read(&file, Tz::Europe__Berlin) {
            for item in read.items {
                // Whatever is said of it can be shown.
                let _ = item.notes.iter().map(ToString::to_string).chain(item.content.map_err(|e| e.to_string()).err());
            }
        }
    }
}

/// How many bytes are replaced by what.
fn change() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let token = proptest::sample::select(vec![
        "\r\n",
        ";",
        ":",
        "\"",
        "=",
        ",",
        "BEGIN:VEVENT\r\n",
        "END:VEVENT\r\n",
        "9999",
        "0000",
        "-",
        "Z",
        "T",
        "/",
        "P",
        "é",
        "99991231T235959Z",
        "00010101T000000",
        "99981231T235959",
        "+2359",
        "COUNT=10000;",
        "P36524D",
        "FREQ=DAILY;",
        "RDATE:00010101T000000\r\n",
        "TZID=Europe/Berlin",
        "RRULE:FREQ=DAILY\r\n",
    ]);
    let put =
        prop_oneof![token.prop_map(|text| text.as_bytes().to_vec()), any::<Vec<u8>>(), Just(Vec::new())];
    (0_usize..40, put)
}
