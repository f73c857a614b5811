//! Occurrences: the dates that appointments take a room for.

mod calendar;
mod cancelled;
mod dates;
mod doorway;
mod feed;
mod windows;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use super::columns::{count, seconds};
use crate::reservation::{AppointmentId, Occurrence, OccurrenceId, Options, RoomKey, Slot, TenantId};
use crate::seal::Sealed;

pub use calendar::{CalendarEntry, DatePlace, Filter, booked, list, of_appointments};
pub use cancelled::next_cancelled_in;
pub use dates::{keep_as_was, of_appointment, of_original_start, place, remove};
pub use doorway::{last, next_cancelled};
pub use feed::{different, original_starts};
pub use windows::{DateWindow, Which, windows};

/// An occurrence, with what it leaves open filled in from the tenant.
pub(super) struct OccurrenceRow {
    pub appointment_id: Uuid,
    pub original_start: DateTime<Utc>,
    pub starts: DateTime<Utc>,
    pub ends: Option<DateTime<Utc>>,
    pub revision: i64,
    pub early_open_s: i32,
    pub grace_s: i32,
    pub max_duration_s: Option<i32>,
    pub first_opened_at: Option<DateTime<Utc>>,
    pub answer_token: bool,
    pub max_occupants: Option<i32>,
    pub lobby: bool,
    pub password: Option<Vec<u8>>,
    pub appointment_cancelled: bool,
}

impl TryFrom<OccurrenceRow> for Occurrence {
    type Error = StoreError;

    fn try_from(row: OccurrenceRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: OccurrenceId { appointment: row.appointment_id.into(), original_start: row.original_start },
            revision: row.revision,
            slot: Slot::new(row.starts, row.ends).ok_or(StoreError::Unreadable { column: "ends" })?,
            early_open: seconds(row.early_open_s),
            grace: seconds(row.grace_s),
            max_duration: row.max_duration_s.map(seconds),
            first_opened_at: row.first_opened_at,
            answer_token: row.answer_token,
            options: Options {
                password: row.password.map(Sealed::from_bytes),
                lobby: row.lobby,
                max_occupants: row.max_occupants.map(count),
            },
            appointment_cancelled: row.appointment_cancelled,
        })
    }
}

/// The first date of another appointment than `except` that takes the room within the slot, and whose it is.
///
/// # Errors
/// Where the database fails.
pub async fn in_the_way(
    db: &mut PgConnection,
    tenant: TenantId,
    room: &RoomKey,
    slot: Slot,
    except: Option<AppointmentId>,
) -> Result<Option<AppointmentId>, StoreError> {
    let id = sqlx::query_scalar!(
        "SELECT appointment_id FROM occurrences
         WHERE tenant_id = $1 AND room = $2 AND cancelled_at IS NULL
           AND tstzrange(starts, ends) && tstzrange($3, $4)
           AND appointment_id IS DISTINCT FROM $5
         ORDER BY starts LIMIT 1",
        Uuid::from(tenant),
        room.as_str(),
        slot.starts(),
        slot.ends(),
        except.map(Uuid::from),
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map(AppointmentId::from))
}

/// The appointment that takes the room for ever from some moment on, if there is one but `except`.
///
/// # Errors
/// Where the database fails.
pub async fn endless(
    db: &mut PgConnection,
    tenant: TenantId,
    room: &RoomKey,
    except: AppointmentId,
) -> Result<Option<AppointmentId>, StoreError> {
    let id = sqlx::query_scalar!(
        "SELECT appointment_id FROM (
             SELECT appointment_id, ends FROM occurrences
             WHERE tenant_id = $1 AND room = $2 AND cancelled_at IS NULL AND appointment_id <> $3
             ORDER BY starts DESC LIMIT 1) last
         WHERE ends IS NULL",
        Uuid::from(tenant),
        room.as_str(),
        Uuid::from(except),
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map(AppointmentId::from))
}

/// Notes between which moments an appointment that recurs takes place, as its dates are now. After the last that is not
/// cancelled there is nothing more to come; where no dates are left, its own end was the last.
///
/// # Errors
/// Where the database fails.
pub async fn measure(
    db: &mut PgConnection,
    tenant: TenantId,
    appointment: AppointmentId,
) -> Result<Option<(DateTime<Utc>, Option<DateTime<Utc>>)>, StoreError> {
    let span = sqlx::query!(
        r#"UPDATE appointments a
         SET first_starts = LEAST(s.first, a.starts),
             last_ends = CASE WHEN a.expanded_until IS NULL AND s.endless IS NOT TRUE THEN COALESCE(s.last, a.ends) END
         FROM (SELECT min(starts) AS first, bool_or(ends IS NULL AND cancelled_at IS NULL) AS endless,
                      COALESCE(max(ends) FILTER (WHERE cancelled_at IS NULL), max(ends)) AS last FROM occurrences
               WHERE tenant_id = $1 AND appointment_id = $2) s
         WHERE a.tenant_id = $1 AND a.id = $2 AND a.first_starts IS NOT NULL
         RETURNING a.first_starts AS "first!", a.last_ends AS last"#,
        Uuid::from(tenant),
        Uuid::from(appointment),
    )
    .fetch_optional(db)
    .await?;
    Ok(span.map(|span| (span.first, span.last)))
}
