//! What a VTIMEZONE says: which offsets hold from when on (RFC 5545 section 3.6.5).

use chrono::{DateTime, Days, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::ical::tree::Component;
use crate::ical::value::{Moment, offset};
use crate::reservation::{Recurrence, Rule, RuleEnd, Series};

/// The most observances of one time zone.
const MOST_OBSERVANCES: usize = 100;
/// The most onsets of one observance that are looked at.
const MOST_ONSETS: usize = 1000;
/// How far apart the onsets by a rule may be.
const LONGEST_PAUSE: Days = Days::new(800);

/// The observances of a time zone.
#[derive(Debug)]
pub(in crate::ical) struct Observances(Vec<Observance>);

/// An offset that holds from certain moments on.
#[derive(Debug)]
struct Observance {
    /// Seconds east of Greenwich before it.
    from: i32,
    /// And from then on.
    to: i32,
    /// When it begins, on the wall clock before it: in no time zone, which is UTC here.
    onsets: Series,
}

/// Which offsets hold in a stretch of time.
#[derive(Debug)]
pub(in crate::ical) struct Offsets {
    first: i32,
    /// Sorted.
    onsets: Vec<(DateTime<Utc>, i32)>,
}

impl Offsets {
    /// Seconds east of Greenwich at that moment.
    pub(in crate::ical) fn at(&self, at: DateTime<Utc>) -> i32 {
        let passed = self.onsets.partition_point(|(onset, _)| *onset <= at);
        passed.checked_sub(1).map_or(self.first, |last| self.onsets[last].1)
    }

    /// When they change.
    pub(in crate::ical) fn onsets(&self) -> impl Iterator<Item = DateTime<Utc>> {
        self.onsets.iter().map(|(onset, _)| *onset)
    }
}

impl Observances {
    /// `None` where there are none, too many, or one that can't be read.
    pub(in crate::ical) fn read(zone: &Component) -> Option<Self> {
        let within = zone.within.iter().filter(|one| matches!(one.name.as_str(), "STANDARD" | "DAYLIGHT"));
        let all: Vec<_> = within.take(MOST_OBSERVANCES + 1).map(Observance::read).collect::<Option<_>>()?;
        (1..=MOST_OBSERVANCES).contains(&all.len()).then_some(Self(all))
    }

    /// The offsets in `[from, until)`; `None` where they change too often.
    pub(in crate::ical) fn offsets(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<Offsets> {
        let mut onsets = Vec::new();
        for observance in &self.0 {
            let begins = observance.onsets(from.naive_utc(), until.naive_utc())?;
            let to_utc = |local: NaiveDateTime| local.and_utc() - seconds(observance.from);
            onsets.extend(begins.into_iter().map(|local| (to_utc(local), observance.to, observance.from)));
        }
        onsets.sort_unstable();
        let first = onsets.first().map_or(self.0.first()?.from, |(_, _, from)| *from);
        Some(Offsets { first, onsets: onsets.into_iter().map(|(onset, to, _)| (onset, to)).collect() })
    }
}

impl Observance {
    fn read(component: &Component) -> Option<Self> {
        let (from, to) = (component.first("TZOFFSETFROM"), component.first("TZOFFSETTO")?);
        let to = offset(&to.value)?;
        let from = from.map_or(Some(to), |line| offset(&line.value))?;
        let first = local(&component.first("DTSTART")?.value)?;
        let rule = component.first("RRULE").map(|line| line.value.parse::<Rule>()).transpose().ok()?;
        // Nobody counts onsets, and it would cost all the time since the first.
        if rule.as_ref().is_some_and(|rule| matches!(rule.end, RuleEnd::Count(_))) {
            return None;
        }
        let rule = rule.map(|mut rule| {
            if let RuleEnd::Until(until) = rule.end {
                rule.end = RuleEnd::Until(until + seconds(from));
            }
            rule
        });
        let rdates = component.all("RDATE").flat_map(|line| line.value.split(','));
        let rdates = rdates.take(MOST_ONSETS).map(|value| Some(local(value)?.and_utc()));
        let recurrence = Recurrence { rule, rdates: rdates.collect::<Option<_>>()?, ..Recurrence::default() };
        Some(Self { from, to, onsets: Series { first: first.and_utc(), zone: Tz::UTC, recurrence } })
    }

    /// When it begins until then, with the last time before `from`.
    fn onsets(&self, from: NaiveDateTime, until: NaiveDateTime) -> Option<Vec<NaiveDateTime>> {
        let until = until.and_utc() + TimeDelta::days(1);
        let Recurrence { rule, rdates, .. } = &self.onsets.recurrence;
        let listed = rdates.iter().copied().chain([self.onsets.first]).filter(|onset| *onset < until);
        let mut onsets: Vec<_> = listed.collect();
        if let Some(rule) = rule {
            let since = match rule.end {
                RuleEnd::Until(end) => end.naive_utc().min(from),
                RuleEnd::UntilLocal(end) => end.min(from),
                RuleEnd::UntilDay(end) => end.and_time(from.time()).min(from),
                RuleEnd::Never | RuleEnd::Count(_) => from,
            };
            let since = since.checked_sub_days(LONGEST_PAUSE)?.and_utc();
            let by_rule = self.onsets.dates(since, until, MOST_ONSETS).ok()?;
            onsets.extend(by_rule.into_iter().map(|date| date.starts));
        }
        Some(onsets.into_iter().map(|onset| onset.naive_utc()).collect())
    }
}

/// The local time of an onset. Some mark it as UTC, which it can't be.
fn local(value: &str) -> Option<NaiveDateTime> {
    match Moment::parse(value)? {
        Moment::Day(day) => day.and_hms_opt(0, 0, 0),
        Moment::Local(at) => Some(at),
        Moment::Utc(at) => Some(at.naive_utc()),
    }
}

fn seconds(offset: i32) -> TimeDelta {
    TimeDelta::seconds(offset.into())
}
