//! Which date of an appointment somebody comes for who has a link to it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::actions::mint::soonest;
use crate::reservation::{Appointment, BookedDate, Date, NoDate};
use crate::store::StoreError;
use crate::store::occurrences::{self, DateWindow, Which};

/// The date that somebody comes for, and what they are shown of it.
pub(super) struct Coming {
    /// The date, also as it was read.
    pub date: Result<(Date, DateWindow), NoDate>,
    /// The same as it is booked; without one, the one that they may have meant.
    pub shown: Option<BookedDate>,
    /// A cancelled date that would have come before it.
    pub instead_of: Option<BookedDate>,
}

/// Finds out which date somebody comes for.
///
/// # Errors
/// Where the database fails.
pub(super) async fn coming(
    db: &mut PgConnection,
    appointment: &Appointment,
    now: DateTime<Utc>,
) -> Result<Coming, StoreError> {
    let (tenant, id) = (appointment.tenant, appointment.id);
    let next = soonest(occurrences::windows(db, tenant, Which::Appointment(id), now).await?, now);
    let Some(next) = next else { return none(db, appointment, now).await };
    let gives_way = gives_way(db, appointment, &next, now).await?;
    let shown = occurrences::of_original_start(db, tenant, id, next.id.original_start).await?;
    let mut instead_of = None;
    if appointment.recurring.is_some() && now < next.window.gate {
        let cancelled = occurrences::next_cancelled(db, tenant, id, now).await?;
        instead_of = cancelled.filter(|cancelled| cancelled.slot.starts() < next.slot.starts());
    }
    let date = Date { appointment: id, slot: next.slot, window: next.window, gives_way };
    Ok(Coming { date: Ok((date, next)), shown, instead_of })
}

/// Whether the next booking in the room has it by now, as a decision has it: in the gap where people of the one before may
/// still stay, and those of the next may already come.
async fn gives_way(
    db: &mut PgConnection,
    appointment: &Appointment,
    date: &DateWindow,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if date.slot.ends().is_none_or(|ends| now < ends) {
        return Ok(false);
    }
    let in_room = occurrences::windows(db, appointment.tenant, Which::Room(date.room.key()), now).await?;
    Ok(soonest(in_room, now).is_some_and(|holder| holder.id != date.id))
}

/// Why there is no date, and which one they may have meant.
async fn none(
    db: &mut PgConnection,
    appointment: &Appointment,
    now: DateTime<Utc>,
) -> Result<Coming, StoreError> {
    let (tenant, id) = (appointment.tenant, appointment.id);
    let cancelled = occurrences::next_cancelled(db, tenant, id, now).await?;
    let goes_on = appointment.recurring.as_ref().is_some_and(|recurring| recurring.expanded_until.is_some());
    let (date, shown) = match cancelled {
        Some(cancelled) if !goes_on => (NoDate::Cancelled, Some(cancelled)),
        _ if goes_on => (NoDate::Unplanned, None),
        _ => {
            let last = occurrences::last(db, tenant, id).await?;
            let was_cancelled = last.as_ref().is_some_and(|last| last.cancelled_at.is_some());
            (if was_cancelled { NoDate::Cancelled } else { NoDate::Over }, last)
        }
    };
    Ok(Coming { date: Err(date), shown, instead_of: None })
}
