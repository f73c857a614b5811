//! What a tenant has settled about its rooms.

use std::str::FromStr;
use std::sync::OnceLock;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use regex::{Regex, RegexBuilder};

use super::wording::Language;
use super::{BaseUrl, RoomKey, TenantId, TenantName};

/// A tenant with its settings.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Which one.
    pub id: TenantId,
    /// Its name in `[tenant]room`.
    pub name: TenantName,
    /// What it has settled.
    pub policy: Policy,
    /// Grows with every change of the policy.
    pub revision: i64,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// Since when nothing opens any more.
    pub disabled_at: Option<DateTime<Utc>>,
}

/// What a tenant has settled about its rooms.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The language of refusals.
    pub language: Language,
    /// The time zone of refusals, and of appointments that name none.
    pub time_zone: Tz,
    /// Where people meet: its rooms are below this address of a Jitsi.
    pub meeting_url: Option<BaseUrl>,
    /// How long before the start people may come in, where the appointment doesn't say.
    pub early_open: TimeDelta,
    /// How long after the end people may stay, where the appointment doesn't say.
    pub grace: TimeDelta,
    /// The longest a room may be open, where the appointment doesn't say.
    pub max_duration: Option<TimeDelta>,
    /// The most people in a room, where the appointment doesn't say.
    pub max_occupants: Option<u32>,
    /// Whether the answer to a conference server carries a room token, where the appointment doesn't say.
    pub answer_token: bool,
    /// How moderators come to be.
    pub moderators: Moderators,
    /// What to do about a room that another server holds.
    pub when_live_elsewhere: WhenLiveElsewhere,
    /// What to do about a room that nobody booked.
    pub unscheduled: Unscheduled,
    /// The most conferences at once. Soft: grants of the same instant may pass it together.
    pub capacity: Option<u32>,
    /// How far ahead may be booked.
    pub horizon: TimeDelta,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            language: Language::En,
            time_zone: Tz::UTC,
            meeting_url: None,
            early_open: TimeDelta::minutes(10),
            grace: TimeDelta::minutes(10),
            max_duration: None,
            max_occupants: None,
            answer_token: false,
            moderators: Moderators::Automatic,
            when_live_elsewhere: WhenLiveElsewhere::Auto,
            unscheduled: Unscheduled {
                allow: false,
                pattern: None,
                duration: TimeDelta::hours(2),
                lobby: false,
                max_occupants: None,
            },
            capacity: None,
            horizon: TimeDelta::days(730),
        }
    }
}

/// Rooms that nobody booked.
#[derive(Debug, Clone)]
pub struct Unscheduled {
    /// Whether they open at all.
    pub allow: bool,
    /// Only rooms that match; `None` for all.
    pub pattern: Option<RoomPattern>,
    /// How long they are open.
    pub duration: TimeDelta,
    /// Whether they have a lobby.
    pub lobby: bool,
    /// The most people in one.
    pub max_occupants: Option<u32>,
}

impl Unscheduled {
    /// Whether that room opens though nobody booked it.
    #[must_use]
    pub fn opens(&self, room: &RoomKey) -> bool {
        self.allow && self.pattern.as_ref().is_none_or(|pattern| pattern.matches(room))
    }
}

/// A regular expression that the whole key of a room has to match, of at most 500 bytes. It is
/// compiled when it is first needed, which is rarely, and within bounds; that takes up to some milliseconds. Matching takes
/// linear time.
#[derive(Debug, Clone)]
pub struct RoomPattern {
    written: String,
    /// `None` where this version can't read it.
    whole: OnceLock<Option<Regex>>,
}

/// What a compiled expression may take, in bytes.
const MAX_COMPILED: usize = 1 << 18;

/// It can't be a pattern.
#[derive(Debug, thiserror::Error)]
pub enum RoomPatternError {
    /// It is too long.
    #[error("a pattern has at most {} bytes", RoomPattern::MAX_BYTES)]
    TooLong,
    /// It has control characters.
    #[error("a pattern has no control characters; write them as `\\n` or `\\x00`")]
    Control,
    /// It is no regular expression, or too large a one.
    #[error(transparent)]
    Regex(#[from] regex::Error),
}

impl RoomPattern {
    /// The most bytes.
    pub const MAX_BYTES: usize = 500;

    /// The expression as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// An expression that was stored. What this version can't read matches nothing.
    #[must_use]
    pub fn from_stored(written: String) -> Self {
        Self { written, whole: OnceLock::new() }
    }

    /// Whether the whole key matches.
    #[must_use]
    pub fn matches(&self, room: &RoomKey) -> bool {
        let whole = self.whole.get_or_init(|| compile_whole(&self.written).ok());
        whole.as_ref().is_some_and(|whole| whole.is_match(room.as_str()))
    }
}

fn compile_whole(expression: &str) -> Result<Regex, regex::Error> {
    compile(&format!(r"\A(?:{expression})\z"))
}

fn compile(expression: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(expression).size_limit(MAX_COMPILED).dfa_size_limit(MAX_COMPILED).build()
}

impl FromStr for RoomPattern {
    type Err = RoomPatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > Self::MAX_BYTES {
            return Err(RoomPatternError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(RoomPatternError::Control);
        }
        // On its own first: a stray `)` must not close the group that anchors it.
        compile(text)?;
        let whole = compile_whole(text)?;
        Ok(Self { written: text.to_owned(), whole: Some(whole).into() })
    }
}

/// How moderators come to be in a tenant's rooms.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    strum::Display,
    strum::VariantNames,
    strum::EnumString,
    strum::IntoStaticStr,
    serde::Serialize,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Moderators {
    /// Jitsi makes the first person, or everybody who is signed in, a moderator.
    Automatic,
    /// Only a room token makes one.
    Token,
}

/// What to do about a room that another server holds, or that this one holds under another node.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    strum::Display,
    strum::VariantNames,
    strum::EnumString,
    strum::IntoStaticStr,
    serde::Serialize,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum WhenLiveElsewhere {
    /// Take it over if the server that holds it is drained, lost or revoked; otherwise refuse.
    Auto,
    /// Refuse.
    Refuse,
    /// Take it over.
    TakeOver,
}

#[cfg(test)]
mod tests {
    use super::{RoomPattern, RoomPatternError};
    use crate::reservation::RoomKey;

    #[test]
    fn a_pattern_has_no_control_characters() {
        for text in ["\0", "a\nb", "\u{85}"] {
            assert!(matches!(text.parse::<RoomPattern>(), Err(RoomPatternError::Control)), "{text:?}");
        }
        assert!(r"a\nb\x00".parse::<RoomPattern>().is_ok());
    }

    #[test]
    fn a_stored_pattern_is_compiled_once_and_one_that_cannot_be_read_matches_nothing() {
        let room: RoomKey = "standup".parse::<crate::reservation::RoomName>().unwrap().key().clone();
        let pattern = RoomPattern::from_stored("stand|.*up".to_owned());
        assert!(pattern.whole.get().is_none() && pattern.matches(&room));
        assert!(pattern.whole.get().is_some_and(Option::is_some));
        assert!(!RoomPattern::from_stored("stand".to_owned()).matches(&room));
        assert!(!RoomPattern::from_stored("(".to_owned()).matches(&room));
    }
}
