//! Conference servers and their credentials.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::columns::parse;
use super::{StoreError, is_duplicate};
use crate::credential::CredentialHash;
use crate::reservation::{CredentialId, Server, ServerId, ServerState, TenantId, TenantName};

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

/// A credential, without itself.
#[derive(Debug, Clone)]
pub struct CredentialRecord {
    /// Which one.
    pub id: CredentialId,
    /// Whose it is.
    pub server: ServerId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Adds a server. `false` where there is one of that name.
///
/// # Errors
/// Where the database fails, or a tenant is not there.
pub async fn insert(db: &mut PgConnection, server: &ServerRecord) -> Result<bool, StoreError> {
    let others: Vec<_> = server.other_tenants.iter().map(|name| name.as_str().to_owned()).collect();
    let inserted = sqlx::query!(
        "WITH added AS (
             INSERT INTO conference_servers (id, name, default_tenant_id, serves_all, state, created_at)
             VALUES ($1, $2, (SELECT id FROM tenants WHERE name = $3), $4, $5, $6)
             RETURNING id
         )
         INSERT INTO conference_server_tenants (tenant_id, server_id)
         SELECT t.id, added.id FROM tenants t, added WHERE t.name = ANY ($7::text[])",
        Uuid::from(server.server.id),
        server.name,
        server.default_tenant.as_str(),
        server.serves_all,
        <&str>::from(server.server.state),
        server.created_at,
        &others,
    )
    .execute(db)
    .await;
    match inserted {
        Ok(_) => Ok(true),
        Err(error) if is_duplicate(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The server of that name.
///
/// # Errors
/// Where the database fails.
pub async fn by_name(db: &mut PgConnection, name: &str) -> Result<Option<ServerRecord>, StoreError> {
    Ok(select(db, Some(name)).await?.pop())
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
    select(db, None).await
}

async fn select(db: &mut PgConnection, name: Option<&str>) -> Result<Vec<ServerRecord>, StoreError> {
    let rows = sqlx::query_as!(
        ServerRow,
        r#"SELECT s.id, s.name, d.name AS default_tenant, s.serves_all, s.state, s.created_at,
                ARRAY(SELECT t.name FROM conference_server_tenants st JOIN tenants t ON t.id = st.tenant_id
                      WHERE st.server_id = s.id ORDER BY t.name) AS "other_tenants!"
         FROM conference_servers s JOIN tenants d ON d.id = s.default_tenant_id
         WHERE s.name = $1 OR ($1::text IS NULL AND NOT starts_with(d.name, $2))
         ORDER BY s.name"#,
        name,
        TenantName::RESERVED
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(ServerRecord::try_from).collect()
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

/// Says what a server is good for. `false` where it is revoked and was to be something else.
///
/// # Errors
/// Where the database fails.
pub async fn set_state(db: &mut PgConnection, id: ServerId, state: ServerState) -> Result<bool, StoreError> {
    let updated = sqlx::query!(
        "UPDATE conference_servers SET state = $2 WHERE id = $1 AND (state <> 'revoked' OR $2 = 'revoked')",
        Uuid::from(id),
        <&str>::from(state)
    )
    .execute(db)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Gives a server another credential.
///
/// # Errors
/// Where the database fails.
pub async fn insert_credential(
    db: &mut PgConnection,
    hash: CredentialHash,
    credential: &CredentialRecord,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO server_credentials (hash, id, server_id, created_at) VALUES ($1, $2, $3, $4)",
        hash.as_bytes(),
        Uuid::from(credential.id),
        Uuid::from(credential.server),
        credential.created_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The credentials of all servers, the oldest first.
///
/// # Errors
/// Where the database fails.
pub async fn credentials(db: &mut PgConnection) -> Result<Vec<CredentialRecord>, StoreError> {
    let rows =
        sqlx::query!("SELECT id, server_id, created_at, revoked_at FROM server_credentials ORDER BY id")
            .fetch_all(db)
            .await?;
    Ok(rows
        .into_iter()
        .map(|row| CredentialRecord {
            id: row.id.into(),
            server: row.server_id.into(),
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        })
        .collect())
}

/// Revokes a server's credentials: `only` that one, or all. Says how many were live until now.
///
/// # Errors
/// Where the database fails.
pub async fn revoke_credentials(
    db: &mut PgConnection,
    id: ServerId,
    only: Option<CredentialId>,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let revoked = sqlx::query!(
        "UPDATE server_credentials SET revoked_at = $3
         WHERE server_id = $1 AND ($2::uuid IS NULL OR id = $2) AND revoked_at IS NULL",
        Uuid::from(id),
        only.map(Uuid::from),
        now,
    )
    .execute(db)
    .await?;
    Ok(revoked.rows_affected())
}
