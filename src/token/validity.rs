//! From when on and until when a token is good.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::reservation::Window;

/// How much sooner than the room's gate or opening a token is good. Source: Prosody compares without any leeway, and its clock may
/// be a little behind ours. It is little, as somebody else may be meeting in the room until then.
const BACKDATE: TimeDelta = TimeDelta::seconds(5);

/// How long a token is good for a room without an end.
const ENDLESS: TimeDelta = TimeDelta::hours(24);

/// How long any token is good, from when it can be used. Who is longer in a room than this can get another one. What was
/// signed is remembered until it ends: keys and revocations could never be forgotten otherwise.
pub const LONGEST: TimeDelta = TimeDelta::days(7);

/// From when on and until when a token is good, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// `nbf`.
    pub not_before: DateTime<Utc>,
    /// `exp`.
    pub expires_at: DateTime<Utc>,
}

/// Until when a token is to be good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Until {
    /// As long as its holder may have one.
    #[default]
    Usual,
    /// Until then, which has to be no later.
    Exactly(DateTime<Utc>),
    /// Until then, or until its holder may have one, whichever comes first.
    AtMost(DateTime<Utc>),
}

/// There is no time left for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValidityError {
    /// The room has closed.
    #[error("the room has closed")]
    Over,
    /// It was to be good for longer than it may.
    #[error("it can be good until {until} at the most", until = .0.to_rfc3339_opts(SecondsFormat::AutoSi, true))]
    TooLong(DateTime<Utc>),
    /// It was to end before it begins.
    #[error("it would not be good at any time before that")]
    Never,
}

impl Validity {
    /// Of a token for a room that is open within `window`. Who is expected has one until the room closes, so that
    /// reconnecting works to the end; others have one for `lifetime` from when the room is open. It is good from `not_before`
    /// on, where that is later, and no longer for that.
    ///
    /// # Errors
    /// Where nothing is left of that.
    pub fn within(
        window: Window,
        lifetime: Option<TimeDelta>,
        until: Until,
        not_before: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Self, ValidityError> {
        let usable = window.opens.max(now);
        let closes = window.closes.unwrap_or(usable + ENDLESS);
        if closes <= now {
            return Err(ValidityError::Over);
        }
        let lifetime = lifetime.map_or(LONGEST, |lifetime| lifetime.min(LONGEST));
        let latest = closes.min(usable + lifetime);
        let expires_at = match until {
            Until::Usual => latest,
            Until::Exactly(wanted) if wanted > latest => return Err(ValidityError::TooLong(latest)),
            Until::Exactly(wanted) => wanted,
            Until::AtMost(wanted) => wanted.min(latest),
        };
        let gate = window.gate.checked_sub_signed(BACKDATE).unwrap_or(window.gate);
        let not_before = not_before.map_or(gate, |not_before| gate.max(not_before));
        if expires_at <= not_before.max(now) {
            return Err(ValidityError::Never);
        }
        Ok(Self { not_before: whole(not_before), expires_at: whole(expires_at) })
    }

    /// Of a token for a conference that was opened then, for as long as it is open.
    #[must_use]
    pub fn of_conference(opened_at: DateTime<Utc>, ends_at: DateTime<Utc>) -> Self {
        let not_before = opened_at.checked_sub_signed(BACKDATE).unwrap_or(opened_at);
        Self { not_before: whole(not_before), expires_at: whole(ends_at) }
    }
}

/// Without the fraction of a second, which a token can't say.
fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-12-01T{text}Z").parse().unwrap()
    }

    fn window() -> Window {
        Window { gate: at("08:48:30"), opens: at("08:50:00"), closes: Some(at("10:10:00")) }
    }

    #[test]
    fn who_is_expected_can_come_back_until_the_room_closes() {
        let validity = Validity::within(window(), None, Until::Usual, None, at("07:00:00.5")).unwrap();
        assert_eq!(validity, Validity { not_before: at("08:48:25"), expires_at: at("10:10:00") });
        assert_eq!(
            Validity::within(window(), None, Until::Usual, None, at("10:10:00")),
            Err(ValidityError::Over)
        );
    }

    #[test]
    fn a_guest_has_little_time_from_when_it_can_be_used() {
        let guest = |now| {
            Validity::within(window(), Some(TimeDelta::minutes(15)), Until::Usual, None, now)
                .unwrap()
                .expires_at
        };
        assert_eq!(guest(at("07:00:00")), at("09:05:00"));
        assert_eq!(guest(at("09:30:00.9")), at("09:45:00"));
        assert_eq!(guest(at("10:05:00")), at("10:10:00"), "never longer than the room");
    }

    #[test]
    fn a_token_may_end_sooner_and_never_later() {
        let until = |wanted| Validity::within(window(), None, Until::Exactly(wanted), None, at("08:55:00"));
        assert_eq!(until(at("09:00:00")).unwrap().expires_at, at("09:00:00"));
        assert_eq!(until(at("10:10:01")), Err(ValidityError::TooLong(at("10:10:00"))));
        assert_eq!(until(at("08:55:00")), Err(ValidityError::Never));
    }

    #[test]
    fn a_token_may_be_wanted_for_no_longer_than_it_can_be_good() {
        let until =
            |until| Validity::within(window(), None, until, None, at("08:55:00")).map(|good| good.expires_at);
        assert_eq!(until(Until::AtMost(at("09:00:00"))), Ok(at("09:00:00")));
        assert_eq!(until(Until::AtMost(at("23:00:00"))), Ok(at("10:10:00")));
        assert_eq!(until(Until::AtMost(at("08:55:00"))), Err(ValidityError::Never));
    }

    #[test]
    fn a_token_may_begin_later_and_never_sooner() {
        let from = |from| Validity::within(window(), None, Until::Usual, Some(from), at("08:55:00"));
        assert_eq!(from(at("09:30:00")).unwrap().not_before, at("09:30:00"));
        assert_eq!(from(at("07:00:00")).unwrap().not_before, at("08:48:25"));
        assert_eq!(from(at("10:10:00")), Err(ValidityError::Never));
        let short = |from| {
            Validity::within(window(), Some(TimeDelta::minutes(15)), Until::Usual, Some(from), at("08:55:00"))
        };
        assert_eq!(short(at("09:09:59")).unwrap().expires_at, at("09:10:00"));
        assert_eq!(short(at("09:10:00")), Err(ValidityError::Never), "it lasts no longer for that");
    }

    #[test]
    fn no_token_is_good_for_longer_than_a_week() {
        let long = Window { closes: Some("9999-12-31T23:59:59Z".parse().unwrap()), ..window() };
        let validity = Validity::within(long, None, Until::Usual, None, at("09:00:00")).unwrap();
        assert_eq!(validity.expires_at, at("09:00:00") + TimeDelta::days(7));
        let ahead = Validity::within(long, None, Until::Usual, None, at("07:00:00")).unwrap();
        assert_eq!(ahead.expires_at, at("08:50:00") + TimeDelta::days(7));
    }

    #[test]
    fn a_room_without_an_end_gives_a_day_at_a_time() {
        let endless = Window { closes: None, ..window() };
        let validity = Validity::within(endless, None, Until::Usual, None, at("09:00:00")).unwrap();
        assert_eq!(validity.expires_at, at("09:00:00") + TimeDelta::hours(24));
    }
}
