//! Reading a recurrence rule.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{Datelike as _, NaiveDate, NaiveDateTime};

use super::rule::{ByDay, Frequency, Rule, RuleEnd, weekday_named};

/// Why a text is no rule that Frontdesk follows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It is too long.
    #[error("a rule has at most {} characters", Rule::MAX_CHARS)]
    TooLong,
    /// It does not say how often.
    #[error("a rule says how often, as in `FREQ=WEEKLY`")]
    NoFrequency,
    /// It recurs too often.
    #[error("a rule recurs daily, weekly, monthly or yearly, and not `{0}`")]
    TooOften(String),
    /// A part is not of the form `NAME=VALUE`.
    #[error("`{0}` is not of the form `NAME=VALUE`")]
    NoPart(String),
    /// There is no such part.
    #[error("rules have no part `{0}`")]
    UnknownPart(String),
    /// A part is there twice.
    #[error("`{0}` is there twice")]
    Twice(String),
    /// The value of a part is wrong.
    #[error("`{part}` can't be `{value}`: {what}")]
    Value {
        /// The part.
        part: &'static str,
        /// What it was.
        value: String,
        /// What it should be.
        what: &'static str,
    },
    /// Two parts don't go together.
    #[error("{0}")]
    Together(&'static str),
    /// It names too many times of a day.
    #[error("a rule names at most {} times in a day", Rule::MOST_TIMES_A_DAY)]
    TooManyTimes,
}

/// What may be written in a list of numbers.
struct Numbers {
    part: &'static str,
    range: RangeInclusive<i16>,
    /// Whether 0 is left out: it counts from 1, and from the end where it is negative.
    from_both_ends: bool,
    what: &'static str,
}

const fn numbers(
    part: &'static str,
    range: RangeInclusive<i16>,
    from_both_ends: bool,
    what: &'static str,
) -> Numbers {
    Numbers { part, range, from_both_ends, what }
}

const MONTH: Numbers = numbers("BYMONTH", 1..=12, false, "months are 1 to 12");
const WEEK: Numbers = numbers("BYWEEKNO", -53..=53, true, "weeks are 1 to 53 or -53 to -1");
const YEAR_DAY: Numbers = numbers("BYYEARDAY", -366..=366, true, "days of a year are 1 to 366 or -366 to -1");
const MONTH_DAY: Numbers = numbers("BYMONTHDAY", -31..=31, true, "days of a month are 1 to 31 or -31 to -1");
const HOUR: Numbers = numbers("BYHOUR", 0..=23, false, "hours are 0 to 23");
const MINUTE: Numbers = numbers("BYMINUTE", 0..=59, false, "minutes are 0 to 59");
const SECOND: Numbers = numbers("BYSECOND", 0..=59, false, "seconds are 0 to 59");
const POSITION: Numbers = numbers("BYSETPOS", -366..=366, true, "positions are 1 to 366 or -366 to -1");

/// What a rule may grow by when its series is cut, and is read back as.
const CUT_CHARS: usize = 100;

const END: &str = "it is a time like 20261231T235959Z, or a day like 20261231";
const DAYS: &str = "days are MO, TU, WE, TH, FR, SA or SU, with the first as 1MO and the last as -1MO";

impl FromStr for Rule {
    type Err = RuleError;

    /// Reads a rule as iCalendar has it, with or without `RRULE:` before it.
    fn from_str(text: &str) -> Result<Self, RuleError> {
        if text.chars().count() > Self::MAX_CHARS + CUT_CHARS {
            return Err(RuleError::TooLong);
        }
        let text = text.trim().to_ascii_uppercase();
        let text = text.strip_prefix("RRULE:").unwrap_or(&text);
        let mut rule = Self::each(Frequency::Daily);
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| RuleError::NoPart(part.to_owned()))?;
            if !seen.insert(name) {
                return Err(RuleError::Twice(name.to_owned()));
            }
            rule.read(name, value)?;
        }
        if !seen.contains("FREQ") {
            return Err(RuleError::NoFrequency);
        }
        if seen.contains("COUNT") && seen.contains("UNTIL") {
            return Err(RuleError::Together("a rule ends by `COUNT` or by `UNTIL`, and not by both"));
        }
        rule.check()?;
        Ok(rule)
    }
}

