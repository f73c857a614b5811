//! Keys that were made elsewhere: PEM, JWK, or the text of a shared secret.

use aws_lc_rs::rsa::{KeyPair, KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use zeroize::Zeroizing;

use super::algorithm::Family;
use super::key::pkcs8;
use super::strict_json::Strict;
use super::{Algorithm, KeyError, Kid, SigningKey};

/// A key from elsewhere, and the name that it brought along.
#[derive(Debug)]
pub struct Imported {
    /// The key.
    pub key: SigningKey,
    /// A JWK's `kid`.
    pub kid: Option<Kid>,
}

/// Why it can't be taken. Never says anything of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImportKeyError {
    /// Nothing can be signed with it.
    #[error("this is a public key: to sign, the private one is needed")]
    Public,
    /// It has a passphrase.
    #[error("this key is encrypted: decrypt it first (`openssl pkey -in key.pem`)")]
    Encrypted,
    /// No key is that long.
    #[error("this is too long to be a key: at most {} bytes", Imported::MOST_BYTES)]
    TooLong,
    /// It is in a form that we don't read.
    #[error(
        "this is no private key in PEM (`PRIVATE KEY`, `RSA PRIVATE KEY` or `EC PRIVATE KEY`) and no private JWK"
    )]
    Unreadable,
    /// Its `alg` is another one.
    #[error("this JWK is for another algorithm")]
    OtherAlgorithm,
    /// Its `kid` can't be used.
    #[error("the `kid` of this JWK can't be used: give another one")]
    Kid,
    /// It is no key for the algorithm.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Imported {
    /// The most bytes of its text. An RSA key of 4096 bits takes about 3 KiB.
    pub const MOST_BYTES: usize = 16 * 1024;

    /// Reads a key: a JWK, PEM, or else the text of a secret, where the algorithm takes one.
    ///
    /// # Errors
    /// Where it is no key for that algorithm.
    pub fn read(algorithm: Algorithm, text: &str) -> Result<Self, ImportKeyError> {
        let text = text.trim();
        if text.len() > Self::MOST_BYTES {
            return Err(ImportKeyError::TooLong);
        }
        if text.starts_with('{') {
            return from_jwk(algorithm, text);
        }
        let private = match algorithm.family() {
            Family::Hmac if text.starts_with("-----BEGIN ") => {
                return Err(KeyError::WrongKind(algorithm).into());
            }
            Family::Hmac => Zeroizing::new(text.as_bytes().to_vec()),
            _ => from_pem(algorithm, text)?,
        };
        Ok(Self { key: SigningKey::read(algorithm, private)?, kid: None })
    }
}

fn from_pem(algorithm: Algorithm, text: &str) -> Result<Zeroizing<Vec<u8>>, ImportKeyError> {
    let (label, der) = pem(text).ok_or(ImportKeyError::Unreadable)?;
    let wrong = KeyError::WrongKind(algorithm);
    match (label, algorithm.family()) {
        ("ENCRYPTED PRIVATE KEY", _) => Err(ImportKeyError::Encrypted),
        ("PUBLIC KEY" | "RSA PUBLIC KEY" | "CERTIFICATE", _) => Err(ImportKeyError::Public),
        ("PRIVATE KEY", Family::Ed) => {
            let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der)
                .and_then(|key| Ok(Zeroizing::new(key.to_pkcs8v1()?.as_ref().to_vec())));
            Ok(key.map_err(|_| wrong)?)
        }
        ("PRIVATE KEY", _) => Ok(der),
        ("RSA PRIVATE KEY", Family::Rsa) => Ok(pkcs8(&KeyPair::from_der(&der).map_err(|_| wrong)?)?),
        ("EC PRIVATE KEY", Family::Ec) => {
            let key = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, &der);
            ec(&key.map_err(|_| wrong)?)
        }
        ("RSA PRIVATE KEY" | "EC PRIVATE KEY", _) => Err(wrong.into()),
        _ => Err(ImportKeyError::Unreadable),
    }
}

