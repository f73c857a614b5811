//! Aliases: names of Datagram's that lead to an appointment, and say nothing of whose it is.

use std::fmt;
use std::str::FromStr;

/// The name of an alias: `alias_` and ten lower-case letters and digits. It is also what its room is called.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct AliasId(String);

/// It can't be the name of an alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the id of an alias")]
pub struct AliasIdError;

impl AliasId {
    const PREFIX: &str = "alias_";
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    const LENGTH: usize = 10;

    /// The one that these random bits make.
    #[must_use]
    pub fn of(random: u64) -> Self {
        let mut name = Self::PREFIX.to_owned();
        let mut rest = random;
        for _ in 0..Self::LENGTH {
            let [digit, ..] = (rest % 36).to_le_bytes();
            name.push(char::from(Self::LETTERS[usize::from(digit)]));
            rest /= 36;
        }
        Self(name)
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What tells it from others.
    #[must_use]
    pub fn suffix(&self) -> &str {
        &self.0[Self::PREFIX.len()..]
    }
}

impl FromStr for AliasId {
    type Err = AliasIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let suffix = text.strip_prefix(Self::PREFIX).ok_or(AliasIdError)?;
        let fits = suffix.len() == Self::LENGTH && suffix.bytes().all(|c| Self::LETTERS.contains(&c));
        if fits { Ok(Self(text.to_owned())) } else { Err(AliasIdError) }
    }
}

impl fmt::Display for AliasId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an alias is for.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
    serde::Serialize,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum AliasKind {
    /// Everybody takes part.
    Conference,
    /// Hosts are seen, and others look on.
    Live,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_read_back_as_it_was_made_and_nothing_else_is_one() {
        for random in [0, 1, 36_u64.pow(10), u64::MAX] {
            let made = AliasId::of(random);
            assert_eq!(made.as_str().parse(), Ok(made.clone()), "{made}");
            assert_eq!(made.suffix().len(), 10);
        }
        assert_ne!(AliasId::of(1), AliasId::of(2));
        for wrong in [
            "",
            "alias_",
            "alias_2XH5gT8vKp",
            "alias_12345",
            "alias_12345678901",
            "alias_123456789é",
            "0123456789",
        ] {
            assert_eq!(wrong.parse::<AliasId>(), Err(AliasIdError), "{wrong}");
        }
    }
}
