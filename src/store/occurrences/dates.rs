//! The dates of an appointment as they are booked.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::reservation::{
    Appointment, AppointmentId, BookedDate, DateField, Description, Options, RoomKey, RoomName, Slot,
    TenantId, Title,
};
use crate::seal::Sealed;
use crate::store::StoreError;
use crate::store::columns::{count, parse, seconds, to_blob, to_count, to_seconds};

pub(super) struct DateRow {
    pub appointment_id: Uuid,
    pub original_start: DateTime<Utc>,
    pub room: String,
    pub room_name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub starts: DateTime<Utc>,
    pub ends: Option<DateTime<Utc>>,
    pub early_open_s: Option<i32>,
    pub grace_s: Option<i32>,
    pub max_duration_s: Option<i32>,
    pub answer_token: Option<bool>,
    pub max_occupants: Option<i32>,
    pub lobby: bool,
    pub password: Option<Vec<u8>>,
    pub own: Vec<String>,
    pub revision: i64,
    pub cancelled_at: Option<DateTime<Utc>>,
    pub room_taken: bool,
    pub time_zone: String,
    pub external_id: Option<String>,
    pub appointment_revision: i64,
    pub recurs: bool,
}

impl TryFrom<DateRow> for BookedDate {
    type Error = StoreError;

    fn try_from(row: DateRow) -> Result<Self, StoreError> {
        Ok(Self {
            original_start: row.original_start,
            room: RoomName::from_stored(row.room_name, RoomKey::from_stored(row.room)),
            title: row.title.map(|title| parse("title", &title)).transpose()?,
            description: row.description.map(|text| parse("description", &text)).transpose()?,
            slot: Slot::new(row.starts, row.ends).ok_or(StoreError::Unreadable { column: "ends" })?,
            early_open: row.early_open_s.map(seconds),
            grace: row.grace_s.map(seconds),
            max_duration: row.max_duration_s.map(seconds),
            answer_token: row.answer_token,
            options: Options {
                password: row.password.map(Sealed::from_bytes),
                lobby: row.lobby,
                max_occupants: row.max_occupants.map(count),
            },
            own: row.own.iter().map(|field| parse("own", field)).collect::<Result<_, _>>()?,
            revision: row.revision,
            cancelled_at: row.cancelled_at,
            room_taken: row.room_taken,
        })
    }
}

/// Reads dates, with what they follow their appointment in.
macro_rules! select_dates {
    ($which:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            DateRow,
            r#"SELECT o.appointment_id, o.original_start, o.room,
                      CASE WHEN 'room' = ANY (o.own) THEN o.room_name ELSE a.room_name END AS "room_name!",
                      CASE WHEN 'title' = ANY (o.own) THEN o.title ELSE a.title END AS title,
                      CASE WHEN 'description' = ANY (o.own) THEN o.description ELSE a.description END AS description,
                      o.starts, o.ends, o.early_open_s, o.grace_s, o.max_duration_s, o.max_occupants, o.lobby,
                      o.password, o.answer_token, o.own, o.revision, o.cancelled_at, o.room_taken, a.time_zone, a.external_id,
                      a.revision AS appointment_revision, a.first_starts IS NOT NULL AS "recurs!"
               FROM occurrences o
               JOIN appointments a ON a.tenant_id = o.tenant_id AND a.id = o.appointment_id "# + $which
            $(, $argument)*
        )
    };
}
pub(super) use select_dates;

/// All dates of an appointment, in order of their first start.
///
/// # Errors
/// Where the database fails.
pub async fn of_appointment(
    db: &mut PgConnection,
    tenant: TenantId,
    appointment: AppointmentId,
) -> Result<Vec<BookedDate>, StoreError> {
    let rows = select_dates!(
        "WHERE o.tenant_id = $1 AND o.appointment_id = $2 ORDER BY o.original_start",
        Uuid::from(tenant),
        Uuid::from(appointment),
    );
    rows.fetch_all(db).await?.into_iter().map(BookedDate::try_from).collect()
}

/// One date of an appointment.
///
/// # Errors
/// Where the database fails.
pub async fn of_original_start(
    db: &mut PgConnection,
    tenant: TenantId,
    appointment: AppointmentId,
    original_start: DateTime<Utc>,
) -> Result<Option<BookedDate>, StoreError> {
    let row = select_dates!(
        "WHERE o.tenant_id = $1 AND o.appointment_id = $2 AND o.original_start = $3",
        Uuid::from(tenant),
        Uuid::from(appointment),
        original_start,
    );
    row.fetch_optional(db).await?.map(BookedDate::try_from).transpose()
}