impl Rule {
    fn read(&mut self, name: &str, value: &str) -> Result<(), RuleError> {
        let wrong =
            |part: &'static str, what: &'static str| RuleError::Value { part, value: value.to_owned(), what };
        match name {
            "FREQ" => {
                self.frequency = value.parse().map_err(|_| RuleError::TooOften(value.to_owned()))?;
            }
            "INTERVAL" => {
                self.interval = value.parse().map_err(|_| wrong("INTERVAL", "it is 1 to 65535"))?;
            }
            "COUNT" => {
                let count = value.parse().ok().filter(|count| (1..=Self::MOST_COUNTED).contains(count));
                self.end = RuleEnd::Count(count.ok_or_else(|| wrong("COUNT", "it is 1 to 10000"))?);
            }
            "UNTIL" => self.end = until(value).ok_or_else(|| wrong("UNTIL", END))?,
            "WKST" => {
                self.week_start = weekday_named(value).ok_or_else(|| wrong("WKST", "it is a day like MO"))?;
            }
            "BYMONTH" => self.by_month = MONTH.read(value)?,
            "BYWEEKNO" => self.by_week = WEEK.read(value)?,
            "BYYEARDAY" => self.by_year_day = YEAR_DAY.read(value)?,
            "BYMONTHDAY" => self.by_month_day = MONTH_DAY.read(value)?,
            "BYDAY" => {
                let days = value.split(',').map(by_day).collect::<Option<_>>();
                self.by_day = days.ok_or_else(|| wrong("BYDAY", DAYS))?;
            }
            "BYHOUR" => self.by_hour = HOUR.read(value)?,
            "BYMINUTE" => self.by_minute = MINUTE.read(value)?,
            "BYSECOND" => self.by_second = SECOND.read(value)?,
            "BYSETPOS" => self.by_position = POSITION.read(value)?,
            _ => return Err(RuleError::UnknownPart(name.to_owned())),
        }
        Ok(())
    }

    /// What RFC 5545 forbids, as far as it is about more than one part.
    fn check(&self) -> Result<(), RuleError> {
        use Frequency::{Monthly, Weekly, Yearly};
        let nth = self.by_day.iter().any(|day| day.nth.is_some());
        let by_anything = [
            &self.by_month,
            &self.by_week,
            &self.by_year_day,
            &self.by_month_day,
            &self.by_hour,
            &self.by_minute,
            &self.by_second,
        ];
        let problem = if !self.by_week.is_empty() && self.frequency != Yearly {
            "`BYWEEKNO` is only for yearly rules"
        } else if !self.by_year_day.is_empty() && self.frequency != Yearly {
            "`BYYEARDAY` is only for yearly rules"
        } else if !self.by_month_day.is_empty() && self.frequency == Weekly {
            "`BYMONTHDAY` is not for weekly rules"
        } else if nth && !matches!(self.frequency, Monthly | Yearly) {
            "the first or last of a weekday is only for monthly and yearly rules"
        } else if nth && !self.by_week.is_empty() {
            "the first or last of a weekday does not go with `BYWEEKNO`"
        } else if !self.by_position.is_empty()
            && self.by_day.is_empty()
            && by_anything.iter().all(|part| part.is_empty())
        {
            "`BYSETPOS` picks from what another part names, and there is none"
        } else {
            let times = self.by_hour.len().max(1) * self.by_minute.len().max(1) * self.by_second.len().max(1);
            return if times > Self::MOST_TIMES_A_DAY { Err(RuleError::TooManyTimes) } else { Ok(()) };
        };
        Err(RuleError::Together(problem))
    }
}

impl Numbers {
    fn read(&self, list: &str) -> Result<BTreeSet<i16>, RuleError> {
        let wrong =
            |value: &str| RuleError::Value { part: self.part, value: value.to_owned(), what: self.what };
        list.split(',')
            .map(|text| {
                let number: i16 = text.parse().map_err(|_| wrong(text))?;
                let fits = self.range.contains(&number) && !(self.from_both_ends && number == 0);
                if fits { Ok(number) } else { Err(wrong(text)) }
            })
            .collect()
    }
}

/// Source: RFC 5545 wants UTC where the first date has a time zone. Calendars in the field also write days and local times.
fn until(value: &str) -> Option<RuleEnd> {
    let end = if let Some(utc) = value.strip_suffix('Z') {
        RuleEnd::Until(NaiveDateTime::parse_from_str(utc, "%Y%m%dT%H%M%S").ok()?.and_utc())
    } else if value.contains('T') {
        RuleEnd::UntilLocal(NaiveDateTime::parse_from_str(value, "%Y%m%dT%H%M%S").ok()?)
    } else {
        RuleEnd::UntilDay(NaiveDate::parse_from_str(value, "%Y%m%d").ok()?)
    };
    let year = match end {
        RuleEnd::Until(at) => at.year(),
        RuleEnd::UntilLocal(at) => at.year(),
        RuleEnd::UntilDay(day) => day.year(),
        RuleEnd::Never | RuleEnd::Count(_) => return Some(end),
    };
    (1..=9999).contains(&year).then_some(end)
}

fn by_day(text: &str) -> Option<ByDay> {
    let (nth, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let weekday = weekday_named(name)?;
    let nth = match nth {
        "" => None,
        nth => Some(nth.parse().ok().filter(|nth| *nth != 0 && (-53..=53).contains(nth))?),
    };
    let after_monday = u8::try_from(weekday.num_days_from_monday()).ok()?;
    Some(ByDay { nth, after_monday })
}
