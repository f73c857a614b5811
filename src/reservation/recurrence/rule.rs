//! A recurrence rule (RRULE, RFC 5545 section 3.3.10), of days and coarser.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU16;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc, Weekday};

/// How often a rule begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::Display)]
#[strum(serialize_all = "UPPERCASE")]
pub enum Frequency {
    /// Every day.
    Daily,
    /// Every week, which begins on the rule's `WKST`.
    Weekly,
    /// Every month.
    Monthly,
    /// Every year.
    Yearly,
}

/// Where a rule ends, itself included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleEnd {
    /// Never.
    Never,
    /// After so many dates, the first one and those that are excepted included.
    Count(u32),
    /// At that moment.
    Until(DateTime<Utc>),
    /// At that moment in the series' time zone.
    UntilLocal(NaiveDateTime),
    /// At the end of that day in the series' time zone.
    UntilDay(NaiveDate),
}

/// A day of the week: each one of the period, or the nth (from its end, where negative).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByDay {
    /// Which of them in the month or the year; `None` for each.
    pub nth: Option<i8>,
    /// Days after Monday.
    pub(super) after_monday: u8,
}

impl ByDay {
    /// Each one of the period.
    pub(super) fn each(weekday: Weekday) -> Self {
        Self { nth: None, after_monday: u8::try_from(weekday.num_days_from_monday()).unwrap_or_default() }
    }

    /// The day of the week.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        WEEKDAYS[usize::from(self.after_monday)].1
    }
}

/// A rule by which an appointment recurs. What it does not say follows from the series' first date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// How often it begins anew.
    pub frequency: Frequency,
    /// Only every so many days, weeks, months or years.
    pub interval: NonZeroU16,
    /// Where it ends.
    pub end: RuleEnd,
    /// The day that a week begins on.
    pub week_start: Weekday,
    pub(super) by_month: BTreeSet<i16>,
    pub(super) by_week: BTreeSet<i16>,
    pub(super) by_year_day: BTreeSet<i16>,
    pub(super) by_month_day: BTreeSet<i16>,
    pub(super) by_day: BTreeSet<ByDay>,
    pub(super) by_hour: BTreeSet<i16>,
    pub(super) by_minute: BTreeSet<i16>,
    pub(super) by_second: BTreeSet<i16>,
    pub(super) by_position: BTreeSet<i16>,
}

impl Rule {
    /// The most characters of a rule.
    pub const MAX_CHARS: usize = 1000;
    /// The most times that a rule may name in one day.
    pub const MOST_TIMES_A_DAY: usize = 24;
    /// The most dates of a `COUNT`.
    pub const MOST_COUNTED: u32 = 10_000;

    /// A rule of which nothing is said but how often it begins anew.
    #[must_use]
    pub fn each(frequency: Frequency) -> Self {
        Self {
            frequency,
            interval: NonZeroU16::MIN,
            end: RuleEnd::Never,
            week_start: Weekday::Mon,
            by_month: BTreeSet::new(),
            by_week: BTreeSet::new(),
            by_year_day: BTreeSet::new(),
            by_month_day: BTreeSet::new(),
            by_day: BTreeSet::new(),
            by_hour: BTreeSet::new(),
            by_minute: BTreeSet::new(),
            by_second: BTreeSet::new(),
            by_position: BTreeSet::new(),
        }
    }

    /// Whether it has a last date.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.end != RuleEnd::Never
    }
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Mon),
    ("TU", Weekday::Tue),
    ("WE", Weekday::Wed),
    ("TH", Weekday::Thu),
    ("FR", Weekday::Fri),
    ("SA", Weekday::Sat),
    ("SU", Weekday::Sun),
];

pub(super) fn weekday_named(name: &str) -> Option<Weekday> {
    WEEKDAYS.iter().find(|(known, _)| *known == name).map(|(_, weekday)| *weekday)
}

/// As iCalendar has it, its parts always in the same order.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FREQ={}", self.frequency)?;
        match self.end {
            RuleEnd::Never => {}
            RuleEnd::Count(count) => write!(f, ";COUNT={count}")?,
            RuleEnd::Until(at) => write!(f, ";UNTIL={}", at.format("%Y%m%dT%H%M%SZ"))?,
            RuleEnd::UntilLocal(at) => write!(f, ";UNTIL={}", at.format("%Y%m%dT%H%M%S"))?,
            RuleEnd::UntilDay(day) => write!(f, ";UNTIL={}", day.format("%Y%m%d"))?,
        }
        if self.interval > NonZeroU16::MIN {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        for (part, numbers) in [
            ("BYMONTH", &self.by_month),
            ("BYWEEKNO", &self.by_week),
            ("BYYEARDAY", &self.by_year_day),
            ("BYMONTHDAY", &self.by_month_day),
        ] {
            write_list(f, part, numbers)?;
        }
        write_list(f, "BYDAY", &self.by_day)?;
        for (part, numbers) in [
            ("BYHOUR", &self.by_hour),
            ("BYMINUTE", &self.by_minute),
            ("BYSECOND", &self.by_second),
            ("BYSETPOS", &self.by_position),
        ] {
            write_list(f, part, numbers)?;
        }
        if self.week_start != Weekday::Mon {
            let (name, _) = WEEKDAYS[self.week_start.num_days_from_monday() as usize];
            write!(f, ";WKST={name}")?;
        }
        Ok(())
    }
}

fn write_list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, part: &str, values: &BTreeSet<T>) -> fmt::Result {
    for (place, value) in values.iter().enumerate() {
        if place == 0 {
            write!(f, ";{part}={value}")?;
        } else {
            write!(f, ",{value}")?;
        }
    }
    Ok(())
}

impl fmt::Display for ByDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(nth) = self.nth {
            write!(f, "{nth}")?;
        }
        f.write_str(WEEKDAYS[usize::from(self.after_monday)].0)
    }
}
