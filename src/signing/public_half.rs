//! The public halves of keys, in the forms in which verifiers take them.

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SignatureAlgorithm, date_time_ymd};
use rustls::pki_types::PrivatePkcs8KeyDer;

use super::algorithm::Family;
use super::pem::pem;
use super::signer::{NotAKey, Signer};
use super::{Algorithm, Kid};

/// The public half of a key.
#[derive(Debug, Clone)]
pub struct PublicHalf {
    algorithm: Algorithm,
    pem: String,
    verifier: DecodingKey,
}

impl PublicHalf {
    /// Of what signs; `None` where that is a shared secret.
    pub(super) fn of(algorithm: Algorithm, signer: &Signer) -> Result<Option<Self>, NotAKey> {
        signer.public()?.map(|der| Self::read(algorithm, pem("PUBLIC KEY", &der))).transpose()
    }

    /// From its PEM, as [`PublicHalf::as_pem`] gave it.
    fn read(algorithm: Algorithm, pem: String) -> Result<Self, NotAKey> {
        let verifier = match algorithm.family() {
            Family::Hmac => return Err(NotAKey),
            Family::Rsa => DecodingKey::from_rsa_pem(pem.as_bytes()),
            Family::Ec => DecodingKey::from_ec_pem(pem.as_bytes()),
            Family::Ed => DecodingKey::from_ed_pem(pem.as_bytes()),
        };
        Ok(Self { algorithm, verifier: verifier.map_err(|_| NotAKey)?, pem })
    }

    /// From its PEM, as it was stored. `None` where it is none for that algorithm.
    #[must_use]
    pub fn from_stored(algorithm: Algorithm, pem: String) -> Option<Self> {
        Self::read(algorithm, pem).ok()
    }

    /// Whether it is an RSA key: Jitsi takes no other kind from key servers.
    #[must_use]
    pub fn is_rsa(&self) -> bool {
        self.algorithm.family() == Family::Rsa
    }

    /// SubjectPublicKeyInfo in PEM: what an ASAP server gives.
    #[must_use]
    pub fn as_pem(&self) -> &str {
        &self.pem
    }

    /// What verifies.
    #[must_use]
    pub fn verifier(&self) -> DecodingKey {
        self.verifier.clone()
    }

    /// As a member of a JWK set, with `use`, `alg` and, where it is given, `kid`. `None` never happens to a key that was
    /// read.
    #[must_use]
    pub fn jwk(&self, kid: Option<&Kid>) -> Option<Jwk> {
        let mut jwk = Jwk::from_decoding_key(&self.verifier, Some(self.algorithm.of_library())).ok()?;
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk.common.key_id = kid.map(|kid| kid.as_str().to_owned());
        Some(jwk)
    }

    /// A name that only this key can have: its JWK thumbprint (RFC 7638, SHA-256).
    #[must_use]
    pub fn thumbprint(&self) -> Option<Kid> {
        self.jwk(None)?.thumbprint(ThumbprintHash::SHA256).ok()?.parse().ok()
    }
}

/// A certificate that the key signs itself. Source: before 2024 Jitsi's `cache_keys_url` took keys in this form only.
pub(super) fn certificate(algorithm: Algorithm, pkcs8: &[u8], kid: &Kid) -> Option<String> {
    let signature: &'static SignatureAlgorithm = match algorithm.family() {
        Family::Hmac => return None,
        Family::Rsa => &rcgen::PKCS_RSA_SHA256,
        Family::Ec => &rcgen::PKCS_ECDSA_P256_SHA256,
        Family::Ed => &rcgen::PKCS_ED25519,
    };
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(pkcs8), signature).ok()?;
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, kid.as_str());
    // Source: RFC 5280, section 4.1.2.5: no known end. The key ends when it is no longer served.
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(9999, 12, 31);
    Some(parameters.self_signed(&key).ok()?.pem())
}
