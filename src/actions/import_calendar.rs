//! A calendar file is imported: its events become appointments, known again by their UIDs.
//!
//! Each event is imported in a transaction of its own, and is told what became of it. An event that the calendar says the
//! same of as the last time stays as it is, whatever has been changed here since.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use sqlx::PgConnection;

use super::book::BookError;
use super::cancel::{CancelError, cancel_in};
use super::change_appointment::ChangeAppointmentError;
use super::import_event::import_event;
use super::transaction::transact;
use crate::app::App;
use crate::credential::NoRandomness;
use crate::ical::{self, CalendarFile, Content, Ignored, Item};
use crate::reservation::{AppId, AppointmentId, Label, RoomName, Tenant, TenantId, TenantName};
use crate::store::calendar_events::{self, KnownEvent};
use crate::store::{StoreError, tenants};

/// The most events that one file may have.
pub const MOST_EVENTS: usize = 2000;

/// How long a file is worked at. What is left then is done when it is sent again.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often events are tried again whose rooms were taken: by events further down that move away.
const ROUNDS: usize = 3;

/// A file to import.
#[derive(Debug, Clone)]
pub struct Import {
    /// The tenant.
    pub tenant: TenantName,
    /// The app that imports it; `None` for the command line.
    pub app: Option<AppId>,
    /// What the calendar is called here. The same name means the same calendar.
    pub calendar: Label,
    /// What the file says.
    pub file: CalendarFile,
    /// The room of all events; where it is left out, that of the address in the event, and else one of its own.
    pub room: Option<RoomName>,
    /// Whether the file is all of the calendar, so that what is missing is cancelled.
    pub complete: bool,
}

/// What became of a file.
#[derive(Debug)]
pub struct Imported {
    /// What the calendar calls itself.
    pub name: Option<String>,
    /// What became of each event; those that were missing come last.
    pub events: Vec<ImportedEvent>,
    /// What was in it and is no event.
    pub ignored: Ignored,
}

/// What became of an event.
#[derive(Debug)]
pub struct ImportedEvent {
    /// Its UID, if it has one.
    pub uid: Option<String>,
    /// The line that it begins on; `None` where it is not in the file.
    pub line: Option<usize>,
    /// What became of it.
    pub outcome: Outcome,
    /// The appointment.
    pub appointment: Option<AppointmentId>,
    /// What was ignored or assumed.
    pub notes: Vec<String>,
}

/// What became of an event.
#[derive(Debug, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// It was booked.
    Booked,
    /// Its appointment was changed.
    Changed,
    /// Its appointment was cancelled.
    Cancelled,
    /// The calendar says the same as the last time.
    Unchanged,
    /// A newer version was imported before.
    Outdated,
    /// All of it is over, and it was not here before; or it is cancelled and was not here before.
    Over,
    /// There was too much before it: it is done when the file is sent again.
    Postponed,
    /// It can't be an appointment.
    Refused(ImportRefusal),
}

/// Why an event can't be an appointment.
#[derive(Debug, thiserror::Error)]
pub enum ImportRefusal {
    /// The file says something of it that can't be worked with.
    #[error(transparent)]
    File(ical::Problem),
    /// It has no end.
    #[error("it has neither an end nor a duration")]
    NoEnd,
    /// Only some of its dates are in the file, and the rest was never imported.
    #[error("only some of its dates are in the file, and the event itself was never imported")]
    NoSeries,
    /// It can't be booked or changed.
    #[error(transparent)]
    Booking(ChangeAppointmentError),
}

/// Why a file was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// It has too many events.
    #[error("a file may have {MOST_EVENTS} events, and this one has {0}")]
    TooManyEvents(usize),
    /// No room could be given a name.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an event was not imported.
#[derive(Debug, thiserror::Error)]
pub(super) enum EventError {
    /// It can't be an appointment.
    #[error(transparent)]
    Refused(#[from] ImportRefusal),
    /// Somebody else has imported it meanwhile.
    #[error("somebody else has imported it meanwhile")]
    Raced,
    /// No room could be given a name.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ChangeAppointmentError> for EventError {
    fn from(error: ChangeAppointmentError) -> Self {
        match error {
            ChangeAppointmentError::Store(error) => Self::Store(error),
            error => Self::Refused(ImportRefusal::Booking(error)),
        }
    }
}

impl From<CancelError> for EventError {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::Store(error) => Self::Store(error),
            CancelError::Unknown(id) => ChangeAppointmentError::Unknown(id).into(),
            CancelError::UnknownTenant(name) => {
                ChangeAppointmentError::from(BookError::UnknownTenant(name)).into()
            }
            CancelError::Outdated { .. } => Self::Raced,
        }
    }
}

