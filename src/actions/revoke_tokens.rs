//! Room tokens are revoked: one, or all that were made for an appointment, or for one person there.
//!
//! Only who asks Frontdesk is told so. A conference server verifies tokens by itself, until they expire.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::transaction::transact;
use crate::app::App;
use crate::reservation::{AppointmentId, NotOne, Participant, RevocationId, TenantId, TokenId};
use crate::store::token_revocations::{self, RevocationRecord, Revoked};
use crate::store::{StoreError, appointments, signing_keys};
use crate::token::LONGEST;

/// Which tokens are to be revoked.
#[derive(Debug, Clone)]
pub enum Tokens {
    /// One. Tokens are not kept, so nobody can say whether there is one of that name.
    One(TokenId),
    /// All that were made for an appointment.
    Appointment(AppointmentId),
    /// All that were made for somebody there: by their id, external id or e-mail address. By their id also where they are
    /// not expected any more.
    Participant(AppointmentId, String),
}

/// Why nothing was revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeTokensError {
    /// There is no such appointment.
    #[error("the tenant has no appointment `{0}`")]
    UnknownAppointment(AppointmentId),
    /// Nobody in particular is meant.
    #[error(transparent)]
    Participant(#[from] NotOne),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Revokes tokens, in a transaction of its own. What is made later is good.
///
/// # Errors
/// Where there is nothing of that name.
pub async fn revoke_tokens(
    app: &App,
    tenant: TenantId,
    tokens: &Tokens,
) -> Result<RevocationRecord, RevokeTokensError> {
    let revocation = transact(app, async |db| {
        let revoked = match tokens {
            Tokens::One(id) => Revoked::Token(*id),
            Tokens::Appointment(id) | Tokens::Participant(id, _) => {
                let appointment = appointments::by_id(db, tenant, *id).await?;
                let appointment = appointment.ok_or(RevokeTokensError::UnknownAppointment(*id))?;
                let participant = match tokens {
                    Tokens::Participant(_, who) => {
                        let known = Participant::find(&appointment.participants, who).map(|found| found.id);
                        Some(match known {
                            Err(NotOne::Nobody) => who.parse().map_err(|_| NotOne::Nobody)?,
                            known => known?,
                        })
                    }
                    Tokens::One(_) | Tokens::Appointment(_) => None,
                };
                Revoked::Appointment(*id, participant)
            }
        };
        let now = app.clock.now();
        let ends_at = remembered_until(db, tenant, now).await?;
        if let Tokens::One(token) = tokens
            && let Some(before) = token_revocations::prolong(db, tenant, *token, ends_at).await?
        {
            return Ok(before);
        }
        let revocation =
            RevocationRecord { id: RevocationId::new(), tenant, revoked, revoked_at: now, ends_at };
        token_revocations::insert(db, &revocation).await?;
        Ok::<_, RevokeTokensError>(revocation)
    })
    .await?;
    tracing::info!(revocation.id = %revocation.id, tenant.id = %tenant, "revoked room tokens");
    Ok(revocation)
}

/// Revokes all tokens that were made for an appointment until now, as a part of a transaction.
///
/// # Errors
/// Where the database fails.
pub(super) async fn revoke_appointment_in(
    app: &App,
    db: &mut PgConnection,
    tenant: TenantId,
    appointment: AppointmentId,
) -> Result<(), StoreError> {
    let now = app.clock.now();
    let ends_at = remembered_until(db, tenant, now).await?;
    let revoked = Revoked::Appointment(appointment, None);
    let revocation = RevocationRecord { id: RevocationId::new(), tenant, revoked, revoked_at: now, ends_at };
    token_revocations::insert(db, &revocation).await
}

/// Until when what was signed so far may be good.
async fn remembered_until(
    db: &mut PgConnection,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, StoreError> {
    // One that is being made this moment is noted a moment later.
    let soonest = now + LONGEST;
    Ok(signing_keys::last_end(db, tenant).await?.map_or(soonest, |last| last.max(soonest)))
}
