//! Tokens that an app signs itself (JWT) instead of sending its credential. Pure: the time is handed in.
//!
//! Which algorithm verifies is said by the key, never by the token. Not in here: tokens that Frontdesk itself
//! signs, and where keys are kept.

mod public_key;
#[cfg(test)]
mod tests;

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{DecodingKey, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

pub use self::public_key::{PublicKey, PublicKeyError};
use crate::reservation::AppId;

/// How far an app's clock may be off.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);

/// How far ahead a token may expire at the most.
pub const LONGEST: TimeDelta = TimeDelta::hours(24);

/// What a token may be signed with.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    strum::Display,
    strum::VariantNames,
    strum::EnumString,
    strum::IntoStaticStr,
    serde::Serialize,
    serde::Deserialize,
)]
#[strum(serialize_all = "UPPERCASE", ascii_case_insensitive)]
#[serde(rename_all = "UPPERCASE")]
pub enum Algorithm {
    /// HMAC with SHA-256, under a secret that both sides know.
    Hs256,
    /// RSA (PKCS #1 v1.5) with SHA-256. We have the public key only.
    Rs256,
}

/// What a signature is verified with. The algorithm follows from it.
#[derive(Debug, Clone)]
pub enum Verifier {
    /// The secret: the bytes of the whole text, with its prefix.
    Hs256(SecretString),
    /// The public key.
    Rs256(PublicKey),
}

/// Who signs, as its tokens say it in `iss`: 1 to 200 characters, no controls.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Issuer(String);

/// It can't be an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an issuer has 1 to {} characters, and no control characters", Issuer::MAX_CHARS)]
pub struct IssuerError;

impl Issuer {
    /// The most characters.
    pub const MAX_CHARS: usize = 200;

    /// The issuer.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Issuer {
    type Err = IssuerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !(1..=Self::MAX_CHARS).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            return Err(IssuerError);
        }
        Ok(Self(text.to_owned()))
    }
}

/// What is wrong with a token. Never says anything of what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no JWT.
    #[error("this is neither an app's credential nor a signed token")]
    Malformed,
    /// A claim is not there.
    #[error("the token lacks the claim `{0}`")]
    MissingClaim(&'static str),
    /// A claim is there, and is not what it should be.
    #[error("the token's claim `{0}` can't be read")]
    BadClaim(&'static str),
    /// It asks for something of whoever reads it that we know nothing of.
    #[error("the token's header has `crit`, which is not supported")]
    Critical,
    /// It names another algorithm than its app's keys are for.
    #[error("the token is not signed with the algorithm of the app's signing key")]
    WrongAlgorithm,
    /// It was signed with another key, or changed.
    #[error("the token's signature is not valid")]
    BadSignature,
    /// It was good until now.
    #[error("the token has expired")]
    Expired,
    /// It will be good.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// It would be good for too long.
    #[error("the token expires more than {} hours from now", LONGEST.num_hours())]
    TooLong,
    /// Somebody else signs with this key.
    #[error("the token's `iss` is not the issuer that its signing key is for")]
    WrongIssuer,
}

/// A token that nobody has verified yet.
#[derive(Debug)]
pub struct Unverified<'a> {
    token: &'a str,
    algorithm: Option<Algorithm>,
    app: AppId,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    crit: Option<Value>,
}

type Claims = serde_json::Map<String, Value>;

impl<'a> Unverified<'a> {
    /// Reads of a token what its keys are found by.
    ///
    /// # Errors
    /// Where it is no token, or does not name an app.
    pub fn read(token: &'a str) -> Result<Self, TokenError> {
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Malformed);
        };
        let header: Header = json(header).ok_or(TokenError::Malformed)?;
        let claims: Claims = json(claims).ok_or(TokenError::Malformed)?;
        if header.crit.is_some() {
            return Err(TokenError::Critical);
        }
        let app = claims.get("app").ok_or(TokenError::MissingClaim("app"))?;
        let app = app.as_str().and_then(|app| app.parse().ok()).ok_or(TokenError::BadClaim("app"))?;
        // Exactly as it is registered: `hs256` is no algorithm.
        let algorithm = [Algorithm::Hs256, Algorithm::Rs256].into_iter();
        let algorithm = algorithm.into_iter().find(|algorithm| <&str>::from(algorithm) == header.alg);
        Ok(Self { token, algorithm, app })
    }

    /// The app that it says it is from.
    #[must_use]
    pub fn app(&self) -> AppId {
        self.app
    }

    /// Whether its header names that algorithm. It is never verified with another one than its key's.
    #[must_use]
    pub fn is_signed_with(&self, algorithm: Algorithm) -> bool {
        self.algorithm == Some(algorithm)
    }

    /// Verifies it with one key: the signature, then the times, then who signed.
    ///
    /// # Errors
    /// Where any of them does not hold.
    pub fn verify(
        &self,
        verifier: &Verifier,
        issuer: Option<&Issuer>,
        now: DateTime<Utc>,
    ) -> Result<(), TokenError> {
        let (algorithm, key) = match verifier {
            Verifier::Hs256(secret) => {
                (jsonwebtoken::Algorithm::HS256, &DecodingKey::from_secret(secret.expose_secret().as_bytes()))
            }
            Verifier::Rs256(public_key) => (jsonwebtoken::Algorithm::RS256, public_key.key()),
        };
        let mut signature_only = Validation::new(algorithm);
        // It would ask the system what time it is.
        signature_only.required_spec_claims.clear();
        signature_only.validate_exp = false;
        signature_only.validate_nbf = false;
        signature_only.validate_aud = false;
        let verified = jsonwebtoken::decode::<Claims>(self.token, key, &signature_only);
        let claims = verified.map_err(|error| match error.kind() {
            ErrorKind::InvalidAlgorithm => TokenError::WrongAlgorithm,
            ErrorKind::InvalidSignature => TokenError::BadSignature,
            _ => TokenError::Malformed,
        })?;
        check(&claims.claims, issuer, now)
    }
}

/// A part of a token.
fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// Whether the token is good now, and from whom it should be.
fn check(claims: &Claims, issuer: Option<&Issuer>, now: DateTime<Utc>) -> Result<(), TokenError> {
    let at = |name| match claims.get(name) {
        None => Ok(None),
        Some(seconds) => seconds.as_f64().map(Some).ok_or(TokenError::BadClaim(name)),
    };
    // Source: RFC 7519, section 2, `NumericDate`: seconds since 1970, perhaps with a fraction.
    let expires = at("exp")?.ok_or(TokenError::MissingClaim("exp"))?;
    let now = (now - DateTime::UNIX_EPOCH).as_seconds_f64();
    let leeway = LEEWAY.as_seconds_f64();
    if expires + leeway <= now {
        return Err(TokenError::Expired);
    }
    if expires - leeway > now + LONGEST.as_seconds_f64() {
        return Err(TokenError::TooLong);
    }
    if at("nbf")?.is_some_and(|not_before| not_before - leeway > now) {
        return Err(TokenError::NotYetValid);
    }
    match (issuer, claims.get("iss")) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(TokenError::MissingClaim("iss")),
        (Some(issuer), Some(said)) if said.as_str() == Some(issuer.as_str()) => Ok(()),
        (Some(_), Some(_)) => Err(TokenError::WrongIssuer),
    }
}
