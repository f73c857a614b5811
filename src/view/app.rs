//! Apps.

use serde::Serialize;

use super::credential::CredentialView;
use super::time;
use crate::actions::app_credentials::AddedSigningKey;
use crate::reservation::{AppId, CredentialId, Scopes};
use crate::signing::{AppAlgorithm, Issuer};
use crate::store::app_credentials::AppCredentialRecord;
use crate::store::app_signing_keys::{AppSigningKeyRecord, KeyMaterial};
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
            public_key: match &key.material {
                KeyMaterial::Hs256(_) => None,
                KeyMaterial::Rs256(key) => Some(key.as_pem().to_owned()),
            },
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

/// An app with its new signing key; with the secret in clear, where we made one: this once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = NewSigningKey)]
pub struct SigningKeyOnce {
    /// The app. Its tokens name it in the claim `app`.
    #[schema(value_type = uuid::Uuid)]
    id: AppId,
    name: String,
    #[schema(value_type = uuid::Uuid)]
    signing_key_id: CredentialId,
    #[schema(value_type = String)]
    algorithm: AppAlgorithm,
    #[schema(value_type = Option<String>)]
    issuer: Option<Issuer>,
    /// The bytes of this whole text are the HMAC's key.
    secret: Option<String>,
}

impl From<&AddedSigningKey> for SigningKeyOnce {
    fn from(added: &AddedSigningKey) -> Self {
        Self {
            id: added.app.id,
            name: added.app.name.clone(),
            signing_key_id: added.key.id,
            algorithm: added.key.material.algorithm(),
            issuer: added.key.issuer.clone(),
            secret: added.secret.as_ref().map(|secret| secret.expose().to_owned()),
        }
    }
}
