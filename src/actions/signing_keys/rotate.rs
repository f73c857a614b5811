//! The next key signs from now on, and the one that signed is retired.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{KeyOwner, KeySource, NewKey, SigningKeyError, find, hold, key_of, signs};
use crate::actions::private_keys::unlock;
use crate::actions::transaction::transact;
use crate::app::App;
use crate::config::SigningKeysConfig;
use crate::reservation::SigningKeyId;
use crate::signing::{Algorithm, Kid};
use crate::store::key_rotation;
use crate::store::signing_keys::{self, KeyState, Origin, SigningKeyRecord};

/// When a key may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// As soon as whoever verifies knows it.
    Known,
    /// At once, whoever knows it.
    Now,
}

impl When {
    /// Now, where that is said.
    #[must_use]
    pub fn now_if(now: bool) -> Self {
        if now { Self::Now } else { Self::Known }
    }
}

/// What signs now, and what did.
#[derive(Debug, Clone)]
pub struct Rotated {
    /// The key that signs.
    pub active: SigningKeyRecord,
    /// The one that signed until now; `None` where there was none, or where somebody else was first to rotate.
    pub retired: Option<SigningKeyRecord>,
    /// The one that signs next.
    pub next: Option<SigningKeyRecord>,
}

/// A rotation that is prepared: making an RSA key takes a while, and nobody should wait for a transaction meanwhile.
#[derive(Debug)]
pub struct Rotation {
    owner: KeyOwner,
    algorithm: Algorithm,
    when: When,
    /// What signed when it was prepared. Where another key does by then, somebody else was first.
    seen: Option<SigningKeyId>,
    /// The key after the next one.
    successor: Option<NewKey>,
}

impl Rotation {
    /// Looks what there is, and makes the key after the next one, where such keys are made here. There is none for a shared
    /// secret: nobody can be told two of them.
    ///
    /// # Errors
    /// Where the owner is not there, or no key can be made.
    pub async fn prepare(
        app: &App,
        owner: KeyOwner,
        algorithm: Algorithm,
        when: When,
    ) -> Result<Self, SigningKeyError> {
        let mut db = app.db.acquire().await?;
        let tenant = find(&mut db, &owner).await?;
        let seen = key_rotation::active(&mut db, tenant, algorithm).await?;
        let next = signing_keys::next(&mut db, tenant, algorithm).await?;
        drop(db);
        let is_made = |next: SigningKeyRecord| next.origin == Origin::Made && next.public.is_some();
        let successor = if next.is_some_and(is_made) {
            Some(NewKey::new(algorithm, KeySource::Make, None).await?)
        } else {
            None
        };
        Ok(Self { owner, algorithm, when, seen, successor })
    }

    /// Rotates, in a transaction of its own. Of several at once, on whatever replicas, one does it, and the others find it
    /// done.
    ///
    /// # Errors
    /// Where there is no next key, or it is too young.
    pub async fn run(&self, app: &App) -> Result<Rotated, SigningKeyError> {
        transact(app, async |db| self.run_in(app, db).await).await
    }

    /// The same, as a part of a transaction.
    ///
    /// # Errors
    /// Where there is no next key, or it is too young.
    pub async fn run_in(&self, app: &App, db: &mut PgConnection) -> Result<Rotated, SigningKeyError> {
        let now = app.clock.now();
        let tenant = hold(app, db, &self.owner).await?;
        let active = signing_keys::active_for_update(db, tenant, self.algorithm).await?;
        let next = signing_keys::next(db, tenant, self.algorithm).await?;
        match active {
            Some(active) if Some(active.id) != self.seen => Ok(Rotated { active, retired: None, next }),
            active => {
                let next = next.ok_or(SigningKeyError::NoNext(self.algorithm))?;
                check_age(app, db, &next, next.created_at, self.when, now).await?;
                let mut rotated = take_over(db, active, next, now).await?;
                if let (None, Some(successor)) = (&rotated.next, &self.successor) {
                    rotated.next = Some(successor.insert(app, db, tenant, false, now).await?);
                }
                Ok(rotated)
            }
        }
    }
}

