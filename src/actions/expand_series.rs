//! The horizon moves on: later dates of series are placed.
//!
//! Several replicas may do so at once: each takes series that no other is at. Nobody who books waits for it. A date that
//! came within the horizon and finds its room taken (by one whose later dates were not there to be seen either when this
//! series was booked) is noted as cancelled for that.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::dates::{Dates, MOST_DATES, placed_until};
use super::transaction::transact;
use crate::app::App;
use crate::reservation::{Appointment, AppointmentId, BookedDate, TenantName};
use crate::store::{StoreError, appointments, occurrences, tenants};

/// How many series a transaction places dates of, at the most.
const BATCH: i64 = 100;

/// A transaction that has so many dates takes no further series.
const ENOUGH: usize = 5000;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expanded {
    /// Series that were placed further.
    pub series: usize,
    /// Their new dates.
    pub dates: usize,
    /// How many of these found their room taken.
    pub taken: usize,
}

/// Places the dates of all series as far as their tenants' horizons.
///
/// # Errors
/// Where the database fails; what was done until then stays done.
pub async fn expand_series(app: &App) -> Result<Expanded, StoreError> {
    let now = app.clock.now();
    let tenants = appointments::expandable(&mut *app.db.acquire().await?, now).await?;
    let mut total = Expanded::default();
    let mut unreadable = None;
    for tenant in tenants {
        loop {
            match transact(app, async |db| expand_some(db, &tenant, now).await).await {
                Ok(Expanded { series: 0, .. }) => break,
                Ok(Expanded { series, dates, taken }) => {
                    app.metrics.series_dates.inc_by(dates as u64);
                    app.metrics.series_dates_without_room.inc_by(taken as u64);
                    total.series += series;
                    total.dates += dates;
                    total.taken += taken;
                }
                // Another version wrote that. The other tenants need not wait for it.
                Err(error @ StoreError::Unreadable { .. }) => {
                    unreadable = Some(error);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
    }
    unreadable.map_or(Ok(total), Err)
}

async fn expand_some(
    db: &mut PgConnection,
    tenant: &TenantName,
    now: DateTime<Utc>,
) -> Result<Expanded, StoreError> {
    let Some(tenant) = tenants::by_name_for_share(db, tenant).await? else {
        return Ok(Expanded::default());
    };
    let due = appointments::to_expand(db, tenant.id, now + tenant.policy.horizon, BATCH).await?;
    let until = placed_until(&tenant.policy, now);
    let mut dates: Vec<(AppointmentId, BookedDate)> = Vec::new();
    let mut expanded = Vec::with_capacity(due.len());
    for series in &due {
        if dates.len() >= ENOUGH {
            break;
        }
        let next = next_dates(series, until, now);
        let reached = match next.last() {
            // There are more than are placed at once: the others come with the next turn.
            Some(last) if next.len() >= MOST_DATES => Some(last.original_start + TimeDelta::milliseconds(1)),
            _ if series.series().is_none_or(|series| series.ends_before(until)) => None,
            _ => Some(until),
        };
        dates.extend(next.into_iter().map(|date| (series.id, date)));
        expanded.push((series.id, reached));
    }
    let rows: Vec<_> = dates.iter().map(|(id, date)| (*id, date)).collect();
    let missing = occurrences::place(db, tenant.id, &rows).await?;
    let taken: Vec<(AppointmentId, BookedDate)> = missing
        .iter()
        .map(|(id, date)| (*id, BookedDate { cancelled_at: Some(now), room_taken: true, ..(*date).clone() }))
        .collect();
    let noted: Vec<_> = taken.iter().map(|(id, date)| (*id, date)).collect();
    occurrences::place(db, tenant.id, &noted).await?;
    appointments::expanded(db, tenant.id, &expanded).await?;
    for (id, _) in expanded.iter().filter(|(_, until)| until.is_none()) {
        occurrences::measure(db, tenant.id, *id).await?;
    }
    for (id, date) in &taken {
        tracing::warn!(
            tenant.id = %tenant.id, appointment.id = %id, starts = %date.slot.starts(),
            "a date of a series came within the horizon, and its room is taken"
        );
    }
    Ok(Expanded { series: expanded.len(), dates: dates.len(), taken: taken.len() })
}

/// The dates of a series that come within the horizon.
fn next_dates(appointment: &Appointment, until: DateTime<Utc>, now: DateTime<Utc>) -> Vec<BookedDate> {
    let placed = appointment.recurring.as_ref().and_then(|recurring| recurring.expanded_until);
    let (Some(series), Some(from)) = (appointment.series(), placed) else { return Vec::new() };
    let starts = series.first_dates(from, until, MOST_DATES);
    let dates = Dates { starts, expanded_until: None };
    dates.booked(appointment, now)
}
