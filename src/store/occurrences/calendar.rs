//! Dates across appointments, as a calendar shows them.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;
use uuid::Uuid;

use super::dates::{DateRow, select_dates};
use crate::reservation::{
    Appointment, AppointmentId, AppointmentState, BookedDate, ExternalId, RoomKey, Slot, TenantId,
};
use crate::store::StoreError;
use crate::store::columns::parse;

/// A date, with what of its appointment a calendar shows.
#[derive(Debug, Clone)]
pub struct CalendarEntry {
    /// The appointment.
    pub appointment: AppointmentId,
    /// What the app calls it.
    pub external_id: Option<ExternalId>,
    /// The time zone that it was booked in.
    pub time_zone: Tz,
    /// Whether it has more dates than this one.
    pub recurs: bool,
    /// Counts the changes of the appointment, from 1.
    pub revision: i64,
    /// The date.
    pub date: BookedDate,
}

impl CalendarEntry {
    /// A date of that appointment.
    #[must_use]
    pub fn of(appointment: &Appointment, date: BookedDate) -> Self {
        Self {
            appointment: appointment.id,
            external_id: appointment.external_id.clone(),
            time_zone: appointment.time_zone,
            recurs: appointment.recurring.is_some(),
            revision: appointment.revision,
            date,
        }
    }

    /// Its place in a list.
    #[must_use]
    pub fn place(&self) -> DatePlace {
        DatePlace {
            starts: self.date.slot.starts(),
            appointment: self.appointment,
            original_start: self.date.original_start,
        }
    }
}

impl TryFrom<DateRow> for CalendarEntry {
    type Error = StoreError;

    fn try_from(row: DateRow) -> Result<Self, StoreError> {
        Ok(Self {
            appointment: row.appointment_id.into(),
            external_id: row.external_id.as_deref().map(|id| parse("external_id", id)).transpose()?,
            time_zone: parse("time_zone", &row.time_zone)?,
            recurs: row.recurs,
            revision: row.appointment_revision,
            date: row.try_into()?,
        })
    }
}

/// Where a list of dates goes on: behind this one. Two of one series may start together, one of them cancelled or elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatePlace {
    /// When it starts.
    pub starts: DateTime<Utc>,
    /// Of which appointment it is.
    pub appointment: AppointmentId,
    /// When it was first to start.
    pub original_start: DateTime<Utc>,
}

/// Which dates to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those of this appointment.
    pub appointment: Option<AppointmentId>,
    /// Only in this room.
    pub room: Option<RoomKey>,
    /// Only those that end after this.
    pub from: Option<DateTime<Utc>>,
    /// Only those that start before this.
    pub until: Option<DateTime<Utc>>,
    /// Only those with a host who has this e-mail address or external id.
    pub host: Option<String>,
    /// Only those in one of these states; `None` for all that are not cancelled.
    pub states: Option<Vec<AppointmentState>>,
}

