use super::*;
use crate::ical::tree::calendars;

/// What a TZID is taken for by somebody in Vienna, in a file with that description of it.
fn named(tzid: &str, description: &str) -> Option<Named> {
    let file =
        format!("BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:{tzid}\n{description}END:VTIMEZONE\nEND:VCALENDAR\n");
    let calendars = calendars(file.as_bytes()).expect("a calendar");
    Zones::new(&calendars[0], Tz::Europe__Vienna, 0).named(tzid, 2026)
}

fn known(tzid: &str) -> Option<Tz> {
    named(tzid, "").map(Named::zone)
}

fn observance(kind: &str, from: &str, to: &str, onsets: &str) -> String {
    format!("BEGIN:{kind}\nTZOFFSETFROM:{from}\nTZOFFSETTO:{to}\n{onsets}\nEND:{kind}\n")
}

/// As Outlook describes a zone with the rules of the European Union.
fn european(standard: &str, daylight: &str, hour: u32) -> String {
    let autumn =
        format!("DTSTART:16010101T{:02}0000\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10", hour + 1);
    let spring = format!("DTSTART:16010101T{hour:02}0000\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3");
    observance("STANDARD", daylight, standard, &autumn) + &observance("DAYLIGHT", standard, daylight, &spring)
}

#[test]
fn zones_are_known_by_many_names() {
    for (name, zone) in [
        ("Europe/Berlin", Tz::Europe__Berlin),
        ("europe/berlin", Tz::Europe__Berlin),
        (" \"Europe/Berlin\"", Tz::Europe__Berlin),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", Tz::Europe__Berlin),
        ("/freeassociation.sourceforge.net/Europe/Berlin", Tz::Europe__Berlin),
        ("/mozilla.org/20050126_1/America/Argentina/Buenos_Aires", Tz::America__Argentina__Buenos_Aires),
        ("/softwarestudio.org/Olson_20011030_5/America/New York", Tz::America__New_York),
        ("tzone://Microsoft/Utc", Tz::UTC),
        ("Eastern Standard Time", Tz::America__New_York),
        ("eastern standard time", Tz::America__New_York),
        ("India Standard Time", Tz::Asia__Kolkata),
        ("(UTC-05:00) Eastern Time (US & Canada)", Tz::America__New_York),
        ("(GMT-05.00) Eastern Time (US & Canada)", Tz::America__New_York),
        ("(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi", Tz::Asia__Kolkata),
        // Vienna is one of those.
        ("W. Europe Standard Time", Tz::Europe__Vienna),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", Tz::Europe__Vienna),
        ("Central European Standard Time", Tz::Europe__Warsaw),
    ] {
        assert_eq!(known(name), Some(zone), "{name}");
    }
    for name in ["", "Customized Time Zone", "Berlin", "/", "Europe/", "(UTC+01:00)", "(UTC+01:00) "] {
        assert_eq!(known(name), None, "{name}");
    }
}

#[test]
fn a_place_tells_the_zone_of_another_name() {
    assert_eq!(named("Mine", "X-LIC-LOCATION:Asia/Tokyo\n"), Some(Named::Known(Tz::Asia__Tokyo)));
}

#[test]
fn a_description_tells_the_zone_by_its_offsets() {
    let tells = |description: &str| named("Customized Time Zone", description).map(Named::zone);
    // Vienna where it fits, and else the one with most people.
    assert_eq!(tells(&european("+0100", "+0200", 2)), Some(Tz::Europe__Vienna));
    assert_eq!(tells(&european("+0000", "+0100", 1)), Some(Tz::Europe__London));
    assert_eq!(tells(&european("+0200", "+0300", 3)), Some(Tz::Europe__Athens));
    let fixed = |offset| tells(&observance("STANDARD", offset, offset, "DTSTART:16010101T000000"));
    assert_eq!(fixed("+0300"), Some(Tz::Etc__GMTMinus3));
    assert_eq!(fixed("-0700"), Some(Tz::Etc__GMTPlus7));
    assert_eq!(fixed("+0000"), Some(Tz::UTC));
    assert_eq!(fixed("+0545"), Some(Tz::Asia__Kathmandu));
    assert_eq!(fixed("+0017"), None);
    // The same rules at another hour.
    assert_eq!(tells(&european("+0100", "+0200", 5)), None);
    assert_eq!(tells("BEGIN:STANDARD\nEND:STANDARD\n"), None);
}

#[test]
fn a_description_may_end_or_list_its_dates() {
    let tells = |description: &str| named("Mine", description).map(Named::zone);
    let listed = observance(
        "STANDARD",
        "-0400",
        "-0500",
        "DTSTART:20251102T020000\nRDATE:20261101T020000,20271107T020000",
    ) + &observance(
        "DAYLIGHT",
        "-0500",
        "-0400",
        "DTSTART:20250309T020000\nRDATE:20260308T020000\nRDATE:20270314T020000",
    );
    assert_eq!(tells(&listed), Some(Tz::America__New_York));
    // Summer time was given up: the last onset by a rule stays in force.
    let summer = observance("DAYLIGHT", "-0300", "-0200", "DTSTART:20171015T000000\nRDATE:20181021T000000");
    let winter = observance(
        "STANDARD",
        "-0200",
        "-0300",
        "DTSTART:20090215T000000\nRRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=3SU;UNTIL=20190217T020000Z",
    );
    assert_eq!(tells(&(summer + &winter)), Some(Tz::Etc__GMTPlus3));
    // Only the year of the event is described.
    let year = observance("DAYLIGHT", "+0100", "+0200", "DTSTART:20260329T020000")
        + &observance("STANDARD", "+0200", "+0100", "DTSTART:20261025T030000");
    assert_eq!(tells(&year), Some(Tz::Europe__Vienna));
}

#[test]
fn a_known_name_outweighs_its_description() {
    assert_eq!(
        named("Europe/Berlin", &european("+0100", "+0200", 2)),
        Some(Named::Known(Tz::Europe__Berlin))
    );
    let other = named("Europe/Berlin", &european("+0200", "+0300", 3));
    assert_eq!(other, Some(Named::KnownOtherwise(Tz::Europe__Berlin)));
}

#[test]
fn only_so_many_descriptions_are_looked_at() {
    let one = |n| format!("BEGIN:VTIMEZONE\nTZID:Z{n}\n{}END:VTIMEZONE\n", european("+0100", "+0200", 2));
    let file = format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", (0..=MOST_FITS).map(one).collect::<String>());
    let calendars = calendars(file.as_bytes()).expect("a calendar");
    let mut zones = Zones::new(&calendars[0], Tz::Europe__Vienna, 0);
    let found = (0..=MOST_FITS).filter(|n| zones.named(&format!("Z{n}"), 2026).is_some()).count();
    assert_eq!(found, MOST_FITS);
}
