//! Texts with bounds: what appointments and people are called and described by.

use std::str::FromStr;

use email_address::EmailAddress;

/// A text has too many characters, too few, or some that don't belong there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write {least} to {most} characters, and {without}")]
pub struct TextError {
    least: usize,
    most: usize,
    without: &'static str,
}

impl TextError {
    pub(crate) const fn new(least: usize, most: usize, without: &'static str) -> Self {
        Self { least, most, without }
    }
}

/// A text without what drives a terminal, turns the direction of what follows it, or begins a line: as it can be put into a line
/// of ours.
#[must_use]
pub fn plain(text: &str) -> String {
    let turns_or_breaks =
        |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|c| !c.is_control() && !turns_or_breaks(*c)).collect()
}

/// Texts, each with how many characters it has and with those that it never has.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($least:literal..=$most:literal) except $control:expr, $without:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The most characters.
            pub const MAX_CHARS: usize = $most;

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::reservation::TextError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let fits = ($least..=$most).contains(&text.chars().count());
                let is_control: fn(char) -> bool = $control;
                if fits && !text.chars().any(is_control) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err($crate::reservation::TextError::new($least, $most, $without))
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}
pub(crate) use texts;

texts! {
    /// What an appointment is about: at most 500 characters, no controls.
    Title(0..=500) except char::is_control, "no control characters";
    /// More about an appointment: at most 5000 characters, with line breaks and tabs.
    Description(0..=5000) except |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'), "no control characters";
    /// What an app calls something of its own: 1 to 200 characters, no controls. Compared as it is written.
    ExternalId(1..=200) except char::is_control, "no control characters";
    /// What operators call an app or a conference server: 1 to 100 characters, no controls.
    Label(1..=100) except char::is_control, "no control characters";
    /// Where people turn: a phone number, an address, 1 to 200 characters, no controls.
    Contact(1..=200) except char::is_control, "no control characters";
    /// What people know a tenant by: 1 to 100 characters, no controls.
    DisplayName(1..=100) except char::is_control, "no control characters";
    /// What a host is found by, an e-mail address or an external id: 1 to 254 characters, no controls.
    HostKey(1..=254) except char::is_control, "no control characters";
    /// What a person is called: 1 to 200 characters, no controls.
    PersonName(1..=200) except char::is_control, "no control characters";
}

/// An e-mail address (RFC 5321), at most 254 bytes. Kept as it was written, compared without regard to case.
#[derive(Debug, Clone)]
pub struct Email(String);

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
    }
}

impl Eq for Email {}

/// It can't be an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write an e-mail address such as ada@example.org")]
pub struct EmailError;

impl Email {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let options = email_address::Options::default().without_display_text().without_domain_literal();
        let fits = text.len() <= 254 && !text.chars().any(char::is_control);
        match EmailAddress::parse_with_options(text, options) {
            Ok(_) if fits => Ok(Self(text.to_owned())),
            _ => Err(EmailError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_text_turns_nothing_around_and_begins_no_line() {
        assert_eq!(plain("Zo\u{202e}om\u{2028}\u{2067}:\r\n\u{1b}[1m ü שלום"), "Zoom:[1m ü שלום");
    }

    #[test]
    fn a_text_keeps_to_its_bounds() {
        assert!("".parse::<Title>().is_ok());
        assert!("é".repeat(500).parse::<Title>().is_ok());
        assert!("é".repeat(501).parse::<Title>().is_err());
        assert!("a\nb".parse::<Title>().is_err());
        assert!("a\nb\tc".parse::<Description>().is_ok());
        assert!("a\0b".parse::<Description>().is_err());
        assert!("".parse::<ExternalId>().is_err());
    }

    #[test]
    fn an_email_address_is_told_from_what_is_none() {
        assert_eq!("Ada@Example.org".parse::<Email>(), "ada@example.org".parse());
        for text in ["ada@example.org", "a.b+c@sub.example.org", "ü@example.org"] {
            assert!(text.parse::<Email>().is_ok(), "{text}");
        }
        let long = format!("{}@example.org", "a".repeat(250));
        for text in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "Ada <ada@example.org>",
            "a b@example.org",
            "a@[1.2.3.4]",
            &long,
        ] {
            assert!(text.parse::<Email>().is_err(), "{text}");
        }
    }
}
