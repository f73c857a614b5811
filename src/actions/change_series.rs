//! A series is moved or changed: all of it, or one date and all that follow.
//!
//! What has started stays as it was, whatever changes. So does what lies before the date from which on it changes. If the
//! times change, the series begins anew at the first date that is reached: its rule then says what follows from there,
//! and the dates before stand on their own.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use strum::VariantArray as _;

use super::book::BookError;
use super::change_appointment::{
    AppointmentChange, ChangeAppointmentError, Patch, RecurrenceChange, changeable, changed, moved, write,
};
use super::dates::{Dates, check_exceptions, check_rule, place_dates};
use super::transaction::transact;
use crate::app::App;
use crate::reservation::{
    Appointment, AppointmentId, BookedDate, DateField, Reach, Recurrence, Recurring, Series, Slot, Tenant,
    TenantName, on_wall_clock, plan_series,
};
use crate::store::occurrences;

/// Changes a date of a series and all that follow, in a transaction of its own.
///
/// # Errors
/// See [`change_following_in`].
pub async fn change_following(
    app: &App,
    tenant: &TenantName,
    id: AppointmentId,
    original_start: DateTime<Utc>,
    expected: Option<i64>,
    change: AppointmentChange,
) -> Result<Appointment, ChangeAppointmentError> {
    transact(app, async |db| {
        change_following_in(app, db, tenant, id, original_start, expected, change.clone()).await
    })
    .await
}

/// Changes a date of a series and all that follow, as a part of a transaction; only at the revision `expected`, where one
/// is.
///
/// # Errors
/// As for the whole series; and where there is no such date, or it has started.
pub async fn change_following_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &TenantName,
    id: AppointmentId,
    original_start: DateTime<Utc>,
    expected: Option<i64>,
    change: AppointmentChange,
) -> Result<Appointment, ChangeAppointmentError> {
    let (tenant, appointment) = changeable(db, tenant, id, expected).await?;
    if change.participants.is_some()
        || change.external_id != Patch::Keep
        || change.metadata != Patch::Keep
        || change.recording.is_some()
    {
        return Err(ChangeAppointmentError::NotOfADate(
            "participants, metadata, external id and recording belong to the whole appointment: change them there",
        ));
    }
    Box::pin(change_series_in(app, db, &tenant, appointment, Some(original_start), change)).await
}

/// Changes a series that this transaction holds, from the date `from` on where there is one.
pub(super) async fn change_series_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &Tenant,
    before: Appointment,
    from: Option<DateTime<Utc>>,
    change: AppointmentChange,
) -> Result<Appointment, ChangeAppointmentError> {
    let now = app.clock.now();
    let rows = occurrences::of_appointment(db, before.tenant, before.id).await?;
    let old = Timetable::of(&before);
    let base = match from {
        None if change.recurrence == Patch::Clear => old.beginning_with_next(&rows, now),
        None => old.clone(),
        Some(from) => old.beginning_at(begun(&before, &rows, from, now)?),
    };
    let changes_times = change.starts.is_some()
        || change.ends != Patch::Keep
        || change.time_zone.is_some()
        || change.recurrence != Patch::Keep;
    let keeps_rule = change.recurrence == Patch::Keep;
    let new = if changes_times { Some(base.changed(&change, tenant, now)?) } else { None };
    let mut after = changed(app, db, before.clone(), change).await?;
    let started =
        |row: &BookedDate| row.slot.starts() <= now || from.is_some_and(|from| row.original_start < from);
    let plan = match new {
        None => {
            let reach = |row: &BookedDate| if started(row) { Reach::Stays } else { Reach::Follows };
            plan_series(&after, &rows, reach, &[], |at| at, now)
        }
        Some((new, mut dates)) => {
            // Whoever gives the rule of the whole series, too, says what its dates are: they may well have begun.
            let only_moves = new.series.recurrence.recurs() && (keeps_rule || from.is_some());
            if only_moves && new.slot.starts() <= now && base.slot.starts() > now {
                return Err(ChangeAppointmentError::IntoPast);
            }
            let too_long = |row: &BookedDate| {
                let goes_on = row.cancelled_at.is_none() && row.slot.ends().is_none_or(|ends| ends > now);
                goes_on && !BookedDate::may_last(row.slot)
            };
            if new.series.recurrence.recurs() && rows.iter().any(|row| started(row) && too_long(row)) {
                // Without an end it would never make way for the dates that are to come. And who looks for what takes place
                // looks no further back for dates of a series.
                return Err(BookError::RecursTooLong.into());
            }
            let moved = |at| base.moved_to(&new, at);
            // What was there before the rule that was in force stands on its own, and what was still to come today does
            // not get lost because it would have been a little earlier.
            let alone = |at| at <= now || at < old.slot.starts() || keeps_rule && moved(at) <= now;
            let recurred = before.recurring.is_some();
            let reach = |row: &BookedDate| match row {
                row if started(row) => Reach::Stays,
                row if recurred && alone(row.original_start) => Reach::Follows,
                _ => Reach::Anew,
            };
            let there = there_already(&rows, reach, moved);
            dates.starts.retain(|date| !there.contains(&date.starts));
            new.begun_anew(&dates, now).write_to(&mut after, &dates);
            plan_series(&after, &rows, reach, &dates.starts, moved, now)
        }
    };
    write(db, &after).await?;
    occurrences::keep_as_was(db, &before, &changed_fields(&before, &after, from), now, from).await?;
    occurrences::remove(db, after.tenant, after.id, &plan.remove).await?;
    place_dates(db, &mut after, &plan.place).await?;
    Ok(after)
}

