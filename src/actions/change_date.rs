//! One date of a series is moved, changed or cancelled; or it and all that follow are cancelled.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::book::BookError;
use super::change_appointment::{
    AppointmentChange, ChangeAppointmentError, Patch, changeable, moved, sealed, write,
};
use super::dates::place_dates;
use super::transaction::transact;
use crate::app::App;
use crate::reservation::{
    Appointment, AppointmentId, BookedDate, DateField, Recurring, Series, Tenant, TenantName,
};
use crate::store::occurrences;

/// Changes one date of a series, in a transaction of its own.
///
/// # Errors
/// See [`change_date_in`].
pub async fn change_date(
    app: &App,
    tenant: &TenantName,
    id: AppointmentId,
    original_start: DateTime<Utc>,
    expected: Option<i64>,
    change: AppointmentChange,
) -> Result<(Appointment, BookedDate), ChangeAppointmentError> {
    transact(app, async |db| {
        change_date_in(app, db, tenant, id, original_start, expected, change.clone()).await
    })
    .await
}

/// Changes one date of a series, as a part of a transaction; only at the revision `expected` of the appointment, where
/// one is. What is changed the date has for itself from then on.
///
/// # Errors
/// Where there is no such appointment or date, the date is over or cancelled, the change makes no sense for one date, or
/// the room is taken at its new time.
pub async fn change_date_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &TenantName,
    id: AppointmentId,
    original_start: DateTime<Utc>,
    expected: Option<i64>,
    change: AppointmentChange,
) -> Result<(Appointment, BookedDate), ChangeAppointmentError> {
    let now = app.clock.now();
    let (tenant, mut appointment, date) = held(db, tenant, id, original_start, expected).await?;
    if change.participants.is_some()
        || change.external_id != Patch::Keep
        || change.metadata != Patch::Keep
        || change.recording.is_some()
        || change.time_zone.is_some()
        || change.recurrence != Patch::Keep
    {
        return Err(ChangeAppointmentError::NotOfADate(
            "a single date has no participants, metadata, external id, recording, time zone or recurrence of its own: \
             change the appointment, or this date and all that follow",
        ));
    }
    if date.cancelled_at.is_some() && !date.room_taken {
        return Err(ChangeAppointmentError::DateCancelled);
    }
    if date.slot.ends().is_some_and(|ends| ends <= now) {
        return Err(ChangeAppointmentError::DateOver);
    }
    let changed = changed(app, db, &tenant, &appointment, &date, change).await?;
    appointment.revision += 1;
    appointment.updated_at = now;
    write(db, &appointment).await?;
    put(db, &mut appointment, &date, changed.clone()).await?;
    Ok((appointment, changed))
}

/// The date after the change.
async fn changed(
    app: &App,
    db: &mut PgConnection,
    tenant: &Tenant,
    appointment: &Appointment,
    before: &BookedDate,
    change: AppointmentChange,
) -> Result<BookedDate, ChangeAppointmentError> {
    // Where only its room was taken, it takes place again once it is elsewhere.
    let mut date = BookedDate { cancelled_at: None, room_taken: false, ..before.clone() };
    date.slot = moved(before.slot, change.starts, change.ends)?;
    if !BookedDate::may_last(date.slot) {
        return Err(BookError::RecursTooLong.into());
    }
    let now = app.clock.now();
    if date.slot.starts() != before.slot.starts() && date.slot.ends().is_some_and(|ends| ends <= now) {
        return Err(ChangeAppointmentError::IntoPast);
    }
    let until = now + tenant.policy.horizon;
    if change.starts.is_some() && date.slot.starts() > until {
        return Err(BookError::BeyondHorizon { until }.into());
    }
    let mut own = |field, is: bool| {
        if is {
            date.own.insert(field);
        }
    };
    own(DateField::Time, change.starts.is_some() || change.ends != Patch::Keep);
    own(DateField::Room, change.room.is_some());
    own(DateField::Title, change.title != Patch::Keep);
    own(DateField::Description, change.description != Patch::Keep);
    own(DateField::Password, !matches!(change.password, Patch::Keep));
    own(DateField::Lobby, change.lobby.is_some());
    own(DateField::MaxOccupants, change.max_occupants != Patch::Keep);
    own(DateField::MaxDuration, change.max_duration != Patch::Keep);
    own(DateField::EarlyOpen, change.early_open != Patch::Keep);
    own(DateField::Grace, change.grace != Patch::Keep);
    own(DateField::AnswerToken, change.answer_token != Patch::Keep);
    date.room = change.room.unwrap_or(date.room);
    change.title.apply(&mut date.title);
    change.description.apply(&mut date.description);
    sealed(app, db, appointment, change.password).await?.apply(&mut date.options.password);
    date.options.lobby = change.lobby.unwrap_or(date.options.lobby);
    change.max_occupants.apply(&mut date.options.max_occupants);
    change.max_duration.apply(&mut date.max_duration);
    change.early_open.apply(&mut date.early_open);
    change.grace.apply(&mut date.grace);
    change.answer_token.apply(&mut date.answer_token);
    Ok(date)
}

