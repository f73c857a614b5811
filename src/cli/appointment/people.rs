//! People on the command line.

use std::str::FromStr;

use clap::Args;

use crate::actions::change_appointment::Expected;
use crate::reservation::{Email, Participant, PersonName, Role};

/// Everybody who is expected.
#[derive(Debug, Args)]
pub(super) struct People {
    /// Somebody who leads it: `Ada <ada@example.org>`, an address or a name; may be repeated
    #[arg(long, value_name = "PERSON")]
    host: Vec<Person>,
    /// Somebody who takes part; may be repeated
    #[arg(long, value_name = "PERSON")]
    participant: Vec<Person>,
    /// Somebody who looks on; may be repeated
    #[arg(long, value_name = "PERSON")]
    observer: Vec<Person>,
}

impl People {
    /// Everybody with what they are there. Nobody is known yet.
    pub(super) fn expected(self) -> Vec<Expected> {
        let everybody =
            [(Role::Host, self.host), (Role::Participant, self.participant), (Role::Observer, self.observer)];
        let of = |(role, people): (Role, Vec<Person>)| {
            people.into_iter().map(move |Person { name, email }| Expected {
                id: None,
                role,
                name,
                email,
                external_id: None,
            })
        };
        everybody.into_iter().flat_map(of).collect()
    }

    /// The same, at an appointment that is new.
    pub(super) fn participants(self) -> Vec<Participant> {
        self.expected().into_iter().map(Expected::anew).collect()
    }
}

/// Somebody: `Ada <ada@example.org>`, an e-mail address, or a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    name: Option<PersonName>,
    email: Option<Email>,
}

/// It can't be somebody.
#[derive(Debug, thiserror::Error)]
#[error("write somebody as `Ada <ada@example.org>`, `ada@example.org` or `Ada`")]
pub(super) struct PersonError;

impl FromStr for Person {
    type Err = PersonError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (name, email) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, email)) => (name.trim(), email.trim()),
            None if text.contains('@') => ("", text),
            None => (text, ""),
        };
        let read = Self {
            name: (!name.is_empty()).then(|| name.parse()).transpose().map_err(|_| PersonError)?,
            email: (!email.is_empty()).then(|| email.parse()).transpose().map_err(|_| PersonError)?,
        };
        if read.name.is_none() && read.email.is_none() { Err(PersonError) } else { Ok(read) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_has_a_name_or_an_address_or_both() {
        let read = |text: &str| {
            let Person { name, email } = text.parse().ok()?;
            Some((name.map(|name| name.to_string()), email.map(|email| email.as_str().to_owned())))
        };
        let both = (Some("Ada L.".to_owned()), Some("ada@example.org".to_owned()));
        assert_eq!(read("Ada L. <ada@example.org>"), Some(both));
        assert_eq!(read("ada@example.org"), Some((None, Some("ada@example.org".to_owned()))));
        assert_eq!(read("Ada"), Some((Some("Ada".to_owned()), None)));
        for text in ["", " ", "<>", "Ada <ada>", "a@b@c"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