/// The tenant's dates that the filter lets through, by their start: at most `limit`, those after the place.
///
/// # Errors
/// Where the database fails.
pub async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    filter: &Filter,
    after: Option<DatePlace>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<CalendarEntry>, StoreError> {
    let states: Option<Vec<String>> = filter
        .states
        .as_ref()
        .map(|states| states.iter().map(|state| <&str>::from(*state).to_owned()).collect());
    let earliest = match filter.from {
        Some(from) => Some(reaching_back(db, tenant, filter.room.as_ref(), from).await?),
        None => None,
    };
    let rows = select_dates!(
        "WHERE o.tenant_id = $1
           AND ($2::uuid IS NULL OR o.appointment_id = $2)
           AND ($3::text IS NULL OR o.room = $3)
           AND ($12::timestamptz IS NULL OR o.starts >= $12)
           AND ($4::timestamptz IS NULL OR o.ends IS NULL OR o.ends > $4)
           AND ($5::timestamptz IS NULL OR o.starts < $5)
           AND ($6::text IS NULL OR o.appointment_id IN (
               SELECT p.appointment_id FROM participants p
               WHERE p.tenant_id = $1 AND p.role = 'host' AND (lower(p.email) = lower($6) OR p.external_id = $6)))
           AND CASE WHEN $7::text[] IS NULL THEN o.cancelled_at IS NULL
               ELSE CASE WHEN o.cancelled_at IS NOT NULL THEN 'cancelled'
                         WHEN o.starts > $8 THEN 'upcoming'
                         WHEN o.ends <= $8 THEN 'past'
                         ELSE 'ongoing' END = ANY ($7) END
           AND ($9::timestamptz IS NULL OR (o.starts, o.appointment_id, o.original_start) > ($9, $10::uuid, $13))
         ORDER BY o.starts, o.appointment_id, o.original_start LIMIT $11",
        Uuid::from(tenant),
        filter.appointment.map(Uuid::from),
        filter.room.as_ref().map(RoomKey::as_str),
        filter.from,
        filter.until,
        filter.host,
        states.as_deref(),
        now,
        after.map(|place| place.starts),
        after.map(|place| Uuid::from(place.appointment)),
        limit,
        earliest,
        after.map(|place| place.original_start),
    );
    rows.fetch_all(db).await?.into_iter().map(CalendarEntry::try_from).collect()
}

/// When the first of those starts that may last until `from`. Dates of a series last a week at the most; what takes place
/// once may last for ever.
///
/// The inner select is for itself, lest the planner reads all that ever was in the order of its start.
async fn reaching_back(
    db: &mut PgConnection,
    tenant: TenantId,
    room: Option<&RoomKey>,
    from: DateTime<Utc>,
) -> Result<DateTime<Utc>, StoreError> {
    let earliest = sqlx::query_scalar!(
        "SELECT min(starts) FROM (
             SELECT starts FROM appointments
             WHERE tenant_id = $1 AND rrule IS NULL AND rdates = '{}' AND ($3::text IS NULL OR room = $3)
               AND tstzrange(COALESCE(first_starts, starts), CASE WHEN first_starts IS NULL THEN ends ELSE last_ends END)
                   @> $2::timestamptz
             OFFSET 0) once",
        Uuid::from(tenant),
        from,
        room.map(RoomKey::as_str),
    )
    .fetch_one(db)
    .await?;
    let week_ago = from - TimeDelta::days(BookedDate::LONGEST_DAYS);
    Ok(earliest.map_or(week_ago, |earliest| earliest.min(week_ago)))
}

/// All dates of these appointments, in order of their first start.
///
/// # Errors
/// Where the database fails.
pub async fn of_appointments(
    db: &mut PgConnection,
    tenant: TenantId,
    appointments: &[AppointmentId],
) -> Result<Vec<CalendarEntry>, StoreError> {
    let appointments: Vec<Uuid> = appointments.iter().copied().map(Uuid::from).collect();
    let rows = select_dates!(
        "WHERE o.tenant_id = $1 AND o.appointment_id = ANY ($2) ORDER BY o.original_start",
        Uuid::from(tenant),
        &appointments,
    );
    rows.fetch_all(db).await?.into_iter().map(CalendarEntry::try_from).collect()
}

/// What takes the room in `[from, until)`, in order; at most `limit`.
///
/// # Errors
/// Where the database fails.
pub async fn booked(
    db: &mut PgConnection,
    tenant: TenantId,
    room: &RoomKey,
    range: (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<(AppointmentId, Slot)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT appointment_id, starts, ends FROM occurrences
         WHERE tenant_id = $1 AND room = $2 AND cancelled_at IS NULL
           AND starts < $4 AND (ends IS NULL OR ends > $3)
         ORDER BY starts LIMIT $5",
        Uuid::from(tenant),
        room.as_str(),
        range.0,
        range.1,
        limit,
    )
    .fetch_all(db)
    .await?;
    let slot = |starts, ends| Slot::new(starts, ends).ok_or(StoreError::Unreadable { column: "ends" });
    rows.into_iter().map(|row| Ok((row.appointment_id.into(), slot(row.starts, row.ends)?))).collect()
}