/// Cancels one date of a series, in a transaction of its own.
///
/// # Errors
/// See [`cancel_date_in`].
pub async fn cancel_date(
    app: &App,
    tenant: &TenantName,
    id: AppointmentId,
    original_start: DateTime<Utc>,
    expected: Option<i64>,
) -> Result<(Appointment, BookedDate), ChangeAppointmentError> {
    transact(app, async |db| cancel_date_in(app, db, tenant, id, original_start, expected).await).await
}

/// Cancels one date of a series, as a part of a transaction; only at the revision `expected` of the appointment, where one
/// is. It becomes an exception of the series, and stays to be seen. One that was cancelled before stays as it is; one that does not
/// take place because its room was taken is cancelled for good.
///
/// # Errors
/// Where there is no such appointment or date, or the date is over.
pub async fn cancel_date_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &TenantName,
    id: AppointmentId,
    original_start: DateTime<Utc>,
    expected: Option<i64>,
) -> Result<(Appointment, BookedDate), ChangeAppointmentError> {
    let now = app.clock.now();
    let (_, mut appointment, date) = held(db, tenant, id, original_start, expected).await?;
    if date.cancelled_at.is_some() && !date.room_taken {
        return Ok((appointment, date));
    }
    if date.slot.ends().is_some_and(|ends| ends <= now) {
        return Err(ChangeAppointmentError::DateOver);
    }
    if let Some(recurring) = &mut appointment.recurring {
        recurring.recurrence.except(original_start);
    }
    appointment.revision += 1;
    appointment.updated_at = now;
    write(db, &appointment).await?;
    let cancelled = BookedDate { cancelled_at: Some(now), room_taken: false, ..date.clone() };
    put(db, &mut appointment, &date, cancelled.clone()).await?;
    Ok((appointment, cancelled))
}

/// Cancels a date of a series and all that follow, in a transaction of its own.
///
/// # Errors
/// See [`cancel_following_in`].
pub async fn cancel_following(
    app: &App,
    tenant: &TenantName,
    id: AppointmentId,
    original_start: DateTime<Utc>,
    expected: Option<i64>,
) -> Result<Appointment, ChangeAppointmentError> {
    transact(app, async |db| cancel_following_in(app, db, tenant, id, original_start, expected).await).await
}

/// Cancels a date of a series and all that follow, as a part of a transaction; only at the revision `expected` of the
/// appointment, where one is. The series ends before that date.
///
/// # Errors
/// Where there is no such appointment or date, or the date has started.
pub async fn cancel_following_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &TenantName,
    id: AppointmentId,
    original_start: DateTime<Utc>,
    expected: Option<i64>,
) -> Result<Appointment, ChangeAppointmentError> {
    let now = app.clock.now();
    let (_, mut appointment, date) = held(db, tenant, id, original_start, expected).await?;
    if date.slot.starts() <= now {
        return Err(ChangeAppointmentError::DateStarted);
    }
    let rows = occurrences::of_appointment(db, appointment.tenant, appointment.id).await?;
    if let (Some(series), Some(recurring)) = (appointment.series(), &mut appointment.recurring) {
        let Series { recurrence, .. } = series.until(original_start);
        *recurring = Recurring { recurrence, expanded_until: None, ..recurring.clone() };
    }
    appointment.revision += 1;
    appointment.updated_at = now;
    write(db, &appointment).await?;
    let goes = |row: &&BookedDate| {
        let takes_place = row.cancelled_at.is_none() || row.room_taken;
        row.original_start >= original_start && row.slot.starts() > now && takes_place
    };
    let going: Vec<&BookedDate> = rows.iter().filter(goes).collect();
    let starts: Vec<DateTime<Utc>> = going.iter().map(|row| row.original_start).collect();
    let cancelled: Vec<BookedDate> = going
        .into_iter()
        .map(|row| BookedDate {
            cancelled_at: Some(now),
            room_taken: false,
            revision: row.revision + 1,
            ..row.clone()
        })
        .collect();
    occurrences::remove(db, appointment.tenant, appointment.id, &starts).await?;
    place_dates(db, &mut appointment, &cancelled).await?;
    Ok(appointment)
}

/// The appointment, held by this transaction, and its date.
async fn held(
    db: &mut PgConnection,
    tenant: &TenantName,
    id: AppointmentId,
    original_start: DateTime<Utc>,
    expected: Option<i64>,
) -> Result<(Tenant, Appointment, BookedDate), ChangeAppointmentError> {
    let (tenant, appointment) = changeable(db, tenant, id, expected).await?;
    let found = occurrences::of_original_start(db, tenant.id, id, original_start).await?;
    let date = found.ok_or(ChangeAppointmentError::UnknownDate(original_start))?;
    if appointment.recurring.is_none() {
        return Err(ChangeAppointmentError::NotOfADate(
            "this appointment does not recur: change or cancel it as a whole",
        ));
    }
    Ok((tenant, appointment, date))
}

/// Puts a date in the place of what it was.
async fn put(
    db: &mut PgConnection,
    appointment: &mut Appointment,
    before: &BookedDate,
    after: BookedDate,
) -> Result<(), BookError> {
    let revision = before.revision + i64::from(!before.is_served_as(&after));
    let after = BookedDate { revision, ..after };
    occurrences::remove(db, appointment.tenant, appointment.id, &[before.original_start]).await?;
    place_dates(db, appointment, &[after]).await
}
