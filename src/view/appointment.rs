//! Appointments.

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{seconds, time};
use crate::actions::join_links::JoinLink;
use crate::reservation::{
    AppId, Appointment, AppointmentId, ConferenceId, Description, Email, ExternalId, Participant,
    ParticipantId, PersonName, Recurrence, Recurring, Role, Tenant, Title,
};
use crate::store::appointments::Live;

/// An appointment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Appointment)]
pub struct AppointmentView {
    #[schema(value_type = uuid::Uuid)]
    id: AppointmentId,
    tenant: String,
    /// The room, as it was written when it was booked.
    room: String,
    /// Where people meet, if the tenant's meeting URL is set.
    #[schema(format = "uri")]
    url: Option<String>,
    title: Option<String>,
    description: Option<String>,
    /// The IANA time zone that it is booked in.
    time_zone: &'static str,
    /// In UTC. Where it recurs, the first date of the rule that is in force.
    #[schema(format = DateTime)]
    starts: String,
    /// In UTC; null for a room without an end.
    #[schema(format = DateTime)]
    ends: Option<String>,
    /// How it recurs; null for once.
    recurrence: Option<RecurrenceView>,
    /// `upcoming`, `ongoing` (whether or not anybody is there), `past` or `cancelled`. What recurs is ongoing from its
    /// first date to its last.
    state: &'static str,
    /// How long before the start people may come in; null follows the tenant.
    early_open_seconds: Option<i64>,
    /// How long after the end people may stay; null follows the tenant.
    grace_seconds: Option<i64>,
    /// The longest the room may be open, from its first opening; null follows the tenant.
    max_duration_seconds: Option<i64>,
    /// The most people at once; null follows the tenant.
    max_occupants: Option<u32>,
    /// Whether people wait in a lobby.
    lobby: bool,
    /// Whether the answer to a conference server carries a room token; null follows the tenant.
    answer_token: Option<bool>,
    /// Whether its hosts may record, also where the role settings of the tenant's tokens don't say so.
    recording: bool,
    /// Whether people have to type a password.
    has_password: bool,
    /// The password, for apps with the scope `passwords:read`; left out from lists and for everybody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    participants: Vec<ParticipantView>,
    /// The link by which anybody comes in; left out like `join_url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri-reference")]
    guest_join_url: Option<String>,
    /// What the app keeps with it.
    #[schema(value_type = Object)]
    metadata: Value,
    /// What the app calls it.
    external_id: Option<String>,
    /// The app that booked it; null for the command line.
    #[schema(value_type = Option<uuid::Uuid>)]
    app: Option<AppId>,
    /// The conference, while the room is open.
    conference: Option<LiveView>,
    /// Counts the changes, from 1. The `ETag` is made of it.
    revision: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[schema(format = DateTime)]
    cancelled_at: Option<String>,
}

/// How an appointment recurs, from `starts` on. Dates from before a change of the rule are as they were.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recurrence)]
struct RecurrenceView {
    /// A recurrence rule of iCalendar (RFC 5545).
    rrule: Option<String>,
    /// When else it takes place.
    #[schema(value_type = Vec<chrono::DateTime<Utc>>)]
    rdates: Vec<String>,
    /// When it does not take place.
    #[schema(value_type = Vec<chrono::DateTime<Utc>>)]
    exdates: Vec<String>,
    /// When the first of all its dates starts.
    #[schema(format = DateTime)]
    first_starts: String,
    /// When the last of all its dates ends; null where it goes on beyond the horizon.
    #[schema(format = DateTime)]
    last_ends: Option<String>,
}

impl From<&Recurring> for RecurrenceView {
    fn from(recurring: &Recurring) -> Self {
        let Recurrence { rule, rdates, exdates } = &recurring.recurrence;
        Self {
            rrule: rule.as_ref().map(ToString::to_string),
            rdates: rdates.iter().copied().map(time).collect(),
            exdates: exdates.iter().copied().map(time).collect(),
            first_starts: time(recurring.first_starts),
            last_ends: recurring.last_ends.map(time),
        }
    }
}

