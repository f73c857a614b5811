//! Taking a tenant away, with everything of it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::reservation::{TenantId, TenantName};

/// How long the removal may take: about half a minute for each million rows.
const PATIENCE: &str = "30min";

/// How much went with a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// Appointments.
    pub appointments: i64,
    /// Their dates.
    pub occurrences: i64,
    /// People who were expected at them.
    pub participants: i64,
    /// Conferences, closed ones too.
    pub conferences: i64,
    /// Refusals.
    pub refusals: i64,
    /// Apps.
    pub apps: i64,
    /// Credentials of apps.
    pub app_credentials: i64,
    /// Signing keys of apps.
    pub app_signing_keys: i64,
    /// Keys that room tokens were signed with. Their names are never used again.
    pub signing_keys: i64,
    /// Feeds.
    pub feeds: i64,
    /// Join links.
    pub join_links: i64,
    /// Aliases, as Datagram has them.
    pub aliases: i64,
    /// Conference servers whose default tenant it was.
    pub servers: i64,
    /// Credentials of those.
    pub server_credentials: i64,
}

/// Removes a tenant with its appointments, conferences, refusals and apps, and the conference servers
/// whose default tenant it is. Says how much that was.
///
/// # Errors
/// Where the database fails, or such a server has held rooms of another tenant.
pub async fn remove_tenant(db: &mut PgConnection, tenant: TenantId) -> Result<Counts, StoreError> {
    // However much there is to delete, it ends with this transaction.
    sqlx::query!("SELECT set_config('statement_timeout', $1, true)", PATIENCE).fetch_one(&mut *db).await?;
    // One statement: its foreign keys are checked at the end, so the order is of no importance.
    Ok(sqlx::query_as!(
        Counts,
        r#"
        WITH tenant AS (DELETE FROM tenants WHERE id = $1 RETURNING id),
             servers AS (DELETE FROM conference_servers WHERE default_tenant_id = $1 RETURNING id),
             server_credentials AS (
                 DELETE FROM server_credentials WHERE server_id IN (SELECT id FROM servers) RETURNING id
             ),
             served AS (
                 DELETE FROM conference_server_tenants
                 WHERE tenant_id = $1 OR server_id IN (SELECT id FROM servers)
             ),
             app_signing_keys AS (DELETE FROM app_signing_keys WHERE tenant_id = $1 RETURNING id),
             app_credentials AS (DELETE FROM app_credentials WHERE tenant_id = $1 RETURNING id),
             signing_keys AS (DELETE FROM signing_keys WHERE tenant_id = $1 RETURNING id),
             token_settings AS (DELETE FROM token_settings WHERE tenant_id = $1),
             token_revocations AS (DELETE FROM token_revocations WHERE tenant_id = $1),
             brand AS (DELETE FROM brands WHERE tenant_id = $1),
             dialects AS (DELETE FROM dialects WHERE tenant_id = $1),
             aliases AS (DELETE FROM aliases WHERE tenant_id = $1 RETURNING id),
             join_secret AS (DELETE FROM join_secrets WHERE tenant_id = $1),
             join_links AS (DELETE FROM join_links WHERE tenant_id = $1 RETURNING id),
             feeds AS (DELETE FROM feeds WHERE tenant_id = $1 RETURNING id),
             apps AS (DELETE FROM apps WHERE tenant_id = $1 RETURNING id),
             keys AS (DELETE FROM idempotency_keys WHERE tenant_id = $1),
             calendar_events AS (DELETE FROM calendar_events WHERE tenant_id = $1),
             participants AS (DELETE FROM participants WHERE tenant_id = $1 RETURNING id),
             conferences AS (DELETE FROM conferences WHERE tenant_id = $1 RETURNING id),
             refusals AS (DELETE FROM refusals WHERE tenant_id = $1 RETURNING id),
             occurrences AS (DELETE FROM occurrences WHERE tenant_id = $1 RETURNING appointment_id),
             appointments AS (DELETE FROM appointments WHERE tenant_id = $1 RETURNING id)
        SELECT (SELECT count(*) FROM appointments) AS "appointments!",
               (SELECT count(*) FROM occurrences) AS "occurrences!",
               (SELECT count(*) FROM participants) AS "participants!",
               (SELECT count(*) FROM conferences) AS "conferences!",
               (SELECT count(*) FROM refusals) AS "refusals!",
               (SELECT count(*) FROM apps) AS "apps!",
               (SELECT count(*) FROM app_credentials) AS "app_credentials!",
               (SELECT count(*) FROM app_signing_keys) AS "app_signing_keys!",
               (SELECT count(*) FROM signing_keys) AS "signing_keys!",
               (SELECT count(*) FROM feeds) AS "feeds!",
               (SELECT count(*) FROM join_links) AS "join_links!",
               (SELECT count(*) FROM aliases) AS "aliases!",
               (SELECT count(*) FROM servers) AS "servers!",
               (SELECT count(*) FROM server_credentials) AS "server_credentials!"
        "#,
        Uuid::from(tenant),
    )
    .fetch_one(db)
    .await?)
}

/// How many conferences of the tenant are open and not over.
///
/// # Errors
/// Where the database fails.
pub async fn count_live(
    db: &mut PgConnection,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM conferences
           WHERE tenant_id = $1 AND closed_at IS NULL AND ends_at > $2"#,
        Uuid::from(tenant),
        now
    )
    .fetch_one(db)
    .await?)
}

/// The first server, by name, whose default tenant it is and which is not its alone: it may ask for others, or has
/// held rooms of others.
///
/// # Errors
/// Where the database fails.
pub async fn shared_server(db: &mut PgConnection, tenant: TenantId) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        "SELECT name FROM conference_servers s
         WHERE default_tenant_id = $1 AND (serves_all
               OR EXISTS (SELECT FROM conference_server_tenants st
                          WHERE st.server_id = s.id AND st.tenant_id <> $1)
               OR EXISTS (SELECT FROM conferences c WHERE c.server_id = s.id AND c.tenant_id <> $1))
         ORDER BY name LIMIT 1",
        Uuid::from(tenant),
    )
    .fetch_optional(db)
    .await?)
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
