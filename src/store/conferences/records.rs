//! Conferences as operators and apps look at them, with how they ended.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::ConferenceRow;
use crate::reservation::{AppointmentId, CloseReason, Conference, ConferenceId, RoomKey, TenantId};
use crate::store::columns::parse;
use crate::store::{Cursor, StoreError};

/// A conference with how it ended, if it did.
#[derive(Debug, Clone)]
pub struct ConferenceRecord {
    /// The conference.
    pub conference: Conference,
    /// The name of the server that held it.
    pub server_name: String,
    /// When it was closed, and why.
    pub closed: Option<(DateTime<Utc>, CloseReason)>,
}

impl ConferenceRecord {
    /// What a list goes on behind.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { at: self.conference.opened_at, id: self.conference.id.into() }
    }
}

/// Which conferences to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only in this state.
    pub state: State,
    /// Only of this room.
    pub room: Option<RoomKey>,
    /// Only those that were granted for this appointment.
    pub appointment: Option<AppointmentId>,
    /// Only those that were not over then: neither closed nor at their end.
    pub from: Option<DateTime<Utc>>,
    /// Only those that were opened before this.
    pub until: Option<DateTime<Utc>>,
}

/// Whether a conference is open.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, strum::Display, strum::EnumString, strum::VariantNames,
)]
#[strum(serialize_all = "snake_case")]
pub enum State {
    /// Open, and its end is to come.
    Live,
    /// Closed, or at its end, whether or not anybody has tidied it up.
    Past,
    /// Either.
    #[default]
    All,
}

struct RecordRow {
    tenant_id: Uuid,
    id: Uuid,
    room: String,
    node: String,
    server_id: Uuid,
    server_state: String,
    server_name: String,
    mail_owner: String,
    appointment_id: Option<Uuid>,
    original_start: Option<DateTime<Utc>>,
    opened_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    answer_token: bool,
    max_occupants: Option<i32>,
    lobby: bool,
    password: Option<Vec<u8>>,
    closed_at: Option<DateTime<Utc>>,
    close_reason: Option<String>,
}

impl TryFrom<RecordRow> for ConferenceRecord {
    type Error = StoreError;

    fn try_from(row: RecordRow) -> Result<Self, StoreError> {
        let reason = row.close_reason.map(|reason| parse("close_reason", &reason)).transpose()?;
        let conference = ConferenceRow {
            tenant_id: row.tenant_id,
            id: row.id,
            room: row.room,
            node: row.node,
            server_id: row.server_id,
            server_state: row.server_state,
            mail_owner: row.mail_owner,
            appointment_id: row.appointment_id,
            original_start: row.original_start,
            opened_at: row.opened_at,
            ends_at: row.ends_at,
            answer_token: row.answer_token,
            max_occupants: row.max_occupants,
            lobby: row.lobby,
            password: row.password,
        };
        Ok(Self {
            conference: conference.try_into()?,
            server_name: row.server_name,
            closed: row.closed_at.zip(reason),
        })
    }
}

/// Reads conferences, the latest first. `from` says which rows may be among them, and so which index they are
/// read from: PostgreSQL can't tell from parameters that may be NULL.
macro_rules! select_records {
    ($from:literal, $tenant:expr, $filter:expr, $after:expr, $limit:expr, $now:expr) => {
        sqlx::query_as!(
            RecordRow,
            r#"SELECT c.tenant_id AS "tenant_id!", c.id AS "id!", c.room AS "room!", c.node AS "node!",
                      c.server_id AS "server_id!", s.state AS server_state, s.name AS server_name,
                      c.mail_owner AS "mail_owner!", c.appointment_id, c.original_start, c.opened_at AS "opened_at!",
                      c.ends_at AS "ends_at!", c.max_occupants, c.lobby AS "lobby!", c.password, c.closed_at,
                      c.answer_token AS "answer_token!", c.close_reason
               FROM "#
                + $from
                + r#" c JOIN conference_servers s ON s.id = c.server_id
               WHERE c.tenant_id = $1
                 AND ($2::text IS NULL OR c.room = $2)
                 AND ($3::uuid IS NULL OR c.appointment_id = $3)
                 AND ($4::boolean IS NULL OR (c.closed_at IS NULL AND c.ends_at > $5) = $4)
                 AND ($6::timestamptz IS NULL OR LEAST(c.closed_at, c.ends_at) > $6)
                 AND c.opened_at < COALESCE($7::timestamptz, 'infinity')
                 AND (c.opened_at, c.id) < (COALESCE($8::timestamptz, 'infinity'),
                                            COALESCE($9::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
               ORDER BY c.opened_at DESC, c.id DESC LIMIT $10"#,
            Uuid::from($tenant),
            $filter.room.as_ref().map(RoomKey::as_str),
            $filter.appointment.map(Uuid::from),
            match $filter.state {
                State::Live => Some(true),
                State::Past => Some(false),
                State::All => None,
            },
            $now,
            $filter.from,
            $filter.until,
            $after.map(|cursor| cursor.at),
            $after.map(|cursor| cursor.id),
            $limit,
        )
    };
}

/// The tenant's conferences that the filter lets through, as of `now`, the latest first; at most `limit`, behind
/// `after`.
///
/// # Errors
/// Where the database fails.
pub async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    filter: &Filter,
    after: Option<Cursor>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<ConferenceRecord>, StoreError> {
    let rows = if filter.state == State::Live {
        let live = select_records!(
            "(WITH open AS MATERIALIZED (SELECT * FROM conferences WHERE tenant_id = $1 AND closed_at IS NULL)
              SELECT * FROM open)",
            tenant,
            filter,
            after,
            limit,
            now
        );
        live.fetch_all(db).await?
    } else if filter.appointment.is_some() {
        let booked = select_records!(
            "(WITH booked AS MATERIALIZED (SELECT * FROM conferences WHERE tenant_id = $1 AND appointment_id = $3)
              SELECT * FROM booked)",
            tenant,
            filter,
            after,
            limit,
            now
        );
        booked.fetch_all(db).await?
    } else if filter.room.is_some() {
        let of_room = select_records!(
            "(SELECT * FROM conferences WHERE tenant_id = $1 AND room = $2 AND closed_at IS NULL
              UNION ALL
              SELECT * FROM conferences WHERE tenant_id = $1 AND room = $2 AND closed_at IS NOT NULL)",
            tenant,
            filter,
            after,
            limit,
            now
        );
        of_room.fetch_all(db).await?
    } else {
        select_records!("conferences", tenant, filter, after, limit, now).fetch_all(db).await?
    };
    rows.into_iter().map(ConferenceRecord::try_from).collect()
}

/// One conference.
///
/// # Errors
/// Where the database fails.
pub async fn by_id(
    db: &mut PgConnection,
    tenant: TenantId,
    id: ConferenceId,
) -> Result<Option<ConferenceRecord>, StoreError> {
    let row = sqlx::query_as!(
        RecordRow,
        "SELECT c.tenant_id, c.id, c.room, c.node, c.server_id, s.state AS server_state, s.name AS server_name,
                c.mail_owner, c.appointment_id, c.original_start, c.opened_at, c.ends_at, c.max_occupants, c.lobby,
                c.password, c.answer_token, c.closed_at, c.close_reason
         FROM conferences c JOIN conference_servers s ON s.id = c.server_id
         WHERE c.tenant_id = $1 AND c.id = $2",
        Uuid::from(tenant),
        Uuid::from(id),
    )
    .fetch_optional(db)
    .await?;
    row.map(ConferenceRecord::try_from).transpose()
}
