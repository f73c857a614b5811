//! Generated series. Many have dates at times of day that the clocks skip or show twice.

use chrono::{DateTime, Offset as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use frontdesk::reservation::{Recurrence, Rule, Series};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use crate::properties::TIMES;

const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

fn list(
    part: &'static str,
    numbers: impl Strategy<Value = i16> + 'static,
    often: f64,
) -> BoxedStrategy<String> {
    prop::option::weighted(often, vec(numbers, 1..4))
        .prop_map(move |numbers| {
            let numbers: Vec<_> = numbers.iter().flatten().map(ToString::to_string).collect();
            if numbers.is_empty() { String::new() } else { format!(";{part}={}", numbers.join(",")) }
        })
        .boxed()
}

/// 1 to the last, and from the end.
fn either(last: i16) -> impl Strategy<Value = i16> {
    prop_oneof![1..=last, -last..=-1]
}

fn by_day(nth: Option<i16>, often: f64) -> BoxedStrategy<String> {
    let day = (nth.map(either).map_or(Just(None).boxed(), |nth| prop::option::of(nth).boxed()), 0..7_usize);
    prop::option::weighted(often, vec(day, 1..5))
        .prop_map(|days| {
            let days = days.into_iter().flatten();
            let days: Vec<_> = days
                .map(|(nth, day)| {
                    format!("{}{}", nth.map(|nth| nth.to_string()).unwrap_or_default(), WEEKDAYS[day])
                })
                .collect();
            if days.is_empty() { String::new() } else { format!(";BYDAY={}", days.join(",")) }
        })
        .boxed()
}

fn end() -> BoxedStrategy<String> {
    prop_oneof![
        Just(String::new()),
        (1..100_u32).prop_map(|count| format!(";COUNT={count}")),
        (TIMES, 0..3_usize).prop_map(|(seconds, form)| until(seconds, form)),
        // Soon after most of the first dates.
        (1_577_836_800..1_893_456_000_i64, 0..3_usize).prop_map(|(seconds, form)| until(seconds, form)),
    ]
    .boxed()
}

fn until(seconds: i64, form: usize) -> String {
    let at = DateTime::from_timestamp(seconds, 0).unwrap();
    format!(";UNTIL={}", at.format(["%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S", "%Y%m%d"][form]))
}

/// What every rule may say.
fn common() -> BoxedStrategy<String> {
    let interval = prop_oneof![3 => Just(1), 2 => 1..5_u16, 1 => 1..=u16::MAX];
    let times = prop_oneof![
        3 => (list("BYHOUR", 0..24_i16, 0.2), list("BYMINUTE", 0..60_i16, 0.2), list("BYSECOND", 0..60_i16, 0.1)),
        // About the times at which clocks change.
        1 => (list("BYHOUR", 0..4_i16, 0.9), list("BYMINUTE", prop_oneof![Just(0_i16), Just(15), Just(30)], 0.9), Just("").prop_map(str::to_owned)),
    ];
    (end(), interval, 0..7_usize, list("BYMONTH", 1..=12_i16, 0.2), times)
        .prop_map(|(end, interval, week_start, months, (hours, minutes, seconds))| {
            let week_start = WEEKDAYS[week_start];
            format!("{end};INTERVAL={interval};WKST={week_start}{months}{hours}{minutes}{seconds}")
        })
        .boxed()
}

/// The text of a rule.
pub fn rule() -> BoxedStrategy<String> {
    let days = prop_oneof![
        (by_day(None, 0.4), list("BYMONTHDAY", either(31), 0.2))
            .prop_map(|(days, month_days)| format!("FREQ=DAILY{days}{month_days}")),
        by_day(None, 0.6).prop_map(|days| format!("FREQ=WEEKLY{days}")),
        (by_day(Some(5), 0.5), list("BYMONTHDAY", either(31), 0.3))
            .prop_map(|(days, month_days)| format!("FREQ=MONTHLY{days}{month_days}")),
        (by_day(Some(53), 0.4), list("BYMONTHDAY", either(31), 0.3), list("BYYEARDAY", either(366), 0.3))
            .prop_map(|(days, month_days, year_days)| format!("FREQ=YEARLY{days}{month_days}{year_days}")),
        (by_day(None, 0.4), list("BYWEEKNO", either(53), 0.95))
            .prop_map(|(days, weeks)| format!("FREQ=YEARLY{days}{weeks}")),
    ];
    (days, common(), list("BYSETPOS", either(10), 0.2))
        .prop_map(|(days, common, positions)| {
            let rule = format!("{days}{common}");
            if rule.contains(";BY") { rule + &positions } else { rule }
        })
        .prop_filter("few times a day", |rule| rule.parse::<Rule>().is_ok())
        .boxed()
}

fn zone() -> impl Strategy<Value = Tz> {
    prop::sample::select(&TZ_VARIANTS[..])
}

/// When the clocks change there next, or then where they don't for a year.
fn change(zone: Tz, at: DateTime<Utc>) -> DateTime<Utc> {
    let offset = |at: DateTime<Utc>| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    let mut days = (1..400).map(|day| at + TimeDelta::days(day));
    let Some(mut after) = days.find(|day| offset(*day) != offset(at)) else { return at };
    let mut before = after - TimeDelta::days(1);
    while after - before > TimeDelta::seconds(1) {
        let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        if offset(middle) == offset(at) { before = middle } else { after = middle }
    }
    after
}

fn first(zone: Tz) -> BoxedStrategy<DateTime<Utc>> {
    // From 2020 to 2029.
    let around = 1_577_836_800..1_893_456_000_i64;
    prop_oneof![
        around.clone().prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap()),
        (around, 0..6_i64, -8..8_i64, prop_oneof![Just(1), Just(7), Just(30), Just(365)]).prop_map(
            move |(seconds, periods, quarters, days)| {
                let change = change(zone, DateTime::from_timestamp(seconds, 0).unwrap());
                change - TimeDelta::days(periods * days) + TimeDelta::minutes(15 * quarters)
            }
        ),
    ]
    .boxed()
}

fn of(zone: Tz, first: DateTime<Utc>) -> BoxedStrategy<Series> {
    let days = || btree_set(prop_oneof![0..100_i64, -5..1000_i64], 0..4);
    (prop::option::weighted(0.95, rule()), days(), days())
        .prop_map(move |(rule, further, exceptions)| {
            let at = |day: i64| {
                first.checked_add_signed(TimeDelta::minutes(day.max(0) * 1440 + day % 3 * 30)).unwrap()
            };
            let rule = rule.map(|rule| rule.parse().unwrap());
            let rdates = further.into_iter().map(at).filter(|at| *at > first).collect();
            let exdates = exceptions.into_iter().map(at).collect();
            Series { first, zone, recurrence: Recurrence { rule, rdates, exdates } }
        })
        .boxed()
}

/// Of our days, with first dates near those on which the clocks change.
pub fn series() -> BoxedStrategy<Series> {
    zone()
        .prop_flat_map(|zone| (Just(zone), first(zone)))
        .prop_flat_map(|(zone, first)| of(zone, first))
        .boxed()
}

/// Of any time.
pub fn series_anywhere() -> BoxedStrategy<Series> {
    (zone(), TIMES)
        .prop_flat_map(|(zone, seconds)| of(zone, DateTime::from_timestamp(seconds, 0).unwrap()))
        .boxed()
}
