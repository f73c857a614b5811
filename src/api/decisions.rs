//! `/v1/decisions`: why was this room refused at 08:50?

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use strum::VariantNames as _;
use utoipa::IntoParams;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use super::body::{Query, ReadQuery};
use super::caller::Calling;
use super::field::{Field, Reading, Unknown, from_words};
use super::page::{After, Limit, PageView, Paging};
use super::problem::Problem;
use crate::app::App;
use crate::reservation::{ReasonCode, RoomKey, Scope};
use crate::store::decisions::{self, Decided, Filter, Kind};
use crate::view::DecidedView;

/// Which decisions to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DecisionQuery {
    /// Only about this room, in any spelling.
    #[serde(default)]
    #[param(value_type = Option<String>, min_length = 1)]
    room: Field<RoomKey>,
    /// Only from this moment on.
    #[serde(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    from: Field<DateTime<Utc>>,
    /// Only from before this moment.
    #[serde(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    until: Field<DateTime<Utc>>,
    /// Only `granted` or `refused` ones.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^(granted|refused)$")]
    decision: Field<Kind>,
    /// Only refusals for this reason, such as `too_early`.
    #[serde(default)]
    #[param(schema_with = reasons, required = false)]
    reason: Field<ReasonCode>,
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

from_words! { Kind, ReasonCode }

fn reasons() -> Object {
    ObjectBuilder::new()
        .description(Some("Only refusals for this reason."))
        .schema_type(Type::String)
        .enum_values(Some(ReasonCode::VARIANTS.iter().copied()))
        .build()
}

#[derive(Debug)]
pub(super) struct Listing {
    filter: Filter,
    paging: Paging,
}

impl ReadQuery for Listing {
    type Raw = DecisionQuery;

    fn read(raw: DecisionQuery) -> Result<Self, Problem> {
        let mut reading = Reading::of_parameters();
        reading.refuse(&raw.unknown);
        let filter = Filter {
            room: reading.present("room", raw.room),
            from: reading.present("from", raw.from),
            until: reading.present("until", raw.until),
            kind: reading.present("decision", raw.decision),
            reason: reading.present("reason", raw.reason),
            server: None,
        };
        reading.check_range(filter.from, filter.until);
        let paging = Paging::of(&mut reading, raw.cursor, raw.limit);
        Ok(reading.done(Some(Self { filter, paging }))?)
    }
}

/// List decisions
///
/// What conference servers were told when a room was first joined, the latest first: why was this room refused at 08:50?
/// Refusals are to be seen about a second later.
#[utoipa::path(
    get, path = "/v1/decisions", tag = "conferences", operation_id = "listDecisions",
    security(("app" = ["conferences:read"])),
    params(DecisionQuery),
    responses((status = 200, description = "A page of decisions", body = PageView<DecidedView>)),
)]
pub(super) async fn list(
    app: web::Data<App>,
    caller: Calling,
    query: Query<Listing>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::ConferencesRead)?;
    let Listing { filter, paging } = query.0;
    let mut db = app.db.acquire().await?;
    let found = decisions::list(&mut db, caller.tenant.id, &filter, paging.after, paging.fetch()).await?;
    Ok(HttpResponse::Ok().json(paging.page(found, Decided::cursor, |decided| DecidedView::from(decided))))
}
