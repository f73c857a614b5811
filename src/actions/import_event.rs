//! One event of a calendar becomes an appointment, or changes the one that it is.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::book::{BookError, Booking, book_in};
use super::cancel::cancel_in;
use super::change_appointment::{
    AppointmentChange, ChangeAppointmentError, End, Expected, Patch, RecurrenceChange, change_appointment_in,
    changeable, write,
};
use super::dates::{MOST_DATES, place_dates, placed_until};
use super::import_calendar::{EventError, Import, ImportRefusal, Outcome, sequence};
use super::room_names;
use crate::app::App;
use crate::ical::{Content, Details, Event, Exception};
use crate::reservation::{
    Appointment, BookedDate, DateField, Participant, Recurrence, Role, RoomName, Series, Slot, Tenant,
};
use crate::store::calendar_events::{self, KnownEvent};
use crate::store::occurrences;

/// Imports an event, as a part of a transaction. Gives what is known of it now, if that has changed.
pub(super) async fn import_event(
    app: &App,
    db: &mut PgConnection,
    import: &Import,
    tenant: &Tenant,
    (uid, content): (&str, &Content),
    before: Option<KnownEvent>,
) -> Result<(Outcome, Option<KnownEvent>), EventError> {
    let mut fingerprint: [u8; 32] = Sha256::digest(format!("{:?} {content:?}", import.room)).into();
    let sequence = sequence(content);
    if let Some(before) = before {
        if before.fingerprint == fingerprint {
            return Ok((Outcome::Unchanged, None));
        }
        if sequence < before.sequence {
            return Ok((Outcome::Outdated, None));
        }
    }
    let there = before.filter(|before| !before.cancelled);
    let (outcome, appointment) = match content {
        Content::Event(event) if !event.cancelled => {
            let imported = event_in(app, db, import, tenant, event, there).await?;
            let Some((appointment, all)) = imported else { return Ok((Outcome::Over, None)) };
            if !all {
                // Some of its dates can't be looked at yet: it is looked at again the next time.
                fingerprint = [0; 32];
            }
            (if there.is_some() { Outcome::Changed } else { Outcome::Booked }, appointment.id)
        }
        Content::Dates(dates) => {
            let known = there.ok_or(ImportRefusal::NoSeries)?;
            let (_, mut appointment) = changeable(db, &import.tenant, known.appointment, None).await?;
            let recurring = appointment.recurring.as_ref().ok_or(ImportRefusal::NoSeries)?;
            let mut recurrence = recurring.recurrence.clone();
            for date in &dates.exceptions {
                if date.cancelled {
                    recurrence.except(date.of);
                } else {
                    recurrence.exdates.remove(&date.of);
                }
            }
            let exdates = recurrence.exdates;
            settle(app, db, import, tenant, &mut appointment, &dates.exceptions, (exdates, false)).await?;
            // The next file may have other dates of it, and then these are not gone.
            (Outcome::Changed, known.appointment)
        }
        Content::Event(_) | Content::Cancellation(_) => {
            let Some(known) = there else { return Ok((Outcome::Over, None)) };
            cancel_in(app, db, &import.tenant, known.appointment, None).await?;
            (Outcome::Cancelled, known.appointment)
        }
    };
    let cancelled = matches!(outcome, Outcome::Cancelled);
    let is = KnownEvent { appointment, sequence, fingerprint, cancelled };
    let now = app.clock.now();
    if !calendar_events::note(db, tenant.id, (&import.calendar, uid), before.as_ref(), &is, now).await? {
        return Err(EventError::Raced);
    }
    Ok((outcome, Some(is)))
}

