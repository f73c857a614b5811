//! A decision that was made.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::time;
use crate::reservation::{AppointmentId, ConferenceId};
use crate::store::decisions::{Decided, DecidedOutcome};

/// A decision that was made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decision)]
pub struct DecidedView {
    id: Uuid,
    #[schema(format = DateTime)]
    at: String,
    /// `granted` or `refused`.
    decision: &'static str,
    /// The room; null where nothing can be called so.
    room: Option<String>,
    /// Its name as the conference server wrote it.
    node: String,
    /// The conference server that asked; null where it is gone.
    server: Option<String>,
    /// Why it was refused: a stable code.
    reason: Option<String>,
    /// The sentence that people saw.
    message: Option<String>,
    /// The conference that it was granted as.
    #[schema(value_type = Option<uuid::Uuid>)]
    conference: Option<ConferenceId>,
    /// The appointment that it was granted for; null for a room that nobody booked, such as an instant one.
    #[schema(value_type = Option<uuid::Uuid>)]
    appointment: Option<AppointmentId>,
    /// When the conference ends, as the server was told.
    #[schema(format = DateTime)]
    ends_at: Option<String>,
}

impl From<&Decided> for DecidedView {
    fn from(decided: &Decided) -> Self {
        let mut view = Self {
            id: decided.id,
            at: time(decided.at),
            decision: "",
            room: decided.room.as_ref().map(ToString::to_string),
            node: decided.node.clone(),
            server: decided.server.clone(),
            reason: None,
            message: None,
            conference: None,
            appointment: None,
            ends_at: None,
        };
        match &decided.outcome {
            DecidedOutcome::Granted { conference, appointment, ends_at } => {
                view.decision = "granted";
                view.conference = Some(*conference);
                view.appointment = *appointment;
                view.ends_at = Some(time(*ends_at));
            }
            DecidedOutcome::Refused { reason, message } => {
                view.decision = "refused";
                view.reason = Some(reason.clone());
                view.message.clone_from(message);
            }
        }
        view
    }
}
