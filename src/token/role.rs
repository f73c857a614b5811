//! What a role is good for in a room.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::reservation::Role;

/// Something that a conference server lets people do, such as `recording`: 1 to 50 of `a-z 0-9 -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Feature(String);

/// It can't be a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a feature is 1 to {} of a-z, 0-9 and `-`, such as `recording`", Feature::MAX_BYTES)]
pub struct FeatureError;

impl Feature {
    /// The most bytes.
    pub const MAX_BYTES: usize = 50;

    /// To record.
    fn recording() -> Self {
        Self("recording".to_owned())
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Feature {
    type Err = FeatureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        if (1..=Self::MAX_BYTES).contains(&text.len()) && text.bytes().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FeatureError)
        }
    }
}

impl TryFrom<String> for Feature {
    type Error = FeatureError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// What somebody may do, and may not.
///
/// Source: to Jitsi this is the whole list where it is there: what is not in it is not allowed, not even to moderators.
pub type Features = BTreeMap<Feature, bool>;

/// What a token is good for, once its holder is in the room.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Privileges {
    /// Whether its holder moderates.
    pub moderator: bool,
    /// Whether its holder walks past the lobby.
    pub lobby_bypass: bool,
    /// What its holder may do; `None` leaves that to the conference server.
    pub features: Option<Features>,
}

impl Privileges {
    /// Lets their holder record. Without a list that is the conference server's to say, as before.
    pub fn let_record(&mut self) {
        if let Some(features) = &mut self.features {
            features.insert(Feature::recording(), true);
        }
    }
}

/// What each role is good for, in one tenant.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Roles {
    /// Who leads.
    pub host: Privileges,
    /// Who takes part.
    pub participant: Privileges,
    /// Who looks on.
    pub observer: Privileges,
}

impl Roles {
    /// What that role is good for.
    #[must_use]
    pub fn of(&self, role: Role) -> &Privileges {
        match role {
            Role::Host => &self.host,
            Role::Participant => &self.participant,
            Role::Observer => &self.observer,
        }
    }

    /// The same, to be changed.
    #[must_use]
    pub fn of_mut(&mut self, role: Role) -> &mut Privileges {
        match role {
            Role::Host => &mut self.host,
            Role::Participant => &mut self.participant,
            Role::Observer => &mut self.observer,
        }
    }
}

impl Default for Roles {
    /// A host moderates and waits in no lobby. An observer may do nothing of what Jitsi has a feature for.
    fn default() -> Self {
        Self {
            host: Privileges { moderator: true, lobby_bypass: true, features: None },
            participant: Privileges { moderator: false, lobby_bypass: false, features: None },
            observer: Privileges { moderator: false, lobby_bypass: false, features: Some(BTreeMap::new()) },
        }
    }
}
