//! What things look like from outside: the JSON of the command line and of the API. Times
//! are RFC 3339 in UTC, lengths are whole seconds, what is absent is null.

mod appointment;
mod decided;
mod free_busy;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::actions::add_app::AddedApp;
use crate::actions::add_server::Equipped;
use crate::actions::dry_run::Forecast;
use crate::dialect::prosody::Handle;
use crate::reservation::wording::Language;
use crate::reservation::{
    AppId, AppointmentId, CloseReason, ConferenceId, CredentialId, Decision, Moderators, ServerId,
    ServerState, Tenant, TenantId, TenantName, WhenLiveElsewhere,
};
use crate::store::apps::AppRecord;
use crate::store::conferences::ConferenceRecord;
use crate::store::servers::{CredentialRecord, ServerRecord};

pub use appointment::AppointmentView;
pub use decided::DecidedView;
pub use free_busy::FreeBusyView;

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn seconds(delta: TimeDelta) -> i64 {
    delta.num_seconds()
}

/// A tenant with its policy.
#[derive(Debug, Serialize)]
pub struct TenantView {
    id: TenantId,
    name: String,
    language: Language,
    time_zone: &'static str,
    meeting_url: Option<String>,
    early_open_seconds: i64,
    grace_seconds: i64,
    max_duration_seconds: Option<i64>,
    max_occupants: Option<u32>,
    moderators: Moderators,
    when_live_elsewhere: WhenLiveElsewhere,
    unscheduled: &'static str,
    unscheduled_pattern: Option<String>,
    unscheduled_duration_seconds: i64,
    unscheduled_lobby: bool,
    unscheduled_max_occupants: Option<u32>,
    capacity: Option<u32>,
    horizon_days: i64,
    revision: i64,
    created_at: String,
    disabled_at: Option<String>,
}

impl From<&Tenant> for TenantView {
    fn from(tenant: &Tenant) -> Self {
        let policy = &tenant.policy;
        let unscheduled = &policy.unscheduled;
        Self {
            id: tenant.id,
            name: tenant.name.to_string(),
            language: policy.language,
            time_zone: policy.time_zone.name(),
            meeting_url: policy.meeting_url.as_ref().map(ToString::to_string),
            early_open_seconds: seconds(policy.early_open),
            grace_seconds: seconds(policy.grace),
            max_duration_seconds: policy.max_duration.map(seconds),
            max_occupants: policy.max_occupants,
            moderators: policy.moderators,
            when_live_elsewhere: policy.when_live_elsewhere,
            unscheduled: if unscheduled.allow { "allow" } else { "refuse" },
            unscheduled_pattern: unscheduled.pattern.as_ref().map(|pattern| pattern.as_str().to_owned()),
            unscheduled_duration_seconds: seconds(unscheduled.duration),
            unscheduled_lobby: unscheduled.lobby,
            unscheduled_max_occupants: unscheduled.max_occupants,
            capacity: policy.capacity,
            horizon_days: policy.horizon.num_days(),
            revision: tenant.revision,
            created_at: time(tenant.created_at),
            disabled_at: tenant.disabled_at.map(time),
        }
    }
}

/// A conference server, with what its credentials are called.
#[derive(Debug, Serialize)]
pub struct ServerView {
    id: ServerId,
    name: String,
    state: ServerState,
    default_tenant: String,
    other_tenants: Vec<String>,
    serves_all_tenants: bool,
    created_at: String,
    credentials: Vec<CredentialView>,
}

/// A credential, without itself.
#[derive(Debug, Serialize)]
struct CredentialView {
    id: CredentialId,
    created_at: String,
    revoked_at: Option<String>,
}

impl ServerView {
    /// The server with those of `credentials` that are its own.
    #[must_use]
    pub fn new(server: &ServerRecord, credentials: &[CredentialRecord]) -> Self {
        let own = credentials.iter().filter(|credential| credential.server == server.server.id);
        Self {
            id: server.server.id,
            name: server.name.clone(),
            state: server.server.state,
            default_tenant: server.default_tenant.to_string(),
            other_tenants: server.other_tenants.iter().map(TenantName::to_string).collect(),
            serves_all_tenants: server.serves_all,
            created_at: time(server.created_at),
            credentials: own
                .map(|credential| CredentialView {
                    id: credential.id,
                    created_at: time(credential.created_at),
                    revoked_at: credential.revoked_at.map(time),
                })
                .collect(),
        }
    }
}

/// A server or an app with its new credential in clear: this once.
#[derive(Debug, Serialize)]
pub struct CredentialOnce {
    id: String,
    name: String,
    credential_id: CredentialId,
    credential: String,
}

impl From<&Equipped> for CredentialOnce {
    fn from(equipped: &Equipped) -> Self {
        Self {
            id: equipped.server.server.id.to_string(),
            name: equipped.server.name.clone(),
            credential_id: equipped.credential_id,
            credential: equipped.credential.expose().to_owned(),
        }
    }
}

