//! Signatures: of tokens that apps sign themselves, and of room tokens. Pure: the time is handed in.
//!
//! Which algorithm verifies is said by the key, never by the token. Not in here: where keys are kept (`store`), and what
//! stands in a room token (`token`).

mod algorithm;
mod alias_token;
mod app_key_pair;
mod app_token;
#[cfg(test)]
mod hostile;
mod import;
mod jws;
mod key;
mod kid;
mod pem;
mod public_half;
mod public_key;
mod signer;
mod strict_json;
#[cfg(test)]
mod tests;

pub use self::algorithm::Algorithm;
pub use self::alias_token::{AliasUser, verify_alias_token};
pub use self::app_key_pair::AppKeyPair;
pub use self::app_token::{AppAlgorithm, Issuer, LONGEST, Terms, TokenError, Unverified, Verifier};
pub use self::import::{ImportKeyError, Imported};
pub use self::jws::{Claims, Jws, JwsError, MAX_BYTES};
pub use self::key::{KeyError, SigningKey};
pub use self::kid::{Kid, KidError};
pub use self::public_half::PublicHalf;
pub use self::public_key::{PublicKey, PublicKeyError};
