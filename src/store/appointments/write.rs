//! Booking, changing and cancelling, as far as rows go.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::reservation::{Appointment, AppointmentId, Description, ExternalId, Recurrence, TenantId, Title};
use crate::store::columns::{to_blob, to_count, to_seconds};
use crate::store::{StoreError, is_duplicate, is_overlap, participants};

/// What became of an appointment that was to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is there.
    Done,
    /// The room is taken at that time.
    Overlaps,
    /// Another appointment of the app has its external id.
    ExternalIdTaken,
}

/// Writes an appointment with its one occurrence. The dates of one that recurs are placed after that.
///
/// Where it can't be written, the transaction has to be rolled back: a part of it may be there.
///
/// # Errors
/// Where the database fails.
pub async fn insert(db: &mut PgConnection, appointment: &Appointment) -> Result<Written, StoreError> {
    let recurring = RecurringColumns::of(appointment);
    let inserted = sqlx::query!(
        r#"WITH booked AS (
             INSERT INTO appointments (tenant_id, id, room, room_name, title, time_zone, starts, ends, early_open_s,
                                       grace_s, max_duration_s, max_occupants, lobby, password, created_at,
                                       app_id, external_id, description, metadata, rrule, rdates, exdates,
                                       first_starts, last_ends, expanded_until, answer_token, recording)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19::text::json,
                     $20, $21, $22, $23, $24, $25, $26, $27)
             ON CONFLICT DO NOTHING
             RETURNING tenant_id, id, room, starts, ends, early_open_s, grace_s, max_duration_s, max_occupants,
                       lobby, password, answer_token, first_starts
         ), placed AS (
             INSERT INTO occurrences (tenant_id, appointment_id, original_start, room, starts, ends, early_open_s,
                                  grace_s, max_duration_s, max_occupants, lobby, password, answer_token, revision)
             SELECT tenant_id, id, starts, room, starts, ends, early_open_s, grace_s, max_duration_s, max_occupants,
                    lobby, password, answer_token, 1
             FROM booked WHERE first_starts IS NULL
             ON CONFLICT DO NOTHING
             RETURNING 1
         )
         SELECT EXISTS (SELECT FROM booked) AS "booked!", EXISTS (SELECT FROM placed) AS "placed!""#,
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
        appointment.app.map(Uuid::from),
        appointment.external_id.as_ref().map(ExternalId::as_str),
        appointment.description.as_ref().map(Description::as_str),
        appointment.metadata.to_string(),
        recurring.rrule,
        &recurring.rdates,
        &recurring.exdates,
        recurring.first_starts,
        recurring.last_ends,
        recurring.expanded_until,
        appointment.answer_token,
        appointment.recording,
    )
    .fetch_one(&mut *db)
    .await?;
    match (inserted.booked, inserted.placed || appointment.recurring.is_some()) {
        (true, true) => {
            participants::insert(db, appointment).await?;
            Ok(Written::Done)
        }
        (true, false) => Ok(Written::Overlaps),
        (false, _) => Ok(Written::ExternalIdTaken),
    }
}

