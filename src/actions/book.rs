//! A room is booked.

use chrono::{DateTime, Datelike as _, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::dates::{first_dates, later_dates_in_the_way, place_dates};
use super::join_links::{JoinSecretError, provide_in};
use super::passwords::{KeysError, lock, share_keys};
use super::transaction::transact;
use crate::app::App;
use crate::reservation::{
    AppId, Appointment, AppointmentId, BookedDate, Description, ExternalId, Metadata, Options, Participant,
    Recurrence, Recurring, RoomName, RoomPassword, Series, Slot, TenantName, Title, TooManyDates,
};
use crate::store::appointments::{self, Written};
use crate::store::{StoreError, occurrences, tenants};

/// What is to be booked. What is left out follows the tenant.
#[derive(Debug, Clone)]
pub struct Booking {
    /// The tenant.
    pub tenant: TenantName,
    /// The room.
    pub room: RoomName,
    /// What it is about.
    pub title: Option<Title>,
    /// More about it.
    pub description: Option<Description>,
    /// Who is expected.
    pub participants: Vec<Participant>,
    /// What the app keeps with it.
    pub metadata: Metadata,
    /// The app that books it; `None` for the command line.
    pub app: Option<AppId>,
    /// What that app calls it.
    pub external_id: Option<ExternalId>,
    /// When it starts.
    pub starts: DateTime<Utc>,
    /// When it ends; `None` for a room without an end.
    pub ends: Option<DateTime<Utc>>,
    /// The time zone that it is booked in, to whose wall clock its dates keep.
    pub time_zone: Option<Tz>,
    /// How it recurs; `None` for once.
    pub recurrence: Option<Recurrence>,
    /// What people have to type to come in.
    pub password: Option<RoomPassword>,
    /// Whether people wait in a lobby.
    pub lobby: bool,
    /// The most people at once.
    pub max_occupants: Option<u32>,
    /// How long before the start people may come in.
    pub early_open: Option<TimeDelta>,
    /// How long after the end people may stay.
    pub grace: Option<TimeDelta>,
    /// The longest the room may be open.
    pub max_duration: Option<TimeDelta>,
    /// Whether the answer to a conference server carries a room token.
    pub answer_token: Option<bool>,
    /// Whether its hosts may record, also where the role settings of the tenant's tokens don't say so.
    pub recording: bool,
}

impl Booking {
    /// A room for a time, and nothing else said.
    #[must_use]
    pub fn of(
        tenant: TenantName,
        room: RoomName,
        starts: DateTime<Utc>,
        ends: Option<DateTime<Utc>>,
    ) -> Self {
        Self {
            tenant,
            room,
            app: None,
            external_id: None,
            starts,
            ends,
            time_zone: None,
            recurrence: None,
            title: None,
            description: None,
            participants: Vec::new(),
            metadata: Metadata::default(),
            password: None,
            lobby: false,
            max_occupants: None,
            early_open: None,
            grace: None,
            max_duration: None,
            answer_token: None,
            recording: false,
        }
    }
}

/// A date of a series on which the room is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict {
    /// When the date starts.
    pub starts: DateTime<Utc>,
    /// The appointment in the way; unknown where it went away again in the meantime.
    pub by: Option<AppointmentId>,
}

impl Conflict {
    /// As many are named.
    pub const MOST: usize = 20;
}

