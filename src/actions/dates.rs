//! The dates of a series get their rows.
//!
//! As many dates are placed as lie within the tenant's horizon, and some more: so the job that places the later ones
//! touches a series only now and then, and what anybody may book is always checked against all dates there are.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::book::{BookError, Conflict};
use crate::reservation::{Appointment, BookedDate, Policy, Series, SeriesDate, Slot};
use crate::store::{StoreError, appointments, occurrences};

/// The most dates that one series may have placed.
pub const MOST_DATES: usize = 4000;

/// Until when the dates of series are placed that are booked or looked at `now`: beyond the horizon by a 24th of it, and
/// by a day at least.
pub(super) fn placed_until(policy: &Policy, now: DateTime<Utc>) -> DateTime<Utc> {
    now + policy.horizon + (policy.horizon / 24).max(TimeDelta::days(1))
}

/// The dates of a series that are to be placed.
pub(super) struct Dates {
    /// Which.
    pub starts: Vec<SeriesDate>,
    /// Those that start before this are among them; `None` where all are.
    pub expanded_until: Option<DateTime<Utc>>,
}

/// The dates of a series to be booked that have not ended yet.
pub(super) fn first_dates(
    series: &Series,
    slot: Slot,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Result<Dates, BookError> {
    let Some(ends) = slot.ends().filter(|_| BookedDate::may_last(slot)) else {
        return Err(BookError::RecursTooLong);
    };
    check_rule(series)?;
    let still_on = now - (ends - slot.starts()) + TimeDelta::milliseconds(1);
    let dates = Dates::between(series, still_on, policy, now)?;
    check_exceptions(series, &dates, still_on)?;
    Ok(dates)
}

/// Whether the first date is one that the rule names: a start that is not is a mistake, of the day or of the time zone.
pub(super) fn check_rule(series: &Series) -> Result<(), BookError> {
    let next = series.first_by_rule();
    if series.recurrence.rule.is_some() && next != Some(series.first) {
        return Err(BookError::StartsOffRule { next });
    }
    Ok(())
}

/// Whether the exceptions are dates of the series, as far as those are known.
pub(super) fn check_exceptions(series: &Series, dates: &Dates, from: DateTime<Utc>) -> Result<(), BookError> {
    let until = dates.expanded_until.unwrap_or(DateTime::<Utc>::MAX_UTC);
    let known = |exdate: &DateTime<Utc>| {
        *exdate < from
            || *exdate >= until
            || dates.starts.binary_search_by_key(exdate, |date| date.starts).is_ok()
    };
    match series.recurrence.exdates.iter().find(|exdate| !known(exdate)) {
        Some(stranger) => Err(BookError::NoSuchDate(*stranger)),
        None => Ok(()),
    }
}

impl Dates {
    /// The dates that start at that moment or later, as far as they are placed.
    pub(super) fn between(
        series: &Series,
        from: DateTime<Utc>,
        policy: &Policy,
        now: DateTime<Utc>,
    ) -> Result<Self, BookError> {
        let until = placed_until(policy, now);
        let starts = series.dates(from, until, MOST_DATES)?;
        Ok(Self { starts, expanded_until: (!series.ends_before(until)).then_some(until) })
    }

    /// The same as dates of an appointment.
    pub(super) fn booked(&self, appointment: &Appointment, now: DateTime<Utc>) -> Vec<BookedDate> {
        let dates = self.starts.iter().filter_map(|date| {
            let booked = BookedDate::of(appointment, date.starts)?;
            Some(BookedDate { cancelled_at: date.excepted.then_some(now), ..booked })
        });
        dates.collect()
    }
}

/// Places dates of an appointment that recurs, and notes from when to when it takes place.
///
/// # Errors
/// Where the room is taken on some of them. The transaction is to be rolled back then.
pub(super) async fn place_dates(
    db: &mut PgConnection,
    appointment: &mut Appointment,
    dates: &[BookedDate],
) -> Result<(), BookError> {
    let mut booked: Vec<&BookedDate> = dates.iter().filter(|date| date.cancelled_at.is_none()).collect();
    booked.sort_by_key(|date| date.slot.starts());
    let overlap = booked
        .windows(2)
        .find(|pair| pair[0].room.key() == pair[1].room.key() && pair[0].slot.overlaps(pair[1].slot));
    if let Some(pair) = overlap {
        return Err(BookError::OverlapsItself(pair[0].slot.starts()));
    }
    let slots: Vec<Slot> = booked
        .iter()
        .filter(|date| date.room.key() == appointment.room.key())
        .map(|date| date.slot)
        .collect();
    later_dates_in_the_way(db, appointment, &slots).await?;
    let rows: Vec<_> = dates.iter().map(|date| (appointment.id, date)).collect();
    let missing = occurrences::place(db, appointment.tenant, &rows).await?;
    if !missing.is_empty() {
        return Err(
            taken_dates(db, appointment, &missing.iter().map(|(_, date)| *date).collect::<Vec<_>>()).await?
        );
    }
    if let Some((first, last)) = occurrences::measure(db, appointment.tenant, appointment.id).await?
        && let Some(recurring) = &mut appointment.recurring
    {
        recurring.first_starts = first;
        recurring.last_ends = last;
    }
    Ok(())
}

async fn taken_dates(
    db: &mut PgConnection,
    appointment: &Appointment,
    missing: &[&BookedDate],
) -> Result<BookError, StoreError> {
    let mut conflicts = Vec::new();
    for date in missing.iter().take(Conflict::MOST) {
        let Appointment { tenant, id, .. } = appointment;
        let by = occurrences::in_the_way(db, *tenant, date.room.key(), date.slot, Some(*id)).await?;
        conflicts.push(Conflict { starts: date.slot.starts(), by });
    }
    match conflicts.first() {
        // Nobody else is: it is a date that stays where it is.
        Some(Conflict { starts, by: None }) => Ok(BookError::OverlapsItself(*starts)),
        _ => Ok(BookError::TakenDates { conflicts, all: missing.len() }),
    }
}

/// Whether a date that is not placed yet would be in the way: one of another series beyond the horizon, or one of this
/// series where the room is booked without an end.
///
/// `slots` are those that the appointment takes in its room.
///
/// # Errors
/// Where there is one.
pub(super) async fn later_dates_in_the_way(
    db: &mut PgConnection,
    appointment: &Appointment,
    slots: &[Slot],
) -> Result<(), BookError> {
    let Appointment { tenant, id, room, recurring, .. } = appointment;
    let goes_on = recurring.as_ref().is_some_and(|recurring| recurring.expanded_until.is_some());
    if goes_on && let Some(by) = occurrences::endless(db, *tenant, room.key(), *id).await? {
        return Err(BookError::Taken { by: Some(by) });
    }
    let endless = slots.iter().any(|slot| slot.ends().is_none());
    let last = slots.iter().filter_map(Slot::ends).max();
    if slots.is_empty() {
        return Ok(());
    }
    let until = if endless { None } else { last };
    for other in appointments::in_room_beyond(db, *tenant, room.key(), until).await? {
        let placed_until = other.recurring.as_ref().and_then(|recurring| recurring.expanded_until);
        let (Some(series), Some(from)) = (other.series(), placed_until) else { continue };
        if other.id == *id {
            continue;
        }
        if endless && !series.ends_before(from) {
            return Err(BookError::Taken { by: Some(other.id) });
        }
        // Nobody can tell that far ahead, and a hostile rule is to cost no more than that.
        let last = last.unwrap_or(from).min(from + TimeDelta::days(7305));
        let Ok(dates) = series.dates(from, last, MOST_DATES) else {
            return Err(BookError::Taken { by: Some(other.id) });
        };
        let later = dates.iter().filter(|date| !date.excepted);
        let overlaps = |date: &SeriesDate| {
            BookedDate::of(&other, date.starts)
                .and_then(|date| slots.iter().find(|slot| slot.overlaps(date.slot)))
                .copied()
        };
        if let Some(slot) = later.clone().find_map(overlaps) {
            let conflict = Conflict { starts: slot.starts(), by: Some(other.id) };
            return Err(match recurring {
                None => BookError::Taken { by: Some(other.id) },
                Some(_) => BookError::TakenDates { conflicts: vec![conflict], all: 1 },
            });
        }
    }
    Ok(())
}
