//! An appointment is cancelled.

use sqlx::PgConnection;

use super::transaction::transact;
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
    /// Somebody has changed it meanwhile.
    #[error("the appointment was changed meanwhile: it is at revision {current}")]
    Outdated {
        /// Its revision.
        current: i64,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for CancelError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Cancels an appointment, in a transaction of its own.
///
/// # Errors
/// See [`cancel_in`].
pub async fn cancel(app: &App, tenant: &TenantName, id: AppointmentId) -> Result<Appointment, CancelError> {
    transact(app, async |db| cancel_in(app, db, tenant, id, None).await).await
}

/// Cancels an appointment with everything still to come, as a part of a transaction; only at the revision `expected`,
/// where one is. One that was cancelled before stays as it is.
///
/// A room that is open already runs on to the end that its conference server was told. Who joins after it has closed
/// is refused.
///
/// # Errors
/// Where there is no such appointment, or it has another revision.
pub async fn cancel_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &TenantName,
    id: AppointmentId,
    expected: Option<i64>,
) -> Result<Appointment, CancelError> {
    let now = app.clock.now();
    let known = tenants::by_name(db, tenant).await?;
    let known = known.ok_or_else(|| CancelError::UnknownTenant(tenant.clone()))?;
    let found = appointments::by_id_for_update(db, known.id, id).await?;
    let mut appointment = found.ok_or(CancelError::Unknown(id))?;
    if appointment.cancelled_at.is_none() {
        if expected.is_some_and(|expected| expected != appointment.revision) {
            return Err(CancelError::Outdated { current: appointment.revision });
        }
        appointments::cancel(db, known.id, id, now).await?;
        appointment.revision += 1;
        appointment.updated_at = now;
        appointment.cancelled_at = Some(now);
    }
    Ok(appointment)
}
