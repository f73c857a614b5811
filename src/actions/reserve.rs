//! A conference server asks whether a room may open.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use sqlx::PgConnection;
use tokio::time::Instant;
use tracing::{Span, field, instrument};
use uuid::Uuid;

use super::answer_token::answer_token;
use super::passwords::{UnlockError, unlock};
use crate::app::App;
use crate::credential::Credential;
use crate::database::desk::{DEADLINE, DeskError};
use crate::metrics::Outcome;
use crate::reservation::wording::open_already;
use crate::reservation::{
    Basis, Conference, ConferenceId, Decision, Grant, MailOwner, Node, Reason, Refusal, TenantId, decide,
};
use crate::store::claim::{Claim, claim};
use crate::store::desk::{Asker, Found, LookUp, read};
use crate::store::refusals::RefusalRecord;
use crate::store::{StoreError, conferences};

/// How often a claim may lose a race before we say that we can't answer.
const ROUNDS: usize = 3;

/// The answer to an ask.
#[derive(Debug)]
pub enum Answer {
    /// The room is open.
    Opened(Box<Opened>),
    /// This server has it open already.
    Conflict {
        /// The tenant.
        tenant: TenantId,
        /// The conference.
        id: ConferenceId,
        /// The same for people, in the tenant's language.
        message: &'static str,
    },
    /// It may not open.
    Refused {
        /// Why.
        reason: Reason,
        /// The same for people, in the tenant's language.
        message: String,
    },
}

/// An open room, with its password and its token in clear.
#[derive(Debug)]
pub struct Opened {
    /// The conference.
    pub conference: Conference,
    /// What people have to type to come in.
    pub password: Option<SecretString>,
    /// The room token that goes with the answer, where one is to and could be made.
    pub token: Option<SecretString>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReserveError {
    /// Nobody known asks.
    #[error("the credential is not known")]
    UnknownCredential,
    /// The database is away, or too slow.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The room's password can't be read. It is never opened without.
    #[error(transparent)]
    Password(#[from] UnlockError),
    /// Others were faster, again and again.
    #[error("the room changed hands {ROUNDS} times while it was being asked for")]
    Contended,
}

/// Decides, and opens the room where it may open.
///
/// # Errors
/// Where nobody known asks, or where no answer is to be had before the deadline.
#[instrument(skip_all, fields(room.name = node.as_str(), server.id, tenant.id))]
pub async fn reserve(
    app: &App,
    credential: &Credential,
    node: &Node,
    mail_owner: &MailOwner,
) -> Result<Answer, ReserveError> {
    let asked = Instant::now();
    let answer = answer(app, credential, node, mail_owner, asked).await;
    let outcome = match &answer {
        Ok(Answer::Opened(_)) => Outcome::Granted,
        Ok(Answer::Conflict { .. }) => Outcome::Conflict,
        Ok(Answer::Refused { reason, .. }) => Outcome::Refused(reason.code()),
        Err(ReserveError::UnknownCredential) => Outcome::Unauthorized,
        Err(ReserveError::Desk(_) | ReserveError::Password(_) | ReserveError::Contended) => {
            Outcome::Unavailable
        }
    };
    app.metrics.ask(outcome, asked.elapsed());
    if outcome != Outcome::Unavailable {
        tracing::info!(outcome = outcome.name(), reason = outcome.reason(), "answered an ask");
    }
    answer
}

async fn answer(
    app: &App,
    credential: &Credential,
    node: &Node,
    mail_owner: &MailOwner,
    asked: Instant,
) -> Result<Answer, ReserveError> {
    let hash = credential.hash();
    if app.unknown.contains(hash) {
        return Err(ReserveError::UnknownCredential);
    }
    let request = Request { app, node, mail_owner, asker: Asker::Credential(hash), id: ConferenceId::new() };
    let now = app.clock.now();
    let attempt =
        app.desk.run(asked + DEADLINE, async |db: &mut PgConnection| request.attempt(db, now).await);
    match attempt.await? {
        Attempt::UnknownCredential => {
            app.unknown.note(hash);
            Err(ReserveError::UnknownCredential)
        }
        Attempt::Answer(Answer::Opened(mut opened)) => {
            opened.token = answer_token(app, &opened.conference, asked + DEADLINE).await;
            Ok(Answer::Opened(opened))
        }
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Unreadable(error) => {
            app.metrics.unseal_failures.inc();
            Err(error.into())
        }
        Attempt::Contended => Err(ReserveError::Contended),
    }
}

/// What an attempt comes to. The database's own failures are errors, and make for another attempt.
enum Attempt {
    UnknownCredential,
    Answer(Answer),
    Unreadable(UnlockError),
    Contended,
}

/// One ask, through all its attempts: they share the id, so that a grant whose answer was lost is
/// recognised.
struct Request<'a> {
    app: &'a App,
    node: &'a Node,
    mail_owner: &'a MailOwner,
    asker: Asker,
    id: ConferenceId,
}

impl Request<'_> {
    async fn attempt(&self, db: &mut PgConnection, now: DateTime<Utc>) -> Result<Attempt, StoreError> {
        let tenant = self.node.tenant();
        let room = self.node.parts().map(|(_, room)| room);
        let look_up = LookUp { asker: self.asker, tenant: tenant.as_ref(), room: room.as_ref().ok() };

        for _ in 0..ROUNDS {
            let Some(found) = read(db, std::slice::from_ref(&look_up), now).await?.pop().flatten() else {
                return Ok(Attempt::UnknownCredential);
            };
            Span::current().record("server.id", field::display(found.situation.server.id));
            Span::current()
                .record("tenant.id", found.situation.tenant.as_ref().map(|t| field::display(t.id)));
            let ask = found.situation.ask(self.node.clone(), room.clone(), &self.app.keys);
            match decide(&ask, &found.situation, now) {
                Decision::Conflict(id) => return Ok(self.conflict(id, found)),
                Decision::Refuse(refusal) => {
                    return Ok(Attempt::Answer(self.refuse(db, refusal, &found, now).await?));
                }
                Decision::Grant(grant) => {
                    if let Some(attempt) = self.grant(db, &grant, &found).await? {
                        return Ok(attempt);
                    }
                    tracing::debug!("lost a race for the room");
                }
            }
        }
        Ok(Attempt::Contended)
    }

