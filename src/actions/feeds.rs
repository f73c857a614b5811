//! Feeds are made and revoked, and found by their secrets.

use sqlx::PgConnection;

use super::transaction::transact;
use crate::app::App;
use crate::credential::{Credential, CredentialKind, NoRandomness};
use crate::reservation::{FeedId, FeedOf, Label, Tenant, TenantName};
use crate::store::feeds::{self, FeedRecord};
use crate::store::{StoreError, tenants};

/// A feed with the secret that was just made for it. It is not shown again.
#[derive(Debug)]
pub struct AddedFeed {
    /// The feed.
    pub feed: FeedRecord,
    /// The secret in clear.
    pub secret: Credential,
}

/// Why a feed was not made or revoked.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// The tenant has no such feed.
    #[error("the tenant has no feed `{0}`")]
    Unknown(FeedId),
    /// No secret can be made.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AddedFeed {
    /// Where it is read: on this service, where nobody said under which address that is reached.
    #[must_use]
    pub fn url(&self, app: &App) -> String {
        format!("{}/feeds/{}.ics", app.base(), self.secret.expose())
    }
}

/// Makes a feed, in a transaction of its own.
///
/// # Errors
/// Where there is no such tenant.
pub async fn add_feed(
    app: &App,
    tenant: &TenantName,
    of: FeedOf,
    label: Label,
) -> Result<AddedFeed, FeedError> {
    transact(app, async |db| add_feed_in(app, db, tenant, of.clone(), label.clone()).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where there is no such tenant.
pub async fn add_feed_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &TenantName,
    of: FeedOf,
    label: Label,
) -> Result<AddedFeed, FeedError> {
    let now = app.clock.now();
    let found = tenants::by_name_for_share(db, tenant).await?;
    let found = found.ok_or_else(|| FeedError::UnknownTenant(tenant.clone()))?;
    let secret = Credential::generate(CredentialKind::Feed)?;
    let feed =
        FeedRecord { tenant: found.id, id: FeedId::new(), label, of, created_at: now, revoked_at: None };
    feeds::insert(db, secret.hash(), &feed).await?;
    Ok(AddedFeed { feed, secret })
}

/// Revokes a feed at once and for good, in a transaction of its own. One that was revoked before stays as it is.
///
/// # Errors
/// Where tenant or feed are not there.
pub async fn revoke_feed(app: &App, tenant: &TenantName, id: FeedId) -> Result<FeedRecord, FeedError> {
    let now = app.clock.now();
    transact(app, async |db| {
        let found = tenants::by_name(db, tenant).await?;
        let found = found.ok_or_else(|| FeedError::UnknownTenant(tenant.clone()))?;
        feeds::revoke(db, found.id, id, now).await?.ok_or(FeedError::Unknown(id))
    })
    .await
}

/// The feed that has this secret, with its tenant; `None` also where it is revoked, or the tenant disabled. Looked up each
/// time, so that a revocation holds at once, on every replica.
///
/// # Errors
/// Where the database fails.
pub async fn find_feed(app: &App, secret: &Credential) -> Result<Option<(FeedRecord, Tenant)>, StoreError> {
    let hash = secret.hash();
    if app.unknown.contains(hash) {
        return Ok(None);
    }
    let mut db = app.db.acquire().await?;
    let Some(feed) = feeds::by_secret(&mut db, hash).await? else {
        app.unknown.note(hash);
        return Ok(None);
    };
    let tenant = tenants::by_id(&mut db, feed.tenant).await?;
    Ok(tenant.filter(|tenant| tenant.disabled_at.is_none()).map(|tenant| (feed, tenant)))
}
