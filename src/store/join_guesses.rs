//! Codes of join links that there are not: how many came from where.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::StoreError;
use crate::seal::Tag;

/// Counts one in that minute, and says how many have come from that network since.
///
/// # Errors
/// Where the database fails.
pub async fn count(
    db: &mut PgConnection,
    network: Tag,
    minute: DateTime<Utc>,
    since: DateTime<Utc>,
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"WITH counted AS (
             INSERT INTO join_guesses AS g (network, minute, guesses) VALUES ($1, $2, 1)
             ON CONFLICT (network, minute) DO UPDATE SET guesses = g.guesses + 1
             RETURNING guesses
         )
         SELECT (SELECT guesses FROM counted)::bigint + COALESCE(sum(g.guesses), 0)::bigint AS "guesses!"
         FROM join_guesses g WHERE g.network = $1 AND g.minute >= $3 AND g.minute < $2"#,
        network.as_slice(),
        minute,
        since,
    )
    .fetch_one(db)
    .await?)
}

/// Forgets those from before then, at most `limit`.
///
/// # Errors
/// Where the database fails.
pub async fn purge(db: &mut PgConnection, until: DateTime<Utc>, limit: i64) -> Result<u64, StoreError> {
    let purged = sqlx::query!(
        "DELETE FROM join_guesses WHERE (network, minute) IN (
             SELECT network, minute FROM join_guesses WHERE minute < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        until,
        limit,
    );
    Ok(purged.execute(db).await?.rows_affected())
}
