//! What is read of a tenant to be taken elsewhere: in pages, by the primary keys, so that however much there is, a page
//! is quick. Appointments are read [as elsewhere](super::appointments::list()).

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use super::conferences::{ConferenceRecord, RecordRow};
use crate::reservation::{AppointmentId, ConferenceId, ServerId, Slot, TenantId};

/// One date of an appointment.
#[derive(Debug, Clone)]
pub struct OccurrenceRecord {
    /// The appointment.
    pub appointment: AppointmentId,
    /// When this date was first to start.
    pub original_start: DateTime<Utc>,
    /// The booked time.
    pub slot: Slot,
    /// When it was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
}

/// A refusal as it was written down; perhaps by another version, which knew other reasons.
#[derive(Debug, Clone)]
pub struct WrittenRefusal {
    /// Which refusal.
    pub id: Uuid,
    /// The server that asked.
    pub server: ServerId,
    /// The room's name as the server wrote it.
    pub node: String,
    /// Why, as a code.
    pub reason: String,
    /// When.
    pub refused_at: DateTime<Utc>,
}

/// The dates of these appointments, in order.
///
/// # Errors
/// Where the database fails.
pub async fn occurrences(
    db: &mut PgConnection,
    tenant: TenantId,
    appointments: &[AppointmentId],
) -> Result<Vec<OccurrenceRecord>, StoreError> {
    let appointments: Vec<Uuid> = appointments.iter().copied().map(Uuid::from).collect();
    let rows = sqlx::query!(
        "SELECT appointment_id, original_start, starts, ends, cancelled_at FROM occurrences
         WHERE tenant_id = $1 AND appointment_id = ANY ($2) ORDER BY original_start",
        Uuid::from(tenant),
        &appointments,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(OccurrenceRecord {
                appointment: row.appointment_id.into(),
                original_start: row.original_start,
                slot: Slot::new(row.starts, row.ends).ok_or(StoreError::Unreadable { column: "ends" })?,
                cancelled_at: row.cancelled_at,
            })
        })
        .collect()
}

/// The tenant's conferences by the order in which they were opened, at most `limit`: those after that one.
///
/// # Errors
/// Where the database fails.
pub async fn conferences(
    db: &mut PgConnection,
    tenant: TenantId,
    after: Option<ConferenceId>,
    limit: i64,
) -> Result<Vec<ConferenceRecord>, StoreError> {
    let rows = sqlx::query_as!(
        RecordRow,
        "SELECT c.tenant_id, c.id, c.room, c.node, c.server_id, s.state AS server_state, s.name AS server_name,
                c.mail_owner, c.appointment_id, c.original_start, c.opened_at, c.ends_at, c.max_occupants, c.lobby,
                c.password, c.closed_at, c.close_reason
         FROM conferences c JOIN conference_servers s ON s.id = c.server_id
         WHERE c.tenant_id = $1 AND ($2::uuid IS NULL OR c.id > $2) ORDER BY c.id LIMIT $3",
        Uuid::from(tenant),
        after.map(Uuid::from),
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(ConferenceRecord::try_from).collect()
}

/// The tenant's refusals by their order in time, at most `limit`: those after that one.
///
/// # Errors
/// Where the database fails.
pub async fn refusals(
    db: &mut PgConnection,
    tenant: TenantId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<WrittenRefusal>, StoreError> {
    let rows = sqlx::query!(
        "SELECT id, server_id, node, reason, refused_at FROM refusals
         WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        Uuid::from(tenant),
        after,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| WrittenRefusal {
            id: row.id,
            server: row.server_id.into(),
            node: row.node,
            reason: row.reason,
            refused_at: row.refused_at,
        })
        .collect())
}
