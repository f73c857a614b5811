//! Sealing and unsealing of the secrets that apps sign their tokens with.

use secrecy::SecretString;
use uuid::Uuid;

use crate::credential::Credential;
use crate::reservation::{CredentialId, TenantId};
use crate::seal::{Context, MasterKeys, OpenError, Sealed};
use crate::store::sealed::SealedColumn;

/// Why a secret can't be read.
#[derive(Debug, thiserror::Error)]
pub enum UnlockSecretError {
    /// It does not open.
    #[error("an app's signing secret can't be unsealed")]
    Sealed(#[from] OpenError),
    /// It opens, and is no text.
    #[error("an app's signing secret is not readable")]
    Unreadable,
}

fn context(tenant: TenantId, key: CredentialId) -> Context {
    SealedColumn::AppSigningSecret.context(tenant.into(), Uuid::from(key))
}

/// Seals a secret for the signing key that it belongs to.
#[must_use]
pub fn lock(keys: &MasterKeys, tenant: TenantId, key: CredentialId, secret: &Credential) -> Sealed {
    keys.seal(&context(tenant, key), secret.expose().as_bytes())
}

/// The secret in clear, whose bytes are the HMAC's key.
///
/// # Errors
/// Where it can't be read.
pub fn unlock(
    keys: &MasterKeys,
    tenant: TenantId,
    key: CredentialId,
    sealed: &Sealed,
) -> Result<SecretString, UnlockSecretError> {
    let secret = keys.open(&context(tenant, key), sealed)?;
    let secret = std::str::from_utf8(&secret).map_err(|_| UnlockSecretError::Unreadable)?;
    Ok(secret.into())
}
