//! Something is done once, however often it is asked for.

use std::error::Error;

use sqlx::PgConnection;
use uuid::Uuid;

use super::passwords::{KeysError, share_keys};
use super::transaction::transact;
use crate::app::App;
use crate::seal::OpenError;
use crate::store::StoreError;
use crate::store::idempotency::{self, Claimed, OnceKey};
use crate::store::sealed::SealedColumn;

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The answer.
    pub answer: Vec<u8>,
    /// Whether it was given before, and nothing was done now.
    pub replayed: bool,
}

/// Why nothing was done, and nothing answered.
#[derive(Debug, thiserror::Error)]
pub enum OnceError {
    /// Somebody is doing it.
    #[error("a request with this idempotency key is under way")]
    UnderWay,
    /// The key stands for something else.
    #[error("this idempotency key was used for another request")]
    Reused,
    /// Whoever asks was removed in this very moment, with the tenant.
    #[error("the credential is not known")]
    NoTenant,
    /// What was answered can't be read.
    #[error("what was answered before can't be unsealed")]
    Sealed(#[from] OpenError),
    /// Answers can't be sealed so that every replica can read them.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// Runs `work` in a transaction, and keeps its answer in the same transaction under the key: who comes with the key again
/// is answered the same. What fails is not kept: it has changed nothing, and may succeed the next time.
///
/// # Errors
/// What `work` fails with, where the key is in use or stands for something else, or where the database fails.
pub async fn once<E>(
    app: &App,
    key: Option<&OnceKey>,
    work: impl AsyncFn(&mut PgConnection) -> Result<Vec<u8>, E>,
) -> Result<Answered, E>
where
    E: Error + From<StoreError> + From<OnceError> + 'static,
{
    let now = app.clock.now();
    transact(app, async |db| {
        let Some(key) = key else {
            return Ok(Answered { answer: work(db).await?, replayed: false });
        };
        // An answer may hold a password or a credential, so it is sealed.
        let row =
            Uuid::from_u128(u128::from_be_bytes(*key.key.first_chunk().expect("32 bytes are more than 16")));
        let context = SealedColumn::IdempotentAnswer.context(key.tenant.into(), row);
        match idempotency::claim(db, key, now).await? {
            Claimed::UnderWay => Err(OnceError::UnderWay.into()),
            Claimed::NoTenant => Err(OnceError::NoTenant.into()),
            Claimed::Done { request, .. } if request != key.request => Err(OnceError::Reused.into()),
            Claimed::Done { answer, .. } => {
                let answer = app.keys.open(&context, &answer).map_err(OnceError::from)?;
                Ok(Answered { answer: answer.to_vec(), replayed: true })
            }
            Claimed::New => {
                let answer = work(db).await?;
                share_keys(db, &app.keys).await.map_err(OnceError::from)?;
                idempotency::put(db, key, &app.keys.seal(&context, &answer)).await?;
                Ok(Answered { answer, replayed: false })
            }
        }
    })
    .await
}
