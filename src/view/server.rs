//! Conference servers.

use serde::Serialize;

use super::credential::CredentialView;
use super::time;
use crate::reservation::{ServerId, ServerState, TenantName};
use crate::store::server_credentials::CredentialRecord;
use crate::store::servers::ServerRecord;

/// A conference server, with what its credentials are called.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ConferenceServer)]
pub struct ServerView {
    #[schema(value_type = uuid::Uuid)]
    id: ServerId,
    name: String,
    #[schema(value_type = String)]
    state: ServerState,
    default_tenant: String,
    other_tenants: Vec<String>,
    serves_all_tenants: bool,
    #[schema(format = DateTime)]
    created_at: String,
    credentials: Vec<CredentialView>,
}

impl ServerView {
    /// The server with those of `credentials` that are its own.
    #[must_use]
    pub fn new(server: &ServerRecord, credentials: &[CredentialRecord]) -> Self {
        let own = credentials.iter().filter(|credential| credential.server == server.server.id);
        Self {
            id: server.server.id,
            name: server.name.clone(),
            state: server.server.state,
            default_tenant: server.default_tenant.to_string(),
            other_tenants: server.other_tenants.iter().map(TenantName::to_string).collect(),
            serves_all_tenants: server.serves_all,
            created_at: time(server.created_at),
            credentials: own
                .map(|credential| {
                    CredentialView::new(credential.id, credential.created_at, credential.revoked_at)
                })
                .collect(),
        }
    }
}
