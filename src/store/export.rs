//! What is read of a tenant to be taken elsewhere: in pages, by the primary keys, so that however much there is, a page
//! is quick. Appointments, their dates and conferences are read as everywhere.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::reservation::{ServerId, TenantId};

/// A refusal as it was written down; perhaps by another version, which knew other reasons.
#[derive(Debug, Clone)]
pub struct WrittenRefusal {
    /// Which refusal.
    pub id: Uuid,
    /// The server that asked.
    pub server: ServerId,
    /// The room's name as the server wrote it.
    pub node: String,
    /// Why, as a code.
    pub reason: String,
    /// The sentence that people saw, where it was kept.
    pub message: Option<String>,
    /// When.
    pub refused_at: DateTime<Utc>,
}

/// The tenant's refusals by their order in time, at most `limit`: those after that one.
///
/// # Errors
/// Where the database fails.
pub async fn refusals(
    db: &mut PgConnection,
    tenant: TenantId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<WrittenRefusal>, StoreError> {
    let rows = sqlx::query!(
        "SELECT id, server_id, node, reason, message, refused_at FROM refusals
         WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        Uuid::from(tenant),
        after,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| WrittenRefusal {
            id: row.id,
            server: row.server_id.into(),
            node: row.node,
            reason: row.reason,
            message: row.message,
            refused_at: row.refused_at,
        })
        .collect())
}
