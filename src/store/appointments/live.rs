//! Appointments whose room is open.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::reservation::{AppId, AppointmentId, ConferenceId, TenantId};
use crate::store::StoreError;

/// A conference of an appointment that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// The appointment.
    pub appointment: AppointmentId,
    /// The conference.
    pub conference: ConferenceId,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When its conference server ends it, whatever becomes of the appointment.
    pub ends_at: DateTime<Utc>,
}

/// The open conferences of these appointments.
///
/// # Errors
/// Where the database fails.
pub async fn live(
    db: &mut PgConnection,
    tenant: TenantId,
    appointments: &[AppointmentId],
    now: DateTime<Utc>,
) -> Result<Vec<Live>, StoreError> {
    let ids: Vec<Uuid> = appointments.iter().map(|id| Uuid::from(*id)).collect();
    let rows = sqlx::query!(
        r#"SELECT appointment_id AS "appointment_id!", id, opened_at, ends_at FROM conferences
           WHERE tenant_id = $1 AND appointment_id = ANY($2) AND closed_at IS NULL AND ends_at > $3"#,
        Uuid::from(tenant),
        &ids,
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Live {
            appointment: row.appointment_id.into(),
            conference: row.id.into(),
            opened_at: row.opened_at,
            ends_at: row.ends_at,
        })
        .collect())
}

/// How many rooms with a name of ten digits the app has booked that have started since then, and are neither over nor cancelled.
///
/// # Errors
/// Where the database fails.
pub async fn count_dynamic(
    db: &mut PgConnection,
    tenant: TenantId,
    app: AppId,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM appointments
           WHERE tenant_id = $1 AND app_id = $2 AND starts BETWEEN $3 AND $4 AND ends > $4 AND cancelled_at IS NULL
             AND room ~ '^[0-9]{10}$'"#,
        Uuid::from(tenant),
        Uuid::from(app),
        since,
        now,
    )
    .fetch_one(db)
    .await?)
}
