//! What a token opens, and who is expected there.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{MintError, Opens, WILDCARD_LONGEST};
use crate::app::App;
use crate::reservation::{AppointmentId, InstantRoom, OccurrenceId, Participant, RoomName, Tenant, Window};
use crate::store::appointments;
use crate::store::occurrences::{self, DateWindow, Which};
use crate::token::{Rooms, ValidityError};

/// How much sooner than now a token is good for a room that nobody booked: Prosody's clock may be behind ours.
const BACKDATE: TimeDelta = TimeDelta::seconds(55);

/// What a token opens, as it was found.
pub(super) struct Place {
    pub rooms: Rooms,
    pub room: Option<RoomName>,
    pub window: Window,
    pub date: Option<OccurrenceId>,
    pub participants: Vec<Participant>,
    /// Whether hosts may record there, also where their role's privileges don't say so.
    pub recording: bool,
}

/// Finds what a token opens.
///
/// # Errors
/// Where there is nothing to open.
pub(super) async fn place(
    app: &App,
    db: &mut PgConnection,
    tenant: &Tenant,
    opens: &Opens,
    now: DateTime<Utc>,
) -> Result<Place, MintError> {
    match opens {
        Opens::Appointment { id, original_start } => {
            of_appointment(db, tenant, *id, *original_start, now).await
        }
        Opens::Room(room) => of_room(app, db, tenant, room, now).await,
        Opens::BookedRoom(room) => {
            let found = occurrences::windows(db, tenant.id, Which::Room(room.key()), now).await?;
            of_date(db, tenant, soonest(found, now).ok_or(MintError::NotBooked)?).await
        }
        Opens::Wildcard { pattern, until } => {
            if *until > now + WILDCARD_LONGEST {
                return Err(MintError::WildcardTooLong);
            }
            if *until <= now {
                return Err(MintError::Validity(ValidityError::Never));
            }
            Ok(Place {
                rooms: pattern.clone().map_or(Rooms::All, Rooms::Matching),
                room: None,
                window: Window { gate: now - BACKDATE, opens: now, closes: Some(*until) },
                date: None,
                participants: Vec::new(),
                recording: false,
            })
        }
        Opens::Window(room, window) => Ok(unbooked(room, *window)),
        Opens::Date(date, participants) => Ok(booked(date.clone(), participants.clone())),
    }
}

/// A room that is open for a while without a booking.
fn unbooked(room: &RoomName, window: Window) -> Place {
    Place {
        rooms: Rooms::One(room.key().clone()),
        room: Some(room.clone()),
        window,
        date: None,
        participants: Vec::new(),
        recording: false,
    }
}

/// The room of a date, with who is expected there.
fn booked(date: DateWindow, participants: Vec<Participant>) -> Place {
    Place {
        rooms: Rooms::One(date.room.key().clone()),
        room: Some(date.room),
        window: date.window,
        date: Some(date.id),
        participants,
        recording: date.recording,
    }
}

async fn of_appointment(
    db: &mut PgConnection,
    tenant: &Tenant,
    id: AppointmentId,
    original_start: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Place, MintError> {
    let appointment = appointments::by_id(db, tenant.id, id).await?;
    let appointment = appointment.ok_or(MintError::UnknownAppointment(id))?;
    if appointment.cancelled_at.is_some() {
        return Err(MintError::AppointmentCancelled);
    }
    let which = match original_start {
        None => Which::Appointment(id),
        Some(original_start) => {
            let date = occurrences::of_original_start(db, tenant.id, id, original_start).await?;
            if date.ok_or(MintError::UnknownDate)?.cancelled_at.is_some() {
                return Err(MintError::DateCancelled);
            }
            Which::Date(OccurrenceId { appointment: id, original_start })
        }
    };
    let found = occurrences::windows(db, tenant.id, which, now).await?;
    let date = soonest(found, now).ok_or(MintError::Over)?;
    Ok(booked(date, appointment.participants))
}

async fn of_room(
    app: &App,
    db: &mut PgConnection,
    tenant: &Tenant,
    room: &RoomName,
    now: DateTime<Utc>,
) -> Result<Place, MintError> {
    let found = soonest(occurrences::windows(db, tenant.id, Which::Room(room.key()), now).await?, now);
    let rule = &tenant.policy.unscheduled;
    let is_free = found.as_ref().is_none_or(|date| now < date.window.gate);
    if is_free && let Some(certified) = InstantRoom::certified(room.key(), &app.keys, tenant.id) {
        return Ok(unbooked(room, certified.into()));
    }
    if is_free && rule.opens(room.key()) {
        let until = now + rule.duration;
        let until = found.map_or(until, |date| until.min(date.window.gate));
        return Ok(unbooked(room, Window { gate: now - BACKDATE, opens: now, closes: Some(until) }));
    }
    of_date(db, tenant, found.ok_or(MintError::NotBooked)?).await
}

async fn of_date(db: &mut PgConnection, tenant: &Tenant, date: DateWindow) -> Result<Place, MintError> {
    let appointment = appointments::by_id(db, tenant.id, date.id.appointment).await?;
    Ok(booked(date, appointment.map(|appointment| appointment.participants).unwrap_or_default()))
}

/// Of two dates the one that people come for now. As a decision has it, in the gap where one may still stay and the
/// other may already come, that is the next one.
pub(in crate::actions) fn soonest(dates: Vec<DateWindow>, now: DateTime<Utc>) -> Option<DateWindow> {
    let mut dates = dates.into_iter();
    let first = dates.next()?;
    let is_over = first.slot.ends().is_some_and(|ends| ends <= now);
    match dates.next() {
        Some(next) if is_over && next.window.gate <= now => Some(next),
        _ => Some(first),
    }
}
