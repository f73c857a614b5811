//! A master key and its id.
//!
//! Not in here: the list of keys (`seal`) and its file (`key_file`).

use std::fmt;
use std::str::FromStr;

use base64::{Engine, prelude::BASE64_STANDARD};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// One master key; wiped from memory when it goes.
#[derive(Clone)]
pub(super) struct MasterKey {
    pub(super) id: KeyId,
    /// Where it stands among the lines it was read from; the first is 1.
    pub(super) line: usize,
    key: Zeroizing<[u8; 32]>,
}

/// Which master key sealed a blob; says nothing about the key itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

/// A text is no key id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id of a master key is 16 hexadecimal digits, as `frontdesk master-keys list` shows them")]
pub struct BadKeyId;

impl MasterKey {
    pub(super) fn parse(line: usize, text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(text).ok()?);
        Some(Self::new(line, Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// The id is the start of a SHA-256 over the key.
    fn new(line: usize, key: Zeroizing<[u8; 32]>) -> Self {
        let hash: [u8; 32] =
            Sha256::new().chain_update(b"frontdesk master key").chain_update(*key).finalize().into();
        let mut id = [0; 8];
        id.copy_from_slice(&hash[..8]);
        Self { id: KeyId(id), line, key }
    }

    /// To derive others from.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.key
    }

    pub(super) fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.key).into())
    }
}

impl KeyId {
    /// The bytes, as they stand in a blob.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = BadKeyId;

    fn from_str(text: &str) -> Result<Self, BadKeyId> {
        let is_hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = is_hex.then(|| u64::from_str_radix(text, 16).ok()).flatten().ok_or(BadKeyId)?;
        Ok(Self(id.to_be_bytes()))
    }
}

impl From<[u8; 8]> for KeyId {
    fn from(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Random bytes from the operating system.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
