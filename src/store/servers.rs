//! Conference servers. Their credentials are in [`server_credentials`](super::server_credentials).

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::columns::parse;
use super::{StoreError, is_duplicate};
use crate::credential::CredentialHash;
use crate::reservation::{Server, ServerId, TenantId, TenantName};

/// A conference server with what it may ask for.
#[derive(Debug, Clone)]
pub struct ServerRecord {
    /// The server.
    pub server: Server,
    /// Its name, for operators.
    pub name: String,
    /// The tenant of rooms that name none.
    pub default_tenant: TenantName,
    /// More tenants that it may ask for.
    pub other_tenants: Vec<TenantName>,
    /// Whether it may ask for every tenant.
    pub serves_all: bool,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

impl ServerRecord {
    /// Whether it may ask for the tenant.
    #[must_use]
    pub fn may_ask_for(&self, tenant: &TenantName) -> bool {
        self.serves_all || self.default_tenant == *tenant || self.other_tenants.contains(tenant)
    }
}

/// What a server is found by.
#[derive(Debug, Clone, Copy)]
pub enum ServerKey<'a> {
    /// Its name.
    Name(&'a str),
    /// Its id.
    Id(ServerId),
}

impl ServerKey<'_> {
    fn columns(self) -> (Option<String>, Option<Uuid>) {
        match self {
            Self::Name(name) => (Some(name.to_owned()), None),
            Self::Id(id) => (None, Some(id.into())),
        }
    }
}

impl<'a> From<&'a str> for ServerKey<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl From<ServerId> for ServerKey<'_> {
    fn from(id: ServerId) -> Self {
        Self::Id(id)
    }
}

impl fmt::Display for ServerKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

struct ServerRow {
    id: Uuid,
    name: String,
    default_tenant: String,
    other_tenants: Vec<String>,
    serves_all: bool,
    state: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<ServerRow> for ServerRecord {
    type Error = StoreError;

    fn try_from(row: ServerRow) -> Result<Self, StoreError> {
        Ok(Self {
            server: Server { id: row.id.into(), state: parse("state", &row.state)? },
            name: row.name,
            default_tenant: parse("default_tenant", &row.default_tenant)?,
            other_tenants: row
                .other_tenants
                .iter()
                .map(|name| parse("other_tenants", name))
                .collect::<Result<_, _>>()?,
            serves_all: row.serves_all,
            created_at: row.created_at,
        })
    }
}

/// Reads servers.
macro_rules! select_servers {
    ($which:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            ServerRow,
            r#"SELECT s.id, s.name, d.name AS default_tenant, s.serves_all, s.state, s.created_at,
                    ARRAY(SELECT t.name FROM conference_server_tenants st JOIN tenants t ON t.id = st.tenant_id
                          WHERE st.server_id = s.id ORDER BY t.name) AS "other_tenants!"
             FROM conference_servers s JOIN tenants d ON d.id = s.default_tenant_id "# + $which
            $(, $argument)*
        )
    };
}

/// Adds a server. `false` where there is one of that name.
///
/// # Errors
/// Where the database fails, or a tenant is not there.
pub async fn insert(db: &mut PgConnection, server: &ServerRecord) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"
        WITH added AS (
             INSERT INTO conference_servers (id, name, default_tenant_id, serves_all, state, created_at)
             VALUES ($1, $2, (SELECT id FROM tenants WHERE name = $3), $4, $5, $6)
             ON CONFLICT (name) DO NOTHING
             RETURNING id
        ), others AS (
             INSERT INTO conference_server_tenants (tenant_id, server_id)
             SELECT t.id, added.id FROM tenants t, added WHERE t.name = ANY ($7::text[])
        )
        SELECT EXISTS (SELECT FROM added) AS "added!"
        "#,
        Uuid::from(server.server.id),
        server.name,
        server.default_tenant.as_str(),
        server.serves_all,
        <&str>::from(server.server.state),
        server.created_at,
        &others(server),
    )
    .fetch_one(db)
    .await?)
}

