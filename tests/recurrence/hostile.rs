//! How long the rules take that are meant to take long.

use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use frontdesk::reservation::{Recurrence, Series};

/// A list of numbers, each from the begin and from the end.
fn from_both_ends(last: i16) -> String {
    let numbers: Vec<_> = (1..=last).map(|number| format!("{number},-{number}")).collect();
    numbers.join(",")
}

fn rules() -> Vec<String> {
    let hours = (0..24).map(|hour| hour.to_string()).collect::<Vec<_>>().join(",");
    let months = "1,2,3,4,5,6,7,8,9,10,11,12";
    let month_days = from_both_ends(31);
    let weekdays = "MO,TU,WE,TH,FR,SA,SU";
    // As many days of the year, places of weekdays and positions as a rule has room for.
    let year_days: String = from_both_ends(366).chars().take(900).collect();
    let year_days = year_days.trim_end_matches(|c: char| c != ',').trim_end_matches(',');
    let places: Vec<_> =
        (1..=19).flat_map(|nth| weekdays.split(',').map(move |day| format!("-{}{day}", nth + 30))).collect();
    let places = places.join(",");
    let weeks = from_both_ends(53);
    let mut rules = vec![
        // Often.
        format!("FREQ=DAILY;BYHOUR={hours}"),
        format!("FREQ=DAILY;BYHOUR={hours};BYSETPOS=-24"),
        format!("FREQ=WEEKLY;BYHOUR={hours};BYDAY={weekdays};BYSETPOS=1,-1"),
        format!("FREQ=MONTHLY;BYHOUR={hours};BYMONTH={months};BYMONTHDAY={month_days};BYDAY={weekdays}"),
        format!("FREQ=MONTHLY;BYHOUR={hours};BYMONTHDAY={month_days};BYSETPOS={}", from_both_ends(80)),
        format!("FREQ=YEARLY;BYYEARDAY={year_days};BYHOUR={hours}").replace(&format!(";BYHOUR={hours}"), ""),
        format!("FREQ=YEARLY;BYDAY={places}"),
        format!(
            "FREQ=YEARLY;BYWEEKNO={weeks};BYDAY={weekdays};BYHOUR={hours};BYMONTH={months};BYMONTHDAY={month_days}"
        ),
        format!("FREQ=YEARLY;BYHOUR={hours};BYDAY={weekdays};BYSETPOS={}", from_both_ends(80)),
        // Never.
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30".to_owned(),
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30".to_owned(),
        format!("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30,31;BYWEEKNO={weeks};BYDAY={weekdays};BYHOUR={hours}"),
        format!(
            "FREQ=YEARLY;BYWEEKNO={weeks};BYMONTHDAY={month_days};BYYEARDAY=366;BYMONTH=1;BYHOUR={hours}"
        ),
        format!("FREQ=MONTHLY;BYMONTHDAY={month_days};BYDAY=5MO,-5MO;BYMONTH=2;BYSETPOS=366;BYHOUR={hours}"),
        format!("FREQ=YEARLY;BYDAY={weekdays};BYHOUR=1;BYSETPOS=-366;BYMONTH=1"),
        format!("FREQ=WEEKLY;BYDAY={weekdays};BYHOUR={hours};BYSETPOS=366"),
        format!("FREQ=DAILY;BYHOUR={hours};BYSETPOS=25"),
        format!("FREQ=YEARLY;BYDAY={weekdays};BYHOUR={hours};BYSETPOS=366,-366"),
    ];
    let ended = ["COUNT=10000", "UNTIL=99991231", "INTERVAL=65535", "COUNT=10000;INTERVAL=2"];
    let more: Vec<_> =
        rules.iter().flat_map(|rule| ended.iter().map(move |end| format!("{rule};{end}"))).collect();
    rules.extend(more);
    rules
}

/// Prints how long each call takes for the rule that it takes longest for: `cargo test --profile quick --test recurrence
/// the_slowest -- --ignored --nocapture`.
#[test]
#[ignore = "measures"]
#[expect(clippy::print_stdout, reason = "this is what it is for")]
fn the_slowest_rules() {
    type Call = fn(&Series, DateTime<Utc>) -> bool;
    let calls: [(&str, Call); 6] = [
        ("dates", |series, at| series.dates(at, at + TimeDelta::days(731), 1000).is_ok()),
        ("all dates", |series, at| series.dates(at, at + TimeDelta::days(731), usize::MAX).is_ok()),
        ("first_by_rule", |series, _| series.first_by_rule().is_some()),
        ("ends_before", |series, at| series.ends_before(at)),
        ("from_date", |series, at| series.beginning_at(at).recurrence.rule.is_some()),
        ("until", |series, at| series.until(at).recurrence.rule.is_some()),
    ];
    let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
    let times = ["1970-01-01T02:30:00Z", "2026-03-28T01:30:00Z", "9000-01-01T02:30:00Z"].map(at);
    let asked = ["2026-03-28T01:30:00Z", "2050-01-01T00:00:00Z"].map(at);
    for (name, call) in calls {
        for asked in asked {
            let mut slowest = (Duration::ZERO, String::new());
            for rule in rules() {
                let rule = Some(rule.parse().unwrap_or_else(|error| panic!("{rule}: {error}")));
                for first in times {
                    let recurrence = Recurrence { rule: rule.clone(), ..Recurrence::default() };
                    let series = Series { first, zone: Tz::Africa__Casablanca, recurrence };
                    // The shortest of some, as other processes make it longer.
                    let took = (0..7).map(|_| {
                        let started = Instant::now();
                        black_box(call(&series, asked));
                        started.elapsed()
                    });
                    let took = took.min().unwrap();
                    if took > slowest.0 {
                        slowest =
                            (took, format!("{} {}", first.date_naive(), series.recurrence.rule.unwrap()));
                    }
                }
            }
            let (took, rule) = slowest;
            let shown: String = rule.chars().take(150).collect();
            println!("{name:14} {} {took:>12.3?} {shown}", asked.date_naive());
        }
    }
}