impl From<&AddedApp> for CredentialOnce {
    fn from(added: &AddedApp) -> Self {
        Self {
            id: added.app.id.to_string(),
            name: added.app.name.clone(),
            credential_id: added.credential_id,
            credential: added.credential.expose().to_owned(),
        }
    }
}

/// An app.
#[derive(Debug, Serialize)]
pub struct AppView {
    id: AppId,
    name: String,
    created_at: String,
    revoked_at: Option<String>,
}

impl From<&AppRecord> for AppView {
    fn from(app: &AppRecord) -> Self {
        Self {
            id: app.id,
            name: app.name.clone(),
            created_at: time(app.created_at),
            revoked_at: app.revoked_at.map(time),
        }
    }
}

/// A conference: a room that was opened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Conference)]
pub struct ConferenceView {
    #[schema(value_type = uuid::Uuid)]
    id: ConferenceId,
    /// What a conference server calls it, in its requests and its log.
    server_side_id: String,
    tenant: String,
    /// What the room is looked up by.
    room: String,
    /// Its name as the conference server wrote it.
    node: String,
    server: String,
    /// The appointment that it was granted for; null for a room that nobody booked.
    #[schema(value_type = Option<uuid::Uuid>)]
    appointment: Option<AppointmentId>,
    #[schema(format = DateTime)]
    opened_at: String,
    /// When its conference server ends it.
    #[schema(format = DateTime)]
    ends_at: String,
    max_occupants: Option<u32>,
    lobby: bool,
    has_password: bool,
    #[schema(format = DateTime)]
    closed_at: Option<String>,
    /// `released` (everybody left), `expired`, `superseded`, `cancelled` or `closed_by_hand`.
    #[schema(value_type = Option<String>)]
    close_reason: Option<CloseReason>,
}

impl ConferenceView {
    /// The conference of that tenant.
    #[must_use]
    pub fn new(tenant: &TenantName, record: &ConferenceRecord) -> Self {
        let conference = &record.conference;
        Self {
            id: conference.id,
            server_side_id: Handle { tenant: conference.tenant, id: conference.id }.to_string(),
            tenant: tenant.to_string(),
            room: conference.room.to_string(),
            node: conference.node.as_str().to_owned(),
            server: record.server_name.clone(),
            appointment: conference.appointment(),
            opened_at: time(conference.opened_at),
            ends_at: time(conference.ends_at),
            max_occupants: conference.options.max_occupants,
            lobby: conference.options.lobby,
            has_password: conference.options.password.is_some(),
            closed_at: record.closed.map(|(at, _)| time(at)),
            close_reason: record.closed.map(|(_, reason)| reason),
        }
    }
}

/// What would be answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Forecast)]
pub struct ForecastView {
    at: String,
    /// The conference server that would be told so.
    server: String,
    decision: &'static str,
    /// Why it is refused: a stable code.
    reason: Option<&'static str>,
    /// The sentence that people would see.
    message: Option<String>,
    /// When it would be granted, where that is known.
    #[schema(format = DateTime)]
    opens_at: Option<String>,
    #[schema(format = DateTime)]
    ends_at: Option<String>,
    duration_seconds: Option<i64>,
    scheduled: Option<bool>,
    max_occupants: Option<u32>,
    lobby: Option<bool>,
    has_password: Option<bool>,
    #[schema(value_type = Option<uuid::Uuid>)]
    conference: Option<ConferenceId>,
}

impl From<&Forecast> for ForecastView {
    fn from(forecast: &Forecast) -> Self {
        let mut view = Self {
            at: time(forecast.at),
            server: forecast.server.clone(),
            decision: "",
            reason: None,
            message: None,
            opens_at: None,
            ends_at: None,
            duration_seconds: None,
            scheduled: None,
            max_occupants: None,
            lobby: None,
            has_password: None,
            conference: None,
        };
        match &forecast.decision {
            Decision::Grant(grant) => {
                view.decision = "granted";
                view.ends_at = Some(time(grant.ends_at));
                view.duration_seconds = Some(seconds(grant.ends_at - grant.opened_at));
                view.scheduled = Some(matches!(grant.basis, crate::reservation::Basis::Occurrence { .. }));
                view.max_occupants = grant.options.max_occupants;
                view.lobby = Some(grant.options.lobby);
                view.has_password = Some(grant.options.password.is_some());
            }
            Decision::Conflict(id) => {
                view.decision = "conflict";
                view.conference = Some(*id);
            }
            Decision::Refuse(refusal) => {
                let found = &forecast.found;
                view.decision = "refused";
                view.reason = Some(refusal.reason.code());
                view.message = Some(refusal.reason.message(found.language, found.time_zone, forecast.at));
                view.opens_at = refusal.reason.opens_at().map(time);
            }
        }
        view
    }
}
