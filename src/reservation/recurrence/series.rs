//! The dates of a series.

use std::collections::BTreeSet;
use std::iter;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, SubsecRound as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::expand;
use super::rule::{Rule, RuleEnd};

/// How an appointment recurs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recurrence {
    /// By which rule.
    pub rule: Option<Rule>,
    /// When else it takes place.
    pub rdates: BTreeSet<DateTime<Utc>>,
    /// When it does not take place.
    pub exdates: BTreeSet<DateTime<Utc>>,
}

impl Recurrence {
    /// The most further dates, and the most exceptions.
    pub const MOST_DATES: usize = 1000;

    /// Makes a date an exception. Where there are too many, the earliest is forgotten: it is long over.
    pub fn except(&mut self, starts: DateTime<Utc>) {
        self.exdates.insert(starts);
        while self.exdates.len() > Self::MOST_DATES {
            self.exdates.pop_first();
        }
    }

    /// Whether there is more than a first date.
    #[must_use]
    pub fn recurs(&self) -> bool {
        self.rule.is_some() || !self.rdates.is_empty()
    }
}

/// When the dates of an appointment start. The first is always one of them, whether or not the rule names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The first start.
    pub first: DateTime<Utc>,
    /// The time zone whose wall clock it keeps to.
    pub zone: Tz,
    /// How it recurs.
    pub recurrence: Recurrence,
}

/// One of the dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesDate {
    /// When it starts.
    pub starts: DateTime<Utc>,
    /// Whether it is one of the exceptions, and does not take place.
    pub excepted: bool,
}

/// A series has more dates than there can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the series has more than {most} dates until {until}")]
pub struct TooManyDates {
    /// As many may be.
    pub most: usize,
    /// Until then.
    pub until: DateTime<Utc>,
}

impl Series {
    /// Its dates that start in `[from, until)`, the excepted ones too, in order.
    ///
    /// The work is bounded by the length of that stretch, whatever the rule is; with a `COUNT`, by the time since the
    /// first date.
    ///
    /// # Errors
    /// Where there are more than `most`.
    pub fn dates(
        &self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        most: usize,
    ) -> Result<Vec<SeriesDate>, TooManyDates> {
        let dates = self.first_dates(from, until, most.saturating_add(1));
        if dates.len() > most { Err(TooManyDates { most, until }) } else { Ok(dates) }
    }

    /// The first of its dates in `[from, until)`, at most so many, as [`dates`](Self::dates) gives them.
    #[must_use]
    pub fn first_dates(&self, from: DateTime<Utc>, until: DateTime<Utc>, most: usize) -> Vec<SeriesDate> {
        let within = |at: &DateTime<Utc>| from <= *at && *at < until;
        let further = self.recurrence.rdates.iter().copied().chain([self.first]).filter(within);
        // Where clocks change, a date may come before one that the rule names earlier, by less than a day.
        let by_rule =
            self.of_rule(from, until).filter(within).take(most.saturating_add(2 * Rule::MOST_TIMES_A_DAY));
        let starts: BTreeSet<DateTime<Utc>> = further.chain(by_rule).collect();
        let excepted = |starts| self.recurrence.exdates.contains(&starts);
        let dates = starts.into_iter().map(|starts| SeriesDate { starts, excepted: excepted(starts) });
        dates.take(most).collect()
    }

    /// The first date that the rule names, within a hundred years; `None` where it names none, or there is no rule.
    #[must_use]
    pub fn first_by_rule(&self) -> Option<DateTime<Utc>> {
        let rule = self.recurrence.rule.as_ref()?;
        let first = self.wall_clock(self.first);
        let within = first.date().checked_add_days(Days::new(36_525)).unwrap_or(NaiveDate::MAX);
        self.moments(rule, first.date(), within).next().filter(|starts| self.is_within_rule(*starts))
    }

    /// Whether the rule names that date, at the time of day at which it starts. A date that the clock skipped, and that
    /// starts later for it, is none that a rule could begin with.
    #[must_use]
    pub fn names(&self, starts: DateTime<Utc>) -> bool {
        let (first, date) = (self.wall_clock(self.first), self.wall_clock(starts));
        let on_the_clock =
            |rule: &Rule| expand::dates(rule, first, date.date(), date.date()).any(|named| named == date);
        self.recurrence.rule.as_ref().is_some_and(on_the_clock)
            && self.of_rule(starts, starts).any(|named| named == starts)
    }

