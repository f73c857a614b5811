//! The appointments that a feed shows.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::AppointmentRow;
use crate::reservation::{Appointment, FeedOf, TenantId};
use crate::store::StoreError;

/// Reads appointments as others may see them: no password, no metadata, and no id of an app's.
macro_rules! select_public {
    ($which:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            AppointmentRow,
            r#"SELECT a.tenant_id, a.id, NULL::uuid AS app_id, NULL::text AS external_id, a.room, a.room_name, a.title,
                      a.description, '{}'::json AS "metadata!: Value", a.time_zone, a.starts, a.ends, a.rrule, a.rdates,
                      a.exdates, a.first_starts, a.last_ends, a.expanded_until, a.early_open_s, a.grace_s,
                      a.max_duration_s, a.max_occupants, a.lobby, NULL::bytea AS password, a.answer_token, a.recording,
                      a.revision, a.created_at,
                      COALESCE(a.updated_at, a.created_at) AS "updated_at!", a.cancelled_at
               FROM appointments a
               WHERE a.tenant_id = $1
                 AND tstzrange(COALESCE(a.first_starts, a.starts),
                               CASE WHEN a.first_starts IS NULL THEN a.ends ELSE a.last_ends END)
                     && tstzrange($2::timestamptz, NULL)
                 AND (a.cancelled_at IS NULL OR a.first_starts IS NULL
                      OR EXISTS (SELECT FROM occurrences d
                                 WHERE d.tenant_id = a.tenant_id AND d.appointment_id = a.id AND d.ends > $2)) "#
                + $which
                + r#"
               ORDER BY CASE WHEN COALESCE(a.first_starts, a.starts) > $3::timestamptz
                             THEN COALESCE(a.first_starts, a.starts) - $3
                             WHEN CASE WHEN a.first_starts IS NULL THEN a.ends ELSE a.last_ends END <= $3
                             THEN $3 - CASE WHEN a.first_starts IS NULL THEN a.ends ELSE a.last_ends END
                             ELSE interval '0' END, a.id
               LIMIT $4"#,
            $($argument),+
        )
    };
}

/// What a feed shows of the tenant's appointments: those that end after `from`, cancelled ones too. At most `limit`, those
/// nearest to `now`. Their participants are left out, and so is what is nobody's business: passwords and metadata.
///
/// # Errors
/// Where the database fails.
pub async fn of_feed(
    db: &mut PgConnection,
    tenant: TenantId,
    of: &FeedOf,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Appointment>, StoreError> {
    let tenant = Uuid::from(tenant);
    let rows = match of {
        FeedOf::Tenant => select_public!("", tenant, from, now, limit).fetch_all(db).await?,
        FeedOf::Room(room) => {
            // Dates of appointments elsewhere, too: each half has an index of its own.
            select_public!(
                "AND (a.room = $5 OR a.id IN (
                     SELECT o.appointment_id FROM occurrences o
                     WHERE o.tenant_id = $1 AND o.room = $5 AND o.starts >= $2 AND o.cancelled_at IS NULL
                       AND 'room' = ANY (o.own)
                     UNION ALL
                     SELECT o.appointment_id FROM occurrences o
                     WHERE o.tenant_id = $1 AND o.room = $5 AND o.starts >= $2 AND o.cancelled_at IS NOT NULL
                       AND 'room' = ANY (o.own)))",
                tenant,
                from,
                now,
                limit,
                room.as_str(),
            )
            .fetch_all(db)
            .await?
        }
        FeedOf::Host(host) => {
            select_public!(
                "AND a.id IN (
                     SELECT p.appointment_id FROM participants p
                     WHERE p.tenant_id = $1 AND p.role = 'host' AND (lower(p.email) = lower($5) OR p.external_id = $5))",
                tenant,
                from,
                now,
                limit,
                host.as_str(),
            )
            .fetch_all(db)
            .await?
        }
    };
    rows.into_iter().map(Appointment::try_from).collect()
}