fn ec(key: &EcdsaKeyPair) -> Result<Zeroizing<Vec<u8>>, ImportKeyError> {
    let document = key.to_pkcs8v1().map_err(|_| KeyError::NotMade)?;
    Ok(Zeroizing::new(document.as_ref().to_vec()))
}

/// The label of the only PEM block, and its bytes.
fn pem(text: &str) -> Option<(&str, Zeroizing<Vec<u8>>)> {
    // Where openssl writes an EC key, its curve stands in a block before.
    let start = text.rfind("-----BEGIN ")?;
    let (label, rest) = text[start..].strip_prefix("-----BEGIN ")?.split_once("-----")?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    if body.contains("ENCRYPTED") {
        return Some(("ENCRYPTED PRIVATE KEY", Zeroizing::default()));
    }
    let body = Zeroizing::new(body.split_whitespace().collect::<String>());
    Some((label, Zeroizing::new(STANDARD.decode(body.as_bytes()).ok()?)))
}

/// The most characters of a JWK's part. Arithmetic with numbers that are longer takes seconds.
const MOST_PART: usize = 1024;

fn from_jwk(algorithm: Algorithm, text: &str) -> Result<Imported, ImportKeyError> {
    let Ok(Strict(jwk)) = serde_json::from_str(text) else { return Err(ImportKeyError::Unreadable) };
    let kid = match jwk.get("kid") {
        None => None,
        Some(kid) => Some(kid.as_str().and_then(|kid| kid.parse().ok()).ok_or(ImportKeyError::Kid)?),
    };
    if jwk.get("alg").is_some_and(|alg| alg != algorithm.as_str()) {
        return Err(ImportKeyError::OtherAlgorithm);
    }
    let part = |name: &str| -> Result<Zeroizing<Vec<u8>>, ImportKeyError> {
        let text = jwk.get(name).and_then(Value::as_str).ok_or(ImportKeyError::Unreadable)?;
        if text.len() > MOST_PART {
            return Err(ImportKeyError::TooLong);
        }
        URL_SAFE_NO_PAD.decode(text).map(Zeroizing::new).map_err(|_| ImportKeyError::Unreadable)
    };
    let kind = jwk.get("kty").and_then(Value::as_str).unwrap_or_default();
    let has = |name| jwk.get(name).is_some();
    let wrong = KeyError::WrongKind(algorithm);
    let private = match (kind, algorithm.family()) {
        ("oct", Family::Hmac) => part("k")?,
        ("RSA" | "EC" | "OKP", Family::Rsa | Family::Ec | Family::Ed) if !has("d") => {
            return Err(ImportKeyError::Public);
        }
        ("RSA", Family::Rsa) => {
            let components = KeyPairComponents {
                public_key: PublicKeyComponents { n: part("n")?, e: part("e")? },
                d: part("d")?,
                p: part("p")?,
                q: part("q")?,
                dP: part("dp")?,
                dQ: part("dq")?,
                qInv: part("qi")?,
            };
            pkcs8(&KeyPair::from_components(&components).map_err(|_| wrong)?)?
        }
        ("EC", Family::Ec) => {
            let point = Zeroizing::new([&[4], part("x")?.as_slice(), part("y")?.as_slice()].concat());
            let key = EcdsaKeyPair::from_private_key_and_public_key(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &part("d")?,
                &point,
            );
            ec(&key.map_err(|_| wrong)?)?
        }
        ("OKP", Family::Ed) => {
            let key = Ed25519KeyPair::from_seed_and_public_key(&part("d")?, &part("x")?);
            let document = key.map_err(|_| wrong)?.to_pkcs8v1().map_err(|_| KeyError::NotMade)?;
            Zeroizing::new(document.as_ref().to_vec())
        }
        _ => return Err(wrong.into()),
    };
    Ok(Imported { key: SigningKey::read(algorithm, private)?, kid })
}
