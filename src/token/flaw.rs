//! What can be wrong with a room token.

use chrono::{DateTime, Utc};

use crate::signing::JwsError;

/// Why a room token is not good. Never says anything of a token whose signature nobody has verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It is no token that can be trusted, whoever signed it.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// It names no key.
    #[error("the token's header has no `kid`, so nobody can say which key signed it")]
    NoKey,
    /// It names a key that is not here, or another tenant's.
    #[error("neither this tenant nor the deployment has a key of that `kid`")]
    UnknownKey,
    /// Its key was withdrawn.
    #[error("the key that signed it is withdrawn: no token of it is good any more")]
    WithdrawnKey,
    /// It was made for nobody here.
    #[error("the token's claim `frontdesk` does not say that it is of this tenant")]
    NotOurs,
    /// A claim is not there, or is not what it should be.
    #[error("the token's claim `{0}` is missing, or can't be read")]
    BadClaim(&'static str),
    /// It was good until then.
    #[error("the token has expired at {at}", at = .0.to_rfc3339())]
    Expired(DateTime<Utc>),
    /// It will be good from then on.
    #[error("the token is not good before {at}", at = .0.to_rfc3339())]
    NotYetValid(DateTime<Utc>),
    /// Somebody else issued it.
    #[error("the token's `iss` is not `{0}`, as the tenant's token settings have it")]
    WrongIssuer(String),
    /// It is for others.
    #[error("the token's `aud` is not `{0}`, as the tenant's token settings have it")]
    WrongAudience(String),
    /// It is for the rooms of others.
    #[error("the token's `sub` is not `{0}`, whose rooms the tenant's are")]
    WrongSubject(String),
    /// It is for another room.
    #[error("the token is not for this room")]
    WrongRoom,
    /// It opens many rooms, and was not made to.
    #[error("the token's `room` opens more than one room, and the token was not made for that")]
    Wildcard,
    /// It was revoked.
    #[error("the token was revoked at {at}", at = .0.to_rfc3339())]
    Revoked(DateTime<Utc>),
}

/// A flaw's name for programs.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    strum::Display,
    strum::EnumIter,
    strum::IntoStaticStr,
    strum::VariantNames,
    serde::Serialize,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum FlawCode {
    /// It is no token.
    Malformed,
    /// It is too long to be looked at.
    TooLong,
    /// It could be understood in two ways.
    Ambiguous,
    /// Its header has what no header may have.
    Header,
    /// Its key is not known.
    UnknownKey,
    /// Its key was withdrawn.
    WithdrawnKey,
    /// It is of another algorithm than its key.
    WrongAlgorithm,
    /// Its signature does not fit.
    BadSignature,
    /// It is not this tenant's.
    NotOurs,
    /// A claim can't be read.
    BadClaim,
    /// It has expired.
    Expired,
    /// It is not good yet.
    NotYetValid,
    /// Somebody else issued it.
    WrongIssuer,
    /// It is for others.
    WrongAudience,
    /// It is for the rooms of others.
    WrongSubject,
    /// It is for another room.
    WrongRoom,
    /// It opens more rooms than it may.
    Wildcard,
    /// It was revoked.
    Revoked,
}

impl Flaw {
    /// Its name for programs.
    #[must_use]
    pub fn code(&self) -> FlawCode {
        match self {
            Self::Jws(error) => match error {
                JwsError::Malformed => FlawCode::Malformed,
                JwsError::TooLong => FlawCode::TooLong,
                JwsError::Ambiguous(_) => FlawCode::Ambiguous,
                JwsError::Header(_) | JwsError::Kid => FlawCode::Header,
                JwsError::WrongAlgorithm => FlawCode::WrongAlgorithm,
                JwsError::BadSignature => FlawCode::BadSignature,
            },
            Self::NoKey | Self::UnknownKey => FlawCode::UnknownKey,
            Self::WithdrawnKey => FlawCode::WithdrawnKey,
            Self::NotOurs => FlawCode::NotOurs,
            Self::BadClaim(_) => FlawCode::BadClaim,
            Self::Expired(_) => FlawCode::Expired,
            Self::NotYetValid(_) => FlawCode::NotYetValid,
            Self::WrongIssuer(_) => FlawCode::WrongIssuer,
            Self::WrongAudience(_) => FlawCode::WrongAudience,
            Self::WrongSubject(_) => FlawCode::WrongSubject,
            Self::WrongRoom => FlawCode::WrongRoom,
            Self::Wildcard => FlawCode::Wildcard,
            Self::Revoked(_) => FlawCode::Revoked,
        }
    }
}
