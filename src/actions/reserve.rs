//! A conference server asks whether a room may open.

mod alone;
mod conduct;
mod lane;
mod promises;
mod queue;
mod verdict;

use std::sync::Arc;

use secrecy::SecretString;
use tokio::time::Instant;

use self::alone::{ROUNDS, alone};
use self::verdict::{Asked, Parties, Settled};
use super::answer_token::answer_token;
use super::passwords::UnlockError;
use crate::app::App;
use crate::credential::Credential;
use crate::database::desk::{DEADLINE, DeskError};
use crate::metrics::Outcome;
use crate::reservation::{Conference, ConferenceId, MailOwner, Node, Reason, TenantId};
use crate::store::desk::Asker;

pub use self::lane::Lane;

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
    /// There is no room for one more that waits, or it has waited for a second.
    #[error("too many asks wait for an answer")]
    Busy,
}

/// Decides, and opens the room where it may open: together with others that ask at the same time.
///
/// # Errors
/// Where nobody known asks, or where no answer is to be had before the deadline.
pub async fn reserve(
    app: &App,
    lane: &Lane,
    credential: &Credential,
    node: &Node,
    mail_owner: &MailOwner,
) -> Result<Answer, ReserveError> {
    let since = Instant::now();
    let settled = settled(app, lane, credential, node, mail_owner, since + DEADLINE).await;
    let outcome = match &settled {
        Ok((Answer::Opened(_), _)) => Outcome::Granted,
        Ok((Answer::Conflict { .. }, _)) => Outcome::Conflict,
        Ok((Answer::Refused { reason, .. }, _)) => Outcome::Refused(reason.code()),
        Err(ReserveError::UnknownCredential) => Outcome::Unauthorized,
        Err(
            ReserveError::Desk(_) | ReserveError::Password(_) | ReserveError::Contended | ReserveError::Busy,
        ) => Outcome::Unavailable,
    };
    app.metrics.ask(outcome, since.elapsed());
    if outcome != Outcome::Unavailable {
        let parties = settled.as_ref().ok().map(|(_, parties)| parties);
        // In the event and not in a span of its own: what is added to a span later is expensive, in JSON above all.
        tracing::info!(
            room.name = node.as_str(),
            server.id = parties.map(|parties| tracing::field::display(parties.server)),
            tenant.id = parties.and_then(|parties| parties.tenant).map(tracing::field::display),
            outcome = outcome.name(),
            reason = outcome.reason(),
            "answered an ask"
        );
    }
    settled.map(|(answer, _)| answer)
}

async fn settled(
    app: &App,
    lane: &Lane,
    credential: &Credential,
    node: &Node,
    mail_owner: &MailOwner,
    deadline: Instant,
) -> Result<(Answer, Parties), ReserveError> {
    let hash = credential.hash();
    if app.unknown.contains(hash) {
        return Err(ReserveError::UnknownCredential);
    }
    let asked = Arc::new(Asked::new(hash, node, mail_owner));
    let is_known = app.standings.know(Asker::Credential(hash), asked.tenant.as_ref());
    let settled = if let Some(settled) = lane.settle(Arc::clone(&asked), is_known, deadline).await? {
        settled
    } else {
        app.metrics.asks_alone.inc();
        alone(app, &asked, deadline).await?
    };
    match settled {
        Settled::UnknownCredential => {
            app.unknown.note(hash);
            Err(ReserveError::UnknownCredential)
        }
        Settled::Answer(Answer::Opened(mut opened), parties) => {
            opened.token = answer_token(app, &opened.conference, deadline).await;
            Ok((Answer::Opened(opened), parties))
        }
        Settled::Answer(answer, parties) => Ok((answer, parties)),
        Settled::Unreadable(error) => {
            app.metrics.unseal_failures.inc();
            Err(error.into())
        }
        Settled::Contended => Err(ReserveError::Contended),
        Settled::Busy => Err(ReserveError::Busy),
    }
}
