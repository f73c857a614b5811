//! The statement that reads for asks, and its rows.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::standing::Standing;
use crate::reservation::{Near, Occurrence, Policy, RoomKey};
use crate::store::StoreError;
use crate::store::columns::{to_count, to_seconds};
use crate::store::occurrences::OccurrenceRow;

/// What is asked about a room.
pub(super) struct Ask<'a> {
    /// Which look-up it is.
    pub place: usize,
    /// Between whom.
    pub standing: Arc<Standing>,
    /// The room; `None` looks at no room.
    pub room: Option<&'a RoomKey>,
}

/// One row: an ask, with one of the dates of its room where there is any.
#[cfg_attr(test, derive(Default))]
pub(super) struct DeskRow {
    /// Which ask, from 1.
    pub ord: i64,
    /// Of the desk, when this was read.
    pub desk_revision: Option<Uuid>,
    pub live_count: Option<i64>,
    pub live_id: Option<Uuid>,
    pub appointment_id: Option<Uuid>,
    pub original_start: Option<DateTime<Utc>>,
    pub starts: Option<DateTime<Utc>>,
    pub ends: Option<DateTime<Utc>>,
    pub revision: Option<i64>,
    pub early_open_s: Option<i32>,
    pub grace_s: Option<i32>,
    pub max_duration_s: Option<i32>,
    pub max_occupants: Option<i32>,
    pub answer_token: Option<bool>,
    pub lobby: Option<bool>,
    pub password: Option<Vec<u8>>,
    pub cancelled_at: Option<DateTime<Utc>>,
    pub first_opened_at: Option<DateTime<Utc>>,
    pub appointment_cancelled: Option<bool>,
}

