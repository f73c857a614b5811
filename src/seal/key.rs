//! A master key and its id.
//!
//! Not in here: the list of keys (`seal`) and its file (`key_file`).

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// One master key; wiped from memory when it goes.
#[derive(Clone)]
pub(super) struct MasterKey {
    pub(super) id: KeyId,
    key: Zeroizing<[u8; 32]>,
}

/// Which master key sealed a blob; says nothing about the key itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; 8]);

impl MasterKey {
    pub(super) fn parse(line: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(line).ok()?);
        Some(Self::new(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// The id is the start of a SHA-256 over the key.
    fn new(key: Zeroizing<[u8; 32]>) -> Self {
        let hash: [u8; 32] =
            Sha256::new().chain_update(b"frontdesk master key").chain_update(*key).finalize().into();
        let mut id = [0; 8];
        id.copy_from_slice(&hash[..8]);
        Self { id: KeyId(id), key }
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
    pub(super) const fn bytes(&self) -> &[u8; 8] {
        &self.0
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