    /// The room is open already; by this very ask, where its answer was lost on the way.
    fn conflict(&self, id: ConferenceId, found: Found) -> Attempt {
        match found.situation.live {
            Some(mine) if mine.id == self.id => self.open(mine),
            Some(live) => Attempt::Answer(Answer::Conflict {
                tenant: live.tenant,
                id,
                message: open_already(found.language),
            }),
            None => Attempt::Contended,
        }
    }

    fn open(&self, conference: Conference) -> Attempt {
        match unlock(&self.app.keys, conference.tenant, conference.appointment(), &conference.options) {
            Ok(password) => {
                Attempt::Answer(Answer::Opened(Box::new(Opened { conference, password, token: None })))
            }
            Err(error) => Attempt::Unreadable(error),
        }
    }

    /// Claims the room. `None` after a lost race. Nothing is claimed whose password can't be read.
    async fn grant(
        &self,
        db: &mut PgConnection,
        grant: &Grant,
        found: &Found,
    ) -> Result<Option<Attempt>, StoreError> {
        let server = found.situation.server;
        let opened = self.open(Conference {
            tenant: grant.tenant,
            id: self.id,
            room: grant.room.clone(),
            node: self.node.clone(),
            server,
            mail_owner: self.mail_owner.clone(),
            occurrence: match grant.basis {
                Basis::Occurrence { id, .. } => Some(id),
                Basis::Instant | Basis::Unscheduled => None,
            },
            opened_at: grant.opened_at,
            ends_at: grant.ends_at,
            answer_token: grant.answer_token,
            options: grant.options.clone(),
        });
        if !matches!(opened, Attempt::Answer(_)) {
            return Ok(Some(opened));
        }
        let mine =
            Claim { id: self.id, node: self.node, server: server.id, mail_owner: self.mail_owner, grant };
        if claim(db, std::slice::from_ref(&mine)).await?.is_empty() {
            return Ok(None);
        }
        let holder = found.situation.live.as_ref().filter(|live| !live.is_over(grant.opened_at));
        if holder.is_some_and(|live| live.server.id != server.id) {
            self.app.metrics.take_overs.inc();
            tracing::warn!("took the room over from the server that held it");
        }
        Ok(Some(opened))
    }

    /// Refuses, and closes a conference that outlived its appointment.
    async fn refuse(
        &self,
        db: &mut PgConnection,
        refusal: Refusal,
        found: &Found,
        now: DateTime<Utc>,
    ) -> Result<Answer, StoreError> {
        let Refusal { reason, closes } = refusal;
        let tenant = found.situation.tenant.as_ref().map(|tenant| tenant.id);
        if let (Some(closing), Some(tenant)) = (closes, tenant) {
            conferences::close(db, tenant, closing, now).await?;
        }
        let record = RefusalRecord {
            id: Uuid::now_v7(),
            // A server writes into no foreign tenant's log.
            tenant: tenant.filter(|_| found.situation.served).unwrap_or(found.situation.default_tenant),
            server: found.situation.server.id,
            node: self.node.clone(),
            reason,
            refused_at: now,
            language: found.language,
            time_zone: found.time_zone,
        };
        if !self.app.refusals.put(record) {
            self.app.metrics.refusals_dropped.inc();
        }
        Ok(Answer::Refused { reason, message: reason.message(found.language, found.time_zone, now) })
    }
}
