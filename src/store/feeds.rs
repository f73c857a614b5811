//! Feeds: calendars that others subscribe to.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use super::columns::parse;
use crate::credential::CredentialHash;
use crate::reservation::{FeedId, FeedOf, HostKey, Label, RoomKey, TenantId};

/// A feed, without its secret.
#[derive(Debug, Clone)]
pub struct FeedRecord {
    /// The tenant.
    pub tenant: TenantId,
    /// Which one.
    pub id: FeedId,
    /// What people call it.
    pub label: Label,
    /// What it is of.
    pub of: FeedOf,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

struct FeedRow {
    tenant_id: Uuid,
    id: Uuid,
    label: String,
    room: Option<String>,
    host: Option<String>,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<FeedRow> for FeedRecord {
    type Error = StoreError;

    fn try_from(row: FeedRow) -> Result<Self, StoreError> {
        let of = match (row.room, row.host) {
            (Some(room), _) => FeedOf::Room(RoomKey::from_stored(room)),
            (None, Some(host)) => FeedOf::Host(parse("host", &host)?),
            (None, None) => FeedOf::Tenant,
        };
        Ok(Self {
            tenant: row.tenant_id.into(),
            id: row.id.into(),
            label: parse("label", &row.label)?,
            of,
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        })
    }
}

/// Reads feeds.
macro_rules! select_feeds {
    ($which:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            FeedRow,
            "SELECT tenant_id, id, label, room, host, created_at, revoked_at FROM feeds " + $which
            $(, $argument)*
        )
    };
}

/// The feed that has this secret, unless it is revoked.
///
/// # Errors
/// Where the database fails.
pub async fn by_secret(
    db: &mut PgConnection,
    hash: CredentialHash,
) -> Result<Option<FeedRecord>, StoreError> {
    let row = select_feeds!("WHERE hash = $1 AND revoked_at IS NULL", hash.as_bytes());
    row.fetch_optional(db).await?.map(FeedRecord::try_from).transpose()
}

/// The tenant's feeds in the order in which they were made, at most `limit`: those after that one.
///
/// # Errors
/// Where the database fails.
pub async fn page(
    db: &mut PgConnection,
    tenant: TenantId,
    after: Option<FeedId>,
    limit: i64,
) -> Result<Vec<FeedRecord>, StoreError> {
    let rows = select_feeds!(
        "WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        Uuid::from(tenant),
        after.map(Uuid::from),
        limit,
    );
    rows.fetch_all(db).await?.into_iter().map(FeedRecord::try_from).collect()
}

/// Adds a feed.
///
/// # Errors
/// Where the database fails.
pub async fn insert(
    db: &mut PgConnection,
    hash: CredentialHash,
    feed: &FeedRecord,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO feeds (hash, id, tenant_id, label, room, host, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        hash.as_bytes(),
        Uuid::from(feed.id),
        Uuid::from(feed.tenant),
        feed.label.as_str(),
        feed.of.room().map(RoomKey::as_str),
        feed.of.host().map(HostKey::as_str),
        feed.created_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Revokes a feed, unless it was before. `None` where the tenant has no such feed.
///
/// # Errors
/// Where the database fails.
pub async fn revoke(
    db: &mut PgConnection,
    tenant: TenantId,
    feed: FeedId,
    now: DateTime<Utc>,
) -> Result<Option<FeedRecord>, StoreError> {
    let row = sqlx::query_as!(
        FeedRow,
        "UPDATE feeds SET revoked_at = COALESCE(revoked_at, $3) WHERE tenant_id = $1 AND id = $2
         RETURNING tenant_id, id, label, room, host, created_at, revoked_at",
        Uuid::from(tenant),
        Uuid::from(feed),
        now,
    );
    row.fetch_optional(db).await?.map(FeedRecord::try_from).transpose()
}
