//! Everything that a decision is made from, for several asks at once, in one statement.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use super::columns::parse;
use super::conferences::ConferenceRow;
use super::occurrences::OccurrenceRow;
use super::tenants::TenantRow;
use crate::credential::CredentialHash;
use crate::reservation::wording::Language;
use crate::reservation::{Near, Occurrence, RoomKey, Server, ServerId, Situation, Tenant, TenantName};

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub enum Asker {
    /// The server that owns this credential.
    Credential(CredentialHash),
    /// This server. For dry runs: whoever calls has to know who is asking.
    Server(ServerId),
}

/// What to look up.
#[derive(Debug, Clone)]
pub struct LookUp<'a> {
    /// Who asks.
    pub asker: Asker,
    /// The tenant that the node names; `None` for the server's default one.
    pub tenant: Option<&'a TenantName>,
    /// The room; `None` looks at no room.
    pub room: Option<&'a RoomKey>,
}

/// What was found, and how to speak to the server.
#[derive(Debug, Clone)]
pub struct Found {
    /// What the decision is made from.
    pub situation: Situation,
    /// The language of the tenant, or else of the server's default one.
    pub language: Language,
    /// The time zone, likewise.
    pub time_zone: Tz,
}

/// Reads what each look-up needs, in the same order; `None` where nobody known asks.
///
/// # Errors
/// Where the database fails.
pub async fn read(
    db: &mut PgConnection,
    look_ups: &[LookUp<'_>],
    now: DateTime<Utc>,
) -> Result<Vec<Option<Found>>, StoreError> {
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
            s.id AS "server_id?", s.state AS "server_state?",
            COALESCE(s.serves_all OR t.id = s.default_tenant_id OR EXISTS (
                SELECT FROM conference_server_tenants st WHERE st.tenant_id = t.id AND st.server_id = s.id
            ), false) AS "served!",
            d.id AS "default_id?", d.language AS "default_language?", d.time_zone AS "default_time_zone?",
            t.id AS "tenant_id?", t.name AS "tenant_name?", t.language AS "language?", t.time_zone AS "time_zone?",
            t.meeting_url AS "meeting_url?", t.early_open_s AS "tenant_early_open_s?", t.grace_s AS "tenant_grace_s?",
            t.max_duration_s AS "tenant_max_duration_s?", t.max_occupants AS "tenant_max_occupants?",
            t.answer_token AS "tenant_answer_token?",
            t.moderators AS "moderators?", t.when_live_elsewhere AS "when_live_elsewhere?",
            t.unscheduled AS "unscheduled?", t.unscheduled_pattern AS "unscheduled_pattern?",
            t.unscheduled_duration_s AS "unscheduled_duration_s?", t.unscheduled_lobby AS "unscheduled_lobby?",
            t.unscheduled_max_occupants AS "unscheduled_max_occupants?", t.capacity AS "capacity?",
            t.horizon_days AS "horizon_days?", t.revision AS "tenant_revision?",
            t.created_at AS "tenant_created_at?", t.disabled_at AS "disabled_at?",
            n.live_count AS "live_count?", l.is_booked AS "live_is_booked?",
            l.id AS "live_id?", l.room AS "live_room?", l.node AS "live_node?", l.server_id AS "live_server_id?",
            l.state AS "live_server_state?", l.mail_owner AS "live_mail_owner?",
            l.appointment_id AS "live_appointment_id?", l.original_start AS "live_original_start?",
            l.opened_at AS "live_opened_at?", l.ends_at AS "live_ends_at?",
            l.max_occupants AS "live_max_occupants?", l.lobby AS "live_lobby?", l.password AS "live_password?",
            l.answer_token AS "live_answer_token?",
            o.appointment_id AS "appointment_id?", o.original_start AS "original_start?",
            o.starts AS "starts?", o.ends AS "ends?", o.revision AS "revision?",
            COALESCE(o.early_open_s, t.early_open_s) AS early_open_s,
            COALESCE(o.grace_s, t.grace_s) AS grace_s,
            COALESCE(o.max_duration_s, t.max_duration_s) AS max_duration_s,
            COALESCE(o.max_occupants, t.max_occupants) AS max_occupants,
            COALESCE(o.answer_token, t.answer_token) AS answer_token,
            o.lobby AS "lobby?", o.password AS "password?", o.cancelled_at AS "cancelled_at?",
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
        LEFT JOIN tenants d ON d.id = s.default_tenant_id
        LEFT JOIN tenants t ON t.id = CASE
            WHEN ask.tenant IS NULL THEN s.default_tenant_id
            WHEN s.id IS NOT NULL THEN (SELECT named.id FROM tenants named WHERE named.name = ask.tenant)
        END
        -- One probe per ask: without the limit, the planner may join with all open conferences,
        -- which it believes to be few.
        LEFT JOIN LATERAL (
            SELECT c.*, h.state, EXISTS (
                SELECT FROM occurrences b
                WHERE b.tenant_id = c.tenant_id AND b.appointment_id = c.appointment_id
                  AND b.original_start = c.original_start AND b.starts = c.booked_start AND b.room = c.room
                  AND b.cancelled_at IS NULL
            ) AS is_booked
            FROM conferences c JOIN conference_servers h ON h.id = c.server_id
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
        ORDER BY ask.ord, o.starts
        "#,
        &hashes as &[Option<Vec<u8>>],
        &servers as &[Option<Uuid>],
        &tenants as &[Option<String>],
        &rooms as &[Option<String>],
        now,
    )
    .fetch_all(db)
    .await?;

    let mut found: Vec<Option<Found>> = vec![None; look_ups.len()];
    for row in rows {
        let Some(place) = usize::try_from(row.ord - 1).ok().and_then(|ord| found.get_mut(ord)) else {
            continue;
        };
        if place.is_none() {
            *place = row.found()?;
        }
        if let (Some(found), Some(occurrence)) = (place, row.occurrence()) {
            note(&mut found.situation.near, occurrence.try_into()?, row.cancelled_at.is_some(), now);
        }
    }
    Ok(found)
}

/// Puts an occurrence in its place; they come by their start.
fn note(near: &mut Near, occurrence: Occurrence, cancelled: bool, now: DateTime<Utc>) {
    let started = occurrence.slot.starts() <= now;
    let place = match (cancelled, started) {
        (false, true) => &mut near.current,
        (false, false) if near.next.is_none() => &mut near.next,
        (false, false) => &mut near.following,
        (true, true) => &mut near.cancelled_current,
        (true, false) => &mut near.cancelled_next,
    };
    *place = Some(occurrence);
}

/// One row: an ask, with one of its occurrences where there is any.
struct DeskRow {
    ord: i64,
    server_id: Option<Uuid>,
    server_state: Option<String>,
    served: bool,
    default_id: Option<Uuid>,
    default_language: Option<String>,
    default_time_zone: Option<String>,
    tenant_id: Option<Uuid>,
    tenant_name: Option<String>,
    language: Option<String>,
    time_zone: Option<String>,
    meeting_url: Option<String>,
    tenant_early_open_s: Option<i32>,
    tenant_grace_s: Option<i32>,
    tenant_max_duration_s: Option<i32>,
    tenant_max_occupants: Option<i32>,
    tenant_answer_token: Option<bool>,
    moderators: Option<String>,
    when_live_elsewhere: Option<String>,
    unscheduled: Option<String>,
    unscheduled_pattern: Option<String>,
    unscheduled_duration_s: Option<i32>,
    unscheduled_lobby: Option<bool>,
    unscheduled_max_occupants: Option<i32>,
    capacity: Option<i32>,
    horizon_days: Option<i32>,
    tenant_revision: Option<i64>,
    tenant_created_at: Option<DateTime<Utc>>,
    disabled_at: Option<DateTime<Utc>>,
    live_count: Option<i64>,
    live_is_booked: Option<bool>,
    live_id: Option<Uuid>,
    live_room: Option<String>,
    live_node: Option<String>,
    live_server_id: Option<Uuid>,
    live_server_state: Option<String>,
    live_mail_owner: Option<String>,
    live_appointment_id: Option<Uuid>,
    live_original_start: Option<DateTime<Utc>>,
    live_opened_at: Option<DateTime<Utc>>,
    live_ends_at: Option<DateTime<Utc>>,
    live_max_occupants: Option<i32>,
    live_answer_token: Option<bool>,
    live_lobby: Option<bool>,
    live_password: Option<Vec<u8>>,
    appointment_id: Option<Uuid>,
    original_start: Option<DateTime<Utc>>,
    starts: Option<DateTime<Utc>>,
    ends: Option<DateTime<Utc>>,
    revision: Option<i64>,
    early_open_s: Option<i32>,
    grace_s: Option<i32>,
    max_duration_s: Option<i32>,
    max_occupants: Option<i32>,
    lobby: Option<bool>,
    password: Option<Vec<u8>>,
    cancelled_at: Option<DateTime<Utc>>,
    answer_token: Option<bool>,
    first_opened_at: Option<DateTime<Utc>>,
    appointment_cancelled: Option<bool>,
}

impl DeskRow {
    /// All but the occurrences; `None` where nobody known asks.
    fn found(&self) -> Result<Option<Found>, StoreError> {
        let (Some(id), Some(state)) = (self.server_id, &self.server_state) else {
            return Ok(None);
        };
        let Some(default_tenant) = self.default_id else {
            return Err(StoreError::Unreadable { column: "default_tenant_id" });
        };
        let language = self.language.as_ref().or(self.default_language.as_ref());
        let time_zone = self.time_zone.as_ref().or(self.default_time_zone.as_ref());
        Ok(Some(Found {
            situation: Situation {
                server: Server { id: id.into(), state: parse("state", state)? },
                tenant: self.tenant().map(Tenant::try_from).transpose()?,
                served: self.served,
                near: Near::default(),
                live: self.live().map(TryInto::try_into).transpose()?,
                default_tenant: default_tenant.into(),
                live_is_booked: self.live_is_booked.unwrap_or(false),
                live_count: self.live_count.unwrap_or(0).try_into().unwrap_or(u32::MAX),
            },
            language: parse("language", language.map_or("", String::as_str))?,
            time_zone: parse("time_zone", time_zone.map_or("", String::as_str))?,
        }))
    }

    fn tenant(&self) -> Option<TenantRow> {
        Some(TenantRow {
            id: self.tenant_id?,
            name: self.tenant_name.clone()?,
            language: self.language.clone()?,
            time_zone: self.time_zone.clone()?,
            meeting_url: self.meeting_url.clone(),
            early_open_s: self.tenant_early_open_s?,
            grace_s: self.tenant_grace_s?,
            max_duration_s: self.tenant_max_duration_s,
            max_occupants: self.tenant_max_occupants,
            answer_token: self.tenant_answer_token?,
            moderators: self.moderators.clone()?,
            when_live_elsewhere: self.when_live_elsewhere.clone()?,
            unscheduled: self.unscheduled.clone()?,
            unscheduled_pattern: self.unscheduled_pattern.clone(),
            unscheduled_duration_s: self.unscheduled_duration_s?,
            unscheduled_lobby: self.unscheduled_lobby?,
            unscheduled_max_occupants: self.unscheduled_max_occupants,
            capacity: self.capacity,
            horizon_days: self.horizon_days?,
            revision: self.tenant_revision?,
            created_at: self.tenant_created_at?,
            disabled_at: self.disabled_at,
        })
    }

    fn live(&self) -> Option<ConferenceRow> {
        Some(ConferenceRow {
            tenant_id: self.tenant_id?,
            id: self.live_id?,
            room: self.live_room.clone()?,
            node: self.live_node.clone()?,
            server_id: self.live_server_id?,
            server_state: self.live_server_state.clone()?,
            mail_owner: self.live_mail_owner.clone()?,
            appointment_id: self.live_appointment_id,
            original_start: self.live_original_start,
            opened_at: self.live_opened_at?,
            ends_at: self.live_ends_at?,
            max_occupants: self.live_max_occupants,
            answer_token: self.live_answer_token?,
            lobby: self.live_lobby?,
            password: self.live_password.clone(),
        })
    }

    fn occurrence(&self) -> Option<OccurrenceRow> {
        Some(OccurrenceRow {
            appointment_id: self.appointment_id?,
            original_start: self.original_start?,
            starts: self.starts?,
            ends: self.ends,
            revision: self.revision?,
            early_open_s: self.early_open_s?,
            grace_s: self.grace_s?,
            max_duration_s: self.max_duration_s,
            first_opened_at: self.first_opened_at,
            max_occupants: self.max_occupants,
            answer_token: self.answer_token?,
            lobby: self.lobby?,
            password: self.password.clone(),
            appointment_cancelled: self.appointment_cancelled.unwrap_or(false),
        })
    }
}
