//! Granted rooms: read back, closed, tidied up. How they come to be is in [`claim`](super::claim).

mod open;
mod records;
mod room_now;

pub(super) use open::{OpenConference, open};
pub use records::{ConferenceRecord, Filter, State, by_id, list};
pub use room_now::room_now;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use super::columns::{count, parse};
use crate::credential::CredentialHash;
use crate::reservation::{
    Conference, ConferenceId, OccurrenceId, Options, Replaces, RoomKey, Server, ServerId, TenantId,
};
use crate::seal::Sealed;

/// A conference as it lies in the table, with the state of the server that holds it.
pub(super) struct ConferenceRow {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub room: String,
    pub node: String,
    pub server_id: Uuid,
    pub server_state: String,
    pub mail_owner: String,
    pub appointment_id: Option<Uuid>,
    pub original_start: Option<DateTime<Utc>>,
    pub opened_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub answer_token: bool,
    pub max_occupants: Option<i32>,
    pub lobby: bool,
    pub password: Option<Vec<u8>>,
}

impl TryFrom<ConferenceRow> for Conference {
    type Error = StoreError;

    fn try_from(row: ConferenceRow) -> Result<Self, StoreError> {
        let occurrence = row.appointment_id.zip(row.original_start).map(|(appointment, original_start)| {
            OccurrenceId { appointment: appointment.into(), original_start }
        });
        Ok(Self {
            tenant: row.tenant_id.into(),
            id: row.id.into(),
            room: RoomKey::from_stored(row.room),
            node: parse("node", &row.node)?,
            server: Server { id: row.server_id.into(), state: parse("state", &row.server_state)? },
            mail_owner: parse("mail_owner", &row.mail_owner)?,
            occurrence,
            opened_at: row.opened_at,
            ends_at: row.ends_at,
            answer_token: row.answer_token,
            options: Options {
                password: row.password.map(Sealed::from_bytes),
                lobby: row.lobby,
                max_occupants: row.max_occupants.map(count),
            },
        })
    }
}

/// Closes an open conference. `false` where it is closed already.
///
/// # Errors
/// Where the database fails.
pub async fn close(
    db: &mut PgConnection,
    tenant: TenantId,
    closing: Replaces,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let closed = sqlx::query!(
        "UPDATE conferences SET closed_at = $3, close_reason = $4
         WHERE tenant_id = $1 AND id = $2 AND closed_at IS NULL",
        Uuid::from(tenant),
        Uuid::from(closing.id),
        now,
        <&str>::from(closing.reason),
    )
    .execute(db)
    .await?;
    Ok(closed.rows_affected() == 1)
}

/// What became of a request about one conference.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen<T> {
    /// Nobody known asks.
    UnknownAsker,
    /// There is no such conference for whoever asks.
    NotThere,
    /// There it is.
    There(T),
}

/// A conference that is open and not over, for a server that may ask for its tenant.
///
/// # Errors
/// Where the database fails.
pub async fn look_up(
    db: &mut PgConnection,
    asker: CredentialHash,
    tenant: TenantId,
    id: ConferenceId,
    now: DateTime<Utc>,
) -> Result<Seen<Conference>, StoreError> {
    let known = sqlx::query_scalar!(
        r#"SELECT true AS "known!" FROM server_credentials k JOIN conference_servers s ON s.id = k.server_id
         WHERE k.hash = $1 AND k.revoked_at IS NULL AND s.state <> 'revoked'"#,
        asker.as_bytes(),
    )
    .fetch_optional(&mut *db)
    .await?;
    if known.is_none() {
        return Ok(Seen::UnknownAsker);
    }
    let row = sqlx::query_as!(
        ConferenceRow,
        "SELECT c.tenant_id, c.id, c.room, c.node, c.server_id, h.state AS server_state, c.mail_owner,
                c.appointment_id, c.original_start, c.opened_at, c.ends_at, c.max_occupants, c.lobby, c.password,
                c.answer_token
         FROM server_credentials k
         JOIN conference_servers s ON s.id = k.server_id
         JOIN conferences c ON c.tenant_id = $2 AND c.id = $3
         JOIN conference_servers h ON h.id = c.server_id
         WHERE k.hash = $1 AND c.closed_at IS NULL AND c.ends_at > $4
           AND (s.serves_all OR s.default_tenant_id = c.tenant_id OR EXISTS (
               SELECT FROM conference_server_tenants st WHERE st.tenant_id = c.tenant_id AND st.server_id = s.id))",
        asker.as_bytes(),
        Uuid::from(tenant),
        Uuid::from(id),
        now,
    )
    .fetch_optional(db)
    .await?;
    match row {
        Some(row) => Ok(Seen::There(row.try_into()?)),
        None => Ok(Seen::NotThere),
    }
}

