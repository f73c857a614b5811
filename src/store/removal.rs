//! Taking a tenant away, with everything of it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::reservation::{TenantId, TenantName};

/// Removes a tenant with its appointments, conferences, refusals and apps, and the conference servers
/// whose default tenant it is.
///
/// # Errors
/// Where the database fails, or such a server has held rooms of another tenant.
pub async fn remove_tenant(db: &mut PgConnection, tenant: TenantId) -> Result<(), StoreError> {
    // One statement: its foreign keys are checked at the end, so the order is of no importance.
    sqlx::query!(
        "WITH tenant AS (DELETE FROM tenants WHERE id = $1 RETURNING id),
              servers AS (DELETE FROM conference_servers WHERE default_tenant_id = $1 RETURNING id),
              credentials AS (DELETE FROM server_credentials WHERE server_id IN (SELECT id FROM servers)),
              served AS (
                  DELETE FROM conference_server_tenants
                  WHERE tenant_id = $1 OR server_id IN (SELECT id FROM servers)
              ),
              app_credentials AS (DELETE FROM app_credentials WHERE tenant_id = $1),
              apps AS (DELETE FROM apps WHERE tenant_id = $1),
              conferences AS (DELETE FROM conferences WHERE tenant_id = $1),
              occurrences AS (DELETE FROM occurrences WHERE tenant_id = $1),
              appointments AS (DELETE FROM appointments WHERE tenant_id = $1)
         DELETE FROM refusals WHERE tenant_id = $1",
        Uuid::from(tenant),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The tenants that a doctor made before then, and that are there still.
///
/// # Errors
/// Where the database fails.
pub async fn left_behind(db: &mut PgConnection, before: DateTime<Utc>) -> Result<Vec<TenantId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM tenants WHERE starts_with(name, $1) AND created_at < $2",
        TenantName::RESERVED,
        before
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(TenantId::from).collect())
}
