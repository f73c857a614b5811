//! A conference server reads a conference that it was told is open.

use sqlx::PgConnection;
use tokio::time::Instant;
use tracing::instrument;

use super::answer_token::answer_token;
use super::passwords::unlock;
use super::reserve::{Opened, ReserveError};
use crate::app::App;
use crate::credential::Credential;
use crate::database::desk::DEADLINE;
use crate::reservation::{ConferenceId, TenantId};
use crate::store::conferences::{self, Seen};

/// The conference, with the very options that it was granted with; `None` where it is not open, or
/// none of the server's tenants has it.
///
/// # Errors
/// As for [`reserve`](super::reserve::reserve()).
#[instrument(skip_all, fields(tenant.id = %tenant, conference.id = %id))]
pub async fn look_up(
    app: &App,
    credential: &Credential,
    tenant: TenantId,
    id: ConferenceId,
) -> Result<Option<Opened>, ReserveError> {
    let now = app.clock.now();
    let hash = credential.hash();
    if app.unknown.contains(hash) {
        return Err(ReserveError::UnknownCredential);
    }
    let deadline = Instant::now() + DEADLINE;
    let seen = app
        .desk
        .run(deadline, async |db: &mut PgConnection| conferences::look_up(db, hash, tenant, id, now).await);
    match seen.await? {
        Seen::UnknownAsker => {
            app.unknown.note(hash);
            Err(ReserveError::UnknownCredential)
        }
        Seen::NotThere => Ok(None),
        Seen::There(conference) => {
            let password = unlock(&app.keys, tenant, conference.appointment(), &conference.options)
                .inspect_err(|_| _ = app.metrics.unseal_failures.inc())?;
            let token = answer_token(app, &conference, deadline).await;
            Ok(Some(Opened { conference, password, token }))
        }
    }
}
