//! A master key is lost for good, and with it what it has sealed: the database stops asking for it.
//!
//! This works without the key, where nothing else does. Nothing gets open by it: rooms keep the passwords that nobody can
//! read any more, and stay shut.

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection};
use strum::VariantArray as _;

use super::master_keys::{MasterKeyState, list_master_keys};
use crate::seal::{KeyId, MasterKeys};
use crate::store::appointments::{SealedUnder, sealed_under};
use crate::store::sealed::SealedColumn;
use crate::store::{StoreError, deployment};

/// How many appointments are named.
const MOST_NAMED: i64 = 100;

/// What is lost with a master key.
#[derive(Debug, Clone)]
pub struct Loss {
    /// The key, as it was before.
    pub key: MasterKeyState,
    /// Appointments whose rooms stay shut until they have a new password: the next one first, at most 100.
    pub appointments: Vec<SealedUnder>,
}

impl Loss {
    /// How many of the appointments have a date to come.
    #[must_use]
    pub fn upcoming(&self) -> i64 {
        self.appointments.first().map_or(0, |first| first.upcoming)
    }
}

/// Why a master key is not forgotten.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    /// It is in the key file.
    #[error(
        "the master key `{key}` is not lost: it is in line {line} of the key file. To do without it, put another one \
         before it, and run `frontdesk master-keys reseal`"
    )]
    NotLost {
        /// Its id.
        key: KeyId,
        /// Where it is.
        line: usize,
    },
    /// There is no such key.
    #[error(
        "nothing here is sealed under a master key `{0}`: `frontdesk master-keys list` says which there are"
    )]
    Unknown(KeyId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ForgetError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What would be lost with the key. Changes nothing.
///
/// # Errors
/// Where the key is in the file or not known, or the database fails.
pub async fn what_is_lost(
    db: &mut PgConnection,
    keys: Option<&MasterKeys>,
    key: KeyId,
    now: DateTime<Utc>,
) -> Result<Loss, ForgetError> {
    if let Some(line) = keys.and_then(|keys| keys.line_of(key)) {
        return Err(ForgetError::NotLost { key, line });
    }
    let known = list_master_keys(db, keys).await?;
    let key = known.into_iter().find(|known| known.id == key).ok_or(ForgetError::Unknown(key))?;
    let appointments = sealed_under(db, key.id, now, MOST_NAMED).await?;
    Ok(Loss { key, appointments })
}

/// Forgets the key. What it has sealed is revoked, retired, deleted or kept, as [`SealedColumn::if_lost`] says.
///
/// # Errors
/// Where the key is in the file or not known, or the database fails; then nothing is changed.
pub async fn forget_master_key(
    db: &mut PgConnection,
    keys: Option<&MasterKeys>,
    key: KeyId,
    now: DateTime<Utc>,
) -> Result<Loss, ForgetError> {
    let mut transaction = db.begin().await?;
    let noted = deployment::master_keys_for_update(&mut transaction).await?;
    let lost = what_is_lost(&mut transaction, keys, key, now).await?;
    for column in SealedColumn::VARIANTS {
        column.give_up(&mut transaction, key, now).await?;
    }
    let lost_id = key.to_string();
    let others: Vec<String> = noted.into_iter().filter(|id| *id != lost_id).collect();
    deployment::put_master_keys(&mut transaction, &others).await?;
    transaction.commit().await?;
    Ok(lost)
}
