//! An operator closes a conference.

use crate::app::App;
use crate::reservation::{CloseReason, ConferenceId, Replaces, TenantName};
use crate::store::conferences::{self, ConferenceRecord};
use crate::store::{StoreError, tenants};

/// Why a conference was not closed.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// The tenant has no such conference.
    #[error("the tenant has no conference `{0}`")]
    Unknown(ConferenceId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for CloseError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Closes a conference's row, so that its room can be granted anew; one that is closed stays as it
/// is. The people in the room are not put out: a conference server can't be told to.
///
/// # Errors
/// Where tenant or conference are not there.
pub async fn close_conference(
    app: &App,
    tenant: &TenantName,
    id: ConferenceId,
) -> Result<ConferenceRecord, CloseError> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let found = tenants::by_name(&mut db, tenant).await?;
    let found = found.ok_or_else(|| CloseError::UnknownTenant(tenant.clone()))?;
    conferences::close(&mut db, found.id, Replaces { id, reason: CloseReason::ClosedByHand }, now).await?;
    let record = conferences::list(&mut db, found.id, Some(id), None, 1).await?.pop();
    record.ok_or(CloseError::Unknown(id))
}