/// Lets a key sign that is next, in a transaction of its own; the one that signs is retired. It can be given another name
/// first: some verifiers, such as 8x8's JaaS, choose the name, once they have the public half.
///
/// # Errors
/// Where there is no such key, it is not next or too young, or its new name was used before.
pub async fn activate_signing_key(
    app: &App,
    owner: &KeyOwner,
    id: SigningKeyId,
    kid: Option<&Kid>,
    when: When,
) -> Result<Rotated, SigningKeyError> {
    transact(app, async |db| activate_signing_key_in(app, db, owner, id, kid, when).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where there is no such key, it is not next or too young, or its new name was used before.
pub async fn activate_signing_key_in(
    app: &App,
    db: &mut PgConnection,
    owner: &KeyOwner,
    id: SigningKeyId,
    kid: Option<&Kid>,
    when: When,
) -> Result<Rotated, SigningKeyError> {
    let now = app.clock.now();
    let tenant = hold(app, db, owner).await?;
    let mut key = key_of(db, tenant, id).await?;
    let state = key.state();
    if state != KeyState::Next {
        return Err(SigningKeyError::NotNext { id, state });
    }
    let mut known_since = key.created_at;
    if let Some(kid) = kid.filter(|kid| **kid != key.kid) {
        // Under this name nobody was served it.
        known_since = now;
        rename(app, db, &mut key, kid).await?;
    }
    check_age(app, db, &key, known_since, when, now).await?;
    let active = signing_keys::active_for_update(db, tenant, key.algorithm).await?;
    take_over(db, active, key, now).await
}

async fn rename(
    app: &App,
    db: &mut PgConnection,
    key: &mut SigningKeyRecord,
    kid: &Kid,
) -> Result<(), SigningKeyError> {
    let certificate = unlock(&app.keys, key)?.certificate(kid);
    if !key_rotation::rename(db, key.id, kid, certificate.as_deref()).await? {
        return Err(SigningKeyError::KidUsed(kid.clone()));
    }
    key.kid = kid.clone();
    key.certificate = certificate;
    Ok(())
}

/// Whether everybody knows the key who verifies. Where nothing signs, waiting would help nobody; a shared secret is told
/// by hand.
async fn check_age(
    app: &App,
    db: &mut PgConnection,
    key: &SigningKeyRecord,
    since: DateTime<Utc>,
    when: When,
    now: DateTime<Utc>,
) -> Result<(), SigningKeyError> {
    let known_at = since + known_after(app.signing_keys);
    if when == When::Now || key.public.is_none() || now >= known_at {
        return Ok(());
    }
    if signs(db, key.tenant, key.algorithm).await? {
        return Err(SigningKeyError::TooYoung { id: key.id, known_at });
    }
    Ok(())
}

/// How long a key has to be served before it may sign: verifiers ask again after `max_age`, and that takes them a moment.
/// We keep what we serve for a second ourselves.
pub(super) fn known_after(config: SigningKeysConfig) -> TimeDelta {
    let max_age = TimeDelta::from_std(config.max_age.get()).unwrap_or(TimeDelta::MAX);
    max_age + max_age / 10 + TimeDelta::seconds(1)
}

/// The next key signs, and the other one does no more.
pub(super) async fn take_over(
    db: &mut PgConnection,
    mut active: Option<SigningKeyRecord>,
    mut next: SigningKeyRecord,
    now: DateTime<Utc>,
) -> Result<Rotated, SigningKeyError> {
    if let Some(active) = &mut active {
        signing_keys::retire(db, active.id, now).await?;
        active.retired_at = Some(now);
    }
    signing_keys::activate(db, next.id, now).await?;
    next.activated_at = Some(now);
    let after = signing_keys::next(db, next.tenant, next.algorithm).await?;
    Ok(Rotated { active: next, retired: active, next: after })
}
