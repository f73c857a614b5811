//! When people may come in for the dates of a room, clipped by the dates around them.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::reservation::{AppointmentId, OccurrenceId, RoomKey, RoomName, Slot, TenantId, Window};
use crate::store::StoreError;
use crate::store::columns::seconds;

/// Which dates.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// Those of an appointment.
    Appointment(AppointmentId),
    /// One date of an appointment.
    Date(OccurrenceId),
    /// Those in a room.
    Room(&'a RoomKey),
}

/// A date that is not cancelled, and when people may come in for it.
#[derive(Debug, Clone)]
pub struct DateWindow {
    /// Which date.
    pub id: OccurrenceId,
    /// Where.
    pub room: RoomName,
    /// The booked time.
    pub slot: Slot,
    /// When people may come in.
    pub window: Window,
    /// Whether the appointment lets its hosts record.
    pub recording: bool,
}

struct WindowRow {
    appointment_id: Uuid,
    original_start: DateTime<Utc>,
    room: String,
    room_name: String,
    starts: DateTime<Utc>,
    ends: Option<DateTime<Utc>>,
    early_open_s: i32,
    grace_s: i32,
    previous_ends: Option<DateTime<Utc>>,
    next_starts: Option<DateTime<Utc>>,
    recording: bool,
}

impl TryFrom<WindowRow> for DateWindow {
    type Error = StoreError;

    fn try_from(row: WindowRow) -> Result<Self, StoreError> {
        let slot = Slot::new(row.starts, row.ends).ok_or(StoreError::Unreadable { column: "ends" })?;
        let (early_open, grace) = (seconds(row.early_open_s), seconds(row.grace_s));
        Ok(Self {
            id: OccurrenceId { appointment: row.appointment_id.into(), original_start: row.original_start },
            room: RoomName::from_stored(row.room_name, RoomKey::from_stored(row.room)),
            slot,
            window: Window::between(slot, early_open, grace, row.previous_ends, row.next_starts),
            recording: row.recording,
        })
    }
}

/// The first two of those dates that have not closed by `from`, by their start.
///
/// # Errors
/// Where the database fails.
pub async fn windows(
    db: &mut PgConnection,
    tenant: TenantId,
    which: Which<'_>,
    from: DateTime<Utc>,
) -> Result<Vec<DateWindow>, StoreError> {
    let (appointment, original_start, room) = match which {
        Which::Appointment(id) => (Some(id), None, None),
        Which::Date(id) => (Some(id.appointment), Some(id.original_start), None),
        Which::Room(room) => (None, None, Some(room)),
    };
    let rows = sqlx::query_as!(
        WindowRow,
        r#"SELECT o.appointment_id, o.original_start, o.room, COALESCE(o.room_name, a.room_name) AS "room_name!",
                  o.starts, o.ends, COALESCE(o.early_open_s, t.early_open_s) AS "early_open_s!",
                  COALESCE(o.grace_s, t.grace_s) AS "grace_s!", p.ends AS "previous_ends?", n.starts AS "next_starts?",
                  a.recording
           FROM occurrences o
           JOIN tenants t ON t.id = o.tenant_id
           JOIN appointments a ON a.tenant_id = o.tenant_id AND a.id = o.appointment_id
           LEFT JOIN LATERAL (
               SELECT b.ends FROM occurrences b
               WHERE b.tenant_id = $1 AND b.room = o.room AND b.starts < o.starts AND b.cancelled_at IS NULL
               ORDER BY b.starts DESC LIMIT 1
           ) p ON true
           LEFT JOIN LATERAL (
               SELECT b.starts FROM occurrences b
               WHERE b.tenant_id = $1 AND b.room = o.room AND b.starts > o.starts AND b.cancelled_at IS NULL
               ORDER BY b.starts LIMIT 1
           ) n ON true
           WHERE o.tenant_id = $1 AND o.cancelled_at IS NULL
             AND ($2::uuid IS NULL OR o.appointment_id = $2)
             AND ($3::timestamptz IS NULL OR o.original_start = $3)
             -- Of those in a room that have started, only the last may not have closed.
             AND ($4::text IS NULL OR o.room = $4 AND o.starts >= COALESCE((
                 SELECT b.starts FROM occurrences b
                 WHERE b.tenant_id = $1 AND b.room = $4 AND b.starts <= $5 AND b.cancelled_at IS NULL
                 ORDER BY b.starts DESC LIMIT 1), '-infinity'))
             AND (o.ends IS NULL OR o.ends + make_interval(secs => COALESCE(o.grace_s, t.grace_s)) > $5)
             AND (o.ends IS NULL OR o.ends > $5 OR n.starts IS NULL OR n.starts > $5)
           ORDER BY o.starts LIMIT 2"#,
        Uuid::from(tenant),
        appointment.map(Uuid::from),
        original_start,
        room.map(RoomKey::as_str),
        from,
    );
    rows.fetch_all(db).await?.into_iter().map(DateWindow::try_from).collect()
}
