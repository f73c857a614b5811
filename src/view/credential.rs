//! Credentials: without themselves, or in clear this once.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::time;
use crate::actions::add_app::AddedApp;
use crate::actions::add_server::Equipped;
use crate::reservation::CredentialId;

/// A credential, without itself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Credential)]
pub(super) struct CredentialView {
    #[schema(value_type = uuid::Uuid)]
    id: CredentialId,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

impl CredentialView {
    pub fn new(id: CredentialId, created_at: DateTime<Utc>, revoked_at: Option<DateTime<Utc>>) -> Self {
        Self { id, created_at: time(created_at), revoked_at: revoked_at.map(time) }
    }
}

/// A server or an app with its new credential in clear: this once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = NewCredential)]
pub struct CredentialOnce {
    id: String,
    name: String,
    #[schema(value_type = uuid::Uuid)]
    credential_id: CredentialId,
    credential: String,
}

impl From<&Equipped> for CredentialOnce {
    fn from(equipped: &Equipped) -> Self {
        Self {
            id: equipped.server.server.id.to_string(),
            name: equipped.server.name.clone(),
            credential_id: equipped.credential_id,
            credential: equipped.credential.expose().to_owned(),
        }
    }
}

impl From<&AddedApp> for CredentialOnce {
    fn from(added: &AddedApp) -> Self {
        Self {
            id: added.app.id.to_string(),
            name: added.app.name.clone(),
            credential_id: added.credential_id,
            credential: added.credential.expose().to_owned(),
        }
    }
}
