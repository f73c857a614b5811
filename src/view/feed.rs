//! Feeds.

use serde::Serialize;

use super::time;
use crate::actions::feeds::AddedFeed;
use crate::reservation::{FeedId, FeedOf, HostKey, RoomKey};
use crate::store::feeds::FeedRecord;

/// A feed, without its secret.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Feed)]
pub struct FeedView {
    #[schema(value_type = uuid::Uuid)]
    id: FeedId,
    label: String,
    /// The room whose calendar it is.
    room: Option<String>,
    /// The host whose calendar it is.
    host: Option<String>,
    /// Whether it is the calendar of the whole tenant.
    all: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

impl From<&FeedRecord> for FeedView {
    fn from(feed: &FeedRecord) -> Self {
        Self {
            id: feed.id,
            label: feed.label.to_string(),
            room: feed.of.room().map(RoomKey::as_str).map(str::to_owned),
            host: feed.of.host().map(HostKey::as_str).map(str::to_owned),
            all: feed.of == FeedOf::Tenant,
            created_at: time(feed.created_at),
            revoked_at: feed.revoked_at.map(time),
        }
    }
}

/// A feed with its address: this once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = NewFeed)]
pub struct FeedOnce {
    #[serde(flatten)]
    feed: FeedView,
    /// Where it is read, by whoever knows this address. Only a path where the service does not know under which
    /// address others reach it.
    url: String,
}

impl FeedOnce {
    /// The feed that was just made, with its address.
    #[must_use]
    pub fn new(added: &AddedFeed, url: String) -> Self {
        Self { feed: (&added.feed).into(), url }
    }
}
