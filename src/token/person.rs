//! Whom a token is for.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::reservation::{Email, Participant, PersonName, texts};

/// Somebody, as far as a token tells it. All of it may be left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Person {
    /// What others know them by: the same in every token of one person.
    pub id: Option<UserId>,
    /// What they are called.
    pub name: Option<PersonName>,
    /// Where they are reached.
    pub email: Option<Email>,
    /// Where their picture is.
    pub avatar: Option<Avatar>,
}

impl From<&Participant> for Person {
    fn from(participant: &Participant) -> Self {
        let id = match &participant.external_id {
            Some(id) => id.to_string(),
            None => participant.id.to_string(),
        };
        Self {
            id: id.parse().ok(),
            name: participant.name.clone(),
            email: participant.email.clone(),
            avatar: None,
        }
    }
}

texts! {
    /// What others know a person by: 1 to 200 characters, no controls.
    UserId(1..=200) except char::is_control, "no control characters";
    /// A group that a person belongs to, as Jitsi passes it on: 1 to 200 characters, no controls.
    Group(1..=200) except char::is_control, "no control characters";
}

/// Where a picture is: an `https` or `http` address of at most 1000 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Avatar(Url);

/// It can't be a picture's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write the picture's address: https://… in at most {} bytes, without a user", Avatar::MAX_BYTES)]
pub struct AvatarError;

impl Avatar {
    /// The most bytes.
    pub const MAX_BYTES: usize = 1000;

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for Avatar {
    type Err = AvatarError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| AvatarError)?;
        let web = matches!(url.scheme(), "https" | "http") && url.has_host();
        let bare = url.username().is_empty() && url.password().is_none();
        if web && bare && url.as_str().len() <= Self::MAX_BYTES { Ok(Self(url)) } else { Err(AvatarError) }
    }
}

impl fmt::Display for Avatar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
