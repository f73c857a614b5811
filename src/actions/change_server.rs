//! A conference server is drained, lost, back, or revoked; or serves other tenants, or is called otherwise.

use sqlx::{Connection as _, PgConnection};

use super::add_server::Serves;
use super::transaction::transact;
use crate::app::App;
use crate::reservation::{CredentialId, ServerState, TenantName};
use crate::store::servers::{self, ServerKey, ServerRecord};
use crate::store::{StoreError, server_credentials};

/// What is to be different. What is left out stays.
#[derive(Debug, Clone, Default)]
pub struct ServerChange {
    /// What it is good for.
    pub state: Option<ServerState>,
    /// What operators call it.
    pub name: Option<String>,
    /// The tenant of rooms that name none.
    pub default_tenant: Option<TenantName>,
    /// More tenants that it may ask for, instead of those it had.
    pub other_tenants: Option<Vec<TenantName>>,
    /// Whether it may ask for every tenant.
    pub serves_all: Option<bool>,
}

impl From<ServerState> for ServerChange {
    fn from(state: ServerState) -> Self {
        Self { state: Some(state), ..Self::default() }
    }
}

/// Why a server was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeServerError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// There is no such server.
    #[error("there is no conference server `{0}`")]
    Unknown(String),
    /// Another one is called so.
    #[error("there is a conference server `{0}` already")]
    Exists(String),
    /// It was revoked for good.
    #[error("the conference server `{0}` is revoked; add it anew under another name")]
    Revoked(String),
    /// It has no such credential, or it was revoked before.
    #[error("the conference server has no live credential `{0}`")]
    UnknownCredential(CredentialId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ChangeServerError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Changes a server, in a transaction of its own. Revoking it takes all its credentials, at once and for good. Rooms
/// that it holds it keeps, also of a tenant that it serves no more.
///
/// # Errors
/// Where server or tenant are not there, the name is taken, or the server is revoked and was to be something else.
pub async fn change_server(
    app: &App,
    key: impl Into<ServerKey<'_>>,
    change: impl Into<ServerChange>,
) -> Result<ServerRecord, ChangeServerError> {
    let (key, change) = (key.into(), change.into());
    transact(app, async |db| change_server_in(app, db, key, change.clone()).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where server or tenant are not there, the name is taken, or the server is revoked and was to be something else.
pub async fn change_server_in(
    app: &App,
    db: &mut PgConnection,
    key: ServerKey<'_>,
    change: ServerChange,
) -> Result<ServerRecord, ChangeServerError> {
    let now = app.clock.now();
    let mut record = known(db, key).await?;
    let revoked = change.state == Some(ServerState::Revoked);
    if record.server.state == ServerState::Revoked && !revoked {
        return Err(ChangeServerError::Revoked(record.name));
    }
    record.server.state = change.state.unwrap_or(record.server.state);
    record.name = change.name.unwrap_or(record.name);
    let serves = Serves {
        default: change.default_tenant.unwrap_or(record.default_tenant),
        others: change.other_tenants.unwrap_or(record.other_tenants),
        all: change.serves_all.unwrap_or(record.serves_all),
    };
    if let Some(missing) = serves.missing(db).await? {
        return Err(ChangeServerError::UnknownTenant(missing));
    }
    record.other_tenants = serves.beside_default();
    record.default_tenant = serves.default;
    record.serves_all = serves.all;
    let mut attempt = db.begin().await?;
    if !servers::update(&mut attempt, &record).await? {
        attempt.rollback().await?;
        return Err(ChangeServerError::Exists(record.name));
    }
    attempt.commit().await?;
    if revoked {
        server_credentials::revoke(db, record.server.id, None, now).await?;
    }
    Ok(record)
}

/// Revokes one credential of a server at once, in a transaction of its own; the server keeps its others.
///
/// # Errors
/// Where server or credential are not there.
pub async fn revoke_credential(
    app: &App,
    key: impl Into<ServerKey<'_>>,
    credential: CredentialId,
) -> Result<ServerRecord, ChangeServerError> {
    let key = key.into();
    transact(app, async |db| revoke_credential_in(app, db, key, credential).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where server or credential are not there.
pub async fn revoke_credential_in(
    app: &App,
    db: &mut PgConnection,
    key: ServerKey<'_>,
    credential: CredentialId,
) -> Result<ServerRecord, ChangeServerError> {
    let now = app.clock.now();
    let record = known(db, key).await?;
    match server_credentials::revoke(db, record.server.id, Some(credential), now).await? {
        0 => Err(ChangeServerError::UnknownCredential(credential)),
        _ => Ok(record),
    }
}

async fn known(db: &mut PgConnection, key: ServerKey<'_>) -> Result<ServerRecord, ChangeServerError> {
    let record = servers::find_for_update(db, key).await?;
    record.ok_or_else(|| ChangeServerError::Unknown(key.to_string()))
}