/// Writes a changed appointment, which this transaction holds, with its participants, and with its one occurrence unless
/// it recurs.
///
/// Where it can't be written, the transaction is lost, up to the last savepoint.
///
/// # Errors
/// Where the database fails.
pub async fn update(db: &mut PgConnection, appointment: &Appointment) -> Result<Written, StoreError> {
    let recurring = RecurringColumns::of(appointment);
    let updated = sqlx::query!(
        "WITH changed AS (
             UPDATE appointments
             SET room = $3, room_name = $4, title = $5, time_zone = $6, starts = $7, ends = $8, early_open_s = $9,
                 grace_s = $10, max_duration_s = $11, max_occupants = $12, lobby = $13, password = $14,
                 external_id = $15, description = $16, metadata = $17::text::json, revision = $18, updated_at = $19,
                 rrule = $20, rdates = $21, exdates = $22, first_starts = $23, last_ends = $24, expanded_until = $25,
                 answer_token = $26, recording = $27
             WHERE tenant_id = $1 AND id = $2
             RETURNING tenant_id, id, room, starts, ends, early_open_s, grace_s, max_duration_s, max_occupants,
                       lobby, password, answer_token, first_starts
         )
         UPDATE occurrences o
         SET room = c.room, starts = c.starts, ends = c.ends, early_open_s = c.early_open_s, grace_s = c.grace_s,
             max_duration_s = c.max_duration_s, max_occupants = c.max_occupants, lobby = c.lobby,
             password = c.password, answer_token = c.answer_token, revision = o.revision + 1
         FROM changed c
         WHERE o.tenant_id = c.tenant_id AND o.appointment_id = c.id AND o.cancelled_at IS NULL
           AND c.first_starts IS NULL
           AND (o.room, o.starts, o.ends, o.early_open_s, o.grace_s, o.max_duration_s, o.max_occupants, o.lobby,
                o.password, o.answer_token)
               IS DISTINCT FROM (c.room, c.starts, c.ends, c.early_open_s, c.grace_s, c.max_duration_s,
                                 c.max_occupants, c.lobby, c.password, c.answer_token)",
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
        appointment.external_id.as_ref().map(ExternalId::as_str),
        appointment.description.as_ref().map(Description::as_str),
        appointment.metadata.to_string(),
        appointment.revision,
        appointment.updated_at,
        recurring.rrule,
        &recurring.rdates,
        &recurring.exdates,
        recurring.first_starts,
        recurring.last_ends,
        recurring.expanded_until,
        appointment.answer_token,
        appointment.recording,
    )
    .execute(&mut *db)
    .await;
    let written = written(updated.map(drop))?;
    if written == Written::Done {
        participants::replace(db, appointment).await?;
    }
    Ok(written)
}

/// How an appointment recurs, as it lies in its row.
#[derive(Default)]
struct RecurringColumns {
    rrule: Option<String>,
    rdates: Vec<DateTime<Utc>>,
    exdates: Vec<DateTime<Utc>>,
    first_starts: Option<DateTime<Utc>>,
    last_ends: Option<DateTime<Utc>>,
    expanded_until: Option<DateTime<Utc>>,
}

impl RecurringColumns {
    fn of(appointment: &Appointment) -> Self {
        let Some(recurring) = &appointment.recurring else { return Self::default() };
        let Recurrence { rule, rdates, exdates } = &recurring.recurrence;
        Self {
            rrule: rule.as_ref().map(ToString::to_string),
            rdates: rdates.iter().copied().collect(),
            exdates: exdates.iter().copied().collect(),
            first_starts: Some(recurring.first_starts),
            last_ends: recurring.last_ends,
            expanded_until: recurring.expanded_until,
        }
    }
}

fn written(result: Result<(), sqlx::Error>) -> Result<Written, StoreError> {
    match result {
        Ok(()) => Ok(Written::Done),
        Err(error) if is_overlap(&error) => Ok(Written::Overlaps),
        Err(error) if is_duplicate(&error) => Ok(Written::ExternalIdTaken),
        Err(error) => Err(error.into()),
    }
}

/// Cancels an appointment and its occurrences, unless it was cancelled before. The dates of a series that are over
/// stay what they were.
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
             UPDATE appointments SET cancelled_at = $3, updated_at = $3, revision = revision + 1, expanded_until = NULL
             WHERE tenant_id = $1 AND id = $2 AND cancelled_at IS NULL
             RETURNING tenant_id, id, first_starts
         )
         UPDATE occurrences o SET cancelled_at = $3, revision = revision + 1
         FROM cancelled
         WHERE o.tenant_id = cancelled.tenant_id AND o.appointment_id = cancelled.id AND o.cancelled_at IS NULL
           AND (cancelled.first_starts IS NULL OR o.ends IS NULL OR o.ends > $3)",
        Uuid::from(tenant),
        Uuid::from(id),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
