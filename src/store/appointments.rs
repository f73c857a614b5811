//! Appointments, and the occurrences that they take the room for.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::columns::{count, parse, seconds, to_blob, to_count, to_seconds};
use super::{StoreError, is_overlap};
use crate::reservation::{
    Appointment, AppointmentId, Occurrence, OccurrenceId, Options, RoomKey, RoomName, Slot, TenantId, Title,
};
use crate::seal::Sealed;

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
            options: Options {
                password: row.password.map(Sealed::from_bytes),
                lobby: row.lobby,
                max_occupants: row.max_occupants.map(count),
            },
            appointment_cancelled: row.appointment_cancelled,
        })
    }
}

/// An appointment as it lies in the table.
pub(super) struct AppointmentRow {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub room: String,
    pub room_name: String,
    pub title: Option<String>,
    pub time_zone: String,
    pub starts: DateTime<Utc>,
    pub ends: Option<DateTime<Utc>>,
    pub early_open_s: Option<i32>,
    pub grace_s: Option<i32>,
    pub max_duration_s: Option<i32>,
    pub max_occupants: Option<i32>,
    pub lobby: bool,
    pub password: Option<Vec<u8>>,
    pub created_at: DateTime<Utc>,
    pub cancelled_at: Option<DateTime<Utc>>,
}

impl TryFrom<AppointmentRow> for Appointment {
    type Error = StoreError;

    fn try_from(row: AppointmentRow) -> Result<Self, StoreError> {
        Ok(Self {
            tenant: row.tenant_id.into(),
            id: row.id.into(),
            room: RoomName::from_stored(row.room_name, RoomKey::from_stored(row.room)),
            title: row.title.map(|title| parse("title", &title)).transpose()?,
            time_zone: parse("time_zone", &row.time_zone)?,
            slot: Slot::new(row.starts, row.ends).ok_or(StoreError::Unreadable { column: "ends" })?,
            early_open: row.early_open_s.map(seconds),
            grace: row.grace_s.map(seconds),
            max_duration: row.max_duration_s.map(seconds),
            options: Options {
                password: row.password.map(Sealed::from_bytes),
                lobby: row.lobby,
                max_occupants: row.max_occupants.map(count),
            },
            created_at: row.created_at,
            cancelled_at: row.cancelled_at,
        })
    }
}

/// Which appointments to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only in this room.
    pub room: Option<RoomKey>,
    /// Only those that end after this.
    pub from: Option<DateTime<Utc>>,
    /// Only those that start before this.
    pub until: Option<DateTime<Utc>>,
    /// Also cancelled ones.
    pub cancelled: bool,
}

/// Writes an appointment with its one occurrence. `false` where the room is taken at that time.
///
/// The transaction is then lost: PostgreSQL lets nothing follow a failed statement.
///
/// # Errors
/// Where the database fails.
pub async fn insert(db: &mut PgConnection, appointment: &Appointment) -> Result<bool, StoreError> {
    let inserted = sqlx::query!(
        "WITH booked AS (
             INSERT INTO appointments (tenant_id, id, room, room_name, title, time_zone, starts, ends, early_open_s,
                                       grace_s, max_duration_s, max_occupants, lobby, password, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
             RETURNING *
         )
         INSERT INTO occurrences (tenant_id, appointment_id, original_start, room, starts, ends, early_open_s,
                                  grace_s, max_duration_s, max_occupants, lobby, password, revision)
         SELECT tenant_id, id, starts, room, starts, ends, early_open_s, grace_s, max_duration_s, max_occupants,
                lobby, password, 1
         FROM booked",
        Uuid::from(appointment.tenant),
        Uuid::from(appointment.id),
        appointment.room.key().as_str(),
        appointment.room.as_str(),
        appointment.title.as_ref().map(Title::as_str),
        appointment.time_zone.name(),
        appointment.slot.starts(),
        appointment.slot.ends(),
        appointment.early_open.map(to_seconds),
        appointment.grace.map(to_seconds),
        appointment.max_duration.map(to_seconds),
        appointment.options.max_occupants.map(to_count),
        appointment.options.lobby,
        to_blob(appointment.options.password.as_ref()),
        appointment.created_at,
    )
    .execute(db)
    .await;
    match inserted {
        Ok(_) => Ok(true),
        Err(error) if is_overlap(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The first booked appointment that takes the room within the slot.
///
/// # Errors
/// Where the database fails.
pub async fn in_the_way(
    db: &mut PgConnection,
    tenant: TenantId,
    room: &RoomKey,
    slot: Slot,
) -> Result<Option<AppointmentId>, StoreError> {
    let id = sqlx::query_scalar!(
        "SELECT appointment_id FROM occurrences
         WHERE tenant_id = $1 AND room = $2 AND cancelled_at IS NULL
           AND tstzrange(starts, ends) && tstzrange($3, $4)
         ORDER BY starts LIMIT 1",
        Uuid::from(tenant),
        room.as_str(),
        slot.starts(),
        slot.ends(),
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map(AppointmentId::from))
}

/// One appointment.
///
/// # Errors
/// Where the database fails.
pub async fn by_id(
    db: &mut PgConnection,
    tenant: TenantId,
    id: AppointmentId,
) -> Result<Option<Appointment>, StoreError> {
    let row = sqlx::query_as!(
        AppointmentRow,
        "SELECT tenant_id, id, room, room_name, title, time_zone, starts, ends, early_open_s, grace_s, max_duration_s,
                max_occupants, lobby, password, created_at, cancelled_at
         FROM appointments WHERE tenant_id = $1 AND id = $2",
        Uuid::from(tenant),
        Uuid::from(id),
    )
    .fetch_optional(db)
    .await?;
    row.map(Appointment::try_from).transpose()
}

/// The tenant's appointments that the filter lets through, by their start; at most `limit`.
///
/// # Errors
/// Where the database fails.
pub async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Appointment>, StoreError> {
    let rows = sqlx::query_as!(
        AppointmentRow,
        "SELECT tenant_id, id, room, room_name, title, time_zone, starts, ends, early_open_s, grace_s, max_duration_s,
                max_occupants, lobby, password, created_at, cancelled_at
         FROM appointments
         WHERE tenant_id = $1
           AND ($2::text IS NULL OR room = $2)
           AND ($3::timestamptz IS NULL OR ends IS NULL OR ends > $3)
           AND ($4::timestamptz IS NULL OR starts < $4)
           AND ($5 OR cancelled_at IS NULL)
         ORDER BY starts, id LIMIT $6",
        Uuid::from(tenant),
        filter.room.as_ref().map(RoomKey::as_str),
        filter.from,
        filter.until,
        filter.cancelled,
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Appointment::try_from).collect()
}

/// Cancels an appointment and its occurrences, unless it was cancelled before.
///
/// The appointment's row is taken first, so that two who cancel it wait for each other.
///
/// # Errors
/// Where the database fails.
pub async fn cancel(
    db: &mut PgConnection,
    tenant: TenantId,
    id: AppointmentId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH cancelled AS (
             UPDATE appointments SET cancelled_at = $3
             WHERE tenant_id = $1 AND id = $2 AND cancelled_at IS NULL
             RETURNING tenant_id, id
         )
         UPDATE occurrences o SET cancelled_at = $3, revision = revision + 1
         FROM cancelled
         WHERE o.tenant_id = cancelled.tenant_id AND o.appointment_id = cancelled.id AND o.cancelled_at IS NULL",
        Uuid::from(tenant),
        Uuid::from(id),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
