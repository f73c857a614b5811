//! `/v1/rooms/{room}`: what a room would do, and when it is free.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::body::{Incoming, Path, Query, ReadQuery};
use super::caller::Calling;
use super::code::Code;
use super::field::{Field, Reading, Unknown, from_objects};
use super::problem::{Problem, ProblemView};
use crate::actions::dry_run::{DryRunError, dry_run};
use crate::app::App;
use crate::reservation::{Node, Range, RoomName, Scope};
use crate::store::free_busy;
use crate::view::{ForecastView, FreeBusyView};

/// When somebody would join the room.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct DecisionInput {
    /// At which moment; now, where nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Field<DateTime<Utc>>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

from_objects! { DecisionInput }

/// Say what a conference server would be told
///
/// Nothing is opened: why would this room be refused, and when would it open? Asked as the conference server that has the
/// room open, or else as the first one that may ask for this tenant.
#[utoipa::path(
    post, path = "/v1/rooms/{room}/decision", tag = "rooms", operation_id = "decideRoom",
    security(("app" = ["appointments:read"])),
    params(("room" = String, Path, description = "The room, in any spelling", min_length = 1)),
    request_body = Option<DecisionInput>,
    responses(
        (status = 200, description = "What would be answered", body = ForecastView),
        (status = 422, description = "No conference server may ask for this tenant, or the moment can't be read",
            body = ProblemView, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn decide(
    app: web::Data<App>,
    caller: Calling,
    room: Path<RoomName>,
    body: Incoming<DecisionInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsRead)?;
    let body = body.read_or_empty().await?;
    let mut reading = Reading::default();
    reading.refuse(&body.value.unknown);
    let at = reading.optional("at", body.value.at);
    let at = reading.done(Some(at))?;
    // It names no other tenant: a room's name can't.
    let node: Node = room.0.as_str().parse().map_err(|_| Problem::not_found("room"))?;
    let forecast = dry_run(&app, Some(&caller.tenant.name), None, &node, at).await?;
    Ok(HttpResponse::Ok().json(ForecastView::from(&forecast)))
}

impl From<DryRunError> for Problem {
    fn from(error: DryRunError) -> Self {
        match error {
            DryRunError::NoServer(_)
            | DryRunError::Revoked
            | DryRunError::UnknownServer(_)
            | DryRunError::NobodyAsks => Self::new(Code::NoConferenceServer, error),
            DryRunError::UnknownTenant(_) => Self::not_found("tenant"),
            DryRunError::Store(error) => error.into(),
        }
    }
}

/// Which time to look at.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FreeBusyQuery {
    /// The first moment.
    #[serde(default)]
    #[param(value_type = String, format = DateTime, required)]
    from: Field<DateTime<Utc>>,
    /// The moment after the last one, at most 366 days later.
    #[serde(default)]
    #[param(value_type = String, format = DateTime, required)]
    until: Field<DateTime<Utc>>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

impl ReadQuery for Range {
    type Raw = FreeBusyQuery;

    fn read(raw: FreeBusyQuery) -> Result<Self, Problem> {
        let mut reading = Reading::of_parameters();
        reading.refuse(&raw.unknown);
        let (from, until) = (reading.required("from", raw.from), reading.required("until", raw.until));
        let range = match from.zip(until).map(|(from, until)| Self::new(from, until)) {
            Some(Ok(range)) => Some(range),
            Some(Err(error)) => {
                reading.wrong("until", error);
                None
            }
            None => None,
        };
        Ok(reading.done(range)?)
    }
}

/// Say when a room is taken and when it is free
#[utoipa::path(
    get, path = "/v1/rooms/{room}/free-busy", tag = "rooms", operation_id = "getFreeBusy",
    security(("app" = ["appointments:read"])),
    params(("room" = String, Path, description = "The room, in any spelling", min_length = 1), FreeBusyQuery),
    responses((status = 200, description = "Its bookings, and the gaps between them", body = FreeBusyView)),
)]
pub(super) async fn free_busy(
    app: web::Data<App>,
    caller: Calling,
    room: Path<RoomName>,
    range: Query<Range>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsRead)?;
    let mut db = app.db.acquire().await?;
    let found = free_busy::read(&mut db, caller.tenant.id, room.0.key(), range.0).await?;
    Ok(HttpResponse::Ok().json(FreeBusyView::new(room.0.key(), range.0, &found)))
}
