//! When a room is booked.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::reservation::{Booked, FreeBusy, Range, RoomKey, Slot, TenantId};

struct BookedRow {
    appointment_id: Uuid,
    starts: DateTime<Utc>,
    ends: Option<DateTime<Utc>>,
}

/// When the room is booked within the range, and when it is free.
///
/// Of the dates that started before, only the last can reach into the range: booked dates of a room never
/// overlap. So the past of a room costs nothing, however long it is.
///
/// # Errors
/// Where the database fails.
pub async fn read(
    db: &mut PgConnection,
    tenant: TenantId,
    room: &RoomKey,
    range: Range,
) -> Result<FreeBusy, StoreError> {
    let rows = sqlx::query_as!(
        BookedRow,
        "SELECT appointment_id, starts, ends FROM occurrences
         WHERE tenant_id = $1 AND room = $2 AND cancelled_at IS NULL AND starts < $4
           AND starts >= COALESCE((SELECT max(b.starts) FROM occurrences b
                                   WHERE b.tenant_id = $1 AND b.room = $2 AND b.cancelled_at IS NULL AND b.starts <= $3),
                                  $3)
           AND (ends IS NULL OR ends > $3)
         ORDER BY starts",
        Uuid::from(tenant),
        room.as_str(),
        range.from(),
        range.until(),
    )
    .fetch_all(db)
    .await?;
    let booked = rows.into_iter().map(|row| {
        let slot = Slot::new(row.starts, row.ends).ok_or(StoreError::Unreadable { column: "ends" })?;
        Ok(Booked { slot, appointment: row.appointment_id.into() })
    });
    Ok(FreeBusy::of(range, booked.collect::<Result<_, StoreError>>()?))
}
