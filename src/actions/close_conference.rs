//! An operator closes a conference.

use sqlx::PgConnection;

use super::transaction::transact;
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

/// Closes a conference, in a transaction of its own.
///
/// What it does: the room is free in the books. The next ask for it, of whichever server, is decided anew, by
/// what is booked then. The conference counts no longer towards the tenant's capacity, and its server no longer
/// finds it. What it doesn't do: the room itself runs on at its server, with the people in it, until the end that
/// the server was told or until the last of them leaves, for a server can't be told anything later. So if another
/// server opens the room meanwhile, there are two of them. It shuts no room either: while the booking stands, the
/// next ask is granted; cancel the appointment to keep it shut.
///
/// One that is closed stays as it is.
///
/// # Errors
/// Where tenant or conference are not there.
pub async fn close_conference(
    app: &App,
    tenant: &TenantName,
    id: ConferenceId,
) -> Result<ConferenceRecord, CloseError> {
    transact(app, async |db| close_conference_in(app, db, tenant, id).await).await
}

/// Closes a conference as [`close_conference`] does, as a part of a transaction.
///
/// # Errors
/// Where tenant or conference are not there.
pub async fn close_conference_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &TenantName,
    id: ConferenceId,
) -> Result<ConferenceRecord, CloseError> {
    let now = app.clock.now();
    let found = tenants::by_name(db, tenant).await?;
    let found = found.ok_or_else(|| CloseError::UnknownTenant(tenant.clone()))?;
    conferences::close(db, found.id, Replaces { id, reason: CloseReason::ClosedByHand }, now).await?;
    conferences::by_id(db, found.id, id).await?.ok_or(CloseError::Unknown(id))
}
