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
