//! Credentials of conference servers, apps and feeds: a prefix that says whose it is, and 256 random bits. And the codes of
//! join links, with 128. Only the hash is stored. There is nothing to guess, so a plain SHA-256 is enough.

mod join_code;

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

pub use self::join_code::{JoinCode, JoinCodeError};

/// Whom a credential is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// A conference server.
    Server,
    /// An app.
    App,
    /// An app that signs tokens of its own: the secret that it signs with.
    Signing,
    /// Whoever subscribes to a feed: the secret in its address.
    Feed,
}

impl CredentialKind {
    /// What each of them starts with.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Server => "fd_server_",
            Self::App => "fd_app_",
            Self::Signing => "fd_secret_",
            Self::Feed => "fd_feed_",
        }
    }
}

/// A credential in clear: shown once when it is made, then only in requests.
#[derive(Debug, Clone)]
pub struct Credential(SecretString);

/// It does not look like a credential of that kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a credential")]
pub struct CredentialError;

/// The random number generator of the operating system failed.
#[derive(Debug, thiserror::Error)]
#[error("the system has no random numbers")]
pub struct NoRandomness(#[from] getrandom::Error);

impl Credential {
    /// A new one.
    ///
    /// # Errors
    /// Where the operating system has no random numbers.
    pub fn generate(kind: CredentialKind) -> Result<Self, NoRandomness> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self(format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(secret)).into()))
    }

    /// One that came in a request. What can't be a credential is told apart without a look-up.
    ///
    /// # Errors
    /// Where the prefix or the length is another.
    pub fn parse(kind: CredentialKind, text: &str) -> Result<Self, CredentialError> {
        let secret = text.strip_prefix(kind.prefix()).ok_or(CredentialError)?;
        match URL_SAFE_NO_PAD.decode(secret) {
            Ok(bits) if bits.len() == 32 => Ok(Self(text.into())),
            _ => Err(CredentialError),
        }
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> CredentialHash {
        CredentialHash(Sha256::digest(self.0.expose_secret().as_bytes()).into())
    }

    /// The credential in clear, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The SHA-256 of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialHash([u8; 32]);

impl CredentialHash {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The credential in an `Authorization: Bearer …` header. The scheme is case-insensitive.
impl FromStr for Bearer {
    type Err = CredentialError;

    fn from_str(header: &str) -> Result<Self, Self::Err> {
        let (scheme, token) = header.trim().split_once(' ').ok_or(CredentialError)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            Ok(Self(token.trim().into()))
        } else {
            Err(CredentialError)
        }
    }
}

/// The token of an `Authorization` header, not yet looked at.
#[derive(Debug, Clone)]
pub struct Bearer(SecretString);

impl Bearer {
    /// What came without a scheme.
    #[must_use]
    pub fn bare(token: &str) -> Self {
        Self(token.trim().into())
    }

    /// The token as a credential of that kind.
    ///
    /// # Errors
    /// Where it can't be one.
    pub fn credential(&self, kind: CredentialKind) -> Result<Credential, CredentialError> {
        Credential::parse(kind, self.0.expose_secret())
    }

    /// The token as it came.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_credential_is_read_back_as_its_own_kind_only() {
        let credential = Credential::generate(CredentialKind::Server).unwrap();
        let again = Credential::parse(CredentialKind::Server, credential.expose()).unwrap();
        assert_eq!(credential.hash(), again.hash());
        assert!(Credential::parse(CredentialKind::App, credential.expose()).is_err());
    }

    #[test]
    fn a_credential_is_not_shown_by_debug() {
        let credential = Credential::generate(CredentialKind::App).unwrap();
        assert!(!format!("{credential:?}").contains(&credential.expose()[7..]));
    }

    #[test]
    fn the_scheme_of_a_header_may_be_written_in_any_case() {
        for header in ["Bearer x", "bearer x", " BEARER  x "] {
            assert!(header.parse::<Bearer>().is_ok(), "{header}");
        }
        for header in ["", "x", "Basic eDp5"] {
            assert!(header.parse::<Bearer>().is_err(), "{header}");
        }
    }
}
