//! What an event is known by, in every calendar that has it.

use std::fmt;
use std::str::FromStr;

/// The UID of an event (RFC 5545 section 3.8.4.7): 1 to 255 characters, no controls. Compared as it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(String);

/// It can't be a UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a UID has 1 to {} characters, and no control characters", Uid::MAX_CHARS)]
pub struct UidError;

impl Uid {
    /// The most characters.
    pub const MAX_CHARS: usize = 255;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Uid {
    type Err = UidError;

    fn from_str(text: &str) -> Result<Self, UidError> {
        let fits = (1..=Self::MAX_CHARS).contains(&text.chars().count());
        if fits && !text.chars().any(char::is_control) { Ok(Self(text.to_owned())) } else { Err(UidError) }
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_keeps_to_its_bounds() {
        assert!("é".repeat(255).parse::<Uid>().is_ok());
        for text in [String::new(), "é".repeat(256), "a\nb".to_owned()] {
            assert_eq!(text.parse::<Uid>(), Err(UidError), "{text}");
        }
    }
}
