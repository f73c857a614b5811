//! What a calendar needs of the dates of series, which follow from their rules as a rule.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::dates::DateRow;
use crate::reservation::{AppointmentId, BookedDate, TenantId};
use crate::store::StoreError;

/// The dates of these series that are not as their appointment has them: at another time, of another length, in another
/// room, called otherwise, or cancelled. Those that were cancelled with their appointment are left out, unless the
/// appointment does not speak for them.
///
/// With a `from`, only those that start then or later, or were to. Their passwords are left out.
///
/// # Errors
/// Where the database fails.
pub async fn different(
    db: &mut PgConnection,
    tenant: TenantId,
    appointments: &[AppointmentId],
    from: Option<DateTime<Utc>>,
) -> Result<Vec<(AppointmentId, BookedDate)>, StoreError> {
    let appointments: Vec<Uuid> = appointments.iter().copied().map(Uuid::from).collect();
    let rows = sqlx::query_as!(
        DateRow,
        r#"SELECT o.appointment_id, o.original_start, o.room,
                  CASE WHEN 'room' = ANY (o.own) THEN o.room_name ELSE a.room_name END AS "room_name!",
                  CASE WHEN 'title' = ANY (o.own) THEN o.title ELSE a.title END AS title,
                  CASE WHEN 'description' = ANY (o.own) THEN o.description ELSE a.description END AS description,
                  o.starts, o.ends, o.early_open_s, o.grace_s, o.max_duration_s, o.max_occupants, o.lobby,
                  NULL::bytea AS password, o.answer_token, o.own, o.revision, o.cancelled_at, o.room_taken, a.time_zone,
                  NULL::text AS external_id, a.revision AS appointment_revision, true AS "recurs!"
           FROM occurrences o
           JOIN appointments a ON a.tenant_id = o.tenant_id AND a.id = o.appointment_id
           WHERE o.tenant_id = $1 AND o.appointment_id = ANY ($2) AND a.first_starts IS NOT NULL
             AND ($3::timestamptz IS NULL OR o.starts >= $3 OR o.original_start >= $3)
             AND (o.cancelled_at IS NOT NULL OR o.starts <> o.original_start OR o.room <> a.room
                  OR o.ends - o.starts <> a.ends - a.starts OR o.own && '{time,room,title,description}'::text[])
             AND (a.cancelled_at IS NULL OR o.cancelled_at IS NULL OR o.original_start < a.starts OR o.room <> a.room)
           ORDER BY o.appointment_id, o.original_start"#,
        Uuid::from(tenant),
        &appointments,
        from,
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    rows.map(|row| Ok((row.appointment_id.into(), row.try_into()?))).collect()
}

/// When the dates of these series that have rows were first to start, in order; with a `from`, from then on. Those that
/// are cancelled are among them, but where the whole appointment is.
///
/// # Errors
/// Where the database fails.
pub async fn original_starts(
    db: &mut PgConnection,
    tenant: TenantId,
    appointments: &[AppointmentId],
    from: Option<DateTime<Utc>>,
) -> Result<Vec<(AppointmentId, Vec<DateTime<Utc>>)>, StoreError> {
    let appointments: Vec<Uuid> = appointments.iter().copied().map(Uuid::from).collect();
    let rows = sqlx::query!(
        r#"SELECT a.id, d.starts AS "starts!"
           FROM appointments a
           CROSS JOIN LATERAL (
               SELECT array_agg(o.original_start ORDER BY o.original_start) AS starts
               FROM occurrences o
               WHERE o.tenant_id = $1 AND o.appointment_id = a.id
                 AND o.original_start >= COALESCE($3::timestamptz, '-infinity')
                 AND (a.cancelled_at IS NULL OR o.cancelled_at IS NULL)) d
           WHERE a.tenant_id = $1 AND a.id = ANY ($2) AND a.first_starts IS NOT NULL AND d.starts IS NOT NULL"#,
        Uuid::from(tenant),
        &appointments,
        from,
    );
    let rows = rows.fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.starts)).collect())
}