/// Imports a calendar file. What was imported stays so, also where it ends in the middle.
///
/// # Errors
/// Where the file as a whole can't be imported, or the database fails.
pub async fn import_calendar(app: &App, import: &Import) -> Result<Imported, ImportError> {
    let mut db = app.db.acquire().await.map_err(StoreError::from)?;
    let known = tenants::by_name(&mut db, &import.tenant).await?;
    let tenant = known.ok_or_else(|| ImportError::UnknownTenant(import.tenant.clone()))?;
    let CalendarFile { name, items, ignored, .. } = &import.file;
    if items.len() > MOST_EVENTS {
        return Err(ImportError::TooManyEvents(items.len()));
    }
    let mut known = calendar_events::of_calendar(&mut db, tenant.id, &import.calendar).await?;
    drop(db);
    let began = Instant::now();
    let mut outcomes: Vec<Option<(Outcome, Option<AppointmentId>)>> = items.iter().map(|_| None).collect();
    for round in 1..=ROUNDS {
        let mut progress = false;
        for (item, outcome) in items.iter().zip(&mut outcomes) {
            if outcome.as_ref().is_some_and(|(outcome, _)| !may_fit_later(outcome)) {
                continue;
            }
            let is = if began.elapsed() < PATIENCE {
                one(app, import, &tenant, item, &mut known).await?
            } else {
                (Outcome::Postponed, None)
            };
            progress |= round == 1 || !may_fit_later(&is.0);
            *outcome = Some(is);
        }
        if !progress {
            break;
        }
    }
    let there: HashSet<&str> = items.iter().filter_map(|item| item.uid.as_deref()).collect();
    let missing: Vec<String> = known
        .iter()
        .filter(|(uid, known)| import.complete && !known.cancelled && !there.contains(uid.as_str()))
        .map(|(uid, _)| uid.clone())
        .collect();
    let mut events: Vec<ImportedEvent> = items
        .iter()
        .zip(outcomes)
        .filter_map(|(item, outcome)| {
            let (outcome, appointment) = outcome?;
            let notes = item.notes.iter().map(ToString::to_string).collect();
            Some(ImportedEvent { uid: item.uid.clone(), line: Some(item.line), outcome, appointment, notes })
        })
        .collect();
    for uid in missing {
        if began.elapsed() >= PATIENCE {
            break;
        }
        let Some(gone) = known.get(&uid).copied() else { continue };
        if !transact(app, async |db| cancel(app, db, import, tenant.id, (&uid, gone)).await).await? {
            continue;
        }
        let (outcome, appointment) = (Outcome::Cancelled, Some(gone.appointment));
        events.push(ImportedEvent { uid: Some(uid), line: None, outcome, appointment, notes: Vec::new() });
    }
    Ok(Imported { name: name.clone(), events, ignored: *ignored })
}

/// Whether it may be booked once others have moved away.
fn may_fit_later(outcome: &Outcome) -> bool {
    use BookError::{Taken, TakenDates};
    matches!(
        outcome,
        Outcome::Refused(ImportRefusal::Booking(ChangeAppointmentError::Booking(
            Taken { .. } | TakenDates { .. }
        )))
    )
}

/// What becomes of one event.
async fn one(
    app: &App,
    import: &Import,
    tenant: &Tenant,
    item: &Item,
    known: &mut HashMap<String, KnownEvent>,
) -> Result<(Outcome, Option<AppointmentId>), ImportError> {
    let (content, uid) = match (&item.content, &item.uid) {
        (Ok(content), Some(uid)) => (content, uid),
        (Err(problem), uid) => {
            let known = uid.as_ref().and_then(|uid| known.get(uid)).map(|known| known.appointment);
            return Ok((Outcome::Refused(ImportRefusal::File(problem.clone())), known));
        }
        // Whatever has no UID has that for a problem.
        (Ok(_), None) => return Ok((Outcome::Over, None)),
    };
    for _ in 0..ROUNDS {
        let before = known.get(uid).copied();
        let done =
            transact(app, async |db| import_event(app, db, import, tenant, (uid, content), before).await);
        match done.await {
            Ok((outcome, is)) => {
                if let Some(is) = is {
                    known.insert(uid.clone(), is);
                }
                return Ok((outcome, is.or(before).map(|known| known.appointment)));
            }
            Err(EventError::Refused(refusal)) => {
                return Ok((Outcome::Refused(refusal), before.map(|known| known.appointment)));
            }
            Err(EventError::Raced) => {
                let mut db = app.db.acquire().await.map_err(StoreError::from)?;
                *known = calendar_events::of_calendar(&mut db, tenant.id, &import.calendar).await?;
            }
            Err(EventError::NoRandomness(error)) => return Err(error.into()),
            Err(EventError::Store(error)) => return Err(error.into()),
        }
    }
    // Somebody else is at it all the time.
    Ok((Outcome::Postponed, None))
}

/// Cancels what is not in the calendar any more, unless somebody else has imported it since. Where it is in there again it is booked
/// again, however little it differs: so it is noted as something else.
async fn cancel(
    app: &App,
    db: &mut PgConnection,
    import: &Import,
    tenant: TenantId,
    (uid, gone): (&str, KnownEvent),
) -> Result<bool, StoreError> {
    let other = KnownEvent { fingerprint: [0; 32], ..gone };
    let now = app.clock.now();
    if !calendar_events::note(db, tenant, (&import.calendar, uid), Some(&gone), &other, now).await? {
        return Ok(false);
    }
    match cancel_in(app, db, &import.tenant, gone.appointment, None).await {
        Ok(_)
        | Err(CancelError::Unknown(_) | CancelError::UnknownTenant(_) | CancelError::Outdated { .. }) => {
            Ok(true)
        }
        Err(CancelError::Store(error)) => Err(error),
    }
}

/// Which version of the event the file has.
pub(super) fn sequence(content: &Content) -> u32 {
    match content {
        Content::Event(event) => event.version.sequence,
        Content::Dates(dates) => dates.exceptions.iter().map(|date| date.version.sequence).max().unwrap_or(0),
        Content::Cancellation(version) => version.sequence,
    }
}
