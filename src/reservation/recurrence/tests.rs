use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{Recurrence, Rule, RuleError, Series};

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

fn series(first: &str, zone: Tz, rule: &str) -> Series {
    let rule = Some(rule.parse().expect("a rule"));
    Series { first: at(first), zone, recurrence: Recurrence { rule, ..Recurrence::default() } }
}

fn starts(series: &Series, from: &str, until: &str) -> Vec<String> {
    let dates = series.dates(at(from), at(until), 100).expect("few dates");
    dates
        .iter()
        .map(|date| date.starts.with_timezone(&series.zone).format("%Y-%m-%dT%H:%M%:z").to_string())
        .collect()
}

#[test]
fn nine_o_clock_stays_nine_o_clock_when_the_clocks_change() {
    let tuesdays = series("2026-10-20T09:00:00+02:00", Tz::Europe__Berlin, "FREQ=WEEKLY");
    assert_eq!(
        starts(&tuesdays, "2026-10-01T00:00:00Z", "2026-11-04T00:00:00Z"),
        ["2026-10-20T09:00+02:00", "2026-10-27T09:00+01:00", "2026-11-03T09:00+01:00"]
    );
}

#[test]
fn what_the_clock_skips_is_later_and_what_it_shows_twice_is_the_first_time() {
    let nights = series("2026-03-28T02:30:00+01:00", Tz::Europe__Berlin, "FREQ=DAILY;COUNT=3");
    assert_eq!(
        starts(&nights, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        ["2026-03-28T02:30+01:00", "2026-03-29T03:30+02:00", "2026-03-30T02:30+02:00"]
    );
    let nights = series("2026-10-24T02:30:00+02:00", Tz::Europe__Berlin, "FREQ=DAILY;COUNT=3");
    assert_eq!(
        starts(&nights, "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
        ["2026-10-24T02:30+02:00", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]
    );
}

#[test]
fn a_first_date_in_the_hour_that_is_there_twice_stays_what_it_is() {
    let nights = series("2026-10-25T02:30:00+01:00", Tz::Europe__Berlin, "FREQ=DAILY;COUNT=2");
    assert_eq!(
        starts(&nights, "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
        ["2026-10-25T02:30+01:00", "2026-10-26T02:30+01:00"]
    );
}

#[test]
fn a_long_past_is_passed_over() {
    let days = series("1970-01-01T09:00:00Z", Tz::UTC, "FREQ=DAILY;INTERVAL=3");
    assert_eq!(
        starts(&days, "2026-11-20T00:00:00Z", "2026-11-25T00:00:00Z"),
        ["2026-11-21T09:00+00:00", "2026-11-24T09:00+00:00"]
    );
}

#[test]
fn further_dates_are_added_and_exceptions_are_told() {
    let mut tuesdays = series("2026-11-03T09:00:00Z", Tz::UTC, "FREQ=WEEKLY;COUNT=2");
    tuesdays.recurrence.rdates.insert(at("2026-11-05T09:00:00Z"));
    tuesdays.recurrence.exdates.insert(at("2026-11-10T09:00:00Z"));
    let dates = tuesdays.dates(at("2026-11-01T00:00:00Z"), at("2027-01-01T00:00:00Z"), 10).expect("few");
    let told: Vec<_> = dates.iter().map(|date| (date.starts, date.excepted)).collect();
    assert_eq!(
        told,
        [
            (at("2026-11-03T09:00:00Z"), false),
            (at("2026-11-05T09:00:00Z"), false),
            (at("2026-11-10T09:00:00Z"), true)
        ]
    );
}

#[test]
fn what_is_left_of_a_counted_series_has_the_dates_that_it_had() {
    let days = series("2026-11-02T09:00:00Z", Tz::UTC, "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=5");
    let all = starts(&days, "2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z");
    let left = days.beginning_at(at("2026-11-09T09:00:00Z"));
    assert_eq!(starts(&left, "2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z"), all[2..]);
    let before = days.until(at("2026-11-09T09:00:00Z"));
    assert_eq!(starts(&before, "2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z"), all[..2]);
}

#[test]
fn a_first_date_that_the_rule_does_not_name_counts() {
    let odd = series("2026-11-04T09:00:00Z", Tz::UTC, "FREQ=WEEKLY;BYDAY=MO;COUNT=3");
    assert_eq!(
        starts(&odd, "2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ["2026-11-04T09:00+00:00", "2026-11-09T09:00+00:00", "2026-11-16T09:00+00:00"]
    );
    assert_eq!(odd.first_by_rule(), Some(at("2026-11-09T09:00:00Z")));
}

/// All dates that a series has until the year 2040.
fn all(series: &Series) -> Vec<String> {
    starts(series, "1970-01-01T00:00:00Z", "2040-01-01T00:00:00Z")
}

#[test]
fn each_weekday_and_the_nth_of_another_are_both_meant() {
    let both = series("2026-11-02T09:00:00Z", Tz::UTC, "FREQ=MONTHLY;BYDAY=MO,2TU;COUNT=3");
    assert_eq!(all(&both), ["2026-11-02T09:00+00:00", "2026-11-09T09:00+00:00", "2026-11-10T09:00+00:00"]);
}

#[test]
fn a_week_of_the_year_has_the_weekday_of_the_first_date() {
    let wednesdays = series("2027-05-19T09:00:00Z", Tz::UTC, "FREQ=YEARLY;BYWEEKNO=20;COUNT=2");
    assert_eq!(all(&wednesdays), ["2027-05-19T09:00+00:00", "2028-05-17T09:00+00:00"]);
}

#[test]
fn positions_count_in_the_whole_of_the_first_week() {
    let second = series("2026-11-04T09:00:00Z", Tz::UTC, "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2;COUNT=2");
    assert_eq!(all(&second), ["2026-11-04T09:00+00:00", "2026-11-11T09:00+00:00"]);
}

#[test]
fn weeks_at_the_turn_of_the_year_belong_to_the_year_that_has_more_of_them() {
    // The weeks 1 of 2026 and 2032, which have 53.
    let first = series("2025-06-02T09:00:00Z", Tz::UTC, "FREQ=YEARLY;BYWEEKNO=-53;BYDAY=MO;COUNT=3");
    assert_eq!(all(&first)[1..], ["2025-12-29T09:00+00:00", "2031-12-29T09:00+00:00"]);
    let last = series("2026-12-25T09:00:00Z", Tz::UTC, "FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR,SU;COUNT=3");
    assert_eq!(all(&last)[1..], ["2027-01-01T09:00+00:00", "2027-01-03T09:00+00:00"]);
}

#[test]
fn what_the_clock_skips_and_so_is_another_date_is_one() {
    let nights =
        series("2026-03-28T02:30:00+01:00", Tz::Europe__Berlin, "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=30;COUNT=4");
    assert_eq!(
        all(&nights),
        [
            "2026-03-28T02:30+01:00",
            "2026-03-28T03:30+01:00",
            "2026-03-29T03:30+02:00",
            "2026-03-30T02:30+02:00"
        ]
    );
}

#[test]
fn what_the_clock_skips_for_half_an_hour_may_be_later_than_the_next_date() {
    let nights = series(
        "2026-10-03T02:15:00+10:30",
        Tz::Australia__Lord_Howe,
        "FREQ=DAILY;BYHOUR=2;BYMINUTE=15,30;UNTIL=20261004T023000",
    );
    assert_eq!(all(&nights), ["2026-10-03T02:15+10:30", "2026-10-03T02:30+10:30", "2026-10-04T02:30+11:00"]);
}

#[test]
fn what_is_before_the_first_date_follows_from_moments_and_not_from_the_clock() {
    let shown_twice =
        series("2026-10-25T02:30:00+01:00", Tz::Europe__Berlin, "FREQ=DAILY;BYHOUR=2;BYMINUTE=30,45;COUNT=2");
    assert_eq!(all(&shown_twice), ["2026-10-25T02:30+01:00", "2026-10-26T02:30+01:00"]);
    let skipped =
        series("2026-03-29T03:30:00+02:00", Tz::Europe__Berlin, "FREQ=DAILY;BYHOUR=2;BYMINUTE=45;COUNT=2");
    assert_eq!(all(&skipped), ["2026-03-29T03:30+02:00", "2026-03-29T03:45+02:00"]);
}

#[test]
fn what_is_left_of_a_series_goes_on_as_it_was_where_the_clock_skips_its_first_date() {
    let nights = series("2026-03-28T02:30:00+01:00", Tz::Europe__Berlin, "FREQ=DAILY;COUNT=3");
    let left = nights.beginning_at(at("2026-03-29T03:30:00+02:00"));
    assert_eq!(all(&left), ["2026-03-29T03:30+02:00", "2026-03-30T02:30+02:00"]);
}

#[test]
fn what_is_left_of_a_series_goes_on_as_it_was_after_a_further_date() {
    let mut tuesdays = series("2026-11-03T09:00:00Z", Tz::UTC, "FREQ=WEEKLY;COUNT=3");
    tuesdays.recurrence.rdates.insert(at("2026-11-05T15:00:00Z"));
    let left = tuesdays.beginning_at(at("2026-11-05T15:00:00Z"));
    assert_eq!(all(&left), ["2026-11-05T15:00+00:00", "2026-11-10T09:00+00:00", "2026-11-17T09:00+00:00"]);
}

#[test]
fn a_fraction_of_a_second_stays() {
    let days = series("2026-11-02T09:00:00.250Z", Tz::UTC, "FREQ=DAILY;COUNT=3");
    let last = at("2026-11-04T09:00:00.250Z");
    assert_eq!(days.dates(last, at("2027-01-01T00:00:00Z"), 9).expect("few").len(), 1);
    assert_eq!(all(&days.until(last)).len(), 2);
    assert_eq!(all(&series("2026-11-02T09:00:00.250Z", Tz::UTC, "FREQ=DAILY").until(last)).len(), 2);
}

#[test]
fn a_series_knows_when_it_is_over() {
    let counted = series("2026-11-02T09:00:00Z", Tz::UTC, "FREQ=DAILY;COUNT=3");
    assert!(!counted.ends_before(at("2026-11-04T09:00:00Z")));
    assert!(counted.ends_before(at("2026-11-04T09:00:01Z")));
    let until = series("2026-11-02T09:00:00Z", Tz::UTC, "FREQ=DAILY;UNTIL=20261104T090000Z");
    assert!(!until.ends_before(at("2026-11-04T09:00:00Z")));
    assert!(until.ends_before(at("2026-11-05T09:00:00Z")));
    assert!(!series("2026-11-02T09:00:00Z", Tz::UTC, "FREQ=DAILY").ends_before(at("9000-01-01T00:00:00Z")));
}

#[test]
fn an_end_may_be_a_moment_a_local_time_or_a_day() {
    for end in ["20261103T080000Z", "20261103T090000", "20261103"] {
        let days =
            series("2026-11-02T09:00:00+01:00", Tz::Europe__Berlin, &format!("FREQ=DAILY;UNTIL={end}"));
        assert_eq!(starts(&days, "2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z").len(), 2, "{end}");
    }
}

#[test]
fn a_rule_that_names_no_date_ends_soon() {
    let never = series("2026-11-02T09:00:00Z", Tz::UTC, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30");
    assert_eq!(starts(&never, "2026-11-03T00:00:00Z", "2126-01-01T00:00:00Z"), [] as [&str; 0]);
    assert_eq!(never.first_by_rule(), None);
}

#[test]
fn there_are_only_so_many_dates() {
    let days = series("2026-11-02T09:00:00Z", Tz::UTC, "FREQ=DAILY");
    assert!(days.dates(at("2026-11-02T00:00:00Z"), at("2026-11-12T00:00:00Z"), 10).is_ok());
    assert!(days.dates(at("2026-11-02T00:00:00Z"), at("2026-11-13T00:00:00Z"), 10).is_err());
}

#[test]
fn a_rule_is_written_as_it_is_read() {
    for rule in [
        "FREQ=WEEKLY;BYDAY=TU",
        "FREQ=MONTHLY;COUNT=3;INTERVAL=2;BYDAY=-1FR,1MO",
        "FREQ=YEARLY;UNTIL=20301231T235959Z;BYMONTH=3,6;BYMONTHDAY=-1,15;BYHOUR=9,10;BYSETPOS=-1;WKST=SU",
        "FREQ=DAILY;UNTIL=20301231",
        "FREQ=DAILY;UNTIL=20301231T100000",
    ] {
        let read: Rule = rule.parse().expect("a rule");
        assert_eq!(read.to_string(), rule);
    }
    let lax: Rule = "rrule:freq=weekly;byday=+1mo".replace("weekly", "monthly").parse().expect("a rule");
    assert_eq!(lax.to_string(), "FREQ=MONTHLY;BYDAY=1MO");
}

#[test]
fn what_is_no_rule_is_refused_with_what_is_wrong() {
    let said = |rule: &str| rule.parse::<Rule>().expect_err(rule).to_string();
    assert_eq!(said("FREQ=HOURLY"), "a rule recurs daily, weekly, monthly or yearly, and not `HOURLY`");
    assert_eq!(said("BYDAY=MO"), "a rule says how often, as in `FREQ=WEEKLY`");
    assert_eq!(said("FREQ=DAILY;FREQ=DAILY"), "`FREQ` is there twice");
    assert_eq!(
        said("FREQ=MONTHLY;BYMONTHDAY=0"),
        "`BYMONTHDAY` can't be `0`: days of a month are 1 to 31 or -31 to -1"
    );
    assert_eq!(
        said("FREQ=WEEKLY;BYDAY=XX"),
        "`BYDAY` can't be `XX`: days are MO, TU, WE, TH, FR, SA or SU, with the first as 1MO and the last as -1MO"
    );
    assert_eq!(said("FREQ=DAILY;COUNT=0"), "`COUNT` can't be `0`: it is 1 to 10000");
    assert_eq!(
        said("FREQ=DAILY;UNTIL=tomorrow"),
        "`UNTIL` can't be `TOMORROW`: it is a time like 20261231T235959Z, or a day like 20261231"
    );
    assert_eq!(said("FREQ=DAILY;BYEASTER=1"), "rules have no part `BYEASTER`");
    assert!(matches!("FREQ=WEEKLY;BYDAY=1MO".parse::<Rule>(), Err(RuleError::Together(_))));
    assert!(matches!(
        "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=1,2,3,4,5,6,7,8,9".parse::<Rule>(),
        Err(RuleError::TooManyTimes)
    ));
    for rule in [
        "FREQ=WEEKLY;BYDAY=é",
        "FREQ=DAILY;BYDAY=",
        "FREQ=DAILY;=",
        "x",
        "",
        ";;;",
        "FREQ=DAILY;BYSETPOS=1",
        "FREQ=WEEKLY;COUNT=1;UNTIL=20200101",
    ] {
        said(rule);
    }
}