    /// The same dates, with a first that the rule names: another first becomes a further date.
    #[must_use]
    pub fn synchronized(mut self) -> Self {
        let named = self.first_by_rule();
        if self.recurrence.rule.is_none() || named == Some(self.first) {
            return self;
        }
        let rule = self.recurrence.rule.take().filter(|rule| rule.end != RuleEnd::Count(1));
        let Some((mut rule, named)) = rule.zip(named) else { return self };
        if let RuleEnd::Count(count) = &mut rule.end {
            *count -= 1;
        }
        self.recurrence.rdates.insert(self.first);
        self.recurrence.rule = Some(rule);
        Self { first: named, ..self }
    }

    /// Whether it has no dates from that moment on.
    #[must_use]
    pub fn ends_before(&self, at: DateTime<Utc>) -> bool {
        let further = self.recurrence.rdates.last().is_none_or(|last| *last < at);
        let by_rule = match self.recurrence.rule.as_ref().map(|rule| rule.end) {
            None => true,
            Some(RuleEnd::Never) => false,
            Some(RuleEnd::Count(count)) => {
                self.of_rule(self.first, at).filter(|starts| *starts < at).count() >= self.counted(count)
            }
            Some(RuleEnd::Until(_) | RuleEnd::UntilLocal(_) | RuleEnd::UntilDay(_)) => {
                !self.is_within_rule(at)
            }
        };
        self.first < at && further && by_rule
    }

    /// What is left of it from that date on, which becomes the first.
    ///
    /// A further date between the weeks, months or years of a rule that leaves some out (`INTERVAL`) becomes what they are
    /// counted from.
    #[must_use]
    pub fn beginning_at(&self, starts: DateTime<Utc>) -> Self {
        let Recurrence { rule, rdates, exdates } = &self.recurrence;
        let rule = rule.as_ref().and_then(|rule| {
            let (first, date) = (self.wall_clock(self.first), self.wall_clock(starts));
            let as_named = expand::dates(rule, first, date.date(), date.date()).any(|named| named == date);
            let mut left = if as_named { rule.clone() } else { expand::filled(rule, first) };
            if let RuleEnd::Count(count) = rule.end {
                let passed = u32::try_from(self.counted_before(starts)).unwrap_or(u32::MAX);
                let counts = starts == self.first || self.of_rule(starts, starts).any(|at| at == starts);
                let counted = count.checked_sub(passed).filter(|left| *left > 0)?;
                left.end = RuleEnd::Count(counted + u32::from(!counts));
            }
            Some(left)
        });
        let recurrence = Recurrence {
            rule,
            rdates: rdates.range(starts..).copied().filter(|date| *date != starts).collect(),
            exdates: exdates.range(starts..).copied().collect(),
        };
        Self { first: starts, zone: self.zone, recurrence }
    }

    /// What it is without its dates from that moment on. Where that leaves none, the first is excepted.
    #[must_use]
    pub fn until(&self, at: DateTime<Utc>) -> Self {
        if at <= self.first {
            let exdates = [self.first].into();
            return Self { recurrence: Recurrence { exdates, ..Recurrence::default() }, ..*self };
        }
        let Recurrence { rule, rdates, exdates } = &self.recurrence;
        let rule = rule.clone().map(|mut rule| {
            rule.end = match rule.end {
                RuleEnd::Count(count) => {
                    let before = u32::try_from(self.counted_before(at)).unwrap_or(u32::MAX);
                    RuleEnd::Count(count.min(before.max(1)))
                }
                end if end == RuleEnd::Never || self.is_within_rule(at) => {
                    // Rules know no less than a second.
                    RuleEnd::Until((at - TimeDelta::nanoseconds(1)).trunc_subsecs(0))
                }
                end => end,
            };
            rule
        });
        let recurrence = Recurrence {
            rule,
            rdates: rdates.range(..at).copied().collect(),
            exdates: exdates.range(..at).copied().collect(),
        };
        Self { first: self.first, zone: self.zone, recurrence }
    }

