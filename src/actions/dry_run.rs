//! What would be answered to an ask, at any time.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::app::App;
use crate::reservation::{Decision, Node, RoomKey, ServerId, TenantName, decide};
use crate::store::desk::{Asker, Found, LookUp, read_one};
use crate::store::{StoreError, conferences, servers, tenants};

/// What would be answered.
#[derive(Debug)]
pub struct Forecast {
    /// The answer.
    pub decision: Decision,
    /// What it was made from.
    pub found: Found,
    /// The moment it was made for.
    pub at: DateTime<Utc>,
    /// The name of the server that it would be the answer to.
    pub server: String,
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum DryRunError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// Neither a tenant nor a server is named.
    #[error("say which tenant or which conference server")]
    NobodyAsks,
    /// There is no such server.
    #[error("there is no conference server `{0}`")]
    UnknownServer(String),
    /// There is no server to ask for the tenant.
    #[error("no active conference server may ask for the tenant `{0}`")]
    NoServer(TenantName),
    /// The server is revoked.
    #[error("the conference server is revoked: it gets no answer")]
    Revoked,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for DryRunError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Decides as [`reserve`](super::reserve::reserve()) would at `at` (now, where it is left out), and claims nothing.
/// For a room of `tenant` (the server's default one, where it is left out), unless the node names another.
///
/// Where no `server` is named, it is the one that has the room open then, for the others are only told that the
/// room is elsewhere; else the first one that may ask for the tenant.
///
/// # Errors
/// Where tenant or server are not there, or the database fails.
pub async fn dry_run(
    app: &App,
    tenant: Option<&TenantName>,
    server: Option<&str>,
    node: &Node,
    at: Option<DateTime<Utc>>,
) -> Result<Forecast, DryRunError> {
    let at = at.unwrap_or_else(|| app.clock.now());
    let mut db = app.db.acquire().await?;
    let named = node.tenant();
    let room = node.parts().map(|(_, room)| room);
    let server = match (server, tenant) {
        (Some(name), _) => {
            let known = servers::by_name(&mut db, name).await?;
            known.ok_or_else(|| DryRunError::UnknownServer(name.to_owned()))?.server.id
        }
        (None, None) => return Err(DryRunError::NobodyAsks),
        (None, Some(name)) => likely_asker(&mut db, name, named.as_ref(), room.as_ref().ok(), at).await?,
    };
    let look_up =
        LookUp { asker: Asker::Server(server), tenant: named.as_ref().or(tenant), room: room.as_ref().ok() };
    let found = read_one(&mut db, &app.standings, &look_up, at).await?;
    let mut found = found.ok_or(DryRunError::Revoked)?;
    let server = servers::name(&mut db, server).await?.ok_or(DryRunError::Revoked)?;
    // What is open now says nothing about a moment before it was opened.
    found.situation.live = found.situation.live.filter(|live| live.opened_at <= at);
    let ask = found.situation.ask(node.clone(), room, &app.keys);
    let decision = decide(&ask, &found.situation, at);
    Ok(Forecast { decision, found, at, server })
}

/// The server that has the room open, or else the first one that may ask for `tenant`. The room is that of the
/// tenant which its node names, where it names one.
async fn likely_asker(
    db: &mut PgConnection,
    tenant: &TenantName,
    named: Option<&TenantName>,
    room: Option<&RoomKey>,
    at: DateTime<Utc>,
) -> Result<ServerId, DryRunError> {
    let known = tenants::by_name(db, tenant).await?;
    let known = known.ok_or_else(|| DryRunError::UnknownTenant(tenant.clone()))?;
    let owner = match named {
        Some(named) if named != tenant => tenants::by_name(db, named).await?.map(|owner| owner.id),
        _ => Some(known.id),
    };
    if let (Some(owner), Some(room)) = (owner, room)
        && let Some(holder) = conferences::holder(db, owner, room, at).await?
    {
        return Ok(holder);
    }
    let first = servers::first_for(db, known.id).await?;
    first.ok_or_else(|| DryRunError::NoServer(tenant.clone()))
}
