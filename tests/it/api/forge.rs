//! Tokens from bytes. No library is asked whether there may be such tokens.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RsaEncoding,
};
use aws_lc_rs::{digest, hmac};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// base64url without padding.
pub fn b64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let all =
            three.iter().chain([0, 0].iter()).take(3).fold(0, |all, byte| all << 8 | usize::from(*byte));
        for place in 0..=three.len() {
            text.push(char::from(ALPHABET[all >> (18 - 6 * place) & 63]));
        }
    }
    text
}

/// The same bytes, with a bit behind them that no byte has.
pub fn trailing_bit(text: &str) -> String {
    let last = ALPHABET.iter().position(|letter| Some(letter) == text.as_bytes().last()).unwrap();
    assert!(text.len() % 4 > 1 && last % 2 == 0, "there is no bit left: {text}");
    format!("{}{}", &text[..text.len() - 1], char::from(ALPHABET[last + 1]))
}

/// A JSON object as it will stand there: names and values are written as they are given.
#[derive(Clone)]
pub struct Text(Vec<(String, String)>);

impl Text {
    pub fn new<const N: usize>(members: [(&str, String); N]) -> Self {
        Self(members.map(|(name, value)| (name.to_owned(), value)).to_vec())
    }

    /// With that value, written so, of that name.
    pub fn with(&self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    pub fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(known, _)| known != name).cloned().collect())
    }

    /// With one more member, whether or not there is one of that name.
    pub fn and(&self, name: &str, value: &str) -> Self {
        Self(self.0.iter().cloned().chain([(name.to_owned(), value.to_owned())]).collect())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members: Vec<_> = self.0.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        write!(f, "{{{}}}", members.join(","))
    }
}

/// Whoever signs.
#[derive(Clone)]
pub enum Signer {
    /// With an RSA key in PKCS #8.
    Rs(Vec<u8>, &'static dyn RsaEncoding),
    /// With a secret.
    Hs(Vec<u8>),
    /// With an EC key in PKCS #8.
    Es(Vec<u8>),
    /// With an Ed25519 key in PKCS #8.
    Ed(Vec<u8>),
    /// Nobody: this stands in place of the signature.
    Not(Vec<u8>),
}

impl Signer {
    pub fn rs256(pkcs8: &[u8]) -> Self {
        Self::Rs(pkcs8.to_vec(), &RSA_PKCS1_SHA256)
    }

    pub fn rs384(pkcs8: &[u8]) -> Self {
        Self::Rs(pkcs8.to_vec(), &RSA_PKCS1_SHA384)
    }

    pub fn signature(&self, input: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rs(pkcs8, encoding) => {
                let key = KeyPair::from_pkcs8(pkcs8).unwrap();
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(*encoding, &random, input, &mut signature).unwrap();
                signature
            }
            Self::Hs(secret) => {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input).as_ref().to_vec()
            }
            Self::Es(pkcs8) => {
                let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).unwrap();
                key.sign(&random, input).unwrap().as_ref().to_vec()
            }
            Self::Ed(pkcs8) => {
                let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).unwrap();
                key.sign(input).as_ref().to_vec()
            }
            Self::Not(bytes) => bytes.clone(),
        }
    }

    /// A token of these bytes.
    pub fn token(&self, header: &[u8], claims: &[u8]) -> String {
        let input = format!("{}.{}", b64(header), b64(claims));
        let signature = self.signature(input.as_bytes());
        format!("{input}.{}", b64(&signature))
    }
}

/// What an RSA key's verifiers are given, in each form that somebody may take for a secret.
pub fn public_forms(pem: &str, jwk: &str) -> Vec<Vec<u8>> {
    let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &lines).unwrap();
    let thumbprint = digest::digest(&digest::SHA256, &der);
    vec![
        pem.into(),
        pem.trim().into(),
        pem.replace('\n', "\r\n").into(),
        lines.into(),
        thumbprint.as_ref().to_vec(),
        der,
        jwk.into(),
        Vec::new(),
    ]
}
