//! A room token is looked at: whether it is good, and if not, why; and what each verifier would say to it.

use chrono::{DateTime, Utc};

use super::private_keys::{UnlockKeyError, unlock};
use crate::app::App;
use crate::reservation::{Dialect, RoomKey, Tenant};
use crate::signing::{Claims, Jws, JwsError};
use crate::store::signing_keys::{self, KeyState, SigningKeyRecord};
use crate::store::{StoreError, dialects, token_revocations, token_settings};
use crate::token::{
    Expected, Flaw, Reference, Seen, Signature, Verdict, check, expiry, made_at, token_id, verdicts,
};

/// What there is to say of a token.
#[derive(Debug, Default)]
pub struct Verification {
    /// What is wrong with it: where that is nothing, it is good.
    pub flaws: Vec<Flaw>,
    /// The key that it names, if the tenant may verify with it.
    pub key: Option<SigningKeyRecord>,
    /// What it says, where its signature is good and it is the tenant's.
    pub claims: Option<Claims>,
    /// Until when it is good by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// What verifiers would say, where it can be taken apart, whoever signed it.
    pub verdicts: Vec<Verdict>,
}

/// Why nothing can be said of a token.
#[derive(Debug, thiserror::Error)]
pub enum VerifyTokenError {
    /// The secret that it should be signed with can't be read.
    #[error(transparent)]
    Unlock(#[from] UnlockKeyError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Looks at a token, for `room` where one is named. Everything is looked up now, so that what was revoked or withdrawn is so
/// at once, on every replica.
///
/// # Errors
/// Where nothing can be said of it.
pub async fn verify_token(
    app: &App,
    tenant: &Tenant,
    token: &str,
    room: Option<&RoomKey>,
) -> Result<Verification, VerifyTokenError> {
    let now = app.clock.now();
    let jws = match Jws::read(token) {
        Ok(jws) => jws,
        Err(error) => return Ok(Verification { flaws: vec![error.into()], ..Verification::default() }),
    };
    let mut db = app.db.acquire().await.map_err(StoreError::from)?;
    let settings = token_settings::get(&mut db, tenant.id).await?;
    let subject = settings.subject(tenant.policy.meeting_url.as_ref());
    let any_audience = dialects::get(&mut db, tenant.id).await?.speak(Dialect::Proconf);
    let key = match jws.kid() {
        Some(kid) => signing_keys::by_kid(&mut db, tenant.id, kid).await?,
        None => None,
    };
    let flaw = signature(app, &jws, key.as_ref())?;
    let seen = Seen {
        header: jws.header(),
        claims: jws.claims(),
        signature: match &flaw {
            None => Signature::Good,
            Some(Flaw::WithdrawnKey) => Signature::Withdrawn,
            Some(Flaw::Jws(_)) => Signature::Bad,
            Some(_) => Signature::Unknown,
        },
        settings: &settings,
        subject: subject.as_ref(),
        any_audience,
        room,
    };
    let seen = Verification { key, verdicts: verdicts(&seen, now), ..Verification::default() };
    if let Some(flaw) = flaw {
        return Ok(Verification { flaws: vec![flaw], ..seen });
    }
    let claims = jws.claims();
    let subject = subject.as_ref();
    let expected = Expected { tenant: tenant.id, settings: &settings, subject, any_audience, room };
    let mut flaws = check(claims, &expected, now);
    let Some(ours) = Reference::read(claims).filter(|ours| ours.tenant == tenant.id) else {
        return Ok(Verification { flaws, ..seen });
    };
    let id = token_id(claims);
    let made_at = made_at(claims);
    let revoked_at =
        token_revocations::revoked_at(&mut db, tenant.id, id, made_at, ours.appointment, ours.participant)
            .await?;
    flaws.extend(revoked_at.map(Flaw::Revoked));
    Ok(Verification { flaws, claims: Some(claims.clone()), expires_at: expiry(claims), revoked_at, ..seen })
}

/// What is wrong with its signature. The key says which algorithm verifies, and the token never does.
fn signature(
    app: &App,
    jws: &Jws<'_>,
    key: Option<&SigningKeyRecord>,
) -> Result<Option<Flaw>, UnlockKeyError> {
    let Some(key) = key else {
        return Ok(Some(if jws.kid().is_some() { Flaw::UnknownKey } else { Flaw::NoKey }));
    };
    if key.state() == KeyState::Withdrawn {
        return Ok(Some(Flaw::WithdrawnKey));
    }
    if !jws.names(key.algorithm.as_str()) {
        return Ok(Some(JwsError::WrongAlgorithm.into()));
    }
    let verifier = match &key.public {
        Some(public) => public.verifier(),
        None => unlock(&app.keys, key).inspect_err(|_| _ = app.metrics.unseal_failures.inc())?.verifier(),
    };
    Ok(jws.verify(key.algorithm, &verifier).err().map(Flaw::from))
}