    /// What its rule names in about that stretch, and maybe a little around it, in order.
    fn of_rule(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> + '_ {
        let first = self.wall_clock(self.first);
        // Around the days that a shifted clock reaches into.
        let day = |at| self.wall_clock(at).date();
        let last = day(until).checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
        let since = day(from).checked_sub_days(Days::new(1)).unwrap_or(NaiveDate::MIN);
        self.recurrence.rule.iter().flat_map(move |rule| {
            let (since, most) = match rule.end {
                RuleEnd::Count(count) => (first.date(), self.counted(count)),
                _ => (since, usize::MAX),
            };
            self.moments(rule, since, last).take(most).take_while(|starts| self.is_within_rule(*starts))
        })
    }

    /// When the rule's dates are, in order, and none twice: what the clocks skip is later than it stands in the rule, and
    /// may be when another date is; what they show twice may be over before the first date.
    fn moments<'a>(
        &'a self,
        rule: &'a Rule,
        since: NaiveDate,
        last: NaiveDate,
    ) -> impl Iterator<Item = DateTime<Utc>> + 'a {
        let first = self.wall_clock(self.first);
        let mut dates = expand::dates(rule, first, since, last).peekable();
        // With what the clocks then show: as long as the rule's next date is not later, it may come before.
        let mut near = BTreeSet::new();
        let in_order = iter::from_fn(move || {
            let may_precede = |date: &NaiveDateTime, near: &BTreeSet<(DateTime<Utc>, NaiveDateTime)>| {
                near.first().is_none_or(|(_, shown)| date <= shown)
            };
            while let Some(date) = dates.next_if(|date| may_precede(date, &near)) {
                let starts = if date == first { self.first } else { on_wall_clock(date, self.zone) };
                near.insert((starts, self.wall_clock(starts)));
            }
            near.pop_first().map(|(starts, _)| starts)
        });
        in_order.filter(|starts| *starts >= self.first)
    }

    /// How many dates of a `COUNT` the rule itself names: the first date counts also where it is none of them.
    fn counted(&self, count: u32) -> usize {
        let day = self.wall_clock(self.first).date();
        let rule = self.recurrence.rule.as_ref();
        let named = rule.is_some_and(|rule| self.moments(rule, day, day).next() == Some(self.first));
        usize::try_from(count).unwrap_or(usize::MAX) - usize::from(!named)
    }

    /// How many of the dates of a `COUNT` come before that moment.
    fn counted_before(&self, at: DateTime<Utc>) -> usize {
        let by_rule =
            self.of_rule(self.first, at).filter(|starts| *starts < at && *starts != self.first).count();
        by_rule + usize::from(self.first < at)
    }

    fn is_within_rule(&self, starts: DateTime<Utc>) -> bool {
        match self.recurrence.rule.as_ref().map(|rule| rule.end) {
            None | Some(RuleEnd::Never | RuleEnd::Count(_)) => true,
            Some(RuleEnd::Until(until)) => starts <= until,
            Some(RuleEnd::UntilLocal(until)) => self.wall_clock(starts) <= until,
            Some(RuleEnd::UntilDay(until)) => self.wall_clock(starts).date() <= until,
        }
    }

    /// What the clocks show at that moment where it takes place.
    #[must_use]
    pub fn wall_clock(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.zone).naive_local()
    }
}

/// When the wall clock of the zone shows that.
///
/// Source: RFC 5545 section 3.3.5: what it shows twice is the first time; what it skips is told by the offset before the
/// gap, and so is as much later.
#[must_use]
pub fn on_wall_clock(date: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let exact = |date: &NaiveDateTime| zone.from_local_datetime(date).earliest();
    if let Some(at) = exact(&date) {
        return at.to_utc();
    }
    // No clock was ever put on by more than a day.
    let step = TimeDelta::minutes(15);
    (1..=100)
        .find_map(|steps| {
            let before = date.checked_sub_signed(step * steps)?;
            let at = zone.from_local_datetime(&before).latest()?;
            at.to_utc().checked_add_signed(step * steps)
        })
        .unwrap_or_else(|| date.and_utc())
}