/// Closes a conference because the server that holds it says that everybody has left. Says whether
/// it was open until now.
///
/// # Errors
/// Where the database fails.
pub async fn release(
    db: &mut PgConnection,
    asker: CredentialHash,
    tenant: TenantId,
    id: ConferenceId,
    now: DateTime<Utc>,
) -> Result<Seen<bool>, StoreError> {
    let row = sqlx::query!(
        r#"
        WITH asker AS (
            SELECT s.id FROM server_credentials k JOIN conference_servers s ON s.id = k.server_id
            WHERE k.hash = $1 AND k.revoked_at IS NULL AND s.state <> 'revoked'
        ), released AS (
            UPDATE conferences c SET closed_at = $4, close_reason = 'released'
            FROM asker
            WHERE c.tenant_id = $2 AND c.id = $3 AND c.server_id = asker.id AND c.closed_at IS NULL
            RETURNING c.id
        )
        SELECT EXISTS (SELECT FROM asker) AS "known!",
               EXISTS (SELECT FROM conferences c JOIN asker ON c.server_id = asker.id
                       WHERE c.tenant_id = $2 AND c.id = $3) AS "held!",
               EXISTS (SELECT FROM released) AS "released!"
        "#,
        asker.as_bytes(),
        Uuid::from(tenant),
        Uuid::from(id),
        now,
    )
    .fetch_one(db)
    .await?;
    Ok(match (row.known, row.held) {
        (false, _) => Seen::UnknownAsker,
        (true, false) => Seen::NotThere,
        (true, true) => Seen::There(row.released),
    })
}

/// The server that has the room open at that moment, unless it is revoked.
///
/// # Errors
/// Where the database fails.
pub async fn holder(
    db: &mut PgConnection,
    tenant: TenantId,
    room: &RoomKey,
    at: DateTime<Utc>,
) -> Result<Option<ServerId>, StoreError> {
    let id = sqlx::query_scalar!(
        "SELECT s.id FROM conferences c JOIN conference_servers s ON s.id = c.server_id
         WHERE c.tenant_id = $1 AND c.room = $2 AND c.closed_at IS NULL
           AND c.opened_at <= $3 AND c.ends_at > $3 AND s.state <> 'revoked'",
        Uuid::from(tenant),
        room.as_str(),
        at,
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map(ServerId::from))
}

/// How many conferences of all tenants are open and not over.
///
/// # Errors
/// Where the database fails.
pub async fn count_live(db: &mut PgConnection, now: DateTime<Utc>) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM conferences WHERE closed_at IS NULL AND ends_at > $1"#,
        now
    )
    .fetch_one(db)
    .await?)
}

/// Closes conferences whose time is over, at most `limit`, and says how many. Rows that somebody
/// else is working on are left to them.
///
/// # Errors
/// Where the database fails.
pub async fn expire(db: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<u64, StoreError> {
    let expired = sqlx::query!(
        "UPDATE conferences SET closed_at = $1, close_reason = 'expired'
         WHERE (tenant_id, id) IN (
             SELECT tenant_id, id FROM conferences WHERE closed_at IS NULL AND ends_at <= $1
             ORDER BY ends_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        limit,
    )
    .execute(db)
    .await?;
    Ok(expired.rows_affected())
}

/// Deletes conferences that were closed before `until`, at most `limit`, and says how many.
///
/// # Errors
/// Where the database fails.
pub async fn purge(db: &mut PgConnection, until: DateTime<Utc>, limit: i64) -> Result<u64, StoreError> {
    let purged = sqlx::query!(
        "DELETE FROM conferences WHERE (tenant_id, id) IN (
             SELECT tenant_id, id FROM conferences WHERE closed_at < $1
             ORDER BY closed_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        until,
        limit,
    )
    .execute(db)
    .await?;
    Ok(purged.rows_affected())
}
