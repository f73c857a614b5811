//! Values of properties: dates, times, durations and offsets.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, TimeDelta, Utc};

/// A date or a time, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Day(NaiveDate),
    /// On a wall clock that something else names.
    Local(NaiveDateTime),
    Utc(DateTime<Utc>),
}

impl Moment {
    /// Reads a DATE or a DATE-TIME. Its year is 1 to 9998, so that a shifted clock keeps to four digits or nearly so.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let moment = if let Some(utc) = text.strip_suffix(['Z', 'z']) {
            Self::Utc(local(utc)?.and_utc())
        } else if text.len() == 8 {
            Self::Day(day(text)?)
        } else {
            Self::Local(local(text)?)
        };
        let year = match moment {
            Self::Day(day) => day.year(),
            Self::Local(at) => at.year(),
            Self::Utc(at) => at.year(),
        };
        (1..=9998).contains(&year).then_some(moment)
    }
}

fn digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn day(text: &str) -> Option<NaiveDate> {
    digits(text, 8).then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok())?
}

/// A leap second is the second before it.
fn local(text: &str) -> Option<NaiveDateTime> {
    let (date, time) = text.split_once(['T', 't'])?;
    if !digits(time, 6) {
        return None;
    }
    let number = |range| time.get(range).and_then(|text: &str| text.parse::<u32>().ok());
    day(date)?.and_hms_opt(number(0..2)?, number(2..4)?, number(4..6)?.min(59))
}

/// A length of time: days on the wall clock, and what is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Duration {
    pub(super) days: i64,
    pub(super) exact: TimeDelta,
}

impl Duration {
    /// Reads a DURATION (RFC 5545 section 3.3.6) of at most about a hundred years.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_uppercase();
        let (sign, text) = match text.strip_prefix('-') {
            Some(text) => (-1, text),
            None => (1, text.strip_prefix('+').unwrap_or(&text)),
        };
        let text = text.strip_prefix('P')?;
        let (date, time) = text.split_once('T').unwrap_or((text, ""));
        if text.is_empty() || text.ends_with('T') {
            return None;
        }
        let days = units(date, &[('W', 7), ('D', 1)])?;
        let seconds = units(time, &[('H', 3600), ('M', 60), ('S', 1)])?;
        let fits = days < 36_525 && seconds < 36_525 * 86_400;
        fits.then(|| Self { days: sign * days, exact: TimeDelta::seconds(sign * seconds) })
    }
}

/// The sum of numbers, each before its unit.
fn units(mut text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut sum = 0_i64;
    for (unit, size) in units {
        if let Some((number, rest)) = text.split_once(*unit) {
            let number = Some(number).filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))?;
            sum = sum.checked_add(number.parse::<i64>().ok()?.checked_mul(*size)?)?;
            text = rest;
        }
    }
    text.is_empty().then_some(sum)
}

/// Seconds east of Greenwich, as `+0100` or `-023015` (RFC 5545 section 3.3.14).
pub(super) fn offset(text: &str) -> Option<i32> {
    let text = text.trim();
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits(text, 4) && !digits(text, 6) {
        return None;
    }
    let number = |range| text.get(range).map_or(Some(0), |text: &str| text.parse::<i32>().ok());
    let (hours, minutes, seconds) = (number(0..2)?, number(2..4)?, number(4..6)?);
    (hours < 24 && minutes < 60 && seconds < 60).then(|| sign * (hours * 3600 + minutes * 60 + seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_read() {
        let day = NaiveDate::from_ymd_opt(2026, 2, 28).expect("a day");
        let at = day.and_hms_opt(9, 30, 0).expect("a time");
        assert_eq!(Moment::parse("20260228"), Some(Moment::Day(day)));
        assert_eq!(Moment::parse("20260228T093000"), Some(Moment::Local(at)));
        assert_eq!(Moment::parse(" 20260228T093000Z "), Some(Moment::Utc(at.and_utc())));
        for text in [
            "",
            "20260229",
            "2026022",
            "20260228T0930",
            "20260228T250000",
            "20260228T09300é",
            "2026-02-28",
            "00000101",
            "+2026022",
            "99990101T000000Z",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_read() {
        let duration = |days, seconds| Some(Duration { days, exact: TimeDelta::seconds(seconds) });
        assert_eq!(Duration::parse("PT1H30M"), duration(0, 5400));
        assert_eq!(Duration::parse("P1DT2H"), duration(1, 7200));
        assert_eq!(Duration::parse("P2W"), duration(14, 0));
        assert_eq!(Duration::parse("-PT15M"), duration(0, -900));
        assert_eq!(Duration::parse("+P0D"), duration(0, 0));
        for text in
            ["", "P", "PT", "1H", "PT1D", "P1H", "PT99999999999999999999S", "P-1D", "PT1M1H", "P40000D"]
        {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
    }

    #[test]
    fn offsets_are_read() {
        assert_eq!(offset("+0530"), Some(19_800));
        assert_eq!(offset("-023015"), Some(-9015));
        for text in ["", "+1", "+2400", "0060", "+01000", "+01é0"] {
            assert_eq!(offset(text), None, "{text}");
        }
    }
}
