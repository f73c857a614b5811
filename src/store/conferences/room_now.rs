//! What is going on in a room, for who stands before it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::reservation::{OpenNow, RoomKey, RoomNow, TenantId};
use crate::store::StoreError;
use crate::store::columns::count;

/// The room as it is at that moment; with the tenant's live conferences, where they are wanted.
///
/// # Errors
/// Where the database fails.
pub async fn room_now(
    db: &mut PgConnection,
    tenant: TenantId,
    room: &RoomKey,
    now: DateTime<Utc>,
    with_count: bool,
) -> Result<RoomNow, StoreError> {
    let row = sqlx::query!(
        r#"SELECT c.appointment_id, c.ends_at AS "ends_at?", live.count AS "live_count!",
                  (SELECT b.ends + make_interval(secs => COALESCE(b.grace_s, t.grace_s))
                   FROM occurrences b JOIN tenants t ON t.id = b.tenant_id
                   WHERE b.tenant_id = c.tenant_id AND b.appointment_id = c.appointment_id
                     AND b.original_start = c.original_start AND b.starts = c.booked_start AND b.room = c.room
                     AND b.cancelled_at IS NULL) AS "booked_until?"
           FROM (SELECT count(*)::integer AS count FROM conferences
                 WHERE tenant_id = $1 AND closed_at IS NULL AND ends_at > $3 AND usual AND $4) live
           LEFT JOIN conferences c
                  ON c.tenant_id = $1 AND c.room = $2 AND c.closed_at IS NULL AND c.ends_at > $3"#,
        Uuid::from(tenant),
        room.as_str(),
        now,
        with_count,
    )
    .fetch_one(db)
    .await?;
    let open = row.ends_at.map(|ends_at| OpenNow {
        appointment: row.appointment_id.map(Into::into),
        booked_until: row.booked_until,
        ends_at,
    });
    Ok(RoomNow { open, live_count: count(row.live_count) })
}
