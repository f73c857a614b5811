//! A decision that was made.

use serde::Serialize;
use uuid::Uuid;

use super::time;
use crate::reservation::{AppointmentId, ConferenceId};
use crate::store::decisions::{Decided, DecidedOutcome};

/// A decision that was made.
#[derive(Debug, Serialize)]
pub struct DecidedView {
    id: Uuid,
    at: String,
    decision: &'static str,
    /// The room; null where nothing can be called so.
    room: Option<String>,
    /// Its name as the conference server wrote it.
    node: String,
    server: Option<String>,
    reason: Option<String>,
    /// The sentence that people saw.
    message: Option<String>,
    conference: Option<ConferenceId>,
    appointment: Option<AppointmentId>,
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
