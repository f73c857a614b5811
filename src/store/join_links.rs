//! Join links: by which people come in.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::credential::CredentialHash;
use crate::reservation::{AppointmentId, JoinLinkId, ParticipantId, TenantId};
use crate::seal::Sealed;

/// A join link, without its code.
#[derive(Debug, Clone)]
pub struct JoinLinkRecord {
    /// The hash of its code.
    pub hash: Vec<u8>,
    /// Which one.
    pub id: JoinLinkId,
    /// The tenant.
    pub tenant: TenantId,
    /// The appointment that it leads to.
    pub appointment: AppointmentId,
    /// Whom it is for; `None` for guests.
    pub participant: Option<ParticipantId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

struct JoinLinkRow {
    hash: Vec<u8>,
    id: Uuid,
    tenant_id: Uuid,
    appointment_id: Uuid,
    participant_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

impl From<JoinLinkRow> for JoinLinkRecord {
    fn from(row: JoinLinkRow) -> Self {
        Self {
            hash: row.hash,
            id: row.id.into(),
            tenant: row.tenant_id.into(),
            appointment: row.appointment_id.into(),
            participant: row.participant_id.map(Into::into),
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        }
    }
}

/// Reads join links.
macro_rules! select_links {
    ($which:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            JoinLinkRow,
            "SELECT hash, id, tenant_id, appointment_id, participant_id, created_at, revoked_at FROM join_links "
            + $which
            $(, $argument)*
        )
    };
}

/// The link that has this code, also where it is revoked.
///
/// # Errors
/// Where the database fails.
pub async fn by_code(
    db: &mut PgConnection,
    hash: CredentialHash,
) -> Result<Option<JoinLinkRecord>, StoreError> {
    let row = select_links!("WHERE hash = $1", hash.as_bytes());
    Ok(row.fetch_optional(db).await?.map(Into::into))
}

/// One of the tenant's links.
///
/// # Errors
/// Where the database fails.
pub async fn by_id(
    db: &mut PgConnection,
    tenant: TenantId,
    id: JoinLinkId,
) -> Result<Option<JoinLinkRecord>, StoreError> {
    let row = select_links!("WHERE tenant_id = $1 AND id = $2", Uuid::from(tenant), Uuid::from(id));
    Ok(row.fetch_optional(db).await?.map(Into::into))
}

/// The links of appointments in the order in which they were made, revoked ones too.
///
/// # Errors
/// Where the database fails.
pub async fn of_appointments(
    db: &mut PgConnection,
    tenant: TenantId,
    appointments: &[AppointmentId],
) -> Result<Vec<JoinLinkRecord>, StoreError> {
    let ids: Vec<Uuid> = appointments.iter().map(|id| (*id).into()).collect();
    let rows = select_links!(
        "WHERE tenant_id = $1 AND appointment_id = ANY ($2) ORDER BY appointment_id, id",
        Uuid::from(tenant),
        &ids
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Into::into).collect())
}

/// Adds links to an appointment; those for somebody who has a good one are left out.
///
/// # Errors
/// Where the database fails.
pub async fn insert(db: &mut PgConnection, links: &[JoinLinkRecord]) -> Result<(), StoreError> {
    let Some(first) = links.first() else { return Ok(()) };
    let hashes: Vec<Vec<u8>> = links.iter().map(|link| link.hash.clone()).collect();
    let ids: Vec<Uuid> = links.iter().map(|link| link.id.into()).collect();
    let participants: Vec<Option<Uuid>> = links.iter().map(|link| link.participant.map(Uuid::from)).collect();
    sqlx::query!(
        "INSERT INTO join_links (hash, id, tenant_id, appointment_id, participant_id, created_at)
         SELECT l.hash, l.id, $1, $2, l.participant_id, $3
         FROM unnest($4::bytea[], $5::uuid[], $6::uuid[]) AS l (hash, id, participant_id)
         ON CONFLICT DO NOTHING",
        Uuid::from(first.tenant),
        Uuid::from(first.appointment),
        first.created_at,
        &hashes,
        &ids,
        &participants as &[Option<Uuid>],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Revokes a link, unless it was before. `None` where the tenant has no such link.
///
/// # Errors
/// Where the database fails.
pub async fn revoke(
    db: &mut PgConnection,
    tenant: TenantId,
    id: JoinLinkId,
    now: DateTime<Utc>,
) -> Result<Option<JoinLinkRecord>, StoreError> {
    let row = sqlx::query_as!(
        JoinLinkRow,
        "UPDATE join_links SET revoked_at = COALESCE(revoked_at, $3) WHERE tenant_id = $1 AND id = $2
         RETURNING hash, id, tenant_id, appointment_id, participant_id, created_at, revoked_at",
        Uuid::from(tenant),
        Uuid::from(id),
        now,
    );
    Ok(row.fetch_optional(db).await?.map(Into::into))
}

/// Revokes the links of all who are not expected at the appointment any more. Guests keep theirs.
///
/// # Errors
/// Where the database fails.
pub async fn revoke_others(
    db: &mut PgConnection,
    tenant: TenantId,
    appointment: AppointmentId,
    expected: &[ParticipantId],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let expected: Vec<Uuid> = expected.iter().map(|id| (*id).into()).collect();
    sqlx::query!(
        "UPDATE join_links SET revoked_at = $4
         WHERE tenant_id = $1 AND appointment_id = $2 AND revoked_at IS NULL
           AND participant_id IS NOT NULL AND NOT participant_id = ANY ($3)",
        Uuid::from(tenant),
        Uuid::from(appointment),
        &expected,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What the codes of the tenant's links are derived from, if there is anything yet.
///
/// # Errors
/// Where the database fails.
pub async fn secret(db: &mut PgConnection, tenant: TenantId) -> Result<Option<Sealed>, StoreError> {
    let secret =
        sqlx::query_scalar!("SELECT secret FROM join_secrets WHERE tenant_id = $1", Uuid::from(tenant));
    Ok(secret.fetch_optional(db).await?.map(Sealed::from_bytes))
}

/// Puts that down, unless there is something already.
///
/// # Errors
/// Where the database fails.
pub async fn put_secret(db: &mut PgConnection, tenant: TenantId, secret: &Sealed) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO join_secrets (tenant_id, secret) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        Uuid::from(tenant),
        secret.as_bytes(),
    )
    .execute(db)
    .await?;
    Ok(())
}
