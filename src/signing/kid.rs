//! The name of a key.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The name of a key, as a token's header has it in `kid`: 1 to 200 of `A-Z a-z 0-9 . _ ~ : / + = @ -`.
///
/// It becomes part of addresses: so it has no segment `.` or `..`, and no slash at an end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Kid(String);

/// It can't be a key's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key id is 1 to {} of A-Z, a-z, 0-9 and ._~:/+=@-, with no segment `.` or `..`", Kid::MAX_BYTES)]
pub struct KidError;

impl Kid {
    /// The most bytes.
    pub const MAX_BYTES: usize = 200;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What an ASAP server files it under. Source: `token/util.lib.lua` asks for the lower-case hex of this.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Kid {
    type Err = KidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = |c: char| c.is_ascii_alphanumeric() || "._~:/+=@-".contains(c);
        let plain = text.split('/').all(|segment| !matches!(segment, "" | "." | ".."));
        if text.len() <= Self::MAX_BYTES && plain && text.chars().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KidError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kid_leads_nowhere_else() {
        for good in
            ["a", "vpaas-magic-cookie-1fc542/4f4910", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "a..b"]
        {
            assert_eq!(good.parse::<Kid>().unwrap().as_str(), good);
        }
        let long = "k".repeat(201);
        for bad in [
            "", "/", "a/", "/a", "..", "../x", "a/../b", "a/./b", "a b", "a\0", "ü", "a%2e", "a\"b", "k'--",
            &long,
        ] {
            assert_eq!(bad.parse::<Kid>(), Err(KidError), "{bad}");
        }
    }
}
