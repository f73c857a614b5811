//! The dates of a rule, on the wall clock of its series: without a time zone, and so without gaps.
//!
//! A rule begins anew in each of its periods (days, weeks, months or years). Of the days of a period those remain that
//! all its parts name; each of them has the times of day that it names; `BYSETPOS` picks from those.

use std::collections::BTreeSet;

use chrono::{Datelike as _, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _, Weekday};

use super::rule::{ByDay, Frequency, Rule};

/// The dates of the rule whose first period holds `first`: from the day of `first` to `last`, or a little later, in order.
///
/// The periods before the one of `not_before` are passed over at once, so that a long past costs nothing.
pub(super) fn dates(
    rule: &Rule,
    first: NaiveDateTime,
    not_before: NaiveDate,
    last: NaiveDate,
) -> impl Iterator<Item = NaiveDateTime> + '_ {
    let filled = Filled::new(rule, first);
    let begins = periods(rule, first.date(), not_before).take_while(move |begin| *begin <= last);
    begins.flat_map(move |begin| filled.of_period(begin)).filter(move |date| date.date() >= first.date())
}

/// The first days of the rule's periods.
fn periods(rule: &Rule, first: NaiveDate, not_before: NaiveDate) -> impl Iterator<Item = NaiveDate> + '_ {
    let interval = u32::from(rule.interval.get());
    let begin = period_of(rule, first);
    let skipped = skipped(rule.frequency, interval, begin, not_before);
    (skipped..).map_while(move |place| {
        let steps = place.checked_mul(interval)?;
        match rule.frequency {
            Frequency::Daily => begin.checked_add_days(Days::new(steps.into())),
            Frequency::Weekly => begin.checked_add_days(Days::new(u64::from(steps) * 7)),
            Frequency::Monthly => begin.checked_add_months(Months::new(steps)),
            Frequency::Yearly => begin.checked_add_months(Months::new(steps.checked_mul(12)?)),
        }
    })
}

/// The first day of the period that the day is in.
fn period_of(rule: &Rule, day: NaiveDate) -> NaiveDate {
    match rule.frequency {
        Frequency::Daily => day,
        Frequency::Weekly => week_begin(day, rule.week_start),
        Frequency::Monthly => day.with_day(1).unwrap_or(day),
        Frequency::Yearly => day.with_ordinal(1).unwrap_or(day),
    }
}

/// How many of the rule's periods are over before `not_before`.
fn skipped(frequency: Frequency, interval: u32, begin: NaiveDate, not_before: NaiveDate) -> u32 {
    let days = (not_before - begin).num_days();
    let months = i64::from(not_before.year() - begin.year()) * 12 + i64::from(not_before.month())
        - i64::from(begin.month());
    let periods = match frequency {
        Frequency::Daily => days,
        Frequency::Weekly => days.div_euclid(7),
        Frequency::Monthly => months,
        Frequency::Yearly => months.div_euclid(12),
    };
    u32::try_from(periods.max(0)).unwrap_or_default() / interval
}

fn week_begin(day: NaiveDate, week_start: Weekday) -> NaiveDate {
    day.checked_sub_days(Days::new(day.weekday().days_since(week_start).into())).unwrap_or(day)
}

/// The rule with what follows from the first date written down: it names the same dates, whatever the first date is.
pub(super) fn filled(rule: &Rule, first: NaiveDateTime) -> Rule {
    let mut rule = rule.clone();
    let names_no_day = rule.by_year_day.is_empty() && rule.by_month_day.is_empty() && rule.by_day.is_empty();
    if names_no_day {
        match rule.frequency {
            Frequency::Daily => {}
            Frequency::Weekly => fill(&mut rule.by_day, ByDay::each(first.weekday())),
            Frequency::Yearly if !rule.by_week.is_empty() => {
                fill(&mut rule.by_day, ByDay::each(first.weekday()));
            }
            Frequency::Monthly => fill(&mut rule.by_month_day, number(first.day())),
            Frequency::Yearly => {
                fill(&mut rule.by_month, number(first.month()));
                fill(&mut rule.by_month_day, number(first.day()));
            }
        }
    }
    fill(&mut rule.by_hour, number(first.hour()));
    fill(&mut rule.by_minute, number(first.minute()));
    fill(&mut rule.by_second, number(first.second()));
    rule
}

fn fill<T: Ord>(named: &mut BTreeSet<T>, otherwise: T) {
    if named.is_empty() {
        named.insert(otherwise);
    }
}

/// A rule that says all, and its times of day.
struct Filled {
    rule: Rule,
    times: Vec<NaiveTime>,
}

