//! `/v1/conferences`: rooms that were opened.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

use super::body::{Path, Query, ReadQuery};
use super::caller::Calling;
use super::field::{Field, Reading, Unknown, from_words};
use super::page::{After, Limit, PageView, Paging};
use super::problem::{Problem, ProblemView};
use crate::actions::close_conference::{CloseError, close_conference};
use crate::app::App;
use crate::reservation::{AppointmentId, ConferenceId, RoomKey, Scope};
use crate::store::conferences::{self, ConferenceRecord, Filter, State};
use crate::view::ConferenceView;

/// Which conferences to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ConferenceQuery {
    /// `live` (open, with its end to come), `past`, or `all`, where nothing is said.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^(live|past|all)$")]
    state: Field<State>,
    /// Only of this room, in any spelling.
    #[serde(default)]
    #[param(value_type = Option<String>, min_length = 1)]
    room: Field<RoomKey>,
    /// Only those granted for this appointment.
    #[serde(default)]
    #[param(value_type = Option<uuid::Uuid>)]
    appointment: Field<AppointmentId>,
    /// Only those that were not over then.
    #[serde(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    from: Field<DateTime<Utc>>,
    /// Only those that were opened before this.
    #[serde(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    until: Field<DateTime<Utc>>,
    /// The `next_cursor` of the page before.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9_-]{32}$")]
    cursor: Field<After>,
    /// How many at the most; 50, where nothing is said.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Field<Limit>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

from_words! { State }

#[derive(Debug)]
pub(super) struct Listing {
    filter: Filter,
    paging: Paging,
}

impl ReadQuery for Listing {
    type Raw = ConferenceQuery;

    fn read(raw: ConferenceQuery) -> Result<Self, Problem> {
        let mut reading = Reading::of_parameters();
        reading.refuse(&raw.unknown);
        let filter = Filter {
            state: reading.present("state", raw.state).unwrap_or_default(),
            room: reading.present("room", raw.room),
            appointment: reading.present("appointment", raw.appointment),
            from: reading.present("from", raw.from),
            until: reading.present("until", raw.until),
        };
        reading.check_range(filter.from, filter.until);
        let paging = Paging::of(&mut reading, raw.cursor, raw.limit);
        Ok(reading.done(Some(Self { filter, paging }))?)
    }
}

/// List conferences
///
/// The latest first.
#[utoipa::path(
    get, path = "/v1/conferences", tag = "conferences", operation_id = "listConferences",
    security(("app" = ["conferences:read"])),
    params(ConferenceQuery),
    responses((status = 200, description = "A page of conferences", body = PageView<ConferenceView>)),
)]
pub(super) async fn list(
    app: web::Data<App>,
    caller: Calling,
    query: Query<Listing>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::ConferencesRead)?;
    let Listing { filter, paging } = query.0;
    let mut db = app.db.acquire().await?;
    let (after, limit, now) = (paging.after, paging.fetch(), app.clock.now());
    let found = conferences::list(&mut db, caller.tenant.id, &filter, after, limit, now).await?;
    let view = |record: &ConferenceRecord| ConferenceView::new(&caller.tenant.name, record);
    Ok(HttpResponse::Ok().json(paging.page(found, ConferenceRecord::cursor, view)))
}

/// Show a conference
#[utoipa::path(
    get, path = "/v1/conferences/{id}", tag = "conferences", operation_id = "getConference",
    security(("app" = ["conferences:read"])),
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The conference", body = ConferenceView)),
)]
pub(super) async fn show(
    app: web::Data<App>,
    caller: Calling,
    id: Path<ConferenceId>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::ConferencesRead)?;
    let found = conferences::by_id(&mut *app.db.acquire().await?, caller.tenant.id, id.0).await?;
    let record = found.ok_or_else(|| Problem::not_found("conference"))?;
    Ok(HttpResponse::Ok().json(ConferenceView::new(&caller.tenant.name, &record)))
}

/// Close a conference by hand
///
/// For a room that stays locked because its conference server is gone. Frontdesk forgets that the room is open, and the
/// next ask for it is decided anew. The room itself, if it still runs, runs on until the end that its video server was
/// told, or until everybody has left; and while its booking stands, it opens again. It may be repeated.
#[utoipa::path(
    post, path = "/v1/conferences/{id}/close", tag = "conferences", operation_id = "closeConference",
    security(("app" = ["conferences:write"])),
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The closed conference", body = ConferenceView),
        (status = 404, description = "There is none of that id", body = ProblemView,
            content_type = "application/problem+json")),
)]
pub(super) async fn close(
    app: web::Data<App>,
    caller: Calling,
    id: Path<ConferenceId>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::ConferencesWrite)?;
    let closed = close_conference(&app, &caller.tenant.name, id.0).await?;
    Ok(HttpResponse::Ok().json(ConferenceView::new(&caller.tenant.name, &closed)))
}

impl From<CloseError> for Problem {
    fn from(error: CloseError) -> Self {
        match error {
            CloseError::UnknownTenant(_) => Self::not_found("tenant"),
            CloseError::Unknown(_) => Self::not_found("conference"),
            CloseError::Store(error) => error.into(),
        }
    }
}
