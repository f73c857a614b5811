//! A key signs no more: it is retired, and its tokens stay good; or it is withdrawn, and they don't.

use sqlx::PgConnection;

use super::rotate::take_over;
use super::{KeyOwner, SigningKeyError, hold, key_of};
use crate::actions::transaction::transact;
use crate::app::App;
use crate::reservation::SigningKeyId;
use crate::store::signing_keys::{self, KeyState, SigningKeyRecord};

/// Retires a key, in a transaction of its own: it signs no more, and is served for as long as its tokens are good. Of the
/// deployment's own for RS256 the next one signs within seconds, which the job sees to. Of others none takes its place: a
/// tenant's rooms are signed for with the deployment's key again. It may be repeated.
///
/// # Errors
/// Where there is no such key.
pub async fn retire_signing_key(
    app: &App,
    owner: &KeyOwner,
    id: SigningKeyId,
) -> Result<SigningKeyRecord, SigningKeyError> {
    transact(app, async |db| retire_signing_key_in(app, db, owner, id).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where there is no such key.
pub async fn retire_signing_key_in(
    app: &App,
    db: &mut PgConnection,
    owner: &KeyOwner,
    id: SigningKeyId,
) -> Result<SigningKeyRecord, SigningKeyError> {
    let now = app.clock.now();
    let tenant = hold(app, db, owner).await?;
    key_of(db, tenant, id).await?;
    signing_keys::retire(db, id, now).await?;
    key_of(db, tenant, id).await
}

/// What became of a withdrawal.
#[derive(Debug, Clone)]
pub struct Withdrawn {
    /// The key that is gone.
    pub withdrawn: SigningKeyRecord,
    /// The one that signs in its place; `None` where it did not sign, or there is no next one.
    pub active: Option<SigningKeyRecord>,
}

/// Withdraws a key, in a transaction of its own: it signs nothing any more, is served to nobody, and its private half is
/// forgotten. Where it signed, the next one signs at once. It may be repeated.
///
/// Verifiers believe its tokens until they have asked for keys again; Prosody with `asap_key_server` until it is restarted.
///
/// # Errors
/// Where there is no such key.
pub async fn withdraw_signing_key(
    app: &App,
    owner: &KeyOwner,
    id: SigningKeyId,
) -> Result<Withdrawn, SigningKeyError> {
    transact(app, async |db| withdraw_signing_key_in(app, db, owner, id).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where there is no such key.
pub async fn withdraw_signing_key_in(
    app: &App,
    db: &mut PgConnection,
    owner: &KeyOwner,
    id: SigningKeyId,
) -> Result<Withdrawn, SigningKeyError> {
    let now = app.clock.now();
    let tenant = hold(app, db, owner).await?;
    let key = key_of(db, tenant, id).await?;
    signing_keys::withdraw(db, id, now).await?;
    app.opened_keys.clear();
    let next = match key.state() {
        KeyState::Active => signing_keys::next(db, tenant, key.algorithm).await?,
        KeyState::Next | KeyState::Retired | KeyState::Withdrawn => None,
    };
    let active = match next {
        Some(next) => Some(take_over(db, None, next, now).await?.active),
        None => None,
    };
    Ok(Withdrawn { withdrawn: key_of(db, tenant, id).await?, active })
}
