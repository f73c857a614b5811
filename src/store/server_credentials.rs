//! Credentials of conference servers.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::credential::CredentialHash;
use crate::reservation::{CredentialId, ServerId};

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

/// Gives a server another credential.
///
/// # Errors
/// Where the database fails.
pub async fn insert(
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

/// The credentials of these servers, revoked ones too, the oldest first.
///
/// # Errors
/// Where the database fails.
pub async fn list(db: &mut PgConnection, servers: &[ServerId]) -> Result<Vec<CredentialRecord>, StoreError> {
    let servers: Vec<Uuid> = servers.iter().copied().map(Uuid::from).collect();
    let rows = sqlx::query!(
        "SELECT id, server_id, created_at, revoked_at FROM server_credentials
         WHERE server_id = ANY ($1) ORDER BY id",
        &servers
    )
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

/// How many credentials of the server are live.
///
/// # Errors
/// Where the database fails.
pub async fn count_live(db: &mut PgConnection, id: ServerId) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM server_credentials WHERE server_id = $1 AND revoked_at IS NULL"#,
        Uuid::from(id)
    )
    .fetch_one(db)
    .await?)
}

/// Revokes a server's credentials: `only` that one, or all. Says how many were live until now.
///
/// # Errors
/// Where the database fails.
pub async fn revoke(
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
