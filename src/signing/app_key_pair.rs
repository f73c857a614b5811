//! A pair of keys that we make for an app. The app gets all of it, and we keep the public half.

use secrecy::SecretString;

use super::pem::pem;
use super::{Algorithm, KeyError, PublicHalf, PublicKey, SigningKey};

/// An RSA key of 2048 bits.
#[derive(Debug, Clone)]
pub struct AppKeyPair {
    private: SecretString,
    public: PublicKey,
}

impl AppKeyPair {
    /// Makes a pair. It takes a good part of a second: do it beside the requests.
    ///
    /// # Errors
    /// Where the cryptographic library has no random numbers.
    pub fn make() -> Result<Self, KeyError> {
        let key = SigningKey::make(Algorithm::Rs256)?;
        let public = key.public().map(PublicHalf::as_pem).and_then(|pem| pem.parse().ok());
        Ok(Self {
            private: pem("PRIVATE KEY", key.expose()).into(),
            public: public.ok_or(KeyError::NotMade)?,
        })
    }

    /// The private half: PKCS #8 in PEM. It is the app's, and not kept.
    #[must_use]
    pub fn private_pem(&self) -> &SecretString {
        &self.private
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }
}
