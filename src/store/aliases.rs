//! Aliases of Datagram's.

use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use super::columns::parse;
use crate::reservation::{AliasId, AliasKind, AppointmentId, TenantId};
use crate::seal::Sealed;

/// An alias. Its name, its passcode and its end are those of its appointment.
#[derive(Debug, Clone)]
pub struct AliasRecord {
    /// Which one.
    pub id: AliasId,
    /// The tenant.
    pub tenant: TenantId,
    /// The appointment that it leads to.
    pub appointment: AppointmentId,
    /// What it is for.
    pub kind: AliasKind,
    /// What the tokens are signed with that ask for it.
    pub secret: Sealed,
}

/// Adds an alias. `false` where there is one of that id, of whomever.
///
/// # Errors
/// Where the database fails.
pub async fn insert(db: &mut PgConnection, alias: &AliasRecord) -> Result<bool, StoreError> {
    let inserted = sqlx::query!(
        "INSERT INTO aliases (id, tenant_id, appointment_id, kind, secret) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO NOTHING",
        alias.id.as_str(),
        Uuid::from(alias.tenant),
        Uuid::from(alias.appointment),
        <&str>::from(alias.kind),
        alias.secret.as_bytes(),
    );
    Ok(inserted.execute(db).await?.rows_affected() == 1)
}

/// The alias of that id, whosever it is.
///
/// # Errors
/// Where the database fails.
pub async fn by_id(db: &mut PgConnection, id: &AliasId) -> Result<Option<AliasRecord>, StoreError> {
    let row = sqlx::query!(
        "SELECT id, tenant_id, appointment_id, kind, secret FROM aliases WHERE id = $1",
        id.as_str()
    );
    let Some(row) = row.fetch_optional(db).await? else { return Ok(None) };
    Ok(Some(AliasRecord {
        id: parse("id", &row.id)?,
        tenant: row.tenant_id.into(),
        appointment: row.appointment_id.into(),
        kind: parse("kind", &row.kind)?,
        secret: Sealed::from_bytes(row.secret),
    }))
}
