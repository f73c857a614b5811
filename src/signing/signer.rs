//! A private key or a secret, parsed once: parsing an RSA key takes longer than signing with it.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair,
};

use super::Algorithm;
use super::public_key::LEAST_BITS;

/// The most bits of an RSA key that signs. A larger one takes so long for each token that others wait for it.
const MOST_BITS: usize = 4096;

/// What signs. The library clears its memory when it goes.
pub(super) enum Signer {
    Hmac(Box<hmac::Key>),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// It is no such key.
#[derive(Debug, Clone, Copy)]
pub(super) struct NotAKey;

impl Signer {
    /// From PKCS #8, or from the bytes of a secret.
    pub(super) fn read(algorithm: Algorithm, private: &[u8]) -> Result<Self, NotAKey> {
        Ok(match algorithm {
            Algorithm::Hs256 => Self::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, private))),
            Algorithm::Hs384 => Self::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA384, private))),
            Algorithm::Hs512 => Self::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA512, private))),
            Algorithm::Rs256 => Self::Rsa(rsa(private)?, &RSA_PKCS1_SHA256),
            Algorithm::Rs384 => Self::Rsa(rsa(private)?, &RSA_PKCS1_SHA384),
            Algorithm::Rs512 => Self::Rsa(rsa(private)?, &RSA_PKCS1_SHA512),
            Algorithm::Es256 => {
                let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private);
                Self::Ec(key.map_err(|_| NotAKey)?)
            }
            Algorithm::EdDsa => {
                Self::Ed(Ed25519KeyPair::from_pkcs8_maybe_unchecked(private).map_err(|_| NotAKey)?)
            }
        })
    }

    /// The public half as SubjectPublicKeyInfo; `None` of a secret.
    pub(super) fn public(&self) -> Result<Option<Vec<u8>>, NotAKey> {
        match self {
            Self::Hmac(_) => Ok(None),
            Self::Rsa(key, _) => spki(key.public_key()).map(Some),
            Self::Ec(key) => spki(key.public_key()).map(Some),
            Self::Ed(key) => spki(key.public_key()).map(Some),
        }
    }

    /// The signature of a message. With an RSA key of 2048 bits it takes a quarter of a millisecond, with the largest one and
    /// a half; the first one with a key twice that.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        Ok(match self {
            Self::Hmac(key) => hmac::sign(key, message).as_ref().to_vec(),
            Self::Rsa(key, encoding) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(*encoding, &random, message, &mut signature)?;
                signature
            }
            Self::Ec(key) => key.sign(&random, message)?.as_ref().to_vec(),
            Self::Ed(key) => key.sign(message).as_ref().to_vec(),
        })
    }
}

fn rsa(pkcs8: &[u8]) -> Result<RsaKeyPair, NotAKey> {
    let key = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| NotAKey)?;
    let is_usual = (LEAST_BITS..=MOST_BITS).contains(&(key.public_modulus_len() * 8));
    if is_usual { Ok(key) } else { Err(NotAKey) }
}

fn spki(key: &impl AsDer<PublicKeyX509Der<'static>>) -> Result<Vec<u8>, NotAKey> {
    Ok(key.as_der().map_err(|_| NotAKey)?.as_ref().to_vec())
}