/// The rows of the asks, in any order; at least one for each.
///
/// Each column costs as often as there are steps of the plan that it goes through, before the first row is read: so there are no
/// more than it takes.
pub(super) async fn read(
    db: &mut PgConnection,
    asks: &[Ask<'_>],
    now: DateTime<Utc>,
) -> Result<Vec<DeskRow>, StoreError> {
    let tenants: Vec<_> =
        asks.iter().map(|ask| ask.standing.tenant().map(|tenant| tenant.id.into())).collect();
    let rooms: Vec<_> = asks.iter().map(|ask| ask.room.map(|room| room.as_str().to_owned())).collect();
    let policy =
        |is: fn(&Policy) -> bool| asks.iter().map(|ask| is(&ask.standing.speaker.policy)).collect::<Vec<_>>();
    let rows = sqlx::query_as!(
        DeskRow,
        r#"
        SELECT
            ask.ord AS "ord!", (SELECT revision FROM desk_revision WHERE singleton) AS desk_revision,
            n.live_count AS "live_count?", l.id AS "live_id?",
            o.appointment_id AS "appointment_id?", o.original_start AS "original_start?",
            o.starts AS "starts?", o.ends AS "ends?", o.revision AS "revision?",
            o.early_open_s, o.grace_s, o.max_duration_s, o.max_occupants, o.answer_token,
            o.lobby AS "lobby?", o.password, o.cancelled_at AS "cancelled_at?",
            CASE WHEN ask.has_longest OR o.max_duration_s IS NOT NULL THEN (
                SELECT min(c.opened_at) FROM conferences c
                WHERE c.tenant_id = ask.tenant_id AND c.appointment_id = o.appointment_id
                  AND c.original_start = o.original_start AND c.usual
            ) END AS first_opened_at,
            CASE WHEN o.cancelled_at IS NOT NULL THEN (
                SELECT a.cancelled_at IS NOT NULL FROM appointments a
                WHERE a.tenant_id = ask.tenant_id AND a.id = o.appointment_id
            ) END AS appointment_cancelled
        FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::boolean[])
             WITH ORDINALITY AS ask (tenant_id, room, has_capacity, has_longest, ord)
        -- One probe per ask: without the limit, the planner may join with all open conferences,
        -- which it believes to be few.
        LEFT JOIN LATERAL (
            SELECT c.id FROM conferences c
            WHERE c.tenant_id = ask.tenant_id AND c.room = ask.room AND c.closed_at IS NULL LIMIT 1
        ) l ON true
        LEFT JOIN LATERAL (
            SELECT count(*) AS live_count FROM conferences c
            WHERE ask.has_capacity AND c.tenant_id = ask.tenant_id AND c.closed_at IS NULL AND c.ends_at > $5 AND c.usual
        ) n ON true
        LEFT JOIN LATERAL (
            (SELECT b.appointment_id, b.original_start, b.starts, b.ends, b.revision, b.early_open_s, b.grace_s,
                    b.max_duration_s, b.max_occupants, b.answer_token, b.lobby, b.password, b.cancelled_at
             FROM occurrences b
             WHERE b.tenant_id = ask.tenant_id AND b.room = ask.room AND b.starts <= $5 AND b.cancelled_at IS NULL
             ORDER BY b.starts DESC LIMIT 1)
            UNION ALL
            (SELECT b.appointment_id, b.original_start, b.starts, b.ends, b.revision, b.early_open_s, b.grace_s,
                    b.max_duration_s, b.max_occupants, b.answer_token, b.lobby, b.password, b.cancelled_at
             FROM occurrences b
             WHERE b.tenant_id = ask.tenant_id AND b.room = ask.room AND b.starts > $5 AND b.cancelled_at IS NULL
             ORDER BY b.starts LIMIT 2)
            UNION ALL
            (SELECT b.appointment_id, b.original_start, b.starts, b.ends, b.revision, b.early_open_s, b.grace_s,
                    b.max_duration_s, b.max_occupants, b.answer_token, b.lobby, b.password, b.cancelled_at
             FROM occurrences b
             WHERE b.tenant_id = ask.tenant_id AND b.room = ask.room AND b.starts <= $5 AND b.cancelled_at IS NOT NULL
             ORDER BY b.starts DESC LIMIT 1)
            UNION ALL
            (SELECT b.appointment_id, b.original_start, b.starts, b.ends, b.revision, b.early_open_s, b.grace_s,
                    b.max_duration_s, b.max_occupants, b.answer_token, b.lobby, b.password, b.cancelled_at
             FROM occurrences b
             WHERE b.tenant_id = ask.tenant_id AND b.room = ask.room AND b.starts > $5 AND b.cancelled_at IS NOT NULL
             ORDER BY b.starts LIMIT 1)
        ) o ON true
        "#,
        &tenants as &[Option<Uuid>],
        &rooms as &[Option<String>],
        &policy(|policy| policy.capacity.is_some()),
        &policy(|policy| policy.max_duration.is_some()),
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// The dates of the rows, which are sorted by their start, each in its place. What they leave open is settled by the policy.
pub(super) fn near(rows: &[DeskRow], policy: &Policy, now: DateTime<Utc>) -> Result<Near, StoreError> {
    let mut near = Near::default();
    for row in rows {
        let Some(occurrence) = row.occurrence(policy) else { continue };
        let occurrence = Occurrence::try_from(occurrence)?;
        let started = occurrence.slot.starts() <= now;
        let place = match (row.cancelled_at.is_some(), started) {
            (false, true) => &mut near.current,
            (false, false) if near.next.is_none() => &mut near.next,
            (false, false) => &mut near.following,
            (true, true) => &mut near.cancelled_current,
            (true, false) => &mut near.cancelled_next,
        };
        *place = Some(occurrence);
    }
    Ok(near)
}

impl DeskRow {
    fn occurrence(&self, policy: &Policy) -> Option<OccurrenceRow> {
        Some(OccurrenceRow {
            appointment_id: self.appointment_id?,
            original_start: self.original_start?,
            starts: self.starts?,
            ends: self.ends,
            revision: self.revision?,
            early_open_s: self.early_open_s.unwrap_or_else(|| to_seconds(policy.early_open)),
            grace_s: self.grace_s.unwrap_or_else(|| to_seconds(policy.grace)),
            max_duration_s: self.max_duration_s.or_else(|| policy.max_duration.map(to_seconds)),
            first_opened_at: self.first_opened_at,
            max_occupants: self.max_occupants.or_else(|| policy.max_occupants.map(to_count)),
            answer_token: self.answer_token.unwrap_or(policy.answer_token),
            lobby: self.lobby?,
            password: self.password.clone(),
            appointment_cancelled: self.appointment_cancelled.unwrap_or(false),
        })
    }
}
