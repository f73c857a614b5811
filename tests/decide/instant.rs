//! Rooms whose name says when they open, under generated situations.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::reservation::{
    Ask, Basis, Decision, Grant, InstantRoom, Near, Options, Reason, ServerState, Situation, decide,
};
use proptest::prelude::*;

use crate::situations::{asked, base};
use crate::{SLACK, booking, granted};

/// The same where nothing but the name decides.
fn alone(situation: &Situation) -> Option<Situation> {
    let mut alone =
        Situation { near: Near::default(), live: None, served: true, live_count: 0, ..situation.clone() };
    alone.server.state = ServerState::Active;
    Arc::make_mut(alone.tenant.as_mut()?).disabled_at = None;
    Some(alone)
}

/// Whether a second of the window is left.
fn is_inside(window: InstantRoom) -> bool {
    window.opens() - SLACK <= base() && base() + TimeDelta::seconds(1) <= window.closes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn an_instant_room_opens_in_its_window_with_the_tenants_terms((ask, situation) in asked()) {
        let Some(grant) = granted(&ask, &situation).filter(|grant| grant.basis == Basis::Instant) else {
            return Ok(());
        };
        let window = ask.certified.unwrap();
        prop_assert!(is_inside(window));
        prop_assert!(grant.ends_at <= window.closes());
        let policy = &situation.tenant.as_ref().unwrap().policy;
        prop_assert!(policy.max_duration.is_none_or(|longest| grant.ends_at <= base() + longest));
        prop_assert_eq!(grant.answer_token, policy.answer_token);
        let max_occupants = policy.max_occupants;
        prop_assert_eq!(grant.options, Options { password: None, lobby: false, max_occupants });
    }

    #[test]
    fn alone_an_instant_room_opens_till_its_end_or_says_when((ask, situation) in asked()) {
        let (Some(window), Some(situation)) = (ask.certified, alone(&situation)) else { return Ok(()) };
        let longest = situation.tenant.as_ref().unwrap().policy.max_duration;
        match decide(&ask, &situation, base()) {
            Decision::Grant(Grant { basis, ends_at, .. }) => {
                prop_assert_eq!(basis, Basis::Instant);
                let limit = longest.map_or(DateTime::<Utc>::MAX_UTC, |longest| base() + longest);
                prop_assert_eq!(ends_at, window.closes().min(limit));
            }
            Decision::Refuse(refusal) if base() < window.opens() => {
                prop_assert_eq!(refusal.reason, Reason::TooEarly { opens_at: window.opens() });
                prop_assert!(!is_inside(window));
            }
            Decision::Refuse(refusal) => {
                prop_assert_eq!(refusal.reason, Reason::Over { reopens_at: None });
                prop_assert!(!is_inside(window));
            }
            Decision::Conflict(id) => prop_assert!(false, "{id} is not there"),
        }
    }

    #[test]
    fn a_certified_name_changes_nothing_about_a_booking_or_what_is_live((ask, situation) in asked()) {
        let decided = decide(&ask, &situation, base());
        let plain = decide(&Ask { certified: None, ..ask }, &situation, base());
        let settled = match &plain {
            Decision::Grant(grant) => booking(grant).is_some(),
            Decision::Conflict(_) => true,
            Decision::Refuse(refusal) => matches!(
                refusal.reason,
                Reason::LiveElsewhere { .. } | Reason::TenantUnknown | Reason::TenantDisabled | Reason::NotYourTenant
            ),
        };
        prop_assert!(!settled || decided == plain, "{decided:?} {plain:?}");
    }

    #[test]
    fn nobody_is_told_that_an_instant_room_opens_later_than_it_does((ask, situation) in asked()) {
        let (Some(window), Decision::Refuse(refusal)) = (ask.certified, decide(&ask, &situation, base())) else {
            return Ok(());
        };
        if let (None, Reason::TooEarly { opens_at }) = (refusal.closes, refusal.reason) {
            prop_assert!(opens_at <= window.opens(), "{refusal:?}");
            prop_assert!(situation.near.next.is_none_or(|next| opens_at <= next.slot.starts()));
        }
    }
}
