//! Sealing and unsealing of room passwords, and the master keys for it.

use secrecy::SecretString;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::credential::NoRandomness;
use crate::reservation::{AppointmentId, Options, RoomPassword, TenantId};
use crate::seal::{Context, MasterKeys, OpenError, Sealed};
use crate::store::sealed::SealedColumn;
use crate::store::{StoreError, deployment};

fn context(tenant: TenantId, appointment: AppointmentId) -> Context {
    SealedColumn::AppointmentPassword.context(tenant.into(), Uuid::from(appointment))
}

/// Why a password can't be read.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// It does not open.
    #[error("a room's password can't be unsealed")]
    Sealed(#[from] OpenError),
    /// It opens, and is no text, or no appointment is known that it was sealed for.
    #[error("a room's password is not readable")]
    Unreadable,
}

/// Letters and digits that nobody mixes up when they are read aloud.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A new password: 12 letters and digits, 60 bits.
///
/// # Errors
/// Where the operating system has no random numbers.
pub fn generate() -> Result<RoomPassword, NoRandomness> {
    let mut bits = [0; 12];
    getrandom::fill(&mut bits)?;
    let text: String = bits.iter().map(|bits| char::from(ALPHABET[usize::from(bits % 32)])).collect();
    Ok(text.parse().expect("12 letters and digits are a password"))
}

/// Seals a password for the appointment it belongs to.
#[must_use]
pub fn lock(
    keys: &MasterKeys,
    tenant: TenantId,
    appointment: AppointmentId,
    password: &RoomPassword,
) -> Sealed {
    keys.seal(&context(tenant, appointment), password.expose().as_bytes())
}

/// The password among the options, if there is one: it was sealed for the appointment, and copied
/// from there to wherever it is now.
///
/// # Errors
/// Where there is one and it can't be read.
pub fn unlock(
    keys: &MasterKeys,
    tenant: TenantId,
    appointment: Option<AppointmentId>,
    options: &Options,
) -> Result<Option<SecretString>, UnlockError> {
    let Some(sealed) = &options.password else {
        return Ok(None);
    };
    let appointment = appointment.ok_or(UnlockError::Unreadable)?;
    let password = keys.open(&context(tenant, appointment), sealed)?;
    let password = std::str::from_utf8(&password).map_err(|_| UnlockError::Unreadable)?;
    Ok(Some(password.into()))
}

/// Why our master keys don't do for this database.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Something may be sealed under a key that we don't have.
    #[error(
        "passwords in this database are sealed under the master key `{missing}`, and the key file has only {here}. \
         Every replica needs the same keys: copy the file from a host that works, and name it in \
         FRONTDESK_MASTER_KEY_FILE. If the key is lost for good: `frontdesk master-keys forget {missing}`"
    )]
    Missing {
        /// The id of the key.
        missing: String,
        /// The ids of ours.
        here: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes sure that we can open whatever may be sealed in this database.
///
/// # Errors
/// Where a key is missing.
pub async fn check_keys(db: &mut PgConnection, keys: &MasterKeys) -> Result<(), KeysError> {
    all_here(&deployment::master_keys(db).await?, keys)
}

/// Notes the key that seals, before it first does: from then on nobody works on this database who
/// does not have it. It stays noted until this transaction ends.
///
/// # Errors
/// Where a key is missing.
pub async fn share_keys(db: &mut PgConnection, keys: &MasterKeys) -> Result<(), KeysError> {
    let first = keys.first_id().to_string();
    loop {
        if let Some(noted) = deployment::hold_master_key(db, &first).await? {
            return all_here(&noted, keys);
        }
        check_keys(db, keys).await?;
        deployment::note_master_key(db, &first).await?;
    }
}

fn all_here(noted: &[String], keys: &MasterKeys) -> Result<(), KeysError> {
    let here: Vec<String> = keys.key_ids().map(|id| id.to_string()).collect();
    match noted.iter().find(|id| !here.contains(id)) {
        Some(missing) => Err(KeysError::Missing { missing: missing.clone(), here: here.join(", ") }),
        None => Ok(()),
    }
}