/// Somebody who is expected.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Participant)]
pub(super) struct ParticipantView {
    #[schema(value_type = uuid::Uuid)]
    id: ParticipantId,
    /// `host`, `participant` or `observer`.
    #[schema(value_type = String)]
    role: Role,
    name: Option<String>,
    email: Option<String>,
    external_id: Option<String>,
    /// The link by which they come in, for apps with the scope `tokens:mint`; left out from lists and for everybody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri-reference")]
    join_url: Option<String>,
}

/// A room that is open now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenRoom)]
struct LiveView {
    #[schema(value_type = uuid::Uuid)]
    id: ConferenceId,
    #[schema(format = DateTime)]
    opened_at: String,
    /// When the video server closes the room, whatever becomes of the appointment meanwhile.
    #[schema(format = DateTime)]
    ends_at: String,
    /// What that means for changes.
    notice: &'static str,
}

/// Source: Prosody asks once, when the room is first joined, and is told nothing after that.
const NOTICE: &str = "The room is open, and keeps the end, password, lobby and limit that it was opened with. Changes \
                      reach it when it is opened the next time.";

impl AppointmentView {
    /// The appointment of that tenant as it is at that moment.
    #[must_use]
    pub fn new(tenant: &Tenant, appointment: &Appointment, now: DateTime<Utc>) -> Self {
        Self {
            id: appointment.id,
            tenant: tenant.name.to_string(),
            room: appointment.room.as_str().to_owned(),
            url: tenant.policy.meeting_url.as_ref().map(|url| url.with_room(&appointment.room)),
            title: appointment.title.as_ref().map(Title::to_string),
            description: appointment.description.as_ref().map(Description::to_string),
            time_zone: appointment.time_zone.name(),
            starts: time(appointment.slot.starts()),
            ends: appointment.slot.ends().map(time),
            recurrence: appointment.recurring.as_ref().map(RecurrenceView::from),
            state: appointment.state(now).into(),
            early_open_seconds: appointment.early_open.map(seconds),
            grace_seconds: appointment.grace.map(seconds),
            max_duration_seconds: appointment.max_duration.map(seconds),
            max_occupants: appointment.options.max_occupants,
            lobby: appointment.options.lobby,
            answer_token: appointment.answer_token,
            recording: appointment.recording,
            has_password: appointment.options.password.is_some(),
            password: None,
            participants: appointment.participants.iter().map(ParticipantView::from).collect(),
            guest_join_url: None,
            metadata: appointment.metadata.to_value(),
            external_id: appointment.external_id.as_ref().map(ExternalId::to_string),
            app: appointment.app,
            conference: None,
            revision: appointment.revision,
            created_at: time(appointment.created_at),
            updated_at: time(appointment.updated_at),
            cancelled_at: appointment.cancelled_at.map(time),
        }
    }

    /// The same, with its password in clear where it is given.
    #[must_use]
    pub fn with_password(self, password: Option<String>) -> Self {
        Self { password, ..self }
    }

    /// The same, with the links by which people come in.
    #[must_use]
    pub fn with_links(mut self, links: &[JoinLink]) -> Self {
        for link in links {
            let Some(url) = &link.url else { continue };
            let place = match link.record.participant {
                None => Some(&mut self.guest_join_url),
                Some(id) => {
                    let theirs = self.participants.iter_mut().find(|one| one.id == id);
                    theirs.map(|one| &mut one.join_url)
                }
            };
            if let Some(place) = place {
                *place = Some(url.expose_secret().to_owned());
            }
        }
        self
    }

    /// The same, with the conference where one of these is its own.
    #[must_use]
    pub fn with_conference(self, live: &[Live]) -> Self {
        let own = live.iter().find(|live| live.appointment == self.id);
        Self { conference: own.map(LiveView::from), ..self }
    }
}

impl From<&Participant> for ParticipantView {
    fn from(participant: &Participant) -> Self {
        Self {
            id: participant.id,
            role: participant.role,
            name: participant.name.as_ref().map(PersonName::to_string),
            email: participant.email.as_ref().map(Email::as_str).map(ToOwned::to_owned),
            external_id: participant.external_id.as_ref().map(ExternalId::to_string),
            join_url: None,
        }
    }
}

impl From<&Live> for LiveView {
    fn from(live: &Live) -> Self {
        Self {
            id: live.conference,
            opened_at: time(live.opened_at),
            ends_at: time(live.ends_at),
            notice: NOTICE,
        }
    }
}
