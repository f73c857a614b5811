//! An appointment is cancelled.

use crate::app::App;
use crate::reservation::{Appointment, AppointmentId, TenantName};
use crate::store::{StoreError, appointments, tenants};

/// Why an appointment was not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// The tenant has no such appointment.
    #[error("the tenant has no appointment `{0}`")]
    Unknown(AppointmentId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for CancelError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Cancels an appointment; one that is cancelled stays as it is. A room that is open runs on until
/// its end: a conference server that was told so does not ask again. The next ask is refused.
///
/// # Errors
/// Where tenant or appointment are not there.
pub async fn cancel(app: &App, tenant: &TenantName, id: AppointmentId) -> Result<Appointment, CancelError> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let found = tenants::by_name(&mut db, tenant).await?;
    let found = found.ok_or_else(|| CancelError::UnknownTenant(tenant.clone()))?;
    appointments::cancel(&mut db, found.id, id, now).await?;
    let appointment = appointments::by_id(&mut db, found.id, id).await?;
    appointment.ok_or(CancelError::Unknown(id))
}
