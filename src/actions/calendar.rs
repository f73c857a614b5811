//! Appointments are read to be written as calendars: one of them, or those of a feed.

mod events;

use std::collections::HashMap;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use sqlx::PgConnection;
use tokio::task::spawn_blocking;

use self::events::{Dated, Extent, Link, events};
use crate::app::App;
use crate::ical::{Outgoing, write};
use crate::reservation::{Appointment, AppointmentId, BaseUrl, RoomKey, Tenant};
use crate::store::feeds::FeedRecord;
use crate::store::{StoreError, appointments, occurrences};
use crate::texts::Texts;

/// How many appointments a feed shows at the most, those nearest in time.
pub const MOST_APPOINTMENTS: i64 = 5000;

/// How far back a feed reaches.
const BACK: TimeDelta = TimeDelta::days(30);

/// After which time a feed is worth fetching again.
const REFRESH: TimeDelta = TimeDelta::minutes(15);

/// From how many appointments and dates on it takes a while to write them.
const LARGE: usize = 500;

/// What is read for a calendar, and not written yet: that may take a while.
#[derive(Debug)]
pub struct Draft {
    name: Option<String>,
    refresh: Option<TimeDelta>,
    appointments: Vec<Dated>,
    room: Option<RoomKey>,
    from: Option<DateTime<Utc>>,
    meeting_url: Option<BaseUrl>,
    with_people: bool,
    link: Option<Link>,
}

impl Draft {
    /// Whether it has so much that it is better written beside the requests.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.appointments.len() + self.appointments.iter().map(|dated| dated.placed.len()).sum::<usize>()
            > LARGE
    }

    /// The same as a file, a large one written beside the requests: conference servers must not wait for it.
    pub async fn written(self) -> String {
        if !self.is_large() {
            return self.write();
        }
        // It only fails where it panics, or where the process ends.
        spawn_blocking(move || self.write()).await.unwrap_or_default()
    }

    /// The calendar as a file. Nothing in it depends on when it is written.
    #[must_use]
    pub fn write(&self) -> String {
        let Self { name, refresh, appointments, room, from, meeting_url, with_people, link } = self;
        let extent = Extent {
            room: room.as_ref(),
            from: *from,
            meeting_url: meeting_url.as_ref(),
            with_people: *with_people,
            link: link.as_ref(),
        };
        let events = appointments.iter().flat_map(|dated| events(dated, &extent)).collect();
        write(&Outgoing { name: name.clone(), method: None, refresh: *refresh, events })
    }
}

/// One appointment with all its dates and with who is expected; `None` where the tenant has none of that id.
///
/// # Errors
/// Where the database fails.
pub async fn appointment_calendar(
    db: &mut PgConnection,
    tenant: &Tenant,
    id: AppointmentId,
) -> Result<Option<Draft>, StoreError> {
    let Some(appointment) = appointments::by_id(db, tenant.id, id).await? else { return Ok(None) };
    Ok(Some(Draft {
        name: None,
        refresh: None,
        appointments: dated(db, tenant, vec![appointment], None).await?,
        room: None,
        from: None,
        meeting_url: tenant.policy.meeting_url.clone(),
        with_people: true,
        link: None,
    }))
}

/// One appointment with all its dates, for who has a join link to it.
///
/// # Errors
/// Where the database fails.
pub async fn link_calendar(
    db: &mut PgConnection,
    texts: &Texts,
    tenant: &Tenant,
    appointment: &Appointment,
    url: &str,
) -> Result<Draft, StoreError> {
    Ok(Draft {
        name: None,
        refresh: None,
        appointments: dated(db, tenant, vec![appointment.clone()], None).await?,
        room: None,
        from: None,
        meeting_url: None,
        with_people: false,
        link: Some(Link {
            url: url.to_owned(),
            sentence: texts.with("invitation-calendar", [("link", url)]),
            untitled: texts.text("untitled"),
        }),
    })
}

/// What a feed shows: what takes place from thirty days ago on, or was to, and nobody who is expected.
///
/// # Errors
/// Where the database fails.
pub async fn feed_calendar(app: &App, tenant: &Tenant, feed: &FeedRecord) -> Result<Draft, StoreError> {
    let now = app.clock.now();
    // Whole days: what was fetched a moment ago is the same still.
    let from = (now - BACK).date_naive().and_time(NaiveTime::MIN).and_utc();
    let mut db = app.db.acquire().await?;
    let mut found = appointments::of_feed(&mut db, tenant.id, &feed.of, from, now, MOST_APPOINTMENTS).await?;
    found.sort_by_key(|appointment| (appointment.slot.starts(), appointment.id));
    Ok(Draft {
        name: Some(feed.label.to_string()),
        refresh: Some(REFRESH),
        appointments: dated(&mut db, tenant, found, Some(from)).await?,
        room: feed.of.room().cloned(),
        from: Some(from),
        meeting_url: tenant.policy.meeting_url.clone(),
        with_people: false,
        link: None,
    })
}

/// Appointments with what there is to know of their dates.
async fn dated(
    db: &mut PgConnection,
    tenant: &Tenant,
    appointments: Vec<Appointment>,
    from: Option<DateTime<Utc>>,
) -> Result<Vec<Dated>, StoreError> {
    let series = appointments.iter().filter(|appointment| appointment.recurring.is_some());
    let ids: Vec<AppointmentId> = series.map(|appointment| appointment.id).collect();
    let mut different: HashMap<AppointmentId, Vec<_>> = HashMap::new();
    for (id, date) in occurrences::different(db, tenant.id, &ids, from).await? {
        different.entry(id).or_default().push(date);
    }
    let placed = occurrences::original_starts(db, tenant.id, &ids, from).await?;
    let mut placed: HashMap<_, _> = placed.into_iter().collect();
    let dated = appointments.into_iter().map(|appointment| Dated {
        different: different.remove(&appointment.id).unwrap_or_default(),
        placed: placed.remove(&appointment.id).unwrap_or_default(),
        appointment,
    });
    Ok(dated.collect())
}
