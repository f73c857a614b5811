//! An appointment is moved or changed.

mod known_again;

use chrono::{DateTime, Datelike as _, SecondsFormat, Utc};
use sqlx::{Connection as _, PgConnection};

pub use self::known_again::UnknownParticipant;
use self::known_again::known_again;
pub use super::appointment_change::{AppointmentChange, End, Expected, Patch, RecurrenceChange};
use super::book::{BookError, in_the_way};
use super::change_series::change_series_in;
use super::dates::later_dates_in_the_way;
use super::join_links::follow_participants_in;
use super::passwords::{lock, share_keys};
use super::transaction::transact;
use crate::app::App;
use crate::reservation::{
    Appointment, AppointmentId, Metadata, MetadataError, RoomPassword, Slot, Tenant, TenantName,
};
use crate::seal::Sealed;
use crate::store::appointments::{self, Written};
use crate::store::{StoreError, tenants};

/// Why an appointment was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeAppointmentError {
    /// There is no such appointment.
    #[error("the tenant has no appointment `{0}`")]
    Unknown(AppointmentId),
    /// It was cancelled for good.
    #[error("the appointment is cancelled; book the room anew")]
    Cancelled,
    /// Somebody has changed it meanwhile.
    #[error("the appointment was changed meanwhile: it is at revision {current}")]
    Outdated {
        /// Its revision.
        current: i64,
    },
    /// It has no such date.
    #[error("the appointment has no date that was first to start at {}", .0.to_rfc3339_opts(SecondsFormat::Secs, true))]
    UnknownDate(DateTime<Utc>),
    /// The date is cancelled.
    #[error("this date is cancelled; take it out of the exceptions of the appointment to have it take place")]
    DateCancelled,
    /// The date has started, and what has started stays as it was.
    #[error("this date has started: change the ones that follow")]
    DateStarted,
    /// The date is not one that the rule names which is in force.
    #[error(
        "this date is not one of the appointment's rule: change it alone, and the ones that follow from the next one on"
    )]
    DateOffRule,
    /// What is to come would be over, and for good: what is over stays as it was.
    #[error("this lies in the past: a series, and a date of one, can only be moved to what is still to come")]
    IntoPast,
    /// The date is over.
    #[error("this date is over, and stays as it was")]
    DateOver,
    /// One date can't recur, and belongs to the participants of its appointment.
    #[error("{0}")]
    NotOfADate(&'static str),
    /// Nobody of that id is expected.
    #[error(transparent)]
    UnknownParticipant(#[from] UnknownParticipant),
    /// What the app keeps with it would be too much.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// It can't be booked as it would be.
    #[error(transparent)]
    Booking(#[from] BookError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ChangeAppointmentError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Changes an appointment, in a transaction of its own.
///
/// # Errors
/// See [`change_appointment_in`].
pub async fn change_appointment(
    app: &App,
    tenant: &TenantName,
    id: AppointmentId,
    expected: Option<i64>,
    change: AppointmentChange,
) -> Result<Appointment, ChangeAppointmentError> {
    transact(app, async |db| change_appointment_in(app, db, tenant, id, expected, change.clone()).await).await
}

/// Changes an appointment, as a part of a transaction; only at the revision `expected`, where one is.
///
/// Where it recurs, what has started stays as it was, and all dates that are still to come change: see
/// [`change_series`](super::change_series).
///
/// A room that is open already keeps what it was opened with: its conference server asks once. Who joins after it has
/// closed meets the appointment as it is then. If it has been moved away from now, or to another room, the next ask
/// closes the conference and is refused.
///
/// # Errors
/// Where there is no such appointment, it is cancelled or has another revision, the change makes no sense, or the room
/// is taken at its new time. The transaction is to be rolled back then.
pub async fn change_appointment_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &TenantName,
    id: AppointmentId,
    expected: Option<i64>,
    change: AppointmentChange,
) -> Result<Appointment, ChangeAppointmentError> {
    let (tenant, appointment) = changeable(db, tenant, id, expected).await?;
    if appointment.recurring.is_some() || matches!(change.recurrence, Patch::Set(_)) {
        return Box::pin(change_series_in(app, db, &tenant, appointment, None, change)).await;
    }
    let now = app.clock.now();
    let until = now + tenant.policy.horizon;
    if change.starts.is_some_and(|starts| starts > until && starts != appointment.slot.starts()) {
        return Err(BookError::BeyondHorizon { until }.into());
    }
    let slot = moved(appointment.slot, change.starts, change.ends)?;
    let mut appointment = changed(app, db, appointment, change).await?;
    appointment.slot = slot;
    write(db, &appointment).await?;
    later_dates_in_the_way(db, &appointment, &[slot]).await?;
    Ok(appointment)
}

/// The appointment that is to be changed, held by this transaction.
pub(super) async fn changeable(
    db: &mut PgConnection,
    tenant: &TenantName,
    id: AppointmentId,
    expected: Option<i64>,
) -> Result<(Tenant, Appointment), ChangeAppointmentError> {
    let known = tenants::by_name_for_share(db, tenant).await?;
    let tenant = known.ok_or_else(|| BookError::UnknownTenant(tenant.clone()))?;
    let found = appointments::by_id_for_update(db, tenant.id, id).await?;
    let appointment = found.ok_or(ChangeAppointmentError::Unknown(id))?;
    if expected.is_some_and(|expected| expected != appointment.revision) {
        return Err(ChangeAppointmentError::Outdated { current: appointment.revision });
    }
    if appointment.cancelled_at.is_some() {
        return Err(ChangeAppointmentError::Cancelled);
    }
    Ok((tenant, appointment))
}

/// The appointment after the change, in everything but its times.
pub(super) async fn changed(
    app: &App,
    db: &mut PgConnection,
    mut appointment: Appointment,
    change: AppointmentChange,
) -> Result<Appointment, ChangeAppointmentError> {
    sealed(app, db, &appointment, change.password).await?.apply(&mut appointment.options.password);
    appointment.room = change.room.unwrap_or(appointment.room);
    appointment.time_zone = change.time_zone.unwrap_or(appointment.time_zone);
    change.external_id.apply(&mut appointment.external_id);
    change.title.apply(&mut appointment.title);
    change.description.apply(&mut appointment.description);
    appointment.metadata = match change.metadata {
        Patch::Keep => appointment.metadata,
        Patch::Clear => Metadata::default(),
        Patch::Set(patch) => appointment.metadata.merged(&patch)?,
    };
    appointment.options.lobby = change.lobby.unwrap_or(appointment.options.lobby);
    change.max_occupants.apply(&mut appointment.options.max_occupants);
    change.early_open.apply(&mut appointment.early_open);
    change.grace.apply(&mut appointment.grace);
    change.max_duration.apply(&mut appointment.max_duration);
    change.answer_token.apply(&mut appointment.answer_token);
    appointment.recording = change.recording.unwrap_or(appointment.recording);
    if let Some(everybody) = change.participants {
        appointment.participants = known_again(&appointment.participants, everybody)?;
        follow_participants_in(app, db, &appointment).await.map_err(BookError::from)?;
    }
    appointment.revision += 1;
    appointment.updated_at = app.clock.now();
    Ok(appointment)
}

/// What becomes of the password, sealed for its appointment.
pub(super) async fn sealed(
    app: &App,
    db: &mut PgConnection,
    appointment: &Appointment,
    password: Patch<RoomPassword>,
) -> Result<Patch<Sealed>, ChangeAppointmentError> {
    Ok(match password {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(password) => {
            share_keys(db, &app.keys).await.map_err(BookError::from)?;
            Patch::Set(lock(&app.keys, appointment.tenant, appointment.id, &password))
        }
    })
}

/// Writes the appointment, or says what is in the way.
pub(super) async fn write(
    db: &mut PgConnection,
    appointment: &Appointment,
) -> Result<(), ChangeAppointmentError> {
    let mut attempt = db.begin().await?;
    let written = appointments::update(&mut attempt, appointment).await?;
    if written == Written::Done {
        attempt.commit().await?;
        return Ok(());
    }
    attempt.rollback().await?;
    Err(in_the_way(db, appointment, written).await?.into())
}

/// The slot after the change. Where only the start changes, the length stays.
pub(super) fn moved(slot: Slot, starts: Option<DateTime<Utc>>, ends: Patch<End>) -> Result<Slot, BookError> {
    let start = starts.unwrap_or(slot.starts());
    let end = match ends {
        Patch::Keep => slot.ends().map(|ends| start.checked_add_signed(ends - slot.starts())),
        Patch::Clear => None,
        Patch::Set(End::At(end)) => Some(Some(end)),
        Patch::Set(End::After(length)) => Some(start.checked_add_signed(length)),
    };
    let end = match end {
        None => None,
        Some(end) => Some(end.ok_or(BookError::EndsTooSoon)?),
    };
    if end.is_some_and(|end| end.year() > 9999) {
        return Err(BookError::EndsTooLate);
    }
    Slot::new(start, end).ok_or(BookError::EndsTooSoon)
}
