//! Events of calendars that were imported.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::reservation::{AppointmentId, Label, TenantId};

/// An event as it was imported last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownEvent {
    /// What it became.
    pub appointment: AppointmentId,
    /// Which version it was.
    pub sequence: u32,
    /// Of all that the calendar said of it.
    pub fingerprint: [u8; 32],
    /// Whether the appointment is cancelled.
    pub cancelled: bool,
}

/// The events of a calendar, by their UIDs.
///
/// # Errors
/// Where the database fails.
pub async fn of_calendar(
    db: &mut PgConnection,
    tenant: TenantId,
    calendar: &Label,
) -> Result<HashMap<String, KnownEvent>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT e.uid, e.appointment_id, e.sequence, e.fingerprint, a.cancelled_at IS NOT NULL AS "cancelled!"
           FROM calendar_events e JOIN appointments a ON a.tenant_id = e.tenant_id AND a.id = e.appointment_id
           WHERE e.tenant_id = $1 AND e.calendar = $2"#,
        Uuid::from(tenant),
        calendar.as_str(),
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let known = KnownEvent {
                appointment: row.appointment_id.into(),
                sequence: u32::try_from(row.sequence)
                    .map_err(|_| StoreError::Unreadable { column: "sequence" })?,
                fingerprint: row
                    .fingerprint
                    .try_into()
                    .map_err(|_| StoreError::Unreadable { column: "fingerprint" })?,
                cancelled: row.cancelled,
            };
            Ok((row.uid, known))
        })
        .collect()
}

/// Notes what became of an event. `before` is what it was known as; where somebody else has imported it since, nothing is
/// noted and the answer is `false`.
///
/// # Errors
/// Where the database fails.
pub async fn note(
    db: &mut PgConnection,
    tenant: TenantId,
    (calendar, uid): (&Label, &str),
    before: Option<&KnownEvent>,
    is: &KnownEvent,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let noted = sqlx::query!(
        "INSERT INTO calendar_events AS e (tenant_id, calendar, uid, appointment_id, sequence, fingerprint, imported_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (tenant_id, calendar, uid) DO UPDATE
         SET appointment_id = $4, sequence = $5, fingerprint = $6, imported_at = $7
         WHERE e.fingerprint = $8 AND e.appointment_id = $9",
        Uuid::from(tenant),
        calendar.as_str(),
        uid,
        Uuid::from(is.appointment),
        i64::from(is.sequence),
        &is.fingerprint,
        now,
        before.map(|before| before.fingerprint.to_vec()),
        before.map(|before| Uuid::from(before.appointment)),
    )
    .execute(db)
    .await?;
    Ok(noted.rows_affected() == 1)
}
