//! A new conference server, or another credential for one.

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection};

use crate::app::App;
use crate::credential::{Credential, CredentialKind, NoRandomness};
use crate::reservation::{CredentialId, Server, ServerId, ServerState, TenantName};
use crate::store::servers::{self, CredentialRecord, ServerRecord};
use crate::store::{StoreError, tenants};

/// A server with the credential that was just made for it. It is not shown again.
#[derive(Debug)]
pub struct Equipped {
    /// The server.
    pub server: ServerRecord,
    /// Which credential.
    pub credential_id: CredentialId,
    /// The credential in clear.
    pub credential: Credential,
}

/// Why a server was not added or equipped.
#[derive(Debug, thiserror::Error)]
pub enum AddServerError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// There is one of that name.
    #[error(
        "there is a conference server `{0}` already; `server add-credential` makes another credential for it"
    )]
    Exists(String),
    /// There is no such server.
    #[error("there is no conference server `{0}`")]
    Unknown(String),
    /// It was revoked for good.
    #[error("the conference server `{0}` is revoked; add it anew under another name")]
    Revoked(String),
    /// No credential can be made.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for AddServerError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Which tenants a new server may ask for.
#[derive(Debug, Clone)]
pub struct Serves {
    /// The tenant of rooms that name none.
    pub default: TenantName,
    /// More tenants.
    pub others: Vec<TenantName>,
    /// Every tenant, also those to come.
    pub all: bool,
}

/// Adds a conference server with its first credential.
///
/// # Errors
/// Where there is one of that name, or a tenant is not there.
pub async fn add_server(app: &App, name: String, serves: Serves) -> Result<Equipped, AddServerError> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let mut transaction = db.begin().await?;
    for tenant in std::iter::once(&serves.default).chain(&serves.others) {
        if tenants::by_name(&mut transaction, tenant).await?.is_none() {
            return Err(AddServerError::UnknownTenant(tenant.clone()));
        }
    }
    let server = ServerRecord {
        server: Server { id: ServerId::new(), state: ServerState::Active },
        name,
        default_tenant: serves.default,
        other_tenants: serves.others,
        serves_all: serves.all,
        created_at: now,
    };
    if !servers::insert(&mut transaction, &server).await? {
        return Err(AddServerError::Exists(server.name));
    }
    let equipped = equip(&mut transaction, server, now).await?;
    transaction.commit().await?;
    Ok(equipped)
}

/// Makes another credential for a server: the old ones stay good until they are revoked.
///
/// # Errors
/// Where there is no such server, or it is revoked.
pub async fn add_credential(app: &App, name: &str) -> Result<Equipped, AddServerError> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let server = servers::by_name(&mut db, name).await?;
    let server = server.ok_or_else(|| AddServerError::Unknown(name.to_owned()))?;
    if server.server.state == ServerState::Revoked {
        return Err(AddServerError::Revoked(server.name));
    }
    equip(&mut db, server, now).await
}

async fn equip(
    db: &mut PgConnection,
    server: ServerRecord,
    now: DateTime<Utc>,
) -> Result<Equipped, AddServerError> {
    let credential = Credential::generate(CredentialKind::Server)?;
    let record = CredentialRecord {
        id: CredentialId::new(),
        server: server.server.id,
        created_at: now,
        revoked_at: None,
    };
    servers::insert_credential(db, credential.hash(), &record).await?;
    Ok(Equipped { server, credential_id: record.id, credential })
}