/// Why a room was not booked.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// It ends before it starts, or at once.
    #[error("the appointment has to end after it starts")]
    EndsTooSoon,
    /// It ends after all that can be written.
    #[error("the appointment has to end before the year 10000")]
    EndsTooLate,
    /// It starts further ahead than the tenant books.
    #[error("rooms of this tenant can be booked until {} at the latest", .until.to_rfc3339_opts(SecondsFormat::Secs, true))]
    BeyondHorizon {
        /// The last moment that can be booked.
        until: DateTime<Utc>,
    },
    /// The password can't be sealed so that everybody who works on the database can open it.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Nobody could be given a link.
    #[error(transparent)]
    JoinLinks(#[from] JoinSecretError),
    /// The room is taken.
    #[error("the room is taken at that time{}", .by.map_or_else(String::new, |id| format!(" by the appointment {id}")))]
    Taken {
        /// The appointment in the way; unknown where it went away again in the meantime.
        by: Option<AppointmentId>,
    },
    /// It recurs, and the room is taken on some of its dates.
    #[error(
        "the room is taken on {all} of the dates, the first of them {}{}",
        .conflicts.first().map_or_else(String::new, |first| first.starts.to_rfc3339_opts(SecondsFormat::Secs, true)),
        .conflicts.first().and_then(|first| first.by).map_or_else(String::new, |id| format!(", by the appointment {id}"))
    )]
    TakenDates {
        /// On the first of them: see [`Conflict::MOST`].
        conflicts: Vec<Conflict>,
        /// On how many.
        all: usize,
    },
    /// One of its dates ends after the next has started.
    #[error("the date {} overlaps another date of the same appointment", .0.to_rfc3339_opts(SecondsFormat::Secs, true))]
    OverlapsItself(DateTime<Utc>),
    /// It recurs, and has no end, or ends too late.
    #[error("the dates of an appointment that recurs have to end within {} days", BookedDate::LONGEST_DAYS)]
    RecursTooLong,
    /// The first start is not one that its rule names.
    #[error(
        "the rule does not name the start{}",
        .next.map_or_else(String::new, |next| format!(": the first that it names is {}", next.to_rfc3339_opts(SecondsFormat::Secs, true)))
    )]
    StartsOffRule {
        /// The first that it names from the start on.
        next: Option<DateTime<Utc>>,
    },
    /// It has too many dates.
    #[error(transparent)]
    TooManyDates(#[from] TooManyDates),
    /// An exception is none of its dates.
    #[error("{} is not one of the dates, so it can't be excepted", .0.to_rfc3339_opts(SecondsFormat::Secs, true))]
    NoSuchDate(DateTime<Utc>),
    /// The app has an appointment of that external id.
    #[error("the external id `{external_id}` belongs to the appointment {by}")]
    ExternalIdTaken {
        /// The external id.
        external_id: ExternalId,
        /// The appointment that has it.
        by: AppointmentId,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for BookError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Books a room, in a transaction of its own.
///
/// # Errors
/// Where the booking makes no sense, or the room is taken.
pub async fn book(app: &App, booking: Booking) -> Result<Appointment, BookError> {
    transact(app, async |db| book_in(app, db, booking.clone()).await).await
}

/// Books a room, as a part of a transaction, which has to be rolled back after an error. PostgreSQL itself sees to it that
/// no two bookings of a room overlap.
///
/// # Errors
/// Where the booking makes no sense, or the room is taken.
pub async fn book_in(app: &App, db: &mut PgConnection, booking: Booking) -> Result<Appointment, BookError> {
    Ok(book_counted(app, db, booking).await?.0)
}

/// The same, with the number of its dates that were placed.
pub(super) async fn book_counted(
    app: &App,
    db: &mut PgConnection,
    booking: Booking,
) -> Result<(Appointment, usize), BookError> {
    let now = app.clock.now();
    let slot = Slot::new(booking.starts, booking.ends).ok_or(BookError::EndsTooSoon)?;
    if slot.ends().is_some_and(|ends| ends.year() > 9999) {
        return Err(BookError::EndsTooLate);
    }
    let known = tenants::by_name_for_share(db, &booking.tenant).await?;
    let tenant = known.ok_or(BookError::UnknownTenant(booking.tenant))?;
    let until = now + tenant.policy.horizon;
    if slot.starts() > until {
        return Err(BookError::BeyondHorizon { until });
    }
    let time_zone = booking.time_zone.unwrap_or(tenant.policy.time_zone);
    let recurs = booking.recurrence.filter(Recurrence::recurs);
    let dates = match &recurs {
        None => None,
        Some(recurrence) => {
            let series = Series { first: slot.starts(), zone: time_zone, recurrence: recurrence.clone() };
            Some(first_dates(&series, slot, &tenant.policy, now)?)
        }
    };
    let id = AppointmentId::new();
    let password = match booking.password {
        None => None,
        Some(password) => {
            share_keys(db, &app.keys).await?;
            Some(lock(&app.keys, tenant.id, id, &password))
        }
    };
    let mut appointment = Appointment {
        tenant: tenant.id,
        id,
        app: booking.app,
        external_id: booking.external_id,
        room: booking.room,
        title: booking.title,
        description: booking.description,
        participants: booking.participants,
        metadata: booking.metadata,
        time_zone,
        slot,
        recurring: recurs.zip(dates.as_ref()).map(|(recurrence, dates)| Recurring {
            recurrence,
            first_starts: dates.starts.first().map_or(slot.starts(), |first| first.starts),
            last_ends: None,
            expanded_until: dates.expanded_until,
        }),
        early_open: booking.early_open,
        grace: booking.grace,
        max_duration: booking.max_duration,
        answer_token: booking.answer_token,
        recording: booking.recording,
        options: Options { password, lobby: booking.lobby, max_occupants: booking.max_occupants },
        revision: 1,
        created_at: now,
        updated_at: now,
        cancelled_at: None,
    };
    let written = appointments::insert(db, &appointment).await?;
    if written != Written::Done {
        return Err(in_the_way(db, &appointment, written).await?);
    }
    provide_in(app, db, &appointment).await?;
    let Some(dates) = dates else {
        later_dates_in_the_way(db, &appointment, &[slot]).await?;
        return Ok((appointment, 1));
    };
    let booked = dates.booked(&appointment, now);
    place_dates(db, &mut appointment, &booked).await?;
    Ok((appointment, booked.len()))
}

/// What keeps an appointment from being written.
pub(super) async fn in_the_way(
    db: &mut PgConnection,
    appointment: &Appointment,
    written: Written,
) -> Result<BookError, StoreError> {
    let Appointment { tenant, id, room, .. } = appointment;
    if let (Written::ExternalIdTaken, Some(external_id)) = (written, &appointment.external_id) {
        let by = appointments::by_external_id(db, *tenant, appointment.app, external_id).await?;
        if let Some(by) = by {
            return Ok(BookError::ExternalIdTaken { external_id: external_id.clone(), by });
        }
    }
    let by = occurrences::in_the_way(db, *tenant, room.key(), appointment.slot, Some(*id)).await?;
    Ok(BookError::Taken { by })
}
