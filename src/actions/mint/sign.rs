//! By which keys tokens are signed, and how.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};
use sqlx::PgConnection;

use super::MintError;
use crate::actions::private_keys::opened;
use crate::app::App;
use crate::reservation::TenantId;
use crate::signing::MAX_BYTES;
use crate::store::StoreError;
use crate::store::signers::{self, Signer};
use crate::store::signing_keys::{self, SigningKeyRecord};
use crate::token::{Subject, TokenSettings, VerifierKind};

/// What the tenant's tokens are made with, and whose rooms they are for.
///
/// # Errors
/// Where its tokens would be refused, or are for nobody's rooms.
pub(in crate::actions) async fn signer(
    db: &mut PgConnection,
    tenant: TenantId,
) -> Result<(Signer, Subject), MintError> {
    let signer = signers::of_tenant(db, tenant).await?.ok_or(MintError::Contended)?;
    signer.settings.check()?;
    let subject = signer.settings.subject(signer.meeting_url.as_ref()).ok_or(MintError::NoSubject)?;
    Ok((signer, subject))
}

/// The key that signs, and is served from now on for as long as the token is good. Where the one that was read has been
/// retired meanwhile, it is the one in its place.
///
/// # Errors
/// Where there is none, or who verifies can't know it.
pub(in crate::actions) async fn served_key(
    db: &mut PgConnection,
    tenant: TenantId,
    signer: &mut Signer,
    expires_at: DateTime<Utc>,
) -> Result<SigningKeyRecord, MintError> {
    let settings = &signer.settings;
    let mut found = signer.key.take();
    for _ in 0..3 {
        let key = found.ok_or(MintError::NoKey(settings.algorithm))?;
        check_key(settings, &key)?;
        if serve_until(db, &key, expires_at).await? {
            return Ok(key);
        }
        found = signing_keys::signing_for(db, tenant, settings.algorithm).await?;
    }
    Err(MintError::Contended)
}

/// Finds out whether who verifies such tokens can know the key.
fn check_key(settings: &TokenSettings, key: &SigningKeyRecord) -> Result<(), MintError> {
    if settings.verifier == VerifierKind::Jaas {
        let app_id = settings.subject.as_ref().map_or("", |subject| subject.as_str());
        let is_theirs = key.kid.as_str().strip_prefix(app_id).is_some_and(|rest| rest.starts_with('/'));
        if !is_theirs {
            return Err(MintError::NotJaasKey);
        }
    }
    Ok(())
}

/// Has the key be served for as long as a token is good that it is about to sign. `false` where the key was retired
/// meanwhile, and must not sign.
async fn serve_until(
    db: &mut PgConnection,
    key: &SigningKeyRecord,
    expires_at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if key.tokens_end_at.is_some_and(|end| end >= expires_at) {
        return Ok(true);
    }
    // Later than needed, so that the key's row is written once a day and not for each token.
    let next_day = expires_at.checked_add_signed(TimeDelta::days(1)).unwrap_or(expires_at);
    signing_keys::note_token(db, key.id, next_day).await
}

/// Signs: less than a millisecond, and with the largest RSA key that is taken about two. So it is done where it is asked for,
/// and handed to no other thread.
///
/// # Errors
/// Where the key can't be read, or the token can't be carried.
pub(in crate::actions) fn sign(
    app: &App,
    key: &SigningKeyRecord,
    claims: &Map<String, Value>,
) -> Result<String, MintError> {
    let signer = opened(app, key).inspect_err(|_| _ = app.metrics.unseal_failures.inc())?;
    let token = signer.sign(&key.kid, claims)?;
    if token.len() > MAX_BYTES { Err(MintError::TooLong) } else { Ok(token) }
}
