//! Keys that room tokens are signed with: the private halves, and shared secrets.

#[cfg(test)]
mod tests;

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, Header};
use serde::Serialize;
use zeroize::Zeroizing;

use super::algorithm::Family;
use super::signer::Signer;
use super::{Algorithm, Kid, PublicHalf};

/// Random bytes of a secret that is made here: 64 characters, long enough for each algorithm.
const SECRET_BYTES: usize = 48;

/// What signs: a private key, or a secret that the verifier has, too.
pub struct SigningKey {
    algorithm: Algorithm,
    /// PKCS #8 in DER, or the bytes of the secret's text.
    private: Zeroizing<Vec<u8>>,
    signer: Box<Signer>,
    public: Option<PublicHalf>,
}

/// Why there is no such key. Never says anything of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It could not be made.
    #[error("no key can be made: the cryptographic library refuses")]
    NotMade,
    /// It is of another kind.
    #[error("{0} takes {kind}", kind = kind(*.0))]
    WrongKind(Algorithm),
    /// It could be guessed.
    #[error("a secret for {0} has at least {bytes} bytes (RFC 7518, section 3.2)", bytes = .0.least_secret())]
    ShortSecret(Algorithm),
    /// It could not be written down in Prosody's configuration.
    #[error(
        "a shared secret is text without control characters, of at most {} bytes",
        SigningKey::MOST_SECRET
    )]
    SecretNotText,
    /// Something can't be signed with it.
    #[error("the key does not sign")]
    NotSigned,
}

fn kind(algorithm: Algorithm) -> &'static str {
    match algorithm.family() {
        Family::Hmac => "a shared secret",
        Family::Rsa => "a private RSA key of 2048 to 4096 bits",
        Family::Ec => "a private key on the curve P-256",
        Family::Ed => "a private Ed25519 key",
    }
}

impl SigningKey {
    /// The most bytes of a shared secret.
    pub const MOST_SECRET: usize = 512;

    /// Makes a key. An RSA key takes a good part of a second: do it beside the requests.
    ///
    /// # Errors
    /// Where the cryptographic library has no random numbers.
    pub fn make(algorithm: Algorithm) -> Result<Self, KeyError> {
        let private = match algorithm.family() {
            Family::Hmac => {
                let mut secret = Zeroizing::new([0; SECRET_BYTES]);
                getrandom::fill(&mut *secret).map_err(|_| KeyError::NotMade)?;
                Zeroizing::new(URL_SAFE_NO_PAD.encode(*secret).into_bytes())
            }
            Family::Rsa => {
                let key = rsa::KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::NotMade)?;
                pkcs8(&key)?
            }
            Family::Ec => {
                let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
                let document = key.and_then(|key| key.to_pkcs8v1()).map_err(|_| KeyError::NotMade)?;
                Zeroizing::new(document.as_ref().to_vec())
            }
            Family::Ed => {
                let key = Ed25519KeyPair::generate().and_then(|key| key.to_pkcs8v1());
                Zeroizing::new(key.map_err(|_| KeyError::NotMade)?.as_ref().to_vec())
            }
        };
        Self::read(algorithm, private)
    }

    /// The key from its bytes: PKCS #8 in DER, or the text of a secret.
    ///
    /// # Errors
    /// Where it is none for that algorithm.
    pub fn read(algorithm: Algorithm, private: Zeroizing<Vec<u8>>) -> Result<Self, KeyError> {
        let wrong = KeyError::WrongKind(algorithm);
        if algorithm.is_shared_secret() {
            check_secret(algorithm, &private)?;
        }
        let signer = Box::new(Signer::read(algorithm, &private).map_err(|_| wrong)?);
        let public = PublicHalf::of(algorithm, &signer).map_err(|_| wrong)?;
        Ok(Self { algorithm, private, signer, public })
    }

    /// What it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What whoever verifies needs; `None` of a shared secret.
    #[must_use]
    pub fn public(&self) -> Option<&PublicHalf> {
        self.public.as_ref()
    }

    /// The key's bytes, from which [`SigningKey::read`] makes it again.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.private
    }

    /// What verifies what it signs.
    #[must_use]
    pub fn verifier(&self) -> DecodingKey {
        self.public.as_ref().map_or_else(|| DecodingKey::from_secret(&self.private), PublicHalf::verifier)
    }

    /// A certificate for the public half, signed by itself: some verifiers take keys in no other form. It has no end of
    /// its own. `None` where there is no public half.
    #[must_use]
    pub fn certificate(&self, kid: &Kid) -> Option<String> {
        self.public.as_ref()?;
        super::public_half::certificate(self.algorithm, &self.private, kid)
    }

    /// Signs claims as a token. Its header is `typ`, exactly `JWT`, `alg` and `kid`, as Jitsi wants it.
    ///
    /// # Errors
    /// Where the cryptographic library refuses.
    pub fn sign(&self, kid: &Kid, claims: &impl Serialize) -> Result<String, KeyError> {
        let mut header = Header::new(self.algorithm.of_library());
        header.kid = Some(kid.as_str().to_owned());
        // The library's own `encode` would parse the key anew for each token.
        let mut token = part(&header)?;
        token.push('.');
        token.push_str(&part(claims)?);
        let signature = self.signer.sign(token.as_bytes()).map_err(|_| KeyError::NotSigned)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

/// A part of a token.
fn part(json: &impl Serialize) -> Result<String, KeyError> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(json).map_err(|_| KeyError::NotSigned)?))
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.algorithm)
    }
}

pub(super) fn pkcs8(key: &rsa::KeyPair) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let der = AsDer::<Pkcs8V1Der>::as_der(key).map_err(|_| KeyError::NotMade)?;
    Ok(Zeroizing::new(der.as_ref().to_vec()))
}

fn check_secret(algorithm: Algorithm, secret: &[u8]) -> Result<(), KeyError> {
    let text = std::str::from_utf8(secret).map_err(|_| KeyError::SecretNotText)?;
    if text.chars().any(char::is_control) || secret.len() > SigningKey::MOST_SECRET {
        return Err(KeyError::SecretNotText);
    }
    if secret.len() < algorithm.least_secret() {
        return Err(KeyError::ShortSecret(algorithm));
    }
    Ok(())
}
