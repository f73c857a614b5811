//! When a room is kept shut by a date that was cancelled.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::reservation::{RoomKey, TenantId};
use crate::store::StoreError;

/// When the first cancelled date in the room starts that would not be over. One without an end is: it keeps nothing shut.
///
/// # Errors
/// Where the database fails.
pub async fn next_cancelled_in(
    db: &mut PgConnection,
    tenant: TenantId,
    room: &RoomKey,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(sqlx::query_scalar!(
        "SELECT starts FROM occurrences
         WHERE tenant_id = $1 AND room = $2 AND cancelled_at IS NOT NULL AND ends > $3 ORDER BY starts LIMIT 1",
        Uuid::from(tenant),
        room.as_str(),
        now,
    )
    .fetch_optional(db)
    .await?)
}
