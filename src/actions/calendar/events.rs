//! Appointments as events of a calendar. Pure.
//!
//! A series is one event with its rule. Dates that differ follow it; those that its rule names and that are not there
//! are left out. Dates that its rule does not name are events of their own.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::ical::{OutgoingEvent, Person, Uid};
use crate::reservation::{
    Appointment, BaseUrl, BookedDate, Description, Participant, Recurrence, Role, RoomKey, RoomName, Series,
    Slot,
};

/// More dates than a series may have placed.
const ENOUGH: usize = 5000;

/// An appointment with what there is to know of its dates.
#[derive(Debug)]
pub(super) struct Dated {
    pub appointment: Appointment,
    /// The dates that are not as the appointment has them.
    pub different: Vec<BookedDate>,
    /// When the dates that are there were first to start, in order.
    pub placed: Vec<DateTime<Utc>>,
}

/// What a calendar shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent<'a> {
    /// Only what is in this room.
    pub room: Option<&'a RoomKey>,
    /// Only dates from then on. What is earlier has not been read.
    pub from: Option<DateTime<Utc>>,
    /// Where the tenant's rooms are entered.
    pub meeting_url: Option<&'a BaseUrl>,
    /// Whether it says who is expected.
    pub with_people: bool,
    /// By which link whoever gets it comes in.
    pub link: Option<&'a Link>,
}

/// A join link.
#[derive(Debug)]
pub(super) struct Link {
    pub url: String,
    /// What is told of it.
    pub sentence: String,
    /// What it is called, where the appointment has no title.
    pub untitled: String,
}

/// The events that an appointment is.
pub(super) fn events(dated: &Dated, extent: &Extent<'_>) -> Vec<OutgoingEvent> {
    let appointment = &dated.appointment;
    let here = extent.shows(&appointment.room);
    let Some(series) = appointment.series() else {
        let cancelled = appointment.cancelled_at.is_some();
        return here.then(|| OutgoingEvent { cancelled, ..extent.plain(appointment) }).into_iter().collect();
    };
    let dates = dated.dates();
    let series = extent.rest(series);
    let named = if here { named(dated, &series) } else { BTreeSet::new() };
    let mut events = Vec::new();
    if here && series.recurrence.recurs() {
        events.extend(recurring(dated, extent, &series, &named, &dates));
    } else if here {
        let date = dates.get(&series.first).and_then(|date| dated.whole(series.first, *date));
        events.extend(once(appointment, extent, date.as_deref()));
    }
    // An end of the rule, or of the whole appointment, says of these that they do not take place.
    let is_said = |date: &BookedDate| {
        here && date.cancelled_at.is_some() && date.original_start >= appointment.slot.starts()
    };
    let alone = dates.iter().filter(|(starts, date)| {
        !named.contains(starts) && extent.shows(dated.room(**date)) && !date.is_some_and(is_said)
    });
    events.extend(alone.filter_map(|(starts, date)| {
        let date = dated.whole(*starts, *date)?;
        let start = starts.format("%Y%m%dT%H%M%SZ");
        Some(OutgoingEvent {
            uid: uid(format_args!("{}-{start}", appointment.id)),
            ..extent.date(appointment, &date)
        })
    }));
    events
}

/// The dates of a series that its rule names and that it stands for.
fn named(dated: &Dated, series: &Series) -> BTreeSet<DateTime<Utc>> {
    let appointment = &dated.appointment;
    if !series.recurrence.recurs() {
        return [series.first].into();
    }
    if appointment.cancelled_at.is_some() {
        return BTreeSet::new();
    }
    let Some(recurring) = &appointment.recurring else { return BTreeSet::new() };
    // Where all are placed, until the last of them.
    let last = dated.placed.last().map(|last| *last + TimeDelta::milliseconds(1));
    let until = recurring.expanded_until.or(recurring.last_ends.max(last)).unwrap_or(series.first);
    series.first_dates(series.first, until, ENOUGH).into_iter().map(|date| date.starts).collect()
}

/// A series, and its dates that differ; nothing where it has no dates left.
fn recurring(
    dated: &Dated,
    extent: &Extent<'_>,
    series: &Series,
    named: &BTreeSet<DateTime<Utc>>,
    dates: &BTreeMap<DateTime<Utc>, Option<&BookedDate>>,
) -> Vec<OutgoingEvent> {
    let appointment = &dated.appointment;
    let master = extent.plain(appointment);
    let length = master.length;
    let mut recurrence = series.recurrence.clone();
    if appointment.cancelled_at.is_some() {
        let starts = series.first;
        return vec![OutgoingEvent { starts, recurrence, cancelled: true, ..master }];
    }
    let mut differing = Vec::new();
    for starts in named {
        let date = dates.get(starts).filter(|date| extent.shows(dated.room(**date)));
        if date.is_some() {
            recurrence.exdates.remove(starts);
        } else {
            recurrence.exdates.insert(*starts);
        }
        if let Some(Some(date)) = date {
            differing.push(OutgoingEvent { recurrence_id: Some(*starts), ..extent.date(appointment, date) });
        }
    }
    let goes_on = appointment.recurring.as_ref().is_some_and(|recurring| recurring.expanded_until.is_some());
    if extent.from.is_some() && !goes_on && named.iter().all(|starts| recurrence.exdates.contains(starts)) {
        return Vec::new();
    }
    let master = OutgoingEvent { starts: series.first, length, recurrence, ..master };
    [master].into_iter().chain(differing).collect()
}

