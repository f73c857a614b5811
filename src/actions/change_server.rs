//! A conference server is drained, lost, back, or revoked.

use sqlx::Connection as _;

use crate::app::App;
use crate::reservation::{CredentialId, ServerState};
use crate::store::StoreError;
use crate::store::servers::{self, ServerRecord};

/// Why a server was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeServerError {
    /// There is no such server.
    #[error("there is no conference server `{0}`")]
    Unknown(String),
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

/// Says what a server is good for. Revoking it takes all its credentials, at once and for good.
///
/// # Errors
/// Where there is no such server, or it is revoked and was to be something else.
pub async fn change_server(
    app: &App,
    name: &str,
    state: ServerState,
) -> Result<ServerRecord, ChangeServerError> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let mut transaction = db.begin().await?;
    let mut record = known(&mut transaction, name).await?;
    if !servers::set_state(&mut transaction, record.server.id, state).await? {
        return Err(ChangeServerError::Revoked(record.name));
    }
    if state == ServerState::Revoked {
        servers::revoke_credentials(&mut transaction, record.server.id, None, now).await?;
    }
    transaction.commit().await?;
    record.server.state = state;
    Ok(record)
}

/// Revokes one credential of a server, which keeps its others.
///
/// # Errors
/// Where server or credential are not there.
pub async fn revoke_credential(
    app: &App,
    name: &str,
    credential: CredentialId,
) -> Result<ServerRecord, ChangeServerError> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let record = known(&mut db, name).await?;
    match servers::revoke_credentials(&mut db, record.server.id, Some(credential), now).await? {
        0 => Err(ChangeServerError::UnknownCredential(credential)),
        _ => Ok(record),
    }
}

async fn known(db: &mut sqlx::PgConnection, name: &str) -> Result<ServerRecord, ChangeServerError> {
    let record = servers::by_name(db, name).await?;
    record.ok_or_else(|| ChangeServerError::Unknown(name.to_owned()))
}
