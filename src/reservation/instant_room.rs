//! Rooms whose name is their booking: it says when they open and close, and shows that we made it.
//!
//! A name is 48 characters of base32 (RFC 4648, lower case, so that Prosody, browsers and
//! [`RoomKey`] leave it as it is): the opening in seconds since 1970 (u32), the length in minutes
//! (u16), 8 random bytes, and a tag (16 bytes) over these and the tenant. Nothing is stored, so it
//! ends with the master key that made it.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use data_encoding::BASE32_NOPAD_NOCASE;

use super::{RoomKey, TenantId};
use crate::seal::{MasterKeys, Tag};

/// What the tag is for. Another layout needs another one.
const PURPOSE: &str = "instant room 1";

/// When a room is open by its very name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstantRoom {
    opens: DateTime<Utc>,
    closes: DateTime<Utc>,
}

/// No name can say that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InstantRoomError {
    /// It opens too early or too late.
    #[error("an instant room opens between 1970 and 2106")]
    Opens,
    /// It is open too briefly, too long, or not for whole minutes.
    #[error("an instant room is open for 1 to {} whole minutes", InstantRoom::MOST_MINUTES)]
    Length,
}

impl InstantRoom {
    /// The longest, in minutes: a day.
    pub const MOST_MINUTES: u16 = 1440;

    /// A room that is open from `opens`, of which a fraction of a second is dropped, for `length`.
    ///
    /// # Errors
    /// Where `length` is not 1 to 1440 whole minutes, or `opens` is before 1970 or after 2106.
    pub fn new(opens: DateTime<Utc>, length: TimeDelta) -> Result<Self, InstantRoomError> {
        let opens = opens.trunc_subsecs(0);
        u32::try_from(opens.timestamp()).map_err(|_| InstantRoomError::Opens)?;
        let minutes = (1..=Self::MOST_MINUTES.into()).contains(&length.num_minutes());
        if !minutes || length != TimeDelta::minutes(length.num_minutes()) {
            return Err(InstantRoomError::Length);
        }
        Ok(Self { opens, closes: opens + length })
    }

    /// When people are told that it opens; a whole second.
    #[must_use]
    pub fn opens(&self) -> DateTime<Utc> {
        self.opens
    }

    /// When it closes: 1 minute to 24 hours later.
    #[must_use]
    pub fn closes(&self) -> DateTime<Utc> {
        self.closes
    }

    /// The name of such a room at `tenant`, another one for other `random` bytes.
    #[must_use]
    pub fn name(&self, keys: &MasterKeys, tenant: TenantId, random: [u8; 8]) -> RoomKey {
        let opens = u32::try_from(self.opens.timestamp()).unwrap_or_default();
        let minutes = u16::try_from((self.closes - self.opens).num_minutes()).unwrap_or_default();
        let said = [&opens.to_be_bytes()[..], &minutes.to_be_bytes(), &random].concat();
        let tag = keys.tag(PURPOSE, tenant.into(), &said);
        let name = BASE32_NOPAD_NOCASE.encode(&[&said[..], &tag].concat());
        RoomKey::from_stored(name.to_ascii_lowercase())
    }

    /// What a room's name says, if it is one that we made for this `tenant`, under any of the keys.
    #[must_use]
    pub fn certified(room: &RoomKey, keys: &MasterKeys, tenant: TenantId) -> Option<Self> {
        let bytes = BASE32_NOPAD_NOCASE.decode(room.as_str().as_bytes()).ok()?;
        let (said, tag) = bytes.split_last_chunk::<{ size_of::<Tag>() }>()?;
        let (opens, rest) = said.split_first_chunk()?;
        let (minutes, _random) = rest.split_first_chunk()?;
        if !keys.made(tag, PURPOSE, tenant.into(), said) {
            return None;
        }
        let opens = DateTime::from_timestamp(u32::from_be_bytes(*opens).into(), 0)?;
        Self::new(opens, TimeDelta::minutes(u16::from_be_bytes(*minutes).into())).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::reservation::Node;

    const LINES: [&str; 2] =
        ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "HxwdGhsYGRYXFBUSExARDg8MDQoLCAkGBwQFAgMAAQA="];

    fn keys(lines: &[&str]) -> MasterKeys {
        MasterKeys::parse(&lines.join("\n")).unwrap()
    }

    fn tenant(number: u128) -> TenantId {
        Uuid::from_u128(number).into()
    }

    fn room(opens: u32, minutes: u16) -> InstantRoom {
        let opens = DateTime::from_timestamp(opens.into(), 0).unwrap();
        InstantRoom::new(opens, TimeDelta::minutes(minutes.into())).unwrap()
    }

