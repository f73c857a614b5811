//! The public key of an app that signs its tokens.

use std::str::FromStr;

use aws_lc_rs::rsa::PublicEncryptingKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::DecodingKey;

use super::pem::pem;

/// The fewest bits of an RSA key's modulus.
pub(super) const LEAST_BITS: usize = 2048;
/// The most bits of an RSA key's modulus.
pub(super) const MOST_BITS: usize = 8192;

/// A public RSA key of 2048 bits or more.
#[derive(Debug, Clone)]
pub struct PublicKey {
    pem: String,
    key: DecodingKey,
}

/// It can't be a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// Nobody but its owner should have it.
    #[error(
        "this is a private key, which nobody but its owner should have: give the public one, as `openssl pkey -in \
         private.pem -pubout` writes it"
    )]
    Private,
    /// It is something else.
    #[error(
        "this is not a public key in PEM: it begins with `-----BEGIN PUBLIC KEY-----`, as `openssl pkey -in private.pem \
         -pubout` writes it"
    )]
    NotPem,
    /// It is of another kind, or one that can be broken.
    #[error("this is not an RSA key of {} to {} bits", LEAST_BITS, MOST_BITS)]
    NotStrong,
}

impl PublicKey {
    /// The key, in PEM.
    #[must_use]
    pub fn as_pem(&self) -> &str {
        &self.pem
    }

    pub(super) fn key(&self) -> &DecodingKey {
        &self.key
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains("PRIVATE KEY") {
            return Err(PublicKeyError::Private);
        }
        let der = der(text).ok_or(PublicKeyError::NotPem)?;
        let key = PublicEncryptingKey::from_der(&der).map_err(|_| PublicKeyError::NotStrong)?;
        if !(LEAST_BITS..=MOST_BITS).contains(&key.key_size_bits()) {
            return Err(PublicKeyError::NotStrong);
        }
        let pem = pem("PUBLIC KEY", &der);
        let key = DecodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| PublicKeyError::NotStrong)?;
        Ok(Self { pem, key })
    }
}

/// What is between the first line and the last.
fn der(pem: &str) -> Option<Vec<u8>> {
    let rest = pem.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?;
    let lines = rest.strip_suffix("-----END PUBLIC KEY-----")?;
    STANDARD.decode(lines.split_whitespace().collect::<String>()).ok()
}
