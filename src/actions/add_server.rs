//! A new conference server, or another credential for one.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::MOST_LIVE;
use super::transaction::transact;
use crate::app::App;
use crate::credential::{Credential, CredentialKind, NoRandomness};
use crate::reservation::{CredentialId, Server, ServerId, ServerState, TenantName};
use crate::store::server_credentials::{self, CredentialRecord};
use crate::store::servers::{self, ServerKey, ServerRecord};
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
    /// It has as many credentials as it may have.
    #[error(
        "the conference server `{0}` has {MOST_LIVE} live credentials; revoke one first, with `server \
         revoke-credential`"
    )]
    TooManyCredentials(String),
    /// No credential can be made.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which tenants a server may ask for.
#[derive(Debug, Clone)]
pub struct Serves {
    /// The tenant of rooms that name none.
    pub default: TenantName,
    /// More tenants.
    pub others: Vec<TenantName>,
    /// Every tenant, also those to come.
    pub all: bool,
}

impl Serves {
    /// The first of them that is not there. Those that are there stay until the transaction ends.
    pub(super) async fn missing(&self, db: &mut PgConnection) -> Result<Option<TenantName>, StoreError> {
        for tenant in std::iter::once(&self.default).chain(&self.others) {
            if tenants::by_name_for_share(db, tenant).await?.is_none() {
                return Ok(Some(tenant.clone()));
            }
        }
        Ok(None)
    }

    /// The other tenants without the default one.
    pub(super) fn beside_default(&self) -> Vec<TenantName> {
        self.others.iter().filter(|&other| *other != self.default).cloned().collect()
    }
}

/// Adds a conference server with its first credential, in a transaction of its own.
///
/// # Errors
/// Where there is one of that name, or a tenant is not there.
pub async fn add_server(app: &App, name: String, serves: Serves) -> Result<Equipped, AddServerError> {
    transact(app, async |db| add_server_in(app, db, name.clone(), serves.clone()).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where there is one of that name, or a tenant is not there.
pub async fn add_server_in(
    app: &App,
    db: &mut PgConnection,
    name: String,
    serves: Serves,
) -> Result<Equipped, AddServerError> {
    let now = app.clock.now();
    if let Some(missing) = serves.missing(db).await? {
        return Err(AddServerError::UnknownTenant(missing));
    }
    let server = ServerRecord {
        server: Server { id: ServerId::new(), state: ServerState::Active },
        name,
        other_tenants: serves.beside_default(),
        default_tenant: serves.default,
        serves_all: serves.all,
        created_at: now,
    };
    if !servers::insert(db, &server).await? {
        return Err(AddServerError::Exists(server.name));
    }
    equip(db, server, now).await
}

/// Makes another credential for a server, in a transaction of its own: the old one stays good until it is revoked.
/// Two at the most: the old one, and the one that takes its place.
///
/// # Errors
/// Where there is no such server, it is revoked, or it has two.
pub async fn add_credential(app: &App, key: impl Into<ServerKey<'_>>) -> Result<Equipped, AddServerError> {
    let key = key.into();
    transact(app, async |db| add_credential_in(app, db, key).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where there is no such server, it is revoked, or it has two.
pub async fn add_credential_in(
    app: &App,
    db: &mut PgConnection,
    key: ServerKey<'_>,
) -> Result<Equipped, AddServerError> {
    let now = app.clock.now();
    let server = servers::find_for_update(db, key).await?;
    let server = server.ok_or_else(|| AddServerError::Unknown(key.to_string()))?;
    if server.server.state == ServerState::Revoked {
        return Err(AddServerError::Revoked(server.name));
    }
    if server_credentials::count_live(db, server.server.id).await? >= MOST_LIVE {
        return Err(AddServerError::TooManyCredentials(server.name));
    }
    equip(db, server, now).await
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
    server_credentials::insert(db, credential.hash(), &record).await?;
    Ok(Equipped { server, credential_id: record.id, credential })
}
