//! Tokens that an app signs itself (JWT) instead of sending its credential.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::DecodingKey;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{Algorithm, Claims, Jws, JwsError, PublicKey};
use crate::reservation::{AppId, texts};

/// How far an app's clock may be off.
pub(super) const LEEWAY: TimeDelta = TimeDelta::seconds(30);

/// How far ahead a token may expire at the most.
pub const LONGEST: TimeDelta = TimeDelta::hours(24);

/// Who an app's token is for, where it says so (`aud`).
const AUDIENCE: &str = "frontdesk";

/// What an app may sign with.
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
pub enum AppAlgorithm {
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

texts! {
    /// Who signs, as its tokens say it in `iss`: 1 to 200 characters, no controls.
    Issuer(1..=200) except char::is_control, "no control characters";
}

/// Which times a token has to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// When it expires.
    Usual,
    /// That, or when it was issued: then it is good for as long from there as any may be. Source: the programs on JioMeet's
    /// page, which sign nothing but `app`, to which their library adds `iat`.
    Jiomeet,
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
    /// It is no token that can be trusted, whoever signed it.
    #[error(transparent)]
    Jws(JwsError),
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
    /// It is meant for others.
    #[error("the token's `aud` is not `{AUDIENCE}`; it may be left out")]
    WrongAudience,
}

impl From<JwsError> for TokenError {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::Malformed => Self::Malformed,
            JwsError::WrongAlgorithm => Self::WrongAlgorithm,
            JwsError::BadSignature => Self::BadSignature,
            error => Self::Jws(error),
        }
    }
}

/// A token that nobody has verified yet.
#[derive(Debug)]
pub struct Unverified<'a> {
    jws: Jws<'a>,
    app: AppId,
}

impl<'a> Unverified<'a> {
    /// Reads of a token what its keys are found by.
    ///
    /// # Errors
    /// Where it is no token, or does not name an app.
    pub fn read(token: &'a str) -> Result<Self, TokenError> {
        let jws = Jws::read(token)?;
        let app = jws.claims().get("app").ok_or(TokenError::MissingClaim("app"))?;
        let app = app.as_str().and_then(|app| app.parse().ok()).ok_or(TokenError::BadClaim("app"))?;
        Ok(Self { jws, app })
    }

    /// The app that it says it is from.
    #[must_use]
    pub fn app(&self) -> AppId {
        self.app
    }

    /// Whether its header names that algorithm. It is never verified with another one than its key's.
    #[must_use]
    pub fn is_signed_with(&self, algorithm: AppAlgorithm) -> bool {
        self.jws.names(algorithm.into())
    }

    /// Verifies it with one key: the signature, then the times, then who signed.
    ///
    /// # Errors
    /// Where any of them does not hold.
    pub fn verify(
        &self,
        verifier: &Verifier,
        issuer: Option<&Issuer>,
        terms: Terms,
        now: DateTime<Utc>,
    ) -> Result<(), TokenError> {
        match verifier {
            Verifier::Hs256(secret) => {
                let key = DecodingKey::from_secret(secret.expose_secret().as_bytes());
                self.jws.verify(Algorithm::Hs256, &key)?;
            }
            Verifier::Rs256(public_key) => self.jws.verify(Algorithm::Rs256, public_key.key())?,
        }
        check(self.jws.claims(), issuer, terms, now)
    }
}

/// Whether the token is good now, and from whom it should be.
fn check(
    claims: &Claims,
    issuer: Option<&Issuer>,
    terms: Terms,
    now: DateTime<Utc>,
) -> Result<(), TokenError> {
    // Source: RFC 7519, section 2, `NumericDate`: seconds since 1970. It would allow a fraction; whole numbers, as
    // every library writes them, leave nothing to be understood in two ways.
    let at = |name| match claims.get(name) {
        None => Ok(None),
        Some(seconds) => seconds.as_i64().map(Some).ok_or(TokenError::BadClaim(name)),
    };
    let (now, leeway) = (now.timestamp(), LEEWAY.num_seconds());
    let expires = match (at("exp")?, terms) {
        (Some(expires), _) => expires,
        (None, Terms::Usual) => return Err(TokenError::MissingClaim("exp")),
        (None, Terms::Jiomeet) => {
            let issued = at("iat")?.ok_or(TokenError::MissingClaim("iat"))?;
            issued.saturating_add(LONGEST.num_seconds())
        }
    };
    if expires.saturating_add(leeway) <= now {
        return Err(TokenError::Expired);
    }
    if expires.saturating_sub(leeway) > now + LONGEST.num_seconds() {
        return Err(TokenError::TooLong);
    }
    if at("nbf")?.is_some_and(|not_before| not_before.saturating_sub(leeway) > now) {
        return Err(TokenError::NotYetValid);
    }
    let is_ours = |audience: &Value| audience == AUDIENCE;
    match claims.get("aud") {
        // JioMeet's page knows of none, so it says nothing there.
        _ if terms == Terms::Jiomeet => {}
        None => {}
        Some(Value::Array(audiences)) if audiences.iter().any(is_ours) => {}
        Some(audience) if is_ours(audience) => {}
        Some(_) => return Err(TokenError::WrongAudience),
    }
    match (issuer, claims.get("iss")) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(TokenError::MissingClaim("iss")),
        (Some(issuer), Some(said)) if said.as_str() == Some(issuer.as_str()) => Ok(()),
        (Some(_), Some(_)) => Err(TokenError::WrongIssuer),
    }
}
