//! Codes of join links: 128 bits, in letters and digits that survive mail programs, dictation and capitals.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};
use sha2::{Digest, Sha256};

use super::CredentialHash;

/// Base32 of RFC 4648 in lower case: 26 characters, among them neither 0 nor 1. Read with capitals, too.
static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut base32 = Specification::new();
    base32.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    base32.translate.from.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ01");
    base32.translate.to.push_str("abcdefghijklmnopqrstuvwxyzol");
    base32.encoding().expect("32 symbols are an encoding")
});

/// The code of a join link, in clear: whoever has it gets in.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinCode([u8; 16]);

/// It can't be the code of a join link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the code of a join link")]
pub struct JoinCodeError;

impl JoinCode {
    /// The code of these 128 bits.
    #[must_use]
    pub fn new(bits: [u8; 16]) -> Self {
        Self(bits)
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> CredentialHash {
        CredentialHash(Sha256::digest(self.0).into())
    }

    /// The code in clear, as it stands in a link.
    #[must_use]
    pub fn expose(&self) -> String {
        BASE32.encode(&self.0)
    }
}

/// Reads a code as people paste it: in capitals, and with what a mail program has put around it.
impl FromStr for JoinCode {
    type Err = JoinCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let bits = BASE32.decode(text.as_bytes()).map_err(|_| JoinCodeError)?;
        Ok(Self(bits.try_into().map_err(|_| JoinCodeError)?))
    }
}

impl fmt::Debug for JoinCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_paste_it() {
        let code = JoinCode::new([0x5a; 16]);
        let text = code.expose();
        assert_eq!(text.len(), 26);
        for pasted in
            [text.clone(), text.to_uppercase(), format!("<{text}>."), format!("{text}%20\u{a0}")[..26].into()]
        {
            assert_eq!(pasted.parse(), Ok(code.clone()), "{pasted}");
        }
        assert_eq!(
            JoinCode::new([0xff; 16]).expose().replace('o', "0").parse(),
            Ok(JoinCode::new([0xff; 16]))
        );
    }

    #[test]
    fn what_is_cut_off_or_longer_is_no_code() {
        let text = JoinCode::new([7; 16]).expose();
        for wrong in ["", "x", &text[1..], &format!("{text}a"), &format!("{}!", &text[..25]), &"é".repeat(26)]
        {
            assert_eq!(wrong.parse::<JoinCode>(), Err(JoinCodeError), "{wrong}");
        }
        // The last character carries three bits: another with the same ones would be a second spelling.
        let spelled = text[..25].to_owned() + "z";
        assert!(spelled.parse::<JoinCode>().is_err() || spelled == text);
    }

    #[test]
    fn a_code_is_not_shown_by_debug() {
        let code = JoinCode::new([9; 16]);
        assert!(!format!("{code:?}").contains(&code.expose()[..6]));
    }
}
