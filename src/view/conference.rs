//! Conferences, and why rooms did not open.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Handle;
use super::time;
use crate::reservation::{AppointmentId, CloseReason, ConferenceId, ServerId, TenantName};
use crate::store::conferences::ConferenceRecord;
use crate::store::export::WrittenRefusal;

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
    /// The appointment that it was granted for; null for a room that nobody booked, such as an instant one.
    #[schema(value_type = Option<uuid::Uuid>)]
    appointment: Option<AppointmentId>,
    #[schema(format = DateTime)]
    opened_at: String,
    /// When its conference server ends it.
    #[schema(format = DateTime)]
    ends_at: String,
    max_occupants: Option<u32>,
    lobby: bool,
    /// Whether the answer to its conference server carries a room token.
    answer_token: bool,
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
            answer_token: conference.answer_token,
            has_password: conference.options.password.is_some(),
            closed_at: record.closed.map(|(at, _)| time(at)),
            close_reason: record.closed.map(|(_, reason)| reason),
        }
    }
}

/// A refusal.
#[derive(Debug, Serialize)]
pub struct RefusalView {
    id: Uuid,
    server: ServerId,
    node: String,
    reason: String,
    message: Option<String>,
    refused_at: String,
}

impl From<&WrittenRefusal> for RefusalView {
    fn from(refusal: &WrittenRefusal) -> Self {
        Self {
            id: refusal.id,
            server: refusal.server,
            node: refusal.node.clone(),
            reason: refusal.reason.clone(),
            message: refusal.message.clone(),
            refused_at: time(refusal.refused_at),
        }
    }
}
