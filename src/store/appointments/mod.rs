//! Appointments.

mod expansion;
mod feed;
mod list;
mod live;
mod sealed_under;
mod write;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::columns::{count, parse, seconds};
use super::{StoreError, participants};
use crate::reservation::{
    AppId, Appointment, AppointmentId, ExternalId, Metadata, Options, Recurrence, Recurring, RoomKey,
    RoomName, Slot, TenantId,
};
use crate::seal::Sealed;

pub use expansion::{expandable, expanded, in_room_beyond, to_expand};
pub use feed::of_feed;
pub use list::{Filter, Order, Page, list};
pub use live::{Live, count_dynamic, live};
pub use sealed_under::{SealedUnder, hold, sealed_under};
pub use write::{Written, cancel, insert, update};

struct AppointmentRow {
    tenant_id: Uuid,
    id: Uuid,
    app_id: Option<Uuid>,
    external_id: Option<String>,
    room: String,
    room_name: String,
    title: Option<String>,
    description: Option<String>,
    metadata: Value,
    time_zone: String,
    starts: DateTime<Utc>,
    ends: Option<DateTime<Utc>>,
    rrule: Option<String>,
    rdates: Vec<DateTime<Utc>>,
    exdates: Vec<DateTime<Utc>>,
    first_starts: Option<DateTime<Utc>>,
    last_ends: Option<DateTime<Utc>>,
    expanded_until: Option<DateTime<Utc>>,
    early_open_s: Option<i32>,
    grace_s: Option<i32>,
    max_duration_s: Option<i32>,
    answer_token: Option<bool>,
    recording: bool,
    max_occupants: Option<i32>,
    lobby: bool,
    password: Option<Vec<u8>>,
    revision: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    cancelled_at: Option<DateTime<Utc>>,
}

impl TryFrom<AppointmentRow> for Appointment {
    type Error = StoreError;

    /// Without its participants, who are in a table of their own.
    fn try_from(row: AppointmentRow) -> Result<Self, StoreError> {
        let rule = row.rrule.map(|rule| parse("rrule", &rule)).transpose()?;
        let recurring = row.first_starts.map(|first_starts| Recurring {
            recurrence: Recurrence {
                rule,
                rdates: row.rdates.into_iter().collect(),
                exdates: row.exdates.into_iter().collect(),
            },
            first_starts,
            last_ends: row.last_ends,
            expanded_until: row.expanded_until,
        });
        Ok(Self {
            tenant: row.tenant_id.into(),
            id: row.id.into(),
            app: row.app_id.map(Into::into),
            external_id: row.external_id.map(|id| parse("external_id", &id)).transpose()?,
            room: RoomName::from_stored(row.room_name, RoomKey::from_stored(row.room)),
            title: row.title.map(|title| parse("title", &title)).transpose()?,
            description: row.description.map(|text| parse("description", &text)).transpose()?,
            participants: Vec::new(),
            metadata: Metadata::try_from(row.metadata)
                .map_err(|_| StoreError::Unreadable { column: "metadata" })?,
            time_zone: parse("time_zone", &row.time_zone)?,
            slot: Slot::new(row.starts, row.ends).ok_or(StoreError::Unreadable { column: "ends" })?,
            recurring,
            early_open: row.early_open_s.map(seconds),
            grace: row.grace_s.map(seconds),
            max_duration: row.max_duration_s.map(seconds),
            answer_token: row.answer_token,
            recording: row.recording,
            options: Options {
                password: row.password.map(Sealed::from_bytes),
                lobby: row.lobby,
                max_occupants: row.max_occupants.map(count),
            },
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
            cancelled_at: row.cancelled_at,
        })
    }
}

/// Reads appointments.
macro_rules! select_appointments {
    ($which:literal $(+ $more:literal)* $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            AppointmentRow,
            r#"SELECT a.tenant_id, a.id, a.app_id, a.external_id, a.room, a.room_name, a.title, a.description,
                      a.metadata, a.time_zone, a.starts, a.ends, a.rrule, a.rdates, a.exdates, a.first_starts,
                      a.last_ends, a.expanded_until, a.early_open_s, a.grace_s, a.max_duration_s, a.max_occupants,
                      a.lobby, a.password, a.answer_token, a.recording, a.revision, a.created_at,
                      COALESCE(a.updated_at, a.created_at) AS "updated_at!", a.cancelled_at
               FROM appointments a "# + $which $(+ $more)*
            $(, $argument)*
        )
    };
}
use select_appointments;

/// One appointment.
///
/// # Errors
/// Where the database fails.
pub async fn by_id(
    db: &mut PgConnection,
    tenant: TenantId,
    id: AppointmentId,
) -> Result<Option<Appointment>, StoreError> {
    let row = select_appointments!("WHERE tenant_id = $1 AND id = $2", Uuid::from(tenant), Uuid::from(id));
    whole(row.fetch_optional(&mut *db).await?, db).await
}

/// One appointment, for this transaction to change.
///
/// # Errors
/// Where the database fails.
pub async fn by_id_for_update(
    db: &mut PgConnection,
    tenant: TenantId,
    id: AppointmentId,
) -> Result<Option<Appointment>, StoreError> {
    let row = select_appointments!(
        "WHERE tenant_id = $1 AND id = $2 FOR UPDATE",
        Uuid::from(tenant),
        Uuid::from(id)
    );
    whole(row.fetch_optional(&mut *db).await?, db).await
}

async fn whole(
    row: Option<AppointmentRow>,
    db: &mut PgConnection,
) -> Result<Option<Appointment>, StoreError> {
    let mut appointment: Vec<Appointment> = row.map(Appointment::try_from).transpose()?.into_iter().collect();
    participants::add_to(db, &mut appointment).await?;
    Ok(appointment.pop())
}

/// The appointment that an app calls by that external id, unless it is cancelled.
///
/// # Errors
/// Where the database fails.
pub async fn by_external_id(
    db: &mut PgConnection,
    tenant: TenantId,
    app: Option<AppId>,
    external_id: &ExternalId,
) -> Result<Option<AppointmentId>, StoreError> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM appointments
         WHERE tenant_id = $1 AND app_id IS NOT DISTINCT FROM $2 AND external_id = $3 AND cancelled_at IS NULL",
        Uuid::from(tenant),
        app.map(Uuid::from),
        external_id.as_str(),
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map(AppointmentId::from))
}
