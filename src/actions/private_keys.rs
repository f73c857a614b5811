//! Sealing and unsealing of what room tokens are signed with.

use std::sync::Arc;

use uuid::Uuid;

use crate::app::App;
use crate::reservation::{SigningKeyId, TenantId};
use crate::seal::{Context, MasterKeys, OpenError, Sealed};
use crate::signing::{KeyError, SigningKey};
use crate::store::signing_keys::SigningKeyRecord;

/// Why a signing key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum UnlockKeyError {
    /// It does not open.
    #[error("a signing key can't be unsealed")]
    Sealed(#[from] OpenError),
    /// It opens, and is no key.
    #[error("a signing key is not readable")]
    Unreadable(#[from] KeyError),
    /// It is there no more.
    #[error("the private half of a signing key is gone, as it signs no more")]
    Gone,
}

/// A key of the deployment belongs to the tenant that can't be.
fn context(owner: Option<TenantId>, id: SigningKeyId) -> Context {
    Context { tenant: owner.map_or(Uuid::nil(), Uuid::from), purpose: "signing_key", row: id.into() }
}

/// Seals a key for its row.
#[must_use]
pub fn lock(keys: &MasterKeys, owner: Option<TenantId>, id: SigningKeyId, key: &SigningKey) -> Sealed {
    keys.seal(&context(owner, id), key.expose())
}

/// The key in clear.
///
/// # Errors
/// Where it can't be read, or is gone.
pub fn unlock(keys: &MasterKeys, record: &SigningKeyRecord) -> Result<SigningKey, UnlockKeyError> {
    let sealed = record.private.as_ref().ok_or(UnlockKeyError::Gone)?;
    let private = keys.open(&context(record.tenant, record.id), sealed)?;
    Ok(SigningKey::read(record.algorithm, private)?)
}

/// The key in clear, as it is kept for a moment by whoever signs with it again and again.
///
/// # Errors
/// Where it can't be read, or is gone.
pub fn opened(app: &App, record: &SigningKeyRecord) -> Result<Arc<SigningKey>, UnlockKeyError> {
    let sealed = record.private.as_ref().ok_or(UnlockKeyError::Gone)?;
    if let Some(key) = app.opened_keys.get(record.id, sealed) {
        return Ok(key);
    }
    let key = Arc::new(unlock(&app.keys, record)?);
    app.opened_keys.keep(record.id, sealed.clone(), Arc::clone(&key));
    Ok(key)
}