/// Places dates of appointments of the tenant. Gives those that could not be: their room is taken at that time, perhaps
/// by another of them.
///
/// # Errors
/// Where the database fails.
pub async fn place<'a>(
    db: &mut PgConnection,
    tenant: TenantId,
    dates: &[(AppointmentId, &'a BookedDate)],
) -> Result<Vec<(AppointmentId, &'a BookedDate)>, StoreError> {
    if dates.is_empty() {
        return Ok(Vec::new());
    }
    let own = |field, date: &BookedDate| date.own.contains(&field);
    let placed = sqlx::query!(
        r#"INSERT INTO occurrences (tenant_id, appointment_id, original_start, room, room_name, title, description, starts,
                                 ends, early_open_s, grace_s, max_duration_s, max_occupants, lobby, password, own,
                                 revision, cancelled_at, room_taken, answer_token)
         SELECT $1, d.appointment_id, d.original_start, d.room, d.room_name, d.title, d.description, d.starts,
                d.ends, d.early_open_s, d.grace_s, d.max_duration_s, d.max_occupants, d.lobby, d.password,
                string_to_array(d.own, ','), d.revision, d.cancelled_at, d.room_taken,
                d.answer_token
         FROM unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::timestamptz[], $9::timestamptz[], $10::int[], $11::int[], $12::int[], $13::int[],
                     $14::bool[], $15::bytea[], $16::text[], $17::bigint[], $18::timestamptz[], $19::bool[],
                     $20::bool[])
              AS d (appointment_id, original_start, room, room_name, title, description, starts, ends, early_open_s,
                    grace_s, max_duration_s, max_occupants, lobby, password, own, revision, cancelled_at, room_taken,
                    answer_token)
         ON CONFLICT DO NOTHING
         RETURNING appointment_id, original_start"#,
        Uuid::from(tenant),
        &column(dates, |id, _| Uuid::from(id)),
        &column(dates, |_, date| date.original_start),
        &column(dates, |_, date| date.room.key().as_str()) as &[&str],
        &column(dates, |_, date| own(DateField::Room, date).then(|| date.room.as_str())) as &[Option<&str>],
        &column(dates, |_, date| {
            date.title.as_ref().filter(|_| own(DateField::Title, date)).map(Title::as_str)
        }) as &[Option<&str>],
        &column(dates, |_, date| {
            let description = date.description.as_ref().filter(|_| own(DateField::Description, date));
            description.map(Description::as_str)
        }) as &[Option<&str>],
        &column(dates, |_, date| date.slot.starts()),
        &column(dates, |_, date| date.slot.ends()) as &[Option<DateTime<Utc>>],
        &column(dates, |_, date| date.early_open.map(to_seconds)) as &[Option<i32>],
        &column(dates, |_, date| date.grace.map(to_seconds)) as &[Option<i32>],
        &column(dates, |_, date| date.max_duration.map(to_seconds)) as &[Option<i32>],
        &column(dates, |_, date| date.options.max_occupants.map(to_count)) as &[Option<i32>],
        &column(dates, |_, date| date.options.lobby),
        &column(dates, |_, date| to_blob(date.options.password.as_ref())) as &[Option<Vec<u8>>],
        &column(dates, |_, date| own_column(date)),
        &column(dates, |_, date| date.revision),
        &column(dates, |_, date| date.cancelled_at) as &[Option<DateTime<Utc>>],
        &column(dates, |_, date| date.room_taken),
        &column(dates, |_, date| date.answer_token) as &[Option<bool>],
    )
    .fetch_all(db)
    .await?;
    let placed: std::collections::HashSet<(Uuid, DateTime<Utc>)> =
        placed.into_iter().map(|row| (row.appointment_id, row.original_start)).collect();
    let is_missing = |(id, date): &&(AppointmentId, &BookedDate)| {
        !placed.contains(&(Uuid::from(*id), date.original_start))
    };
    Ok(dates.iter().filter(is_missing).copied().collect())
}

fn column<'a, T>(
    dates: &[(AppointmentId, &'a BookedDate)],
    of: impl Fn(AppointmentId, &'a BookedDate) -> T,
) -> Vec<T> {
    dates.iter().map(|(id, date)| of(*id, date)).collect()
}

fn own_column(date: &BookedDate) -> String {
    date.own.iter().map(|field| <&str>::from(*field)).collect::<Vec<_>>().join(",")
}

/// Takes dates of an appointment away.
///
/// # Errors
/// Where the database fails.
pub async fn remove(
    db: &mut PgConnection,
    tenant: TenantId,
    appointment: AppointmentId,
    original_starts: &[DateTime<Utc>],
) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM occurrences WHERE tenant_id = $1 AND appointment_id = $2 AND original_start = ANY ($3)",
        Uuid::from(tenant),
        Uuid::from(appointment),
        original_starts,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Has the dates that a change of their appointment does not reach keep what the appointment was before: those that have
/// started by `now`, and those before the date `until`, where there is one.
///
/// # Errors
/// Where the database fails.
pub async fn keep_as_was(
    db: &mut PgConnection,
    before: &Appointment,
    changed: &[DateField],
    now: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    if changed.is_empty() {
        return Ok(());
    }
    let changed: Vec<String> = changed.iter().map(|field| <&str>::from(*field).to_owned()).collect();
    sqlx::query!(
        "UPDATE occurrences
         SET room_name = CASE WHEN 'room' = ANY ($3) AND NOT 'room' = ANY (own) THEN $4 ELSE room_name END,
             title = CASE WHEN 'title' = ANY ($3) AND NOT 'title' = ANY (own) THEN $5 ELSE title END,
             description = CASE WHEN 'description' = ANY ($3) AND NOT 'description' = ANY (own) THEN $6
                                ELSE description END,
             own = ARRAY(SELECT unnest(own) UNION SELECT unnest($3::text[]))
         WHERE tenant_id = $1 AND appointment_id = $2 AND NOT own @> $3 AND (starts <= $7 OR original_start < $8)",
        Uuid::from(before.tenant),
        Uuid::from(before.id),
        &changed,
        before.room.as_str(),
        before.title.as_ref().map(Title::as_str),
        before.description.as_ref().map(Description::as_str),
        now,
        until,
    )
    .execute(db)
    .await?;
    Ok(())
}
