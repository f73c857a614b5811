//! How an appointment recurs, on the command line.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use clap::Args;

use crate::actions::change_appointment::{Patch, RecurrenceChange};
use crate::cli::parse::{Maybe, time};
use crate::reservation::{Recurrence, Rule};

/// How an appointment to be booked recurs.
#[derive(Debug, Args)]
pub(super) struct Recurring {
    #[command(flatten)]
    dates: Dates,
    /// A date on which it does not take place, by its start; may be repeated
    #[arg(long, value_name = "TIME", value_parser = time, requires = "Dates")]
    exdate: Vec<DateTime<Utc>>,
}

/// When it takes place.
#[derive(Debug, Args)]
struct Dates {
    /// It recurs by this rule of iCalendar (RFC 5545), which has to name --starts: `FREQ=WEEKLY;COUNT=10`
    #[arg(long, value_name = "RULE")]
    rrule: Option<Rule>,
    /// When else it takes place, with offset; may be repeated
    #[arg(long, value_name = "TIME", value_parser = time)]
    rdate: Vec<DateTime<Utc>>,
}

impl Recurring {
    /// `None` for once.
    pub fn recurrence(self) -> Option<Recurrence> {
        let Self { dates: Dates { rrule, rdate }, exdate } = self;
        let recurrence = Recurrence {
            rule: rrule,
            rdates: rdate.into_iter().collect(),
            exdates: exdate.into_iter().collect(),
        };
        recurrence.recurs().then_some(recurrence)
    }
}

/// What becomes of how an appointment recurs.
#[derive(Debug, Args)]
pub(super) struct RecurringChange {
    #[command(flatten)]
    dates: DatesChange,
    /// It does not recur any more: of what is to come, only the first date of its rule stays
    #[arg(long, conflicts_with = "DatesChange")]
    no_recurrence: bool,
}

/// What becomes of its dates.
#[derive(Debug, Args)]
struct DatesChange {
    /// It recurs by this rule of iCalendar (RFC 5545) from now on, or `none` for no rule
    #[arg(long, value_name = "RULE", value_parser = |text: &str| Maybe::or(text, str::parse::<Rule>))]
    rrule: Option<Maybe<Rule>>,
    /// When else it takes place, with offset, in place of what was said before; may be repeated
    #[arg(long, value_name = "TIME", value_parser = time)]
    rdate: Vec<DateTime<Utc>>,
    /// It takes place on no further dates
    #[arg(long, conflicts_with = "rdate")]
    no_rdates: bool,
    /// A date on which it does not take place, in place of all exceptions before; may be repeated
    #[arg(long, value_name = "TIME", value_parser = time)]
    exdate: Vec<DateTime<Utc>>,
    /// Dates that were cancelled take place again
    #[arg(long, conflicts_with = "exdate")]
    no_exdates: bool,
}

impl RecurringChange {
    pub fn change(self) -> Patch<RecurrenceChange> {
        let DatesChange { rrule, rdate, no_rdates, exdate, no_exdates } = self.dates;
        let change = RecurrenceChange {
            rule: rrule.into(),
            rdates: of(rdate, no_rdates),
            exdates: of(exdate, no_exdates),
        };
        match change {
            _ if self.no_recurrence => Patch::Clear,
            change if change == RecurrenceChange::default() => Patch::Keep,
            change => Patch::Set(change),
        }
    }
}

/// Dates that are named take the place of all before.
fn of(named: Vec<DateTime<Utc>>, none: bool) -> Patch<BTreeSet<DateTime<Utc>>> {
    match named {
        _ if none => Patch::Clear,
        named if named.is_empty() => Patch::Keep,
        named => Patch::Set(named.into_iter().collect()),
    }
}