/// Books an event, or changes the appointment that it is. `None` where it was not here before and all of it is over; with
/// whether all its dates were looked at.
async fn event_in(
    app: &App,
    db: &mut PgConnection,
    import: &Import,
    tenant: &Tenant,
    event: &Event,
    known: Option<KnownEvent>,
) -> Result<Option<(Appointment, bool)>, EventError> {
    let now = app.clock.now();
    let length = event.length.filter(|length| *length > TimeDelta::zero()).ok_or(ImportRefusal::NoEnd)?;
    let series =
        Series { first: event.starts, zone: event.zone, recurrence: event.recurrence.clone() }.synchronized();
    let until = placed_until(&tenant.policy, now);
    let dates = series.dates(series.first.min(event.starts), until, MOST_DATES * 10);
    let dates = dates.map_err(|error| ChangeAppointmentError::from(BookError::from(error)))?;
    let is_date = |at: &DateTime<Utc>| dates.binary_search_by_key(at, |date| date.starts).is_ok();
    let moved = event.exceptions.iter().filter(|date| !date.cancelled);
    let is_over = |starts: DateTime<Utc>, length: TimeDelta| starts + length <= now;
    let over = !moved.clone().any(|date| !is_over(date.starts, date.length.unwrap_or(length)))
        && if series.recurrence.recurs() {
            series.ends_before(now - length)
        } else {
            is_over(series.first, length)
        };
    if over && known.is_none() {
        return Ok(None);
    }
    let cancelled = event.exceptions.iter().filter(|date| date.cancelled).map(|date| date.of);
    let exdates: BTreeSet<DateTime<Utc>> =
        series.recurrence.exdates.iter().copied().chain(cancelled).filter(is_date).collect();
    // A date that is elsewhere must not meet what is where it was: until it is moved, it is an exception, too.
    let aside: BTreeSet<DateTime<Utc>> =
        exdates.iter().copied().chain(moved.map(|date| date.of).filter(is_date)).collect();
    let Recurrence { rule, rdates, .. } = series.recurrence.clone();
    let recurrence = Recurrence { rule, rdates, exdates: aside };
    let mut appointment = match known {
        None => {
            let booking = booking(import, tenant, event, &series, (length, recurrence))?;
            let booked = book_in(app, db, booking).await;
            booked.map_err(|error| EventError::from(ChangeAppointmentError::from(error)))?
        }
        Some(known) => {
            let change = change(import, tenant, event, &series, (length, recurrence));
            Box::pin(change_appointment_in(app, db, &import.tenant, known.appointment, None, change)).await?
        }
    };
    let all = event.exceptions.iter().all(|date| date.of < until);
    if appointment.recurring.is_some() {
        settle(app, db, import, tenant, &mut appointment, &event.exceptions, (exdates, true)).await?;
    }
    Ok(Some((appointment, all)))
}

fn booking(
    import: &Import,
    tenant: &Tenant,
    event: &Event,
    series: &Series,
    (length, recurrence): (TimeDelta, Recurrence),
) -> Result<Booking, EventError> {
    let room = room(import, tenant, &event.details);
    let room = match room {
        Some(room) => room,
        None => room_names::generate()?,
    };
    let ends = series.first.checked_add_signed(length);
    Ok(Booking {
        app: import.app,
        title: event.details.title.clone(),
        description: event.details.description.clone(),
        participants: people(&event.details).into_iter().map(Expected::anew).collect(),
        time_zone: Some(event.zone),
        recurrence: Some(recurrence),
        ..Booking::of(import.tenant.clone(), room, series.first, ends)
    })
}

fn change(
    import: &Import,
    tenant: &Tenant,
    event: &Event,
    series: &Series,
    (length, recurrence): (TimeDelta, Recurrence),
) -> AppointmentChange {
    AppointmentChange {
        room: room(import, tenant, &event.details),
        starts: Some(series.first),
        ends: Patch::Set(End::After(length)),
        time_zone: Some(event.zone),
        recurrence: if recurrence.recurs() {
            Patch::Set(RecurrenceChange {
                rule: recurrence.rule.map_or(Patch::Clear, Patch::Set),
                rdates: Patch::Set(recurrence.rdates),
                exdates: Patch::Set(recurrence.exdates),
            })
        } else {
            Patch::Clear
        },
        title: event.details.title.clone().map_or(Patch::Clear, Patch::Set),
        description: event.details.description.clone().map_or(Patch::Clear, Patch::Set),
        participants: Some(people(&event.details)),
        ..AppointmentChange::default()
    }
}

