//! What would be booked, without booking it.

use chrono::{DateTime, Utc};

use super::book::{BookError, Booking};
use super::dates::{check_rule, placed_until};
use crate::app::App;
use crate::reservation::{AppointmentId, BookedDate, Recurrence, Series, Slot};
use crate::store::{occurrences, tenants};

/// As many bookings of a room are looked at, for one preview.
const MOST_BOOKED: i64 = 20_000;

/// A date that would be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviewedDate {
    /// When it would take place.
    pub slot: Slot,
    /// Whether it is one of the exceptions.
    pub excepted: bool,
    /// The appointment in the way.
    pub taken_by: Option<AppointmentId>,
}

/// The next dates of what would be booked.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The dates.
    pub dates: Vec<PreviewedDate>,
    /// Whether there are more.
    pub more: bool,
    /// How far the tenant books.
    pub until: DateTime<Utc>,
}

/// The next dates of what would be booked, at most `limit`, and what is in the way of each.
///
/// # Errors
/// Where the booking makes no sense.
pub async fn preview(app: &App, booking: &Booking, limit: usize) -> Result<Preview, BookError> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let known = tenants::by_name(&mut db, &booking.tenant).await?;
    let tenant = known.ok_or_else(|| BookError::UnknownTenant(booking.tenant.clone()))?;
    let slot = Slot::new(booking.starts, booking.ends).ok_or(BookError::EndsTooSoon)?;
    let recurrence = booking.recurrence.clone().filter(Recurrence::recurs);
    if recurrence.is_some() && !BookedDate::may_last(slot) {
        return Err(BookError::RecursTooLong);
    }
    let zone = booking.time_zone.unwrap_or(tenant.policy.time_zone);
    let series = Series { first: slot.starts(), zone, recurrence: recurrence.unwrap_or_default() };
    check_rule(&series)?;
    let length = slot.ends().map(|ends| ends - slot.starts());
    // A room without an end is never over.
    let from = length.map_or(slot.starts(), |length| (now - length).max(slot.starts()));
    let starts = series.first_dates(from, placed_until(&tenant.policy, now), limit.saturating_add(1));
    let more = starts.len() > limit;
    let mut dates: Vec<PreviewedDate> = starts
        .into_iter()
        .take(limit)
        .filter_map(|date| {
            let ends = length.map(|length| date.starts.checked_add_signed(length));
            let slot = Slot::new(date.starts, ends.flatten())?;
            Some(PreviewedDate { slot, excepted: date.excepted, taken_by: None })
        })
        .collect();
    let last = dates.last().map(|date| date.slot.ends().unwrap_or(DateTime::<Utc>::MAX_UTC));
    if let (Some(first), Some(last)) = (dates.first().map(|date| date.slot.starts()), last) {
        let range = (first, last.min(now + tenant.policy.horizon * 2));
        let booked = occurrences::booked(&mut db, tenant.id, booking.room.key(), range, MOST_BOOKED).await?;
        for date in &mut dates {
            // Both are in order, and booked ones don't overlap each other.
            let from = booked
                .partition_point(|(_, slot)| slot.ends().is_some_and(|ends| ends <= date.slot.starts()));
            date.taken_by = booked.get(from).filter(|(_, slot)| slot.overlaps(date.slot)).map(|(by, _)| *by);
        }
    }
    Ok(Preview { dates, more, until: now + tenant.policy.horizon })
}
