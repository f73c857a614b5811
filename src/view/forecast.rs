//! What a conference server would be told.

use serde::Serialize;
use utoipa::ToSchema;

use super::{seconds, time};
use crate::actions::dry_run::Forecast;
use crate::reservation::{Basis, ConferenceId, Decision};

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
    /// Whether it would be for an appointment.
    scheduled: Option<bool>,
    /// What it would be granted for: `appointment`, `instant_room` (its name says when it opens), or `unscheduled` (the
    /// tenant lets rooms open that nobody booked).
    basis: Option<&'static str>,
    max_occupants: Option<u32>,
    lobby: Option<bool>,
    /// Whether the answer would carry a room token.
    answer_token: Option<bool>,
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
            basis: None,
            max_occupants: None,
            lobby: None,
            answer_token: None,
            has_password: None,
            conference: None,
        };
        match &forecast.decision {
            Decision::Grant(grant) => {
                view.decision = "granted";
                view.ends_at = Some(time(grant.ends_at));
                view.duration_seconds = Some(seconds(grant.ends_at - grant.opened_at));
                view.scheduled = Some(matches!(grant.basis, Basis::Occurrence { .. }));
                view.basis = Some(match grant.basis {
                    Basis::Occurrence { .. } => "appointment",
                    Basis::Instant => "instant_room",
                    Basis::Unscheduled => "unscheduled",
                });
                view.max_occupants = grant.options.max_occupants;
                view.lobby = Some(grant.options.lobby);
                view.answer_token = Some(grant.answer_token);
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
