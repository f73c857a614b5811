//! What is true of every series.

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::reservation::{Rule, RuleEnd, Series, SeriesDate};
use proptest::prelude::*;

use crate::series::{rule, series, series_anywhere};

fn dates(series: &Series, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<SeriesDate> {
    series.dates(from, until, usize::MAX).unwrap()
}

/// A stretch about the first date, for a few weeks or years.
fn stretch(series: &Series, days: i64) -> (DateTime<Utc>, DateTime<Utc>) {
    (series.first - TimeDelta::days(2), series.first + TimeDelta::days(days))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn dates_are_in_order_and_begin_with_the_first(series in series(), days in 1..1500_i64) {
        let (from, until) = stretch(&series, days);
        let dates = dates(&series, from, until);
        prop_assert!(dates.is_sorted_by(|one, next| one.starts < next.starts), "{dates:?}");
        let further = series.recurrence.rdates.first().copied().unwrap_or(series.first);
        prop_assert_eq!(dates[0].starts, series.first.min(further));
    }

    #[test]
    fn a_stretch_has_the_dates_of_its_parts(series in series(), days in 1..1500_i64, part in 0..=100_i32) {
        let (from, until) = stretch(&series, days);
        let between = from + (until - from)/ 100 * part;
        let parts = [dates(&series, from, between), dates(&series, between, until)].concat();
        prop_assert_eq!(dates(&series, from, until), parts);
    }

    #[test]
    fn what_is_left_from_a_date_on_has_the_dates_from_it_on(series in series(), days in 1..1500_i64, pick: prop::sample::Index) {
        let (from, until) = stretch(&series, days);
        let all = dates(&series, from, until);
        let place = pick.index(all.len());
        let left = series.beginning_at(all[place].starts);
        // Weeks, months or years that a rule leaves out are counted from the first date, whatever it is.
        let further = series.recurrence.rdates.contains(&all[place].starts);
        prop_assume!(!further || series.recurrence.rule.as_ref().is_none_or(|rule| rule.interval.get() == 1));
        prop_assert_eq!(dates(&left, from, until), &all[place..], "{} and then {:?}", told(&series), left);
    }

    #[test]
    fn what_is_left_until_a_moment_has_the_dates_before_it(series in series(), days in 1..1500_i64, pick: prop::sample::Index, more in 0..2_i64) {
        let (from, until) = stretch(&series, days);
        let all = dates(&series, from, until);
        let end = all[pick.index(all.len())].starts + TimeDelta::seconds(more);
        let left = dates(&series.until(end), from, until);
        let before: Vec<_> = all.iter().filter(|date| date.starts < end).copied().collect();
        if end > series.first {
            prop_assert_eq!(left, before, "{} until {}", told(&series), end);
        } else {
            prop_assert_eq!(left.len(), 1 + before.len(), "{} until {}", told(&series), end);
        }
    }

    #[test]
    fn a_series_that_is_over_has_no_more_dates(series in series(), days in 0..1500_i64) {
        let (_, at) = stretch(&series, days);
        let later = dates(&series, at, at + TimeDelta::days(800));
        prop_assert!(later.is_empty() || !series.ends_before(at), "{} has {:?}", told(&series), later[0]);
    }

    #[test]
    fn the_first_date_by_the_rule_is_one_of_the_dates(series in series()) {
        let Some(first) = series.first_by_rule() else { return Ok(()) };
        prop_assert!(first >= series.first);
        let found = dates(&series, first, first + TimeDelta::seconds(1));
        let counts_only_the_first = series.recurrence.rule.as_ref().is_some_and(|rule| rule.end == RuleEnd::Count(1));
        prop_assert!(!found.is_empty() || counts_only_the_first, "{}", told(&series));
    }

    #[test]
    fn a_rule_is_read_as_it_was_written(text in rule()) {
        let read: Rule = text.parse().unwrap();
        let written = read.to_string();
        prop_assert_eq!(written.parse::<Rule>(), Ok(read), "{} and then {}", text, written);
    }

    #[test]
    fn any_text_is_a_rule_or_none(text in ".*", parts in "(FREQ=(DAILY|YEARLY);)?([A-Z]{2,10}=[-+0-9A-Z,]{0,20};?){0,4}", rule in rule(), at: prop::sample::Index, odd in ".{0,3}") {
        let _ = text.parse::<Rule>();
        let _ = parts.parse::<Rule>();
        let mut rule = rule;
        rule.insert_str(at.index(rule.len()), &odd);
        if let Ok(rule) = rule.parse::<Rule>() {
            prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn no_time_and_no_zone_is_too_far(series in series_anywhere(), seconds in TIMES, days in 0..800_i64) {
        let at = DateTime::from_timestamp(seconds, 0).unwrap();
        let until = at.checked_add_signed(TimeDelta::days(days)).unwrap();
        for date in dates(&series, at, until) {
            prop_assert!(at <= date.starts && date.starts < until);
        }
        let _ = series.first_by_rule();
        let _ = series.ends_before(at);
        let _ = series.until(at).ends_before(at);
        let _ = series.beginning_at(at);
    }
}

/// From 1970 to the end of 9999.
pub const TIMES: std::ops::Range<i64> = 0..253_402_300_800;

fn told(series: &Series) -> String {
    let rule = series.recurrence.rule.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("{} {rule} {:?}", series.first.with_timezone(&series.zone).to_rfc3339(), series.recurrence.rdates)
}
