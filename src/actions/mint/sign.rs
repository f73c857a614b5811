//! By which keys tokens are signed, and how.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};
use sqlx::PgConnection;

use super::MintError;
use crate::actions::private_keys::unlock;
use crate::app::App;
use crate::signing::MAX_BYTES;
use crate::store::StoreError;
use crate::store::signing_keys::{self, SigningKeyRecord};
use crate::token::{TokenSettings, VerifierKind};

/// Finds out whether who verifies such tokens can know the key.
///
/// # Errors
/// Where it is JaaS, and the key is not one of JaaS's.
pub(in crate::actions) fn check_key(
    settings: &TokenSettings,
    key: &SigningKeyRecord,
) -> Result<(), MintError> {
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
///
/// # Errors
/// Where the database fails.
pub(in crate::actions) async fn serve_until(
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

/// Signs.
///
/// # Errors
/// Where the key can't be read, or the token can't be carried.
pub(in crate::actions) fn sign(
    app: &App,
    key: &SigningKeyRecord,
    claims: &Map<String, Value>,
) -> Result<String, MintError> {
    let signer = unlock(&app.keys, key).inspect_err(|_| _ = app.metrics.unseal_failures.inc())?;
    let token = signer.sign(&key.kid, claims)?;
    if token.len() > MAX_BYTES { Err(MintError::TooLong) } else { Ok(token) }
}