/// Has the dates be what the calendar says of each, and the exceptions only those that it says are some. Where it says
/// everything, dates that it says nothing of follow the appointment again.
async fn settle(
    app: &App,
    db: &mut PgConnection,
    import: &Import,
    tenant: &Tenant,
    appointment: &mut Appointment,
    exceptions: &[Exception],
    (exdates, says_everything): (BTreeSet<DateTime<Utc>>, bool),
) -> Result<(), EventError> {
    let now = app.clock.now();
    let rows = occurrences::of_appointment(db, tenant.id, appointment.id).await?;
    let (mut remove, mut place) = (Vec::new(), Vec::new());
    for row in
        rows.iter().filter(|row| row.original_start >= appointment.slot.starts() && row.slot.starts() > now)
    {
        let Some(plain) = BookedDate::of(appointment, row.original_start) else { continue };
        let cancelled_at = exdates.contains(&row.original_start).then(|| row.cancelled_at.unwrap_or(now));
        let said = exceptions.iter().find(|date| date.of == row.original_start && !date.cancelled);
        let wanted = match said {
            Some(date) => own(import, tenant, appointment, plain, (date, now))?,
            None if says_everything => BookedDate { cancelled_at, ..plain },
            None if exceptions.iter().any(|date| date.of == row.original_start) => {
                BookedDate { cancelled_at, room_taken: false, ..row.clone() }
            }
            None => continue,
        };
        let wanted = BookedDate { revision: row.revision + i64::from(!row.is_served_as(&wanted)), ..wanted };
        if wanted != *row {
            remove.push(row.original_start);
            place.push(wanted);
        }
    }
    if let Some(recurring) = &mut appointment.recurring {
        recurring.recurrence.exdates = exdates;
    }
    appointment.updated_at = now;
    appointment.revision += i64::from(!says_everything);
    write(db, appointment).await?;
    occurrences::remove(db, tenant.id, appointment.id, &remove).await?;
    place_dates(db, appointment, &place).await.map_err(ChangeAppointmentError::from)?;
    Ok(())
}

/// A date with what the calendar says of it alone.
fn own(
    import: &Import,
    tenant: &Tenant,
    appointment: &Appointment,
    plain: BookedDate,
    (said, now): (&Exception, DateTime<Utc>),
) -> Result<BookedDate, ChangeAppointmentError> {
    let mut date = plain;
    let length = said.length.or_else(|| Some(date.slot.ends()? - date.slot.starts()));
    let ends = length.and_then(|length| said.starts.checked_add_signed(length));
    let slot = ends.and_then(|ends| Slot::new(said.starts, Some(ends))).unwrap_or(date.slot);
    let until = now + tenant.policy.horizon;
    if !BookedDate::may_last(slot) {
        return Err(BookError::RecursTooLong.into());
    }
    if slot != date.slot && slot.starts() > until {
        return Err(BookError::BeyondHorizon { until }.into());
    }
    if slot != date.slot {
        date.slot = slot;
        date.own.insert(DateField::Time);
    }
    if said.details.title != appointment.title {
        date.title.clone_from(&said.details.title);
        date.own.insert(DateField::Title);
    }
    if said.details.description != appointment.description {
        date.description.clone_from(&said.details.description);
        date.own.insert(DateField::Description);
    }
    if let Some(room) = room(import, tenant, &said.details).filter(|room| *room != appointment.room) {
        date.room = room;
        date.own.insert(DateField::Room);
    }
    Ok(date)
}

/// The room that is asked for, or whose address the event has.
fn room(import: &Import, tenant: &Tenant, details: &Details) -> Option<RoomName> {
    let base = tenant.policy.meeting_url.as_ref();
    let of_address = || {
        let mut addresses = details.urls.iter().chain(&details.location);
        addresses.find_map(|address| base?.segment_of(address)?.parse().ok())
    };
    import.room.clone().or_else(of_address)
}

/// Who is expected: whoever invites as a host, and everybody else once.
fn people(details: &Details) -> Vec<Expected> {
    let mut people: Vec<Expected> = Vec::new();
    let organizer = details.organizer.iter().map(|person| (person, Role::Host));
    for (person, role) in organizer.chain(details.attendees.iter().map(|person| (person, person.role))) {
        if person.email.is_some() && people.iter().any(|known| known.email == person.email) {
            continue;
        }
        let (name, email) = (person.name.clone(), person.email.clone());
        people.push(Expected { id: None, role, name, email, external_id: None });
    }
    people.truncate(Participant::MOST);
    people
}
