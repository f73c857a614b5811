//! The statement that reads for asks, and its rows.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Asker, LookUp};
use crate::reservation::{Near, Occurrence, Policy, Server};
use crate::store::StoreError;
use crate::store::columns::{parse, to_count, to_seconds};
use crate::store::occurrences::OccurrenceRow;

/// One row: an ask, with one of the dates of its room where there is any.
#[cfg_attr(test, derive(Default))]
pub(super) struct DeskRow {
    /// Which look-up, from 1.
    pub ord: i64,
    pub server_id: Option<Uuid>,
    pub server_state: Option<String>,
    pub default_tenant_id: Option<Uuid>,
    pub served: bool,
    pub tenant_id: Option<Uuid>,
    pub tenant_revision: Option<i64>,
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

/// The rows of the look-ups, in any order; at least one for each.
///
/// Each column costs as often as there are steps of the plan that it goes through, before the first row is read: so there are no
/// more than it takes.
pub(super) async fn read(
    db: &mut PgConnection,
    look_ups: &[LookUp<'_>],
    now: DateTime<Utc>,
) -> Result<Vec<DeskRow>, StoreError> {
    let mut hashes = Vec::with_capacity(look_ups.len());
    let mut servers = Vec::with_capacity(look_ups.len());
    for look_up in look_ups {
        let (hash, server) = match look_up.asker {
            Asker::Credential(hash) => (Some(hash.as_bytes().to_vec()), None),
            Asker::Server(server) => (None, Some(Uuid::from(server))),
        };
        hashes.push(hash);
        servers.push(server);
    }
    let tenants: Vec<_> = look_ups.iter().map(|l| l.tenant.map(|name| name.as_str().to_owned())).collect();
    let rooms: Vec<_> = look_ups.iter().map(|l| l.room.map(|room| room.as_str().to_owned())).collect();

    let rows = sqlx::query_as!(
        DeskRow,
        r#"
        SELECT
            ask.ord AS "ord!",
            s.id AS "server_id?", s.state AS "server_state?", s.default_tenant_id AS "default_tenant_id?",
            COALESCE(s.serves_all OR t.id = s.default_tenant_id OR EXISTS (
                SELECT FROM conference_server_tenants st WHERE st.tenant_id = t.id AND st.server_id = s.id
            ), false) AS "served!",
            t.id AS "tenant_id?", t.revision AS "tenant_revision?",
            n.live_count AS "live_count?", l.id AS "live_id?",
            o.appointment_id AS "appointment_id?", o.original_start AS "original_start?",
            o.starts AS "starts?", o.ends AS "ends?", o.revision AS "revision?",
            o.early_open_s, o.grace_s, o.max_duration_s, o.max_occupants, o.answer_token,
            o.lobby AS "lobby?", o.password, o.cancelled_at AS "cancelled_at?",
            CASE WHEN COALESCE(o.max_duration_s, t.max_duration_s) IS NOT NULL THEN (
                SELECT min(c.opened_at) FROM conferences c
                WHERE c.tenant_id = t.id AND c.appointment_id = o.appointment_id
                  AND c.original_start = o.original_start AND c.usual
            ) END AS first_opened_at,
            CASE WHEN o.cancelled_at IS NOT NULL THEN (
                SELECT a.cancelled_at IS NOT NULL FROM appointments a
                WHERE a.tenant_id = t.id AND a.id = o.appointment_id
            ) END AS appointment_cancelled
        FROM unnest($1::bytea[], $2::uuid[], $3::text[], $4::text[])
             WITH ORDINALITY AS ask (hash, server_id, tenant, room, ord)
        LEFT JOIN server_credentials k ON k.hash = ask.hash AND k.revoked_at IS NULL
        LEFT JOIN conference_servers s ON s.id = COALESCE(k.server_id, ask.server_id) AND s.state <> 'revoked'
        LEFT JOIN tenants t ON t.id = CASE
            WHEN ask.tenant IS NULL THEN s.default_tenant_id
            WHEN s.id IS NOT NULL THEN (SELECT named.id FROM tenants named WHERE named.name = ask.tenant)
        END
        -- One probe per ask: without the limit, the planner may join with all open conferences,
        -- which it believes to be few.
        LEFT JOIN LATERAL (
            SELECT c.id FROM conferences c
            WHERE c.tenant_id = t.id AND c.room = ask.room AND c.closed_at IS NULL LIMIT 1
        ) l ON true
        LEFT JOIN LATERAL (
            SELECT count(*) AS live_count FROM conferences c
            WHERE t.capacity IS NOT NULL AND c.tenant_id = t.id AND c.closed_at IS NULL AND c.ends_at > $5 AND c.usual
        ) n ON true
        LEFT JOIN LATERAL (
            (SELECT * FROM occurrences b
             WHERE b.tenant_id = t.id AND b.room = ask.room AND b.starts <= $5 AND b.cancelled_at IS NULL
             ORDER BY b.starts DESC LIMIT 1)
            UNION ALL
            (SELECT * FROM occurrences b
             WHERE b.tenant_id = t.id AND b.room = ask.room AND b.starts > $5 AND b.cancelled_at IS NULL
             ORDER BY b.starts LIMIT 2)
            UNION ALL
            (SELECT * FROM occurrences b
             WHERE b.tenant_id = t.id AND b.room = ask.room AND b.starts <= $5 AND b.cancelled_at IS NOT NULL
             ORDER BY b.starts DESC LIMIT 1)
            UNION ALL
            (SELECT * FROM occurrences b
             WHERE b.tenant_id = t.id AND b.room = ask.room AND b.starts > $5 AND b.cancelled_at IS NOT NULL
             ORDER BY b.starts LIMIT 1)
        ) o ON true
        "#,
        &hashes as &[Option<Vec<u8>>],
        &servers as &[Option<Uuid>],
        &tenants as &[Option<String>],
        &rooms as &[Option<String>],
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
    /// Who asks; `None` where that is nobody known.
    pub fn server(&self) -> Result<Option<Server>, StoreError> {
        let (Some(id), Some(state)) = (self.server_id, &self.server_state) else { return Ok(None) };
        Ok(Some(Server { id: id.into(), state: parse("state", state)? }))
    }

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
