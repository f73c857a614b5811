//! What becomes of keys by itself: the deployment has one that signs and one that follows, what is due is rotated, and what
//! has no good tokens any more is withdrawn. Several replicas may do so at once.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::rotate::{known_after, take_over};
use super::{KeyOwner, KeySource, NewKey, Rotation, SigningKeyError, When, hold};
use crate::actions::transaction::transact;
use crate::app::App;
use crate::reservation::SigningKeyId;
use crate::signing::{Algorithm, PublicHalf};
use crate::store::signing_keys::{self, KeyState, Origin, SigningKeyRecord};
use crate::store::{StoreError, key_rotation, tenants};

/// What the deployment's own keys sign with: every verifier knows it, and Jitsi takes it from key servers.
const USUAL: Algorithm = Algorithm::Rs256;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// Keys that were made.
    pub made: usize,
    /// Keys that took the place of others.
    pub rotated: usize,
    /// Keys that are served no more.
    pub withdrawn: u64,
}

/// Keeps keys as they should be. Keys that were imported, or whose names somebody chose, are left to who did so: their
/// verifiers are told by hand. So are shared secrets.
///
/// Opened keys are let go first, whatever else fails: they may have been withdrawn elsewhere.
///
/// # Errors
/// Where keys can't be made, or the database fails; what was done until then stays done.
pub async fn keep_signing_keys(app: &App) -> Result<Kept, SigningKeyError> {
    app.opened_keys.clear();
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let mut kept = Kept { withdrawn: signing_keys::withdraw_expired(&mut db, now).await?, ..Kept::default() };
    let signs = key_rotation::active(&mut db, None, USUAL).await?.is_some();
    drop(db);
    if !signs {
        kept.made += usize::from(provide(app, &KeyOwner::Deployment, USUAL).await?);
    }
    let period = app.signing_keys.rotate_every.get();
    let period = period.and_then(|period| TimeDelta::from_std(period).ok());
    let before = period.and_then(|period| now.checked_sub_signed(period));
    let due = key_rotation::due(&mut *app.db.acquire().await?, before).await?;
    for id in due {
        let Some((key, owner)) = rotating(&mut *app.db.acquire().await?, id).await? else { continue };
        if provide(app, &owner, key.algorithm).await? {
            kept.made += 1;
        } else if before.is_some() && key.activated_at <= before && rotate(app, owner, &key).await? {
            kept.rotated += 1;
        }
    }
    Ok(kept)
}

/// The key with its owner, where it is one that is rotated by itself.
async fn rotating(
    db: &mut PgConnection,
    id: SigningKeyId,
) -> Result<Option<(SigningKeyRecord, KeyOwner)>, SigningKeyError> {
    let Some(key) = signing_keys::by_id(db, id).await?.filter(is_ours) else { return Ok(None) };
    let owner = match key.tenant {
        None => KeyOwner::Deployment,
        Some(tenant) => match tenants::by_id(db, tenant).await? {
            Some(tenant) => KeyOwner::Tenant(tenant.name),
            None => return Ok(None),
        },
    };
    Ok(Some((key, owner)))
}

/// Since when the oldest of the deployment's keys signs that are rotated by themselves; `None` where none is.
///
/// # Errors
/// Where the database fails.
pub async fn rotating_since(app: &App, db: &mut PgConnection) -> Result<Option<DateTime<Utc>>, StoreError> {
    if app.signing_keys.rotate_every.get().is_none() {
        return Ok(None);
    }
    let keys = signing_keys::list(db, None).await?;
    let rotating = keys.iter().filter(|key| key.state() == KeyState::Active && is_ours(key));
    Ok(rotating.filter_map(|key| key.activated_at).min())
}

/// Whether it was made here and named here.
fn is_ours(key: &SigningKeyRecord) -> bool {
    key.origin == Origin::Made
        && key.public.as_ref().and_then(PublicHalf::thumbprint).as_ref() == Some(&key.kid)
}

/// Makes a key where the owner has none that follows. Where none signs either, only the deployment gets one, for what it
/// usually signs with: of others somebody has just retired theirs, and meant it. Whether one was made.
async fn provide(app: &App, owner: &KeyOwner, algorithm: Algorithm) -> Result<bool, SigningKeyError> {
    // Looked at twice: a key takes a while to be made, and should not be made for nothing.
    let is_missing = async |db: &mut PgConnection| {
        let tenant = hold(app, db, owner).await?;
        let active = key_rotation::active(db, tenant, algorithm).await?;
        let next = signing_keys::next(db, tenant, algorithm).await?;
        Ok::<_, SigningKeyError>((tenant, active.is_none(), next))
    };
    let may_begin = *owner == KeyOwner::Deployment && algorithm == USUAL;
    let (_, no_active, next) = transact(app, is_missing).await?;
    let new = match next {
        _ if no_active && !may_begin => return Ok(false),
        Some(_) if !no_active => return Ok(false),
        Some(_) => None,
        None => Some(NewKey::new(algorithm, KeySource::Make, None).await?),
    };
    let now = app.clock.now();
    transact(app, async |db| {
        let (tenant, no_active, next) = is_missing(db).await?;
        match (next, &new) {
            _ if no_active && !may_begin => Ok(false),
            (Some(next), _) if no_active => {
                take_over(db, None, next, now).await?;
                Ok(false)
            }
            (None, Some(new)) => new.insert(app, db, tenant, no_active, now).await.map(|_| true),
            (Some(_), _) | (None, None) => Ok(false),
        }
    })
    .await
}

/// Rotates, where the next key is known and ours. Whether that was done.
async fn rotate(app: &App, owner: KeyOwner, due: &SigningKeyRecord) -> Result<bool, SigningKeyError> {
    let next = signing_keys::next(&mut *app.db.acquire().await?, due.tenant, due.algorithm).await?;
    let now = app.clock.now();
    let is_known =
        |next: &SigningKeyRecord| is_ours(next) && next.created_at + known_after(app.signing_keys) <= now;
    if !next.as_ref().is_some_and(is_known) {
        return Ok(false);
    }
    let rotation = Rotation::prepare(app, owner.clone(), due.algorithm, When::Known).await?;
    let rotated = transact(app, async |db| {
        let tenant = hold(app, db, &owner).await?;
        if key_rotation::active(db, tenant, due.algorithm).await? != Some(due.id) {
            return Ok(false);
        }
        Ok(rotation.run_in(app, db).await?.retired.is_some())
    });
    match rotated.await {
        // Somebody was faster, and not one of us.
        Err(SigningKeyError::NoNext(_) | SigningKeyError::TooYoung { .. }) => Ok(false),
        done => done,
    }
}
