//! An app calls: with its credential, or with a token that it signed itself.

use super::signing_secrets::{UnlockSecretError, unlock};
use crate::app::App;
use crate::credential::{Bearer, Credential, CredentialKind};
use crate::reservation::{AppId, CredentialId, Scopes, Tenant, TenantName};
use crate::signing::{Terms, TokenError, Unverified, Verifier};
use crate::store::StoreError;
use crate::store::app_signing_keys::{self, AppSigningKeyRecord, KeyMaterial};
use crate::store::callers::{self, CallerRecord};

/// Who calls, and what they may do.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The tenant that the app belongs to.
    pub tenant: Tenant,
    /// The app.
    pub app: AppId,
    /// What operators call it.
    pub app_name: String,
    /// Its credential, or the signing key that its token was signed with.
    pub credential: CredentialId,
    /// What it may do.
    pub scopes: Scopes,
}

/// Why nobody is known to call. No message says anything of the credential or the token.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// Nobody has this credential; or it, or its app, is revoked.
    #[error("the credential is not known")]
    UnknownCredential,
    /// The token names an app that is not there, is revoked, or has no signing key.
    #[error("the token is from no app that signs tokens")]
    UnknownApp,
    /// The token is not good.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The tenant is switched off, and with it its apps.
    #[error("the tenant `{0}` is disabled")]
    TenantDisabled(TenantName),
    /// The app's signing secret can't be read.
    #[error(transparent)]
    Secret(#[from] UnlockSecretError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Finds out who calls, with a credential or a token on these terms. Looked up at each call, so that a revocation holds at once, on every replica.
///
/// # Errors
/// Where it is nobody known.
pub async fn authenticate(app: &App, bearer: &Bearer, terms: Terms) -> Result<Caller, AuthenticateError> {
    let (caller, credential) = match bearer.credential(CredentialKind::App) {
        Ok(credential) => by_credential(app, &credential).await?,
        // Mistyped, or cut off.
        Err(_) if bearer.expose().starts_with(CredentialKind::App.prefix()) => {
            return Err(AuthenticateError::UnknownCredential);
        }
        Err(_) => by_token(app, &Unverified::read(bearer.expose())?, terms).await?,
    };
    let CallerRecord { tenant, app, app_name, scopes } = caller;
    if tenant.disabled_at.is_some() {
        return Err(AuthenticateError::TenantDisabled(tenant.name));
    }
    Ok(Caller { tenant, app, app_name, credential, scopes })
}

async fn by_credential(
    app: &App,
    credential: &Credential,
) -> Result<(CallerRecord, CredentialId), AuthenticateError> {
    let hash = credential.hash();
    if app.unknown.contains(hash) {
        return Err(AuthenticateError::UnknownCredential);
    }
    let mut db = app.db.acquire().await.map_err(StoreError::from)?;
    let found = callers::by_credential(&mut db, hash).await?;
    found.ok_or_else(|| {
        app.unknown.note(hash);
        AuthenticateError::UnknownCredential
    })
}

/// The app that the token names says which keys are tried, and each key with which algorithm.
async fn by_token(
    app: &App,
    token: &Unverified<'_>,
    terms: Terms,
) -> Result<(CallerRecord, CredentialId), AuthenticateError> {
    let now = app.clock.now();
    if app.unknown_apps.contains(token.app()) {
        return Err(AuthenticateError::UnknownApp);
    }
    let mut db = app.db.acquire().await.map_err(StoreError::from)?;
    let caller = callers::by_app(&mut db, token.app()).await?.ok_or_else(|| {
        app.unknown_apps.note(token.app());
        AuthenticateError::UnknownApp
    })?;
    let keys = app_signing_keys::live(&mut db, caller.tenant.id, caller.app).await?;
    drop(db);
    if keys.is_empty() {
        return Err(AuthenticateError::UnknownApp);
    }
    // With two keys it is told what was wrong with the one that came furthest.
    let mut wrong = TokenError::WrongAlgorithm;
    let mut locked = None;
    for key in keys.iter().filter(|key| token.is_signed_with(key.material.algorithm())) {
        // The other may be the one.
        let verifier = match verifier(app, key) {
            Ok(verifier) => verifier,
            Err(error) => {
                locked = Some(error);
                continue;
            }
        };
        match token.verify(&verifier, key.issuer.as_ref(), terms, now) {
            Ok(()) => return Ok((caller, key.id)),
            Err(error) if matches!(wrong, TokenError::WrongAlgorithm | TokenError::BadSignature) => {
                wrong = error;
            }
            Err(_) => {}
        }
    }
    let none_is_its_own = matches!(wrong, TokenError::WrongAlgorithm | TokenError::BadSignature);
    Err(locked.filter(|_| none_is_its_own).map_or_else(|| wrong.into(), AuthenticateError::from))
}

fn verifier(app: &App, key: &AppSigningKeyRecord) -> Result<Verifier, UnlockSecretError> {
    match &key.material {
        KeyMaterial::Rs256(public_key) => Ok(Verifier::Rs256(public_key.clone())),
        KeyMaterial::Hs256(sealed) => unlock(&app.keys, key.tenant, key.id, sealed)
            .map(Verifier::Hs256)
            .inspect_err(|_| _ = app.metrics.unseal_failures.inc()),
    }
}