/// An appointment that recurred, and has one date left.
fn once(appointment: &Appointment, extent: &Extent<'_>, date: Option<&BookedDate>) -> Option<OutgoingEvent> {
    match date {
        Some(date) if !extent.shows(&date.room) => None,
        Some(date) => Some(extent.date(appointment, date)),
        // It was over before there was anything to read, or before it was booked.
        None if extent.from.is_some() && appointment.cancelled_at.is_none() => None,
        None => Some(OutgoingEvent { cancelled: true, ..extent.plain(appointment) }),
    }
}

impl Dated {
    /// All dates by their first start: those that differ, and nothing for those that follow the appointment. There may be
    /// thousands of them, and each would have its texts.
    fn dates(&self) -> BTreeMap<DateTime<Utc>, Option<&BookedDate>> {
        let plain = self.placed.iter().map(|starts| (*starts, None));
        let different = self.different.iter().map(|date| (date.original_start, Some(date)));
        plain.chain(different).collect()
    }

    fn room<'a>(&'a self, date: Option<&'a BookedDate>) -> &'a RoomName {
        date.map_or(&self.appointment.room, |date| &date.room)
    }

    /// A date with all that it has. `None` where its end can't be written.
    fn whole<'a>(&self, starts: DateTime<Utc>, date: Option<&'a BookedDate>) -> Option<Cow<'a, BookedDate>> {
        match date {
            Some(date) => Some(Cow::Borrowed(date)),
            None => BookedDate::of(&self.appointment, starts).map(Cow::Owned),
        }
    }
}

impl Extent<'_> {
    fn shows(&self, room: &RoomName) -> bool {
        self.room.is_none_or(|only| only == room.key())
    }

    /// What is left of a series where the earlier dates are not shown. Where that can't be told by its rule, all of it.
    fn rest(&self, series: Series) -> Series {
        let Some(from) = self.from.filter(|from| series.first < *from) else { return series };
        // A hundred years: no rule skips more.
        let until = from + TimeDelta::days(36_525);
        let next = series.first_dates(from, until, 1).first().map(|date| date.starts);
        match next {
            Some(next) if series.names(next) => series.beginning_at(next),
            _ => series,
        }
    }

    /// The appointment as it is when it takes place once.
    fn plain(&self, appointment: &Appointment) -> OutgoingEvent {
        let title = appointment.title.clone();
        let mut event = self.event(appointment, &appointment.room, appointment.slot);
        event.title = title.or(event.title);
        event.description = self.described(appointment.description.as_ref());
        event
    }

    /// One of its dates.
    fn date(&self, appointment: &Appointment, date: &BookedDate) -> OutgoingEvent {
        let mut event = self.event(appointment, &date.room, date.slot);
        event.title = date.title.clone().or(event.title);
        event.description = self.described(date.description.as_ref());
        event.cancelled = date.cancelled_at.is_some();
        event.last_modified = event.last_modified.max(date.cancelled_at);
        event
    }

    /// What is told of it; whoever has a link is only told of that, for not every calendar shows where an event is.
    fn described(&self, description: Option<&Description>) -> Option<Description> {
        let Some(link) = self.link else { return description.cloned() };
        link.sentence.parse().ok()
    }

    fn event(&self, appointment: &Appointment, room: &RoomName, slot: Slot) -> OutgoingEvent {
        let room_url = || self.meeting_url.map(|url| url.with_room(room));
        let url = self.link.map(|link| link.url.clone()).or_else(room_url);
        let (organizer, attendees) =
            if self.with_people { people(&appointment.participants) } else { (None, Vec::new()) };
        OutgoingEvent {
            uid: uid(appointment.id),
            recurrence_id: None,
            sequence: u32::try_from(appointment.revision - 1).unwrap_or(u32::MAX),
            stamped: appointment.updated_at,
            created: Some(appointment.created_at),
            last_modified: Some(appointment.updated_at),
            starts: slot.starts(),
            length: slot.ends().map(|ends| ends - slot.starts()),
            zone: appointment.time_zone,
            recurrence: Recurrence::default(),
            title: self.link.map_or(room.as_str(), |link| &link.untitled).parse().ok(),
            description: None,
            location: Some(url.clone().unwrap_or_else(|| room.as_str().to_owned())),
            url: url.clone(),
            conference: url,
            organizer,
            attendees,
            cancelled: false,
        }
    }
}

/// The first host with an e-mail address invites; the others with one are expected.
fn people(participants: &[Participant]) -> (Option<Person>, Vec<Person>) {
    let mut people: Vec<&Participant> = participants.iter().filter(|one| one.email.is_some()).collect();
    let host = people.iter().position(|one| one.role == Role::Host).map(|place| people.remove(place));
    let person =
        |one: &Participant| Person { name: one.name.clone(), email: one.email.clone(), role: one.role };
    (host.map(person), people.into_iter().map(person).collect())
}

/// What the event is known by. It says nothing of where the service is reached, for that may change.
fn uid(name: impl std::fmt::Display) -> Uid {
    format!("{name}@frontdesk").parse().expect("an id is short and has no controls")
}
