//! Lists of appointments.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use crate::api::body::{Query, ReadQuery};
use crate::api::caller::Calling;
use crate::api::field::{Field, FromJson, Reading, Unknown, from_words, text, wrong};
use crate::api::page::{After, Limit, PageView, Paging, Place};
use crate::api::problem::{FieldError, Problem};
use crate::app::App;
use crate::reservation::{Appointment, AppointmentState, ExternalId, HostKey, RoomKey, Scope};
use crate::store::Cursor;
use crate::store::appointments::{self, Filter, Order, Page};
use crate::view::AppointmentView;

/// Which appointments to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Only in this room, in any spelling.
    #[serde(default)]
    #[param(value_type = Option<String>, min_length = 1,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    room: Field<RoomKey>,
    /// Only what ends after this.
    #[serde(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    from: Field<DateTime<Utc>>,
    /// Only what starts before this.
    #[serde(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    until: Field<DateTime<Utc>>,
    /// Only with a host who has this e-mail address or external id.
    #[serde(default)]
    #[param(value_type = Option<String>, min_length = 1, max_length = 254,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    host: Field<HostKey>,
    /// Only with this external id, of whichever app.
    #[serde(default)]
    #[param(value_type = Option<String>, min_length = 1, max_length = 200,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    external_id: Field<ExternalId>,
    /// Only in these states, with commas between: `upcoming`, `ongoing`, `past`, `cancelled`. All but cancelled ones, where
    /// nothing is said.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "upcoming,ongoing",
        pattern = "^(upcoming|ongoing|past|cancelled)(,(upcoming|ongoing|past|cancelled))*$")]
    state: Field<States>,
    /// By what: `starts` (where nothing is said), `-starts`, `created_at` or `-created_at`.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^-?(starts|created_at)$")]
    order: Field<Order>,
    /// The `next_cursor` of the page before.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9_-]{34}$")]
    cursor: Field<After<InOrder>>,
    /// How many at the most; 50, where nothing is said.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Field<Limit>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// What a query asks for.
#[derive(Debug)]
pub struct Listing {
    filter: Filter,
    order: Order,
    paging: Paging<InOrder>,
}

/// A place in a list in that order. In another one it would be somewhere else.
#[derive(Debug, Clone, Copy)]
pub(super) struct InOrder(Order, Cursor);

impl Place for InOrder {
    fn to_bytes(self) -> Vec<u8> {
        [&[self.0 as u8], &self.1.to_bytes()[..]].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (order, place) = bytes.split_first()?;
        Some(Self(Order::from_repr(*order)?, Cursor::from_bytes(place)?))
    }
}

from_words! { Order }

#[derive(Debug)]
pub(super) struct States(pub Vec<AppointmentState>);

impl FromJson for States {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let all: Result<Vec<_>, _> = text(&value)?.split(',').map(str::parse).collect();
        all.map(Self)
            .map_err(|_| wrong("write `upcoming`, `ongoing`, `past` or `cancelled`, with commas between"))
    }
}

impl ReadQuery for Listing {
    type Raw = ListQuery;

    fn read(raw: ListQuery) -> Result<Self, Problem> {
        let mut reading = Reading::of_parameters();
        reading.refuse(&raw.unknown);
        let filter = Filter {
            room: reading.present("room", raw.room),
            from: reading.present("from", raw.from),
            until: reading.present("until", raw.until),
            external_id: reading.present("external_id", raw.external_id),
            host: reading.present("host", raw.host).map(|host| host.to_string()),
            states: reading.present("state", raw.state).map(|states| states.0),
        };
        reading.check_range(filter.from, filter.until);
        let order = reading.present("order", raw.order).unwrap_or_default();
        let paging = Paging::of(&mut reading, raw.cursor, raw.limit);
        if paging.after.is_some_and(|InOrder(of, _)| of != order) {
            reading.wrong("cursor", "this is the `next_cursor` of a list in another `order`");
        }
        Ok(reading.done(Some(Self { filter, order, paging }))?)
    }
}

/// List appointments
///
/// Passwords are not in lists.
#[utoipa::path(
    get, path = "/v1/appointments", tag = "appointments", operation_id = "listAppointments",
    security(("app" = ["appointments:read"])),
    params(ListQuery),
    responses((status = 200, description = "A page of appointments", body = PageView<AppointmentView>)),
)]
pub async fn list(
    app: web::Data<App>,
    caller: Calling,
    query: Query<Listing>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsRead)?;
    let Listing { filter, order, paging } = query.0;
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let page = Page { order, after: paging.after.map(|InOrder(_, place)| place), limit: paging.fetch() };
    let found = appointments::list(&mut db, caller.tenant.id, &filter, page, now).await?;
    let ids: Vec<_> = found.iter().map(|appointment| appointment.id).collect();
    let live = appointments::live(&mut db, caller.tenant.id, &ids, now).await?;
    let view = |appointment: &Appointment| {
        AppointmentView::new(&caller.tenant, appointment, now).with_conference(&live)
    };
    Ok(HttpResponse::Ok().json(paging.page(
        found,
        |appointment| InOrder(order, order.place(appointment)),
        view,
    )))
}
