//! A conference server says that a room is empty.

use sqlx::PgConnection;
use tokio::time::Instant;
use tracing::instrument;

use super::reserve::ReserveError;
use crate::app::App;
use crate::credential::Credential;
use crate::database::desk::DEADLINE;
use crate::reservation::{ConferenceId, TenantId};
use crate::store::conferences::{self, Seen};

/// Ends a conference, and never its appointment: people may come back. `false` where the server
/// holds, and held, no such conference. Saying it again changes nothing.
///
/// # Errors
/// As for [`reserve`](super::reserve::reserve()).
#[instrument(skip_all, fields(tenant.id = %tenant, conference.id = %id))]
pub async fn release(
    app: &App,
    credential: &Credential,
    tenant: TenantId,
    id: ConferenceId,
) -> Result<bool, ReserveError> {
    let now = app.clock.now();
    let hash = credential.hash();
    if app.unknown.contains(hash) {
        return Err(ReserveError::UnknownCredential);
    }
    let seen = app.desk.run(Instant::now() + DEADLINE, async |db: &mut PgConnection| {
        conferences::release(db, hash, tenant, id, now).await
    });
    match seen.await? {
        Seen::UnknownAsker => {
            app.unknown.note(hash);
            Err(ReserveError::UnknownCredential)
        }
        Seen::NotThere => Ok(false),
        Seen::There(released) => {
            if released {
                app.metrics.releases.inc();
                tracing::info!("released a conference");
            }
            Ok(true)
        }
    }
}