impl Filled {
    fn new(rule: &Rule, first: NaiveDateTime) -> Self {
        let rule = filled(rule, first);
        // Rules know no less than a second, so the first date says the rest. A leap second is none of theirs.
        let fraction = first.nanosecond() % 1_000_000_000;
        let mut times = Vec::new();
        for hour in &rule.by_hour {
            for minute in &rule.by_minute {
                for second in &rule.by_second {
                    let [hour, minute, second] =
                        [hour, minute, second].map(|number| number.unsigned_abs().into());
                    times.extend(NaiveTime::from_hms_nano_opt(hour, minute, second, fraction));
                }
            }
        }
        Self { rule, times }
    }

    /// What the rule names in the period that begins on that day.
    fn of_period(&self, begin: NaiveDate) -> Vec<NaiveDateTime> {
        let end = match self.rule.frequency {
            Frequency::Daily => begin.checked_add_days(Days::new(1)),
            Frequency::Weekly => begin.checked_add_days(Days::new(7)),
            Frequency::Monthly => begin.checked_add_months(Months::new(1)),
            Frequency::Yearly => begin.checked_add_months(Months::new(12)),
        };
        let days = begin.iter_days().take_while(|day| end.is_none_or(|end| *day < end));
        let days: Vec<NaiveDate> = days.filter(|day| self.names(*day)).collect();
        if self.rule.by_position.is_empty() {
            days.iter().flat_map(|day| self.times.iter().map(|time| day.and_time(*time))).collect()
        } else {
            self.picked(&days)
        }
    }

    fn names(&self, day: NaiveDate) -> bool {
        let rule = &self.rule;
        let month_has = i16::from(day.num_days_in_month());
        let year_has = if day.leap_year() { 366 } else { 365 };
        holds(&rule.by_month, number(day.month()), 12)
            && holds(&rule.by_month_day, number(day.day()), month_has)
            && holds(&rule.by_year_day, number(day.ordinal()), year_has)
            && self.names_weekday(day)
            && self.names_week(day)
    }

    /// The week 1 of a year is the first that has four of its days or more.
    fn names_week(&self, day: NaiveDate) -> bool {
        if self.rule.by_week.is_empty() {
            return true;
        }
        let week_start = self.rule.week_start;
        // The fourth day of a week is in the year that the week belongs to.
        let fourth = |day: NaiveDate| week_begin(day, week_start).checked_add_days(Days::new(3));
        let Some(middle) = fourth(day) else { return false };
        let of_year = |day| NaiveDate::from_ymd_opt(middle.year(), 12, day).and_then(fourth);
        let last = [31, 24].into_iter().filter_map(of_year).find(|last| last.year() == middle.year());
        let week = |middle: NaiveDate| number(middle.ordinal0() / 7 + 1);
        last.is_some_and(|last| holds(&self.rule.by_week, week(middle), week(last)))
    }

    fn names_weekday(&self, day: NaiveDate) -> bool {
        let by_day = &self.rule.by_day;
        let each = ByDay::each(day.weekday());
        if by_day.is_empty() || by_day.contains(&each) {
            return true;
        }
        // In the month, or in the year where no month is named.
        let in_month = self.rule.frequency == Frequency::Monthly || !self.rule.by_month.is_empty();
        let (passed, has) = if in_month {
            (day.day0(), u32::from(day.num_days_in_month()))
        } else {
            (day.ordinal0(), if day.leap_year() { 366 } else { 365 })
        };
        // At most 53.
        let nth = |passed: u32| i8::try_from(passed / 7 + 1).unwrap_or(i8::MAX);
        [nth(passed), -nth(has - 1 - passed)]
            .iter()
            .any(|nth| by_day.contains(&ByDay { nth: Some(*nth), ..each }))
    }

    /// The dates at the rule's positions among all times of those days.
    fn picked(&self, days: &[NaiveDate]) -> Vec<NaiveDateTime> {
        let times = self.times.len();
        let place = |position: i16| {
            let steps = usize::from(position.unsigned_abs());
            if position > 0 { Some(steps - 1) } else { (days.len() * times).checked_sub(steps) }
        };
        let places: BTreeSet<usize> =
            self.rule.by_position.iter().filter_map(|position| place(*position)).collect();
        let date =
            |place: usize| Some(days.get(place.checked_div(times)?)?.and_time(self.times[place % times]));
        places.into_iter().map_while(date).collect()
    }
}

/// Whether the list, if there is one, holds the number, counted from 1 or from the end.
fn holds(list: &BTreeSet<i16>, number: i16, of: i16) -> bool {
    list.is_empty() || list.contains(&number) || list.contains(&(number - of - 1))
}

/// Days, weeks and months are small numbers.
fn number(small: u32) -> i16 {
    i16::try_from(small).unwrap_or(i16::MAX)
}
