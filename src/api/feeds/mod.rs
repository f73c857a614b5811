//! `/v1/feeds`: calendars that others subscribe to. Not in here: how they are read.

mod serve;

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::{Incoming, Path, Query};
use super::caller::Calling;
use super::field::{Field, Reading, Unknown, from_objects};
use super::once::{Answer, Once};
use super::page::{PageQuery, PageView, Paging};
use super::problem::{Problem, ProblemView};
use crate::actions::feeds::{FeedError, add_feed_in, revoke_feed};
use crate::app::App;
use crate::reservation::{FeedId, FeedOf, HostKey, Label, RoomKey, Scope};
use crate::store::Cursor;
use crate::store::feeds::{self, FeedRecord};
use crate::view::{FeedOnce, FeedView};

pub(super) use serve::serve;

/// A calendar to subscribe to: of a room, of a host, or of the whole tenant.
#[derive(Debug, Deserialize, ToSchema)]
pub struct FeedInput {
    /// What people call it.
    #[serde(default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 100,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    label: Field<Label>,
    /// The room whose calendar it is, in any spelling.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    room: Field<RoomKey>,
    /// The e-mail address or external id of the host whose calendar it is.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 254,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    host: Field<HostKey>,
    /// Whether it is the calendar of the whole tenant.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    all: Field<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

from_objects! { FeedInput }

impl FeedInput {
    fn read(self) -> Result<(FeedOf, Label), Problem> {
        let mut reading = Reading::default();
        reading.refuse(&self.unknown);
        let label = reading.required("label", self.label);
        let is_unreadable = matches!(self.room, Field::Unreadable(_))
            || matches!(self.host, Field::Unreadable(_))
            || matches!(self.all, Field::Unreadable(_));
        let room = reading.optional("room", self.room).map(FeedOf::Room);
        let host = reading.optional("host", self.host).map(FeedOf::Host);
        let all = reading.optional("all", self.all).filter(|all| *all).map(|_| FeedOf::Tenant);
        let mut of: Vec<FeedOf> = [room, host, all].into_iter().flatten().collect();
        if of.len() != 1 && !is_unreadable {
            reading
                .wrong_together("say whose calendar it is: write one of `room`, `host` and `\"all\": true`");
        }
        Ok(reading.done(of.pop().zip(label))?)
    }
}

/// Make a feed
///
/// Calendar programs subscribe to its address, which is in the answer, this once. Who knows the address can read the
/// feed: titles, descriptions, times and rooms, but no passwords and nobody who is expected.
#[utoipa::path(
    post, path = "/v1/feeds", tag = "feeds", operation_id = "createFeed",
    security(("app" = ["appointments:write"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repetitions harmless",
        min_length = 1, max_length = 255)),
    request_body = FeedInput,
    responses((status = 201, description = "The feed, with its address", body = FeedOnce)),
)]
pub async fn create(
    app: web::Data<App>,
    caller: Calling,
    once: Once,
    body: Incoming<FeedInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsWrite)?;
    let body = body.read().await?;
    let (of, label) = body.value.read()?;
    once.run(&app, &caller, body.hash, async |db| {
        let added = add_feed_in(&app, db, &caller.tenant.name, of.clone(), label.clone()).await?;
        let url = added.url(&app);
        Ok(Answer::created(None, FeedOnce::new(&added, url)))
    })
    .await
}

/// List feeds
///
/// The oldest first, revoked ones too. Their addresses are not shown again.
#[utoipa::path(
    get, path = "/v1/feeds", tag = "feeds", operation_id = "listFeeds",
    security(("app" = ["appointments:read"])),
    params(PageQuery),
    responses((status = 200, description = "A page of feeds", body = PageView<FeedView>)),
)]
pub async fn list(
    app: web::Data<App>,
    caller: Calling,
    query: Query<Paging>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsRead)?;
    let paging = query.0;
    let after = paging.after.map(|cursor| cursor.id.into());
    let mut db = app.db.acquire().await?;
    let found = feeds::page(&mut db, caller.tenant.id, after, paging.fetch()).await?;
    let place = |feed: &FeedRecord| Cursor { at: feed.created_at, id: feed.id.into() };
    Ok(HttpResponse::Ok().json(paging.page(found, place, |feed| FeedView::from(feed))))
}

/// Revoke a feed
///
/// Its address leads nowhere from then on. It may be repeated.
#[utoipa::path(
    delete, path = "/v1/feeds/{id}", tag = "feeds", operation_id = "revokeFeed",
    security(("app" = ["appointments:write"])),
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The revoked feed", body = FeedView),
        (status = 404, description = "There is none of that id", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn revoke(app: web::Data<App>, caller: Calling, id: Path<FeedId>) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsWrite)?;
    let revoked = revoke_feed(&app, &caller.tenant.name, id.0).await?;
    Ok(HttpResponse::Ok().json(FeedView::from(&revoked)))
}

impl From<FeedError> for Problem {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::UnknownTenant(_) => Self::not_found("tenant"),
            FeedError::Unknown(_) => Self::not_found("feed"),
            FeedError::Randomness(_) => Self::internal(error),
            FeedError::Store(error) => error.into(),
        }
    }
}
