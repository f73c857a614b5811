//! Series whose dates python-dateutil has told: `generate.py` says how.

use std::collections::BTreeSet;
use std::fs;

use chrono::{DateTime, Utc};
use chrono_tz::{IANA_TZDB_VERSION, TZ_VARIANTS, Tz};
use frontdesk::reservation::{Recurrence, Series};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    zone: Tz,
    first: DateTime<Utc>,
    rule: String,
    rdates: BTreeSet<DateTime<Utc>>,
    exdates: BTreeSet<DateTime<Utc>>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    starts: Vec<DateTime<Utc>>,
}

impl Told {
    fn series(&self) -> Series {
        let rule = self.rule.parse().unwrap_or_else(|error| panic!("{}: {error}", self.rule));
        let (rdates, exdates) = (self.rdates.clone(), self.exdates.clone());
        Series {
            first: self.first,
            zone: self.zone,
            recurrence: Recurrence { rule: Some(rule), rdates, exdates },
        }
    }
}

/// `RECURRENCE_CASES` names a file with others.
#[test]
#[expect(clippy::print_stdout, reason = "figures, shown with --nocapture")]
fn dateutil_sees_the_same_dates() {
    let file =
        std::env::var("RECURRENCE_CASES").unwrap_or_else(|_| "tests/recurrence/cases.jsonl".to_owned());
    let text = fs::read_to_string(file).unwrap();
    let mut zones = BTreeSet::new();
    let (mut series, mut dates, mut wrong) = (0, 0, Vec::new());
    for line in text.lines() {
        let told: Told = serde_json::from_str(line).unwrap();
        let ours = told.series().dates(told.from, told.until, usize::MAX).unwrap();
        let starts: Vec<_> = ours.iter().filter(|date| !date.excepted).map(|date| date.starts).collect();
        zones.insert(told.zone.name());
        series += 1;
        dates += told.starts.len();
        if starts != told.starts {
            let only = |these: &[DateTime<Utc>], those: &[DateTime<Utc>]| -> Vec<_> {
                let only = these.iter().filter(|at| !those.contains(at));
                only.map(|at| at.with_timezone(&told.zone).to_rfc3339()).take(5).collect()
            };
            let first = told.first.with_timezone(&told.zone).to_rfc3339();
            let (ours, theirs) = (only(&starts, &told.starts), only(&told.starts, &starts));
            wrong.push(format!(
                "{first} {}\nonly ours: {ours:?}\nonly dateutil's: {theirs:?}\n{line}",
                told.rule
            ));
        }
    }
    println!("{series} series in {} time zones, {dates} dates, {} series differ", zones.len(), wrong.len());
    wrong.truncate(10);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let missing: Vec<_> = TZ_VARIANTS.iter().filter(|zone| !zones.contains(zone.name())).collect();
    assert!(missing.is_empty() || series < TZ_VARIANTS.len(), "no series in {missing:?}");
}

/// The package `tzdata` calls what IANA calls 2025b 2025.2.
#[test]
fn dateutil_is_asked_with_our_time_zones() {
    let (year, letter) = IANA_TZDB_VERSION.split_at(4);
    let place = u32::from(letter.as_bytes()[0] - b'a') + 1;
    let required = fs::read_to_string("tests/recurrence/requirements.txt").unwrap();
    assert!(required.lines().any(|line| line == format!("tzdata=={year}.{place}")), "{IANA_TZDB_VERSION}");
}
