//! How the database is.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::StoreError;

/// What time the database has. Only to be compared: decisions are made by the service's clock.
///
/// # Errors
/// Where the database fails.
pub async fn time(db: &mut PgConnection) -> Result<DateTime<Utc>, StoreError> {
    Ok(sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#).fetch_one(db).await?)
}

/// What decides whether this database is good for Frontdesk.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "facts, each by itself")]
pub struct Facts {
    /// `server_version_num`: 150004 is 15.4.
    pub version: i32,
    /// Whether it follows another one.
    pub is_replica: bool,
    /// Whether transactions can't write.
    pub is_read_only: bool,
    /// Whether our user may read and write every table.
    pub may_write: bool,
    /// Whether our user may change every table.
    pub owns_tables: bool,
    /// Which of the settings that keep what was confirmed are off.
    pub unsafe_settings: Vec<String>,
    /// How many connections it takes.
    pub max_connections: i32,
    /// How many of them are not for us.
    pub reserved_connections: i32,
    /// How many there are now.
    pub connections: i64,
    /// What time it has.
    pub now: DateTime<Utc>,
}

/// Our tables.
const TABLES: [&str; 12] = [
    "deployment",
    "tenants",
    "conference_servers",
    "conference_server_tenants",
    "server_credentials",
    "apps",
    "app_credentials",
    "appointments",
    "occurrences",
    "conferences",
    "refusals",
    "_sqlx_migrations",
];

/// Looks at the database.
///
/// # Errors
/// Where the database fails.
pub async fn facts(db: &mut PgConnection) -> Result<Facts, StoreError> {
    let facts = sqlx::query_as!(
        Facts,
        r#"SELECT current_setting('server_version_num')::integer AS "version!",
                  pg_is_in_recovery() AS "is_replica!",
                  current_setting('transaction_read_only')::boolean AS "is_read_only!",
                  (SELECT bool_and(has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
                                   AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))
                   FROM unnest($1::text[]) AS name, pg_class c WHERE c.oid = to_regclass(name)
                  ) AS "may_write!",
                  (SELECT bool_and(pg_has_role(c.relowner, 'USAGE'))
                   FROM unnest($1::text[]) AS name, pg_class c WHERE c.oid = to_regclass(name)
                  ) AS "owns_tables!",
                  ARRAY(SELECT name FROM pg_settings
                        WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
                        ORDER BY name) AS "unsafe_settings!",
                  current_setting('max_connections')::integer AS "max_connections!",
                  current_setting('superuser_reserved_connections')::integer AS "reserved_connections!",
                  (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS "connections!",
                  clock_timestamp() AS "now!""#,
        &TABLES.map(str::to_owned)
    )
    .fetch_one(db)
    .await?;
    Ok(facts)
}
