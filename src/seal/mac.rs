//! Tags on what others keep for us: HMAC-SHA256, cut to 16 bytes, under a key that is derived (HKDF)
//! from a master key for one purpose and tenant. The first master key makes a tag, all know theirs.
//!
//! Not in here: what is tagged (`reservation::InstantRoom`). It can be read by anybody.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac;
use uuid::Uuid;

use super::MasterKeys;
use super::key::MasterKey;

/// Shows that one of our master keys has seen a message.
pub type Tag = [u8; 16];

impl MasterKeys {
    /// The tag of a message, by the first key.
    #[must_use]
    pub fn tag(&self, purpose: &'static str, tenant: Uuid, message: &[u8]) -> Tag {
        self.first.tag(purpose, tenant, message)
    }

    /// Whether one of the keys made this tag, for the same purpose, tenant and message. Takes as
    /// long where most of it is right.
    #[must_use]
    pub fn made(&self, tag: &Tag, purpose: &'static str, tenant: Uuid, message: &[u8]) -> bool {
        self.iter().any(|key| verify_slices_are_equal(&key.tag(purpose, tenant, message), tag).is_ok())
    }
}

/// The tag of a message by a secret that is no master key.
#[must_use]
pub fn tag_by(secret: &[u8; 32], message: &[u8]) -> Tag {
    short(&hmac::Key::new(hmac::HMAC_SHA256, secret), message)
}

fn short(key: &hmac::Key, message: &[u8]) -> Tag {
    let mut tag = Tag::default();
    tag.copy_from_slice(&hmac::sign(key, message).as_ref()[..16]);
    tag
}

impl MasterKey {
    fn tag(&self, purpose: &'static str, tenant: Uuid, message: &[u8]) -> Tag {
        // The tenant comes last and has one length, so no two pairs run together alike.
        let about = [b"frontdesk ", purpose.as_bytes(), tenant.as_bytes()];
        let derived = Salt::new(HKDF_SHA256, &[]).extract(self.bytes());
        let key = derived.expand(&about, hmac::HMAC_SHA256).expect("a key is shorter than 8160 bytes");
        short(&hmac::Key::from(key), message)
    }
}
