//! Other systems' languages, which a tenant's apps may speak.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::BaseUrl;

/// The language of another system.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::VariantNames,
    serde::Serialize,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// JioMeet's, for rooms of a day.
    Jiomeet,
    /// Metered's, for rooms that stay, and tokens.
    Metered,
    /// ProCONF's, for tokens.
    Proconf,
    /// Datagram's, for aliases.
    Datagram,
}

impl Dialect {
    /// What the system calls itself.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Jiomeet => "JioMeet",
            Self::Metered => "Metered",
            Self::Proconf => "ProCONF",
            Self::Datagram => "Datagram",
        }
    }
}

/// Which languages a tenant's apps may speak, and what those leave to the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialects {
    /// Those that they may speak.
    pub spoken: BTreeSet<Dialect>,
    /// The most rooms that one app may have at once through JioMeet's; `None` for no limit.
    pub jiomeet_rooms: Option<u32>,
    /// Under which address the tenant's own sub-domain leads to this service, if it has one.
    pub jiomeet_url: Option<BaseUrl>,
    /// How long a token is good that is asked for in Metered's: a minute to a day.
    pub metered_token_lifetime: TimeDelta,
    /// How long a room is booked that nobody had booked, when a token for it is asked for in ProCONF's: a minute to a week.
    pub proconf_room_length: TimeDelta,
}

/// They can't be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DialectsError {
    /// Shorter than a minute, or longer than a day.
    #[error("a token of Metered's is good for one minute to 24 hours")]
    MeteredTokenLifetime,
    /// Shorter than a minute, or longer than a week.
    #[error("a room of ProCONF's is booked for one minute to 7 days")]
    ProconfRoomLength,
}

impl Default for Dialects {
    fn default() -> Self {
        Self {
            spoken: BTreeSet::new(),
            jiomeet_rooms: None,
            jiomeet_url: None,
            metered_token_lifetime: TimeDelta::hours(24),
            proconf_room_length: TimeDelta::hours(24),
        }
    }
}

impl Dialects {
    /// Finds out whether they can be so.
    ///
    /// # Errors
    /// Where a length is out of its bounds.
    pub fn check(&self) -> Result<(), DialectsError> {
        let least = TimeDelta::minutes(1);
        if !(least..=TimeDelta::hours(24)).contains(&self.metered_token_lifetime) {
            return Err(DialectsError::MeteredTokenLifetime);
        }
        if !(least..=TimeDelta::days(7)).contains(&self.proconf_room_length) {
            return Err(DialectsError::ProconfRoomLength);
        }
        Ok(())
    }

    /// Whether the tenant's apps may speak it.
    #[must_use]
    pub fn speak(&self, dialect: Dialect) -> bool {
        self.spoken.contains(&dialect)
    }
}