    proptest! {
        #[test]
        fn a_name_says_what_it_was_made_of(opens: u32, minutes in 1..=1440_u16, random: [u8; 8], id: u128) {
            let (keys, room) = (keys(&LINES), room(opens, minutes));
            let name = room.name(&keys, tenant(id), random);
            prop_assert_eq!(InstantRoom::certified(&name, &keys, tenant(id)), Some(room));
        }

        #[test]
        fn a_name_with_any_other_character_is_refused(
            minutes in 1..=1440_u16, random: [u8; 8], at in 0..48_usize, other in "[a-z2-7]",
        ) {
            let keys = keys(&LINES);
            let name = room(1_800_000_000, minutes).name(&keys, tenant(1), random);
            let mut forged = name.as_str().to_owned();
            forged.replace_range(at..=at, &other);
            let read = InstantRoom::certified(&forged.parse().unwrap(), &keys, tenant(1));
            prop_assert_eq!(read.is_some(), forged == name.as_str());
        }

        #[test]
        fn a_name_opens_nothing_elsewhere_nor_under_other_keys(random: [u8; 8], other in 2..u128::MAX) {
            let name = room(1_800_000_000, 60).name(&keys(&LINES[..1]), tenant(1), random);
            let read = |lines: &[&str], id| InstantRoom::certified(&name, &keys(lines), tenant(id));
            prop_assert!(read(&LINES[..1], 1).is_some());
            prop_assert!(read(&[LINES[1], LINES[0]], 1).is_some());
            prop_assert_eq!(read(&LINES[1..], 1), None);
            prop_assert_eq!(read(&LINES[..1], other), None);
        }

        #[test]
        fn a_name_survives_every_spelling(random: [u8; 8], upper: [bool; 48], escaped: [bool; 48]) {
            let keys = keys(&LINES);
            let name = room(1_800_000_000, 60).name(&keys, tenant(1), random);
            let node: Node = name.as_str().parse().unwrap();
            prop_assert_eq!(node.parts(), Ok((None, name.clone())));
            prop_assert!(node.usualness(true) >= "standup".parse::<Node>().unwrap().usualness(true));
            let spelled: String = (name.as_str().chars().zip(upper).zip(escaped))
                .map(|((c, upper), escaped)| {
                    let c = if upper { c.to_ascii_uppercase() } else { c };
                    if escaped { format!("%{:02x}", u32::from(c)) } else { c.to_string() }
                })
                .collect();
            prop_assert_eq!(spelled.parse::<RoomKey>().unwrap(), name);
        }

        #[test]
        fn no_name_panics(name in "[a-z2-7]{0,60}|\\PC{0,60}") {
            let read = InstantRoom::certified(&RoomKey::from_stored(name), &keys(&LINES), tenant(1));
            prop_assert_eq!(read, None);
        }
    }

    #[test]
    fn a_name_never_changes_its_layout() {
        let made =
            room(1_800_000_000, 60).name(&keys(&LINES[..1]), tenant(1), *b"\0\x01\x02\x03\x04\x05\x06\x07");
        // Computed with another implementation of HKDF, HMAC and base32.
        assert_eq!(made.as_str(), "nne5eaaahqaacaqdaqcqmbyk52lo2fm63cvtzg67j3qc4dzs");
    }

    #[test]
    fn names_have_48_characters_that_prosody_leaves_as_they_are() {
        let made = room(u32::MAX, 1440).name(&keys(&LINES), tenant(u128::MAX), [255; 8]);
        assert_eq!(made.as_str().len(), 48);
        assert!(made.as_str().bytes().all(|c| c.is_ascii_lowercase() || (b'2'..=b'7').contains(&c)));
    }

    #[test]
    fn a_window_is_one_minute_to_a_day_from_a_whole_second() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let nine = at("2026-12-01T09:00:00Z");
        let made = InstantRoom::new(at("2026-12-01T09:00:00.999Z"), TimeDelta::hours(24)).unwrap();
        assert_eq!((made.opens(), made.closes()), (nine, at("2026-12-02T09:00:00Z")));
        for seconds in [-60, 0, 59, 61, 86_401, 86_460, i64::MAX / 1000] {
            let refused = InstantRoom::new(nine, TimeDelta::seconds(seconds));
            assert_eq!(refused, Err(InstantRoomError::Length), "{seconds}");
        }
        let refused = InstantRoom::new(nine, TimeDelta::milliseconds(60_001));
        assert_eq!(refused, Err(InstantRoomError::Length));
        for opens in ["1969-12-31T23:59:59.5Z", "2106-02-07T06:28:16Z"].map(at) {
            assert_eq!(InstantRoom::new(opens, TimeDelta::hours(1)), Err(InstantRoomError::Opens), "{opens}");
        }
    }
}