/// What is not to be placed a second time: dates that stay, perhaps at another time, and where they would have moved, unless
/// that is a date of its own.
fn there_already(
    rows: &[BookedDate],
    reach: impl Fn(&BookedDate) -> Reach,
    moved: impl Fn(DateTime<Utc>) -> DateTime<Utc>,
) -> BTreeSet<DateTime<Utc>> {
    let (anew, stay): (Vec<_>, Vec<_>) = rows.iter().partition(|row| reach(row) == Reach::Anew);
    let anew: BTreeSet<DateTime<Utc>> = anew.iter().map(|row| row.original_start).collect();
    let stay = stay.iter().map(|row| row.original_start);
    let would_have_moved = stay.clone().map(moved).filter(|moved| !anew.contains(moved));
    stay.chain(would_have_moved).collect()
}

/// The date from which on a series is to change, if it can.
fn begun(
    before: &Appointment,
    rows: &[BookedDate],
    from: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, ChangeAppointmentError> {
    let known = rows.iter().find(|row| row.original_start == from);
    let row = known.ok_or(ChangeAppointmentError::UnknownDate(from))?;
    if row.slot.starts() <= now {
        return Err(ChangeAppointmentError::DateStarted);
    }
    match before.series() {
        Some(series) if series.first <= from && series.names(from) => Ok(from),
        _ => Err(ChangeAppointmentError::DateOffRule),
    }
}

/// What the dates that a change does not reach have to keep for themselves. Where the change reaches all that is to come,
/// these are over, and of them only what people read is of any interest.
fn changed_fields(before: &Appointment, after: &Appointment, from: Option<DateTime<Utc>>) -> Vec<DateField> {
    let differs = |field: &DateField| match field {
        DateField::Time => false,
        DateField::Room => before.room != after.room,
        DateField::Title => before.title != after.title,
        DateField::Description => before.description != after.description,
        DateField::Password => from.is_some() && before.options.password != after.options.password,
        DateField::Lobby => from.is_some() && before.options.lobby != after.options.lobby,
        DateField::MaxOccupants => {
            from.is_some() && before.options.max_occupants != after.options.max_occupants
        }
        DateField::MaxDuration => from.is_some() && before.max_duration != after.max_duration,
        DateField::EarlyOpen => from.is_some() && before.early_open != after.early_open,
        DateField::Grace => from.is_some() && before.grace != after.grace,
        DateField::AnswerToken => from.is_some() && before.answer_token != after.answer_token,
    };
    DateField::VARIANTS.iter().copied().filter(differs).collect()
}

/// When an appointment takes place.
#[derive(Debug, Clone)]
struct Timetable {
    slot: Slot,
    series: Series,
}

impl Timetable {
    fn of(appointment: &Appointment) -> Self {
        let once = || Series {
            first: appointment.slot.starts(),
            zone: appointment.time_zone,
            recurrence: Recurrence::default(),
        };
        Self { slot: appointment.slot, series: appointment.series().unwrap_or_else(once) }
    }

    /// The same from one of its dates on.
    fn beginning_at(&self, date: DateTime<Utc>) -> Self {
        self.with(self.series.beginning_at(date))
    }

    /// The same from the next date on that takes place, if there is one.
    fn beginning_with_next(&self, rows: &[BookedDate], now: DateTime<Utc>) -> Self {
        let next = rows.iter().find(|row| {
            row.slot.starts() > now && row.cancelled_at.is_none() && row.original_start >= self.slot.starts()
        });
        next.map_or_else(|| self.clone(), |next| self.beginning_at(next.original_start))
    }

    /// Other dates of the same length.
    fn with(&self, series: Series) -> Self {
        let length = self.slot.ends().map(|ends| ends - self.slot.starts());
        let ends = length.and_then(|length| series.first.checked_add_signed(length));
        Self { slot: Slot::new(series.first, ends).unwrap_or(self.slot), series }
    }

    /// What becomes of it, with the dates that are still to come.
    fn changed(
        &self,
        change: &AppointmentChange,
        tenant: &Tenant,
        now: DateTime<Utc>,
    ) -> Result<(Self, Dates), ChangeAppointmentError> {
        let slot = moved(self.slot, change.starts, change.ends)?;
        let zone = change.time_zone.unwrap_or(self.series.zone);
        let plain =
            Self { slot, series: Series { first: slot.starts(), zone, recurrence: Recurrence::default() } };
        let moved_all =
            |dates: &BTreeSet<DateTime<Utc>>| dates.iter().map(|at| self.moved_to(&plain, *at)).collect();
        let Recurrence { rule, rdates, exdates } = &self.series.recurrence;
        let kept = Recurrence { rule: rule.clone(), rdates: moved_all(rdates), exdates: moved_all(exdates) };
        let recurrence = match change.recurrence.clone() {
            Patch::Keep => kept,
            Patch::Clear => Recurrence::default(),
            Patch::Set(change) => change.applied(kept),
        };
        if recurrence.recurs() && !BookedDate::may_last(slot) {
            return Err(BookError::RecursTooLong.into());
        }
        let mut new = plain.with(Series { recurrence, ..plain.series.clone() });
        if matches!(
            change.recurrence,
            Patch::Keep | Patch::Set(RecurrenceChange { exdates: Patch::Keep, .. })
        ) {
            // An exception on a date that is there as before is one of that date.
            let stays = |at: &&DateTime<Utc>| new.series.names(**at);
            let exdates = exdates.iter().map(|at| if stays(&at) { *at } else { self.moved_to(&plain, *at) });
            new.series.recurrence.exdates = exdates.collect();
        }
        if change.starts.is_none()
            && let Some(first) = new.series.first_by_rule()
        {
            // Another rule may begin a little later.
            new = new.with(Series { first, ..new.series.clone() });
        }
        if change.ends == Patch::Keep || change.starts.is_some() || change.recurrence != Patch::Keep {
            check_rule(&new.series)?;
        }
        let until = now + tenant.policy.horizon;
        if new.slot.starts() > until {
            return Err(BookError::BeyondHorizon { until }.into());
        }
        let dates = Dates::between(&new.series, now + TimeDelta::milliseconds(1), &tenant.policy, now)?;
        if let Patch::Set(RecurrenceChange { exdates: Patch::Set(_), .. }) = change.recurrence {
            check_exceptions(&new.series, &dates, now)?;
        }
        Ok((new, dates))
    }

    /// Where a date has gone to that was moved along with the first: as far on the wall clock.
    fn moved_to(&self, new: &Self, at: DateTime<Utc>) -> DateTime<Utc> {
        let (was, is) = (&self.series, &new.series);
        if was.first == is.first && was.zone == is.zone {
            return at;
        }
        let shift = is.wall_clock(is.first) - was.wall_clock(was.first);
        // Further away, the series begins at another time rather than to have moved.
        if shift.abs() < TimeDelta::days(7) { on_wall_clock(was.wall_clock(at) + shift, is.zone) } else { at }
    }

    /// The same from the first date on that is still to come, where it began before.
    fn begun_anew(&self, dates: &Dates, now: DateTime<Utc>) -> Self {
        let next = dates.starts.iter().map(|date| date.starts).find(|starts| self.series.names(*starts));
        match next {
            Some(next) if self.series.first <= now => self.beginning_at(next),
            _ => self.clone(),
        }
    }

    fn write_to(self, appointment: &mut Appointment, dates: &Dates) {
        let first_starts = appointment.span().starts();
        appointment.slot = self.slot;
        appointment.time_zone = self.series.zone;
        appointment.recurring = Some(Recurring {
            recurrence: self.series.recurrence,
            first_starts,
            last_ends: None,
            expanded_until: dates.expanded_until,
        });
    }
}
