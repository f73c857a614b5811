//! Sealing of what must be read again but not by a thief of the database.
//!
//! XChaCha20-Poly1305 under a list of master keys: the first seals, all open. A
//! blob is version 1 ‖ key id (8 bytes) ‖ nonce (24) ‖ ciphertext and tag (16),
//! and opens only in the context it was sealed in. What may be read, but not made
//! up, gets a tag instead ([`MasterKeys::tag`]). Not in here: what is sealed
//! (`store::sealed`), and credentials, which are hashed.

mod key;
mod key_file;
mod mac;
#[cfg(test)]
mod tests;

use std::fmt;

use chacha20poly1305::{
    XNonce,
    aead::{Aead, Payload},
};
use uuid::Uuid;
use zeroize::Zeroizing;

use self::key::{MasterKey, random};
pub use self::{
    key::{BadKeyId, KeyId},
    key_file::KeyFileError,
    mac::{Tag, tag_by},
};

const VERSION: u8 = 1;

/// The master keys: at least one; the first seals and makes tags, all open and know theirs.
#[derive(Clone)]
pub struct MasterKeys {
    first: MasterKey,
    others: Vec<MasterKey>,
}

/// What a blob belongs to. It opens with the very same context only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// The tenant that owns the row.
    pub tenant: Uuid,
    /// What is sealed, such as `room_password`.
    pub purpose: &'static str,
    /// The row.
    pub row: Uuid,
}

/// A sealed blob, or bytes that claim to be one.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

/// Why a blob does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is too short, or of another version.
    #[error("not a sealed value of a known version")]
    Malformed,
    /// Its master key is not in the list.
    #[error("sealed with the master key `{0}`, which is not among the configured ones")]
    UnknownKey(KeyId),
    /// It was changed, or belongs to another row, purpose or tenant.
    #[error("the sealed value was tampered with or belongs elsewhere")]
    Refused,
}

impl MasterKeys {
    /// Parses one key of 32 bytes per line, in standard base64. Blank lines and
    /// lines that start with `#` are skipped.
    ///
    /// # Errors
    /// A line is no such key (the message has its number only), or there is none.
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        let lines = (1..).zip(text.lines().map(str::trim));
        let mut keys = lines
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .map(|(number, line)| MasterKey::parse(number, line).ok_or(KeyFileError::BadLine(number)));
        let first = keys.next().ok_or(KeyFileError::NoKey)??;
        Ok(Self { first, others: keys.collect::<Result<_, _>>()? })
    }

    /// The id of the key that seals.
    #[must_use]
    pub const fn first_id(&self) -> KeyId {
        self.first.id
    }

    /// The ids of all keys, the sealing one first.
    pub fn key_ids(&self) -> impl Iterator<Item = KeyId> {
        self.iter().map(|key| key.id)
    }

    /// The line that a key was read from, where it is among these; the first line is 1.
    #[must_use]
    pub fn line_of(&self, id: KeyId) -> Option<usize> {
        self.iter().find(|key| key.id == id).map(|key| key.line)
    }

    fn iter(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Seals with the first key.
    ///
    /// # Panics
    /// If the operating system has no random bytes to give.
    #[must_use]
    pub fn seal(&self, context: &Context, plaintext: &[u8]) -> Sealed {
        let nonce: [u8; 24] = random();
        let payload = Payload { msg: plaintext, aad: &context.aad() };
        let ciphertext = self.first.cipher().encrypt(&XNonce::from(nonce), payload);
        let ciphertext = ciphertext.expect("a plaintext is shorter than 256 GiB");
        Sealed([&[VERSION][..], self.first.id.bytes(), &nonce, &ciphertext].concat())
    }

    /// Opens with the key that sealed.
    ///
    /// # Errors
    /// The blob is malformed, its key is not here, or it fails authentication.
    pub fn open(&self, context: &Context, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (&[VERSION], rest) = sealed.0.split_first_chunk().ok_or(OpenError::Malformed)? else {
            return Err(OpenError::Malformed);
        };
        let (&id, rest) = rest.split_first_chunk().ok_or(OpenError::Malformed)?;
        let (&nonce, ciphertext) = rest.split_first_chunk::<24>().ok_or(OpenError::Malformed)?;
        let id = KeyId::from(id);
        let key = self.iter().find(|key| key.id == id).ok_or(OpenError::UnknownKey(id))?;
        let payload = Payload { msg: ciphertext, aad: &context.aad() };
        let plaintext = key.cipher().decrypt(&XNonce::from(nonce), payload);
        plaintext.map(Zeroizing::new).map_err(|_| OpenError::Refused)
    }
}

impl Context {
    /// Each part after its length, so that no two contexts run together alike.
    fn aad(&self) -> Vec<u8> {
        let parts = [self.tenant.as_bytes().as_slice(), self.purpose.as_bytes(), self.row.as_bytes()];
        parts
            .iter()
            .flat_map(|part| (part.len() as u64).to_le_bytes().into_iter().chain(part.iter().copied()))
            .collect()
    }
}

impl Sealed {
    /// Takes bytes from the database; `open` finds out whether they are a blob.
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The blob, for the database.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.key_ids()).finish()
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}