/// Writes a server's name and state, and what it may ask for. `false` where there is another one of that name; the
/// transaction is then lost.
///
/// # Errors
/// Where the database fails, or a tenant is not there.
pub async fn update(db: &mut PgConnection, server: &ServerRecord) -> Result<bool, StoreError> {
    let updated = sqlx::query!(
        "WITH changed AS (
             UPDATE conference_servers
             SET name = $2, default_tenant_id = (SELECT id FROM tenants WHERE name = $3), serves_all = $4, state = $5
             WHERE id = $1
             RETURNING id
         ), other AS (
             SELECT id FROM tenants WHERE name = ANY ($6::text[])
         ), gone AS (
             DELETE FROM conference_server_tenants st USING changed
             WHERE st.server_id = changed.id AND st.tenant_id NOT IN (SELECT id FROM other)
         )
         INSERT INTO conference_server_tenants (tenant_id, server_id)
         SELECT other.id, changed.id FROM other, changed
         ON CONFLICT DO NOTHING",
        Uuid::from(server.server.id),
        server.name,
        server.default_tenant.as_str(),
        server.serves_all,
        <&str>::from(server.server.state),
        &others(server),
    )
    .execute(db)
    .await;
    match updated {
        Ok(_) => Ok(true),
        Err(error) if is_duplicate(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn others(server: &ServerRecord) -> Vec<String> {
    server.other_tenants.iter().map(|name| name.as_str().to_owned()).collect()
}

/// The server of that name.
///
/// # Errors
/// Where the database fails.
pub async fn by_name(db: &mut PgConnection, name: &str) -> Result<Option<ServerRecord>, StoreError> {
    find(db, ServerKey::Name(name)).await
}

/// The server of that name or id.
///
/// # Errors
/// Where the database fails.
pub async fn find(db: &mut PgConnection, key: ServerKey<'_>) -> Result<Option<ServerRecord>, StoreError> {
    let (name, id) = key.columns();
    let row = select_servers!("WHERE s.name = $1 OR s.id = $2", name, id).fetch_optional(db).await?;
    row.map(ServerRecord::try_from).transpose()
}

/// The server of that name or id, for this transaction to change, or to change what belongs to it.
///
/// # Errors
/// Where the database fails.
pub async fn find_for_update(
    db: &mut PgConnection,
    key: ServerKey<'_>,
) -> Result<Option<ServerRecord>, StoreError> {
    let (name, id) = key.columns();
    let locked = sqlx::query_scalar!(
        "SELECT id FROM conference_servers WHERE name = $1 OR id = $2 FOR NO KEY UPDATE",
        name,
        id
    );
    // In a statement of its own: one that waits for the lock has read the tenants before.
    match locked.fetch_optional(&mut *db).await? {
        Some(id) => find(db, ServerKey::Id(id.into())).await,
        None => Ok(None),
    }
}

/// The server whose credential that is, unless the credential is revoked.
///
/// # Errors
/// Where the database fails.
pub async fn by_credential(
    db: &mut PgConnection,
    hash: CredentialHash,
) -> Result<Option<ServerRecord>, StoreError> {
    let name = sqlx::query_scalar!(
        "SELECT s.name FROM server_credentials k JOIN conference_servers s ON s.id = k.server_id
         WHERE k.hash = $1 AND k.revoked_at IS NULL",
        hash.as_bytes(),
    )
    .fetch_optional(&mut *db)
    .await?;
    match name {
        Some(name) => by_name(db, &name).await,
        None => Ok(None),
    }
}

/// All servers, by name; without the doctor's own.
///
/// # Errors
/// Where the database fails.
pub async fn list(db: &mut PgConnection) -> Result<Vec<ServerRecord>, StoreError> {
    let rows = select_servers!("WHERE NOT starts_with(d.name, $1) ORDER BY s.name", TenantName::RESERVED);
    rows.fetch_all(db).await?.into_iter().map(ServerRecord::try_from).collect()
}

/// Servers by the order in which they were added, at most `limit`: those that come after that one. Without the
/// doctor's own; with `tenant`, only those that may ask for it.
///
/// # Errors
/// Where the database fails.
pub async fn page(
    db: &mut PgConnection,
    tenant: Option<TenantId>,
    after: Option<ServerId>,
    limit: i64,
) -> Result<Vec<ServerRecord>, StoreError> {
    let rows = select_servers!(
        "WHERE NOT starts_with(d.name, $1)
           AND ($2::uuid IS NULL OR s.serves_all OR s.default_tenant_id = $2 OR EXISTS (
               SELECT FROM conference_server_tenants st WHERE st.tenant_id = $2 AND st.server_id = s.id))
           AND ($3::uuid IS NULL OR s.id > $3)
         ORDER BY s.id LIMIT $4",
        TenantName::RESERVED,
        tenant.map(Uuid::from),
        after.map(Uuid::from),
        limit
    );
    rows.fetch_all(db).await?.into_iter().map(ServerRecord::try_from).collect()
}

/// The active server that may ask for the tenant and was added first.
///
/// # Errors
/// Where the database fails.
pub async fn first_for(db: &mut PgConnection, tenant: TenantId) -> Result<Option<ServerId>, StoreError> {
    let id = sqlx::query_scalar!(
        "SELECT s.id FROM conference_servers s
         WHERE s.state = 'active' AND (s.serves_all OR s.default_tenant_id = $1 OR EXISTS (
             SELECT FROM conference_server_tenants st WHERE st.tenant_id = $1 AND st.server_id = s.id))
         ORDER BY s.id LIMIT 1",
        Uuid::from(tenant),
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map(ServerId::from))
}

/// What the server is called.
///
/// # Errors
/// Where the database fails.
pub async fn name(db: &mut PgConnection, id: ServerId) -> Result<Option<String>, StoreError> {
    let name = sqlx::query_scalar!("SELECT name FROM conference_servers WHERE id = $1", Uuid::from(id));
    Ok(name.fetch_optional(db).await?)
}

/// Whether a server that may ask for the tenant may ask for others, too.
///
/// # Errors
/// Where the database fails.
pub async fn any_shared(db: &mut PgConnection, tenant: TenantId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM conference_servers s
               WHERE s.state <> 'revoked' AND (s.serves_all OR (
                   (s.default_tenant_id = $1 OR EXISTS (
                       SELECT FROM conference_server_tenants st WHERE st.server_id = s.id AND st.tenant_id = $1))
                   AND (s.default_tenant_id <> $1 OR EXISTS (
                       SELECT FROM conference_server_tenants st WHERE st.server_id = s.id AND st.tenant_id <> $1))
               ))
           ) AS "shared!""#,
        Uuid::from(tenant)
    )
    .fetch_one(db)
    .await?)
}
