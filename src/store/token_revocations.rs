//! Which room tokens are revoked.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::reservation::{AppointmentId, ParticipantId, RevocationId, TenantId, TokenId};

/// What is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// One token.
    Token(TokenId),
    /// All that were made for an appointment until then; where somebody is named, those that were made for them.
    Appointment(AppointmentId, Option<ParticipantId>),
}

/// A revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevocationRecord {
    /// Which one.
    pub id: RevocationId,
    /// Whose tokens they are.
    pub tenant: TenantId,
    /// Which tokens.
    pub revoked: Revoked,
    /// When they were revoked: those that are made later are good.
    pub revoked_at: DateTime<Utc>,
    /// Every token that it is about has expired by then.
    pub ends_at: DateTime<Utc>,
}

/// Remembers the revocation of one token for longer. `None` where it has not been revoked.
///
/// # Errors
/// Where the database fails.
pub async fn prolong(
    db: &mut PgConnection,
    tenant: TenantId,
    token: TokenId,
    ends_at: DateTime<Utc>,
) -> Result<Option<RevocationRecord>, StoreError> {
    let row = sqlx::query!(
        "UPDATE token_revocations SET ends_at = GREATEST(ends_at, $3) WHERE tenant_id = $1 AND token_id = $2
         RETURNING id, revoked_at, ends_at",
        Uuid::from(tenant),
        Uuid::from(token),
        ends_at,
    );
    Ok(row.fetch_optional(db).await?.map(|row| RevocationRecord {
        id: row.id.into(),
        tenant,
        revoked: Revoked::Token(token),
        revoked_at: row.revoked_at,
        ends_at: row.ends_at,
    }))
}

/// Revokes.
///
/// # Errors
/// Where the database fails.
pub async fn insert(db: &mut PgConnection, revocation: &RevocationRecord) -> Result<(), StoreError> {
    let (token, appointment, participant) = match revocation.revoked {
        Revoked::Token(token) => (Some(token), None, None),
        Revoked::Appointment(appointment, participant) => (None, Some(appointment), participant),
    };
    sqlx::query!(
        "INSERT INTO token_revocations (tenant_id, id, token_id, appointment_id, participant_id, revoked_at, ends_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        Uuid::from(revocation.tenant),
        Uuid::from(revocation.id),
        token.map(Uuid::from),
        appointment.map(Uuid::from),
        participant.map(Uuid::from),
        revocation.revoked_at,
        revocation.ends_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// When a token was revoked first, if it was: by its name; or with everything that was made for its appointment, or for its
/// holder there, after it was made. One of which nobody can say when that was is taken to be from before.
///
/// # Errors
/// Where the database fails.
pub async fn revoked_at(
    db: &mut PgConnection,
    tenant: TenantId,
    token: Option<TokenId>,
    made_at: Option<DateTime<Utc>>,
    appointment: Option<AppointmentId>,
    participant: Option<ParticipantId>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(sqlx::query_scalar!(
        "SELECT min(revoked_at) FROM token_revocations
         WHERE tenant_id = $1 AND (
             token_id = $2
             OR appointment_id = $3 AND (participant_id IS NULL OR participant_id = $4)
                AND ($5::timestamptz IS NULL OR revoked_at >= $5)
         )",
        Uuid::from(tenant),
        token.map(Uuid::from),
        appointment.map(Uuid::from),
        participant.map(Uuid::from),
        made_at,
    )
    .fetch_one(db)
    .await?)
}

/// Forgets revocations whose tokens have all expired by `now`, at most `limit`, and says how many.
///
/// # Errors
/// Where the database fails.
pub async fn purge(db: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<u64, StoreError> {
    let purged = sqlx::query!(
        "DELETE FROM token_revocations WHERE (tenant_id, id) IN (
             SELECT tenant_id, id FROM token_revocations WHERE ends_at <= $1
             ORDER BY ends_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        limit,
    )
    .execute(db)
    .await?;
    Ok(purged.rows_affected())
}
