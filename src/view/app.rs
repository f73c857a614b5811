//! Apps.

use secrecy::ExposeSecret;
use serde::Serialize;

use super::credential::{CredentialOnce, CredentialView};
use super::time;
use crate::actions::add_app::AddedApp;
use crate::actions::app_credentials::AddedSigningKey;
use crate::credential::Credential;
use crate::reservation::{AppId, CredentialId, Scopes};
use crate::signing::{AppAlgorithm, Issuer, PublicKey};
use crate::store::app_credentials::AppCredentialRecord;
use crate::store::app_signing_keys::AppSigningKeyRecord;
use crate::store::apps::AppRecord;

/// An app.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = App)]
pub struct AppView {
    #[schema(value_type = uuid::Uuid)]
    id: AppId,
    name: String,
    #[schema(value_type = Vec<String>)]
    scopes: Scopes,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

impl From<&AppRecord> for AppView {
    fn from(app: &AppRecord) -> Self {
        Self {
            id: app.id,
            name: app.name.clone(),
            scopes: app.scopes.clone(),
            created_at: time(app.created_at),
            revoked_at: app.revoked_at.map(time),
        }
    }
}

/// An app, with what its credentials and signing keys are called.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = AppWithCredentials)]
pub struct AppDetailView {
    #[serde(flatten)]
    app: AppView,
    credentials: Vec<CredentialView>,
    signing_keys: Vec<SigningKeyView>,
}

/// A signing key, without its secret.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SigningKey)]
struct SigningKeyView {
    #[schema(value_type = uuid::Uuid)]
    id: CredentialId,
    #[schema(value_type = String)]
    algorithm: AppAlgorithm,
    public_key: Option<String>,
    #[schema(value_type = Option<String>)]
    issuer: Option<Issuer>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

impl From<&AppSigningKeyRecord> for SigningKeyView {
    fn from(key: &AppSigningKeyRecord) -> Self {
        Self {
            id: key.id,
            algorithm: key.material.algorithm(),
            public_key: key.material.public().map(|key| key.as_pem().to_owned()),
            issuer: key.issuer.clone(),
            created_at: time(key.created_at),
            revoked_at: key.revoked_at.map(time),
        }
    }
}

impl AppDetailView {
    /// The app with those of `credentials` and `signing_keys` that are its own.
    #[must_use]
    pub fn new(
        app: &AppRecord,
        credentials: &[AppCredentialRecord],
        signing_keys: &[AppSigningKeyRecord],
    ) -> Self {
        let credentials = credentials.iter().filter(|credential| credential.app == app.id);
        Self {
            app: app.into(),
            credentials: credentials
                .map(|credential| {
                    CredentialView::new(credential.id, credential.created_at, credential.revoked_at)
                })
                .collect(),
            signing_keys: signing_keys.iter().filter(|key| key.app == app.id).map(Into::into).collect(),
        }
    }
}

/// What an app signs with, where we made it: in clear, this once. So there is no `Debug`.
#[derive(Default, Serialize, utoipa::ToSchema)]
#[schema(as = SigningKeyInClear)]
struct KeyOnce<'a> {
    /// For `HS256`. The bytes of this whole text are the HMAC's key.
    secret: Option<&'a str>,
    /// For `RS256`, where it was made: PKCS #8 in PEM. Frontdesk keeps the public half.
    private_key: Option<&'a str>,
    /// For `RS256`: what Frontdesk keeps, in PEM.
    public_key: Option<&'a str>,
}

impl<'a> From<&'a AddedSigningKey> for KeyOnce<'a> {
    fn from(added: &'a AddedSigningKey) -> Self {
        Self {
            secret: added.secret.as_ref().map(Credential::expose),
            private_key: added.private_key.as_ref().map(ExposeSecret::expose_secret),
            public_key: added.key.material.public().map(PublicKey::as_pem),
        }
    }
}

/// An app with its new signing key.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = NewSigningKey)]
pub struct SigningKeyOnce<'a> {
    /// The app. Its tokens name it in the claim `app`.
    #[schema(value_type = uuid::Uuid)]
    id: AppId,
    name: &'a str,
    #[schema(value_type = uuid::Uuid)]
    signing_key_id: CredentialId,
    #[schema(value_type = String)]
    algorithm: AppAlgorithm,
    #[schema(value_type = Option<String>)]
    issuer: Option<&'a Issuer>,
    #[serde(flatten)]
    key: KeyOnce<'a>,
}

impl<'a> From<&'a AddedSigningKey> for SigningKeyOnce<'a> {
    fn from(added: &'a AddedSigningKey) -> Self {
        Self {
            id: added.app.id,
            name: &added.app.name,
            signing_key_id: added.key.id,
            algorithm: added.key.material.algorithm(),
            issuer: added.key.issuer.as_ref(),
            key: added.into(),
        }
    }
}

/// A new app with its credential and, where it was given one, the key that it signs its tokens with.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = NewApp)]
pub struct AppOnce<'a> {
    #[serde(flatten)]
    credential: CredentialOnce,
    #[schema(value_type = Option<uuid::Uuid>)]
    signing_key_id: Option<CredentialId>,
    #[schema(value_type = Option<String>)]
    algorithm: Option<AppAlgorithm>,
    #[serde(flatten)]
    key: KeyOnce<'a>,
}

impl<'a> AppOnce<'a> {
    /// The app that was just added.
    #[must_use]
    pub fn new(added: &AddedApp, key: Option<&'a AddedSigningKey>) -> Self {
        Self {
            credential: added.into(),
            signing_key_id: key.map(|added| added.key.id),
            algorithm: key.map(|added| added.key.material.algorithm()),
            key: key.map(KeyOnce::from).unwrap_or_default(),
        }
    }
}
