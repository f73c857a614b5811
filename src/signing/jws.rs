//! A signed token, taken apart strictly, and its signature.
//!
//! Source: RFC 7515 and RFC 7519, and what has gone wrong with them elsewhere: no key is taken from a token, no member
//! stands twice, and a token that is too long is not looked at.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde_json::Value;

use super::strict_json::Strict;
use super::{Algorithm, Kid};

/// The most bytes of a token. What Jitsi passes on in an address has to be shorter than this anyway.
pub const MAX_BYTES: usize = 8 * 1024;

/// What a token says.
pub type Claims = serde_json::Map<String, Value>;

/// A token that was taken apart, and that nobody has verified yet.
pub struct Jws<'a> {
    token: &'a str,
    header: Claims,
    claims: Claims,
    kid: Option<Kid>,
}

/// What is wrong with a token as such. Never says anything of what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// It is too long to be looked at.
    #[error("the token is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// It is no JWT in compact form.
    #[error("this is no signed token: three parts in base64url, with dots between, two of them JSON objects")]
    Malformed,
    /// Two readers might understand different things.
    #[error("the token's `{0}` is not plain JSON: a member stands twice, or a number is out of bounds")]
    Ambiguous(&'static str),
    /// It brings a key, says where one is, or asks for something that we know nothing of.
    #[error("the token's header has `{0}`, which is not supported")]
    Header(&'static str),
    /// Its header names a key in a way that no key is named.
    #[error("the token's `kid` can't be the id of a key")]
    Kid,
    /// It names another algorithm than its key is for.
    #[error("the token is not signed with the algorithm of its key")]
    WrongAlgorithm,
    /// It was signed with another key, or changed.
    #[error("the token's signature is not valid")]
    BadSignature,
}

/// What a header may have that could lead to another key or another meaning. Whatever else it has means nothing.
const REFUSED: [&str; 8] = ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"];

/// Never the token, which may be good, nor what it says of people.
impl fmt::Debug for Jws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jws").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl<'a> Jws<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// Where it is none, is too long, or could be understood in two ways.
    pub fn read(token: &'a str) -> Result<Self, JwsError> {
        if token.len() > MAX_BYTES {
            return Err(JwsError::TooLong);
        }
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, _] = parts[..] else { return Err(JwsError::Malformed) };
        let header = object("header", header)?;
        let claims = object("claims", claims)?;
        if let Some(refused) = REFUSED.into_iter().find(|name| header.contains_key(*name)) {
            return Err(JwsError::Header(refused));
        }
        let kid = match header.get("kid") {
            None => None,
            Some(kid) => Some(kid.as_str().and_then(|kid| kid.parse().ok()).ok_or(JwsError::Kid)?),
        };
        Ok(Self { token, header, claims, kid })
    }

    /// The key that its header names.
    #[must_use]
    pub fn kid(&self) -> Option<&Kid> {
        self.kid.as_ref()
    }

    /// What its header says, as it stands there.
    #[must_use]
    pub fn header(&self) -> &Claims {
        &self.header
    }

    /// What it says. Nobody has verified that.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Whether its header names that algorithm, exactly as it is registered: `hs256` is none.
    #[must_use]
    pub fn names(&self, algorithm: &str) -> bool {
        self.header.get("alg").is_some_and(|named| named == algorithm)
    }

    /// Verifies the signature, and nothing else.
    ///
    /// # Errors
    /// Where it is of another algorithm, or does not fit.
    pub fn verify(&self, algorithm: Algorithm, key: &DecodingKey) -> Result<(), JwsError> {
        if !self.names(algorithm.as_str()) {
            return Err(JwsError::WrongAlgorithm);
        }
        let (signed, signature) = self.token.rsplit_once('.').ok_or(JwsError::Malformed)?;
        // The library's own reading of header and claims is less strict, so it is left out.
        match jsonwebtoken::crypto::verify(signature, signed.as_bytes(), key, algorithm.of_library()) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(JwsError::BadSignature),
        }
    }
}

/// A part of a token.
fn object(name: &'static str, part: &str) -> Result<Claims, JwsError> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Malformed)?;
    match serde_json::from_slice(&json) {
        Ok(Strict(Value::Object(object))) => Ok(object),
        Err(error) if error.is_data() || is_out_of_range(&error) => Err(JwsError::Ambiguous(name)),
        Ok(_) | Err(_) => Err(JwsError::Malformed),
    }
}

/// Such as `1e400`.
fn is_out_of_range(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("number out of range")
}
