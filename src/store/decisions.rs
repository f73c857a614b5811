//! What was decided, for the one who asks later: grants out of `conferences`, refusals out of `refusals`.
//!
//! Not in here: conflicts, for then the room was open already; and asks that got no answer. A refusal is there
//! a second after it was given, at the latest, and for as long as refusals are kept.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Cursor, StoreError};
use crate::reservation::{AppointmentId, ConferenceId, ReasonCode, RoomKey, ServerId, TenantId};

/// One decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// When.
    pub at: DateTime<Utc>,
    /// Which one; a grant has the id of its conference.
    pub id: Uuid,
    /// The room's name as the server wrote it; a NUL in it is U+FFFD here.
    pub node: String,
    /// The room; `None` where nothing can be called so.
    pub room: Option<RoomKey>,
    /// The name of the server that asked; `None` where the server is gone.
    pub server: Option<String>,
    /// What was decided.
    pub outcome: DecidedOutcome,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq)]
pub enum DecidedOutcome {
    /// The room was opened.
    Granted {
        /// The conference.
        conference: ConferenceId,
        /// The appointment that it was granted for, if it was.
        appointment: Option<AppointmentId>,
        /// When the conference ends, as it was told.
        ends_at: DateTime<Utc>,
    },
    /// It stayed shut.
    Refused {
        /// The stable code of the reason. One that a later version wrote is given as it stands.
        reason: String,
        /// The sentence that people saw; unknown for what an earlier version wrote.
        message: Option<String>,
    },
}

impl Decided {
    /// What a list goes on behind.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { at: self.at, id: self.id }
    }
}

/// Which decisions to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only about this room.
    pub room: Option<RoomKey>,
    /// Only from this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Only from before this moment.
    pub until: Option<DateTime<Utc>>,
    /// Only grants, or only refusals.
    pub kind: Option<Kind>,
    /// Only refusals for this reason.
    pub reason: Option<ReasonCode>,
    /// Only asks of this server.
    pub server: Option<ServerId>,
}

/// What a decision can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// The room was opened.
    Granted,
    /// It stayed shut.
    Refused,
}

impl Filter {
    /// Whether decisions of that kind may be among them.
    fn lets(&self, kind: Kind) -> bool {
        let of_reason = kind == Kind::Refused || self.reason.is_none();
        self.kind.is_none_or(|only| only == kind) && of_reason
    }
}

struct DecidedRow {
    at: DateTime<Utc>,
    id: Uuid,
    node: String,
    room: Option<String>,
    server: Option<String>,
    appointment_id: Option<Uuid>,
    ends_at: Option<DateTime<Utc>>,
    reason: Option<String>,
    message: Option<String>,
}

impl TryFrom<DecidedRow> for Decided {
    type Error = StoreError;

    fn try_from(row: DecidedRow) -> Result<Self, StoreError> {
        let outcome = match (row.reason, row.ends_at) {
            (Some(reason), _) => DecidedOutcome::Refused { reason, message: row.message },
            (None, Some(ends_at)) => DecidedOutcome::Granted {
                conference: row.id.into(),
                appointment: row.appointment_id.map(AppointmentId::from),
                ends_at,
            },
            (None, None) => return Err(StoreError::Unreadable { column: "reason" }),
        };
        Ok(Self {
            at: row.at,
            id: row.id,
            node: row.node,
            room: row.room.map(RoomKey::from_stored),
            server: row.server,
            outcome,
        })
    }
}

/// Reads decisions, the latest first: of grants and of refusals as many as are wanted, and then of both. Where
/// they are read from says which rows may be among them, and so which index is used: PostgreSQL can't tell from a
/// parameter that may be NULL.
macro_rules! select_decided {
    ($conferences:literal, $refusals:literal, $tenant:expr, $filter:expr, $after:expr, $limit:expr) => {
        sqlx::query_as!(
            DecidedRow,
            r#"SELECT d.at AS "at!", d.id AS "id!", d.node AS "node!", d.room, s.name AS "server?",
                      d.appointment_id, d.ends_at, d.reason, d.message
               FROM (
                   (SELECT c.opened_at AS at, c.id, c.node, c.room, c.server_id, c.appointment_id, c.ends_at,
                           NULL::text AS reason, NULL::text AS message
                    FROM "#
                + $conferences
                + r#" c
                    WHERE $6::boolean AND c.tenant_id = $1
                      AND c.opened_at >= COALESCE($2::timestamptz, '-infinity')
                      AND c.opened_at < COALESCE($3::timestamptz, 'infinity')
                      AND (c.opened_at, c.id) < (COALESCE($4::timestamptz, 'infinity'),
                                                 COALESCE($5::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
                      AND ($9::uuid IS NULL OR c.server_id = $9)
                      AND ($10::text IS NULL OR c.room = $10)
                    ORDER BY c.opened_at DESC, c.id DESC LIMIT $11)
                   UNION ALL
                   (SELECT r.refused_at, r.id, r.node, r.room, r.server_id, NULL, NULL, r.reason, r.message
                    FROM "#
                + $refusals
                + r#" r
                    WHERE $7::boolean AND r.tenant_id = $1
                      AND r.refused_at >= COALESCE($2::timestamptz, '-infinity')
                      AND r.refused_at < COALESCE($3::timestamptz, 'infinity')
                      AND (r.refused_at, r.id) < (COALESCE($4::timestamptz, 'infinity'),
                                                  COALESCE($5::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
                      AND ($8::text IS NULL OR r.reason = $8)
                      AND ($9::uuid IS NULL OR r.server_id = $9)
                      AND ($10::text IS NULL OR r.room = $10)
                    ORDER BY r.refused_at DESC, r.id DESC LIMIT $11)
               ) d LEFT JOIN conference_servers s ON s.id = d.server_id
               ORDER BY d.at DESC, d.id DESC LIMIT $11"#,
            Uuid::from($tenant),
            $filter.from,
            $filter.until,
            $after.map(|cursor| cursor.at),
            $after.map(|cursor| cursor.id),
            $filter.lets(Kind::Granted),
            $filter.lets(Kind::Refused),
            $filter.reason.map(<&str>::from),
            $filter.server.map(Uuid::from),
            $filter.room.as_ref().map(RoomKey::as_str),
            $limit,
        )
    };
}

/// What was decided about the tenant's rooms, as far as the filter lets it through, the latest first; at most
/// `limit`, behind `after`.
///
/// # Errors
/// Where the database fails.
pub async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    filter: &Filter,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Decided>, StoreError> {
    let rows = if filter.room.is_some() {
        let of_room = select_decided!(
            "(SELECT * FROM conferences WHERE tenant_id = $1 AND room = $10 AND closed_at IS NULL
              UNION ALL
              SELECT * FROM conferences WHERE tenant_id = $1 AND room = $10 AND closed_at IS NOT NULL)",
            "(SELECT * FROM refusals WHERE tenant_id = $1 AND room = $10)",
            tenant,
            filter,
            after,
            limit
        );
        of_room.fetch_all(db).await?
    } else {
        select_decided!("conferences", "refusals", tenant, filter, after, limit).fetch_all(db).await?
    };
    rows.into_iter().map(Decided::try_from).collect()
}
