//! The room token in the answer to a conference server: for what else runs there and has to enter the room.
//!
//! It is an addition, and protects nothing: where it can't be made, the room opens without it. It is not kept but made for
//! each answer, and the same each time as long as the same key signs. Its id is the conference's.

use std::error::Error;
use std::time::Duration;

use secrecy::SecretString;
use sqlx::PgConnection;
use tokio::time::Instant;
use uuid::Uuid;

use super::mint::{MintError, served_key, sign, signer};
use crate::app::App;
use crate::database::desk::DeskError;
use crate::reservation::{Conference, Role};
use crate::store::signers::Signer;
use crate::store::signing_keys::SigningKeyRecord;
use crate::token::{CustomClaims, Entry, Privileges, Reference, Rooms, Subject, Validity, claims};

/// How long an answer waits for its token: the room is open already.
const PATIENCE: Duration = Duration::from_millis(400);

/// Why an answer goes without its token.
#[derive(Debug, thiserror::Error)]
enum AnswerTokenError {
    /// It can't be made.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// The database is away, or too slow.
    #[error(transparent)]
    Desk(#[from] DeskError),
}

/// The token that goes with the answer about a conference, if one is to; `None` also where none was to be had by the
/// deadline. Only for a conference that is claimed: nothing that fails here can take it back.
pub(super) async fn answer_token(
    app: &App,
    conference: &Conference,
    deadline: Instant,
) -> Option<SecretString> {
    if !conference.answer_token {
        return None;
    }
    let made = made(app, conference, deadline.min(Instant::now() + PATIENCE)).await;
    made.inspect_err(|error| {
        app.metrics.answer_tokens_missing.inc();
        tracing::error!(
            room.name = conference.node.as_str(),
            server.id = %conference.server.id,
            tenant.id = %conference.tenant,
            error = error as &dyn Error,
            "the answer goes without its room token"
        );
    })
    .ok()
}

async fn made(
    app: &App,
    conference: &Conference,
    deadline: Instant,
) -> Result<SecretString, AnswerTokenError> {
    // To Jitsi it would be every room.
    if conference.room.web_form() == "*" {
        return Err(MintError::EveryRoom.into());
    }
    let prepared =
        app.desk.run(deadline, async |db: &mut PgConnection| match prepared(db, conference).await {
            // The desk knows what is worth another attempt.
            Err(MintError::Store(error)) => Err(error),
            prepared => Ok(prepared),
        });
    let (signer, key, subject) = prepared.await??;
    let entry = Entry {
        settings: &signer.settings,
        subject: &subject,
        id: Uuid::from(conference.id).into(),
        rooms: Rooms::One(conference.room.clone()),
        validity: Validity::of_conference(conference.opened_at, conference.ends_at),
        person: None,
        role: Role::Host,
        privileges: Privileges { moderator: true, ..signer.settings.roles.of(Role::Host).clone() },
        group: None,
        eject_after: None,
        custom: CustomClaims::default(),
        dialect: None,
        reference: Reference {
            tenant: conference.tenant,
            appointment: conference.appointment(),
            original_start: conference.occurrence.map(|date| date.original_start),
            participant: None,
        },
    };
    // As of its opening, so that it is the same each time. It takes a millisecond, without a connection in hand.
    Ok(sign(app, &key, &claims(&entry, conference.opened_at))?.into())
}

/// What signs, and is served until the conference has ended, and whose rooms they are.
async fn prepared(
    db: &mut PgConnection,
    conference: &Conference,
) -> Result<(Signer, SigningKeyRecord, Subject), MintError> {
    let (mut signer, subject) = signer(db, conference.tenant).await?;
    let key = served_key(db, conference.tenant, &mut signer, conference.ends_at).await?;
    Ok((signer, key, subject))
}
