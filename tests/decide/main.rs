//! The decision under generated situations. No database.

mod free_busy;
mod instant;
mod situations;

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::reservation::wording::Language;
use frontdesk::reservation::{
    Ask, Basis, CloseReason, Decision, Grant, Near, Node, Occurrence, OccurrenceId, Reason, ServerState,
    Situation, WhenLiveElsewhere, decide,
};
use proptest::prelude::*;

use crate::situations::{asked, asker, base, counts, other};

const SLACK: TimeDelta = TimeDelta::seconds(90);

fn granted(ask: &Ask, situation: &Situation) -> Option<Grant> {
    match decide(ask, situation, base()) {
        Decision::Grant(grant) => Some(grant),
        Decision::Conflict(_) | Decision::Refuse(_) => None,
    }
}

/// The booking that it rests on, if it does.
fn booking(grant: &Grant) -> Option<OccurrenceId> {
    match grant.basis {
        Basis::Occurrence { id, .. } => Some(id),
        Basis::Instant | Basis::Unscheduled => None,
    }
}

fn dates(near: &Near) -> Vec<&Occurrence> {
    [&near.current, &near.next].into_iter().flatten().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_grant_lies_within_the_window_of_its_booking((ask, situation) in asked()) {
        let Some(grant) = granted(&ask, &situation) else { return Ok(()) };
        prop_assert_eq!(grant.opened_at, base());
        prop_assert!(grant.ends_at - grant.opened_at >= TimeDelta::seconds(1));
        let Basis::Occurrence { id, revision, starts } = grant.basis else { return Ok(()) };
        let booked = dates(&situation.near).into_iter().find(|o| o.id == id).unwrap();
        prop_assert_eq!((revision, starts), (booked.revision, booked.slot.starts()));
        prop_assert!(base() >= booked.slot.starts() - booked.early_open - SLACK);
        if let Some(ends) = booked.slot.ends() {
            prop_assert!(grant.ends_at <= ends + booked.grace);
            if let Some(longest) = booked.max_duration {
                prop_assert!(grant.ends_at <= booked.first_opened_at.unwrap_or(base()) + longest);
            }
        }
        prop_assert_eq!(grant.answer_token, booked.answer_token);
        prop_assert_eq!(grant.options, booked.options.clone());
    }

    #[test]
    fn no_grant_reaches_into_the_time_of_another_booking((ask, situation) in asked()) {
        let Some(grant) = granted(&ask, &situation) else { return Ok(()) };
        let own = booking(&grant);
        let near = &situation.near;
        for booked in [&near.current, &near.next, &near.following].into_iter().flatten() {
            if Some(booked.id) == own { continue }
            let starts = booked.slot.starts();
            let ends = booked.slot.ends().unwrap_or(DateTime::<Utc>::MAX_UTC);
            prop_assert!(ends <= grant.opened_at || grant.ends_at <= starts, "{booked:?} {grant:?}");
        }
    }

    #[test]
    fn a_cancelled_booking_keeps_its_time_shut((ask, situation) in asked()) {
        let Some(grant) = granted(&ask, &situation) else { return Ok(()) };
        if booking(&grant).is_none() {
            let near = &situation.near;
            for cancelled in [&near.cancelled_current, &near.cancelled_next].into_iter().flatten() {
                let opens = cancelled.slot.starts() - cancelled.early_open - SLACK;
                let Some(ends) = cancelled.slot.ends() else { continue };
                let closes = ends + cancelled.grace;
                prop_assert!(base() < opens || closes <= base(), "{cancelled:?}");
            }
        }
    }

    #[test]
    fn no_room_is_promised_for_the_time_of_the_booking_before((ask, situation) in asked()) {
        let Decision::Refuse(refusal) = decide(&ask, &situation, base()) else { return Ok(()) };
        if let (Some(opens), Some(current)) = (refusal.reason.opens_at(), &situation.near.current) {
            prop_assert!(current.slot.ends().is_some_and(|ends| ends <= opens));
        }
    }

    #[test]
    fn a_refusal_has_a_reason_that_people_can_read_in_both_languages((ask, situation) in asked()) {
        let Decision::Refuse(refusal) = decide(&ask, &situation, base()) else { return Ok(()) };
        prop_assert!(!refusal.reason.code().is_empty());
        for language in [Language::En, Language::De] {
            for zone in [chrono_tz::Tz::UTC, chrono_tz::Asia::Kathmandu] {
                let message = refusal.reason.message(language, zone, base());
                prop_assert!(message.ends_with('.') && message.len() > 10, "{message}");
            }
        }
    }

    #[test]
    fn a_room_that_is_too_early_is_not_promised_for_the_past((ask, situation) in asked()) {
        let Decision::Refuse(refusal) = decide(&ask, &situation, base()) else { return Ok(()) };
        if let Reason::TooEarly { opens_at } = refusal.reason {
            prop_assert!(opens_at > base());
        }
    }

    #[test]
    fn a_conflict_names_the_live_conference_of_this_very_server_and_node((ask, situation) in asked()) {
        if let Decision::Conflict(id) = decide(&ask, &situation, base()) {
            let live = situation.live.unwrap();
            prop_assert_eq!(id, live.id);
            prop_assert!(!live.is_over(base()));
            prop_assert_eq!(live.server.id, asker());
            prop_assert_eq!(live.node, ask.node);
        }
    }

    #[test]
    fn a_conference_whose_booking_is_gone_is_no_conflict((ask, situation) in asked()) {
        if let Decision::Conflict(_) = decide(&ask, &situation, base()) {
            let walk_in = situation.live.as_ref().unwrap().occurrence.is_none();
            prop_assert!(walk_in || situation.live_is_booked);
        }
    }

    #[test]
    fn a_meeting_that_is_still_running_keeps_its_grace((ask, situation) in asked()) {
        let near = &situation.near;
        let (Some(live), Some(current)) = (&situation.live, &near.current) else { return Ok(()) };
        let Some(ends) = current.slot.ends() else { return Ok(()) };
        let closes = near.next.as_ref().map_or(ends + current.grace, |next| next.slot.starts().min(ends + current.grace));
        if situation.live_is_booked && live.occurrence == Some(current.id) && !live.is_over(base()) && base() < closes
            && let Some(Grant { basis: Basis::Occurrence { id, .. }, .. }) = granted(&ask, &situation)
        {
            prop_assert_eq!(id, current.id);
        }
    }

    #[test]
    fn whatever_is_open_is_replaced_by_a_grant_or_left_alone((ask, situation) in asked()) {
        if let Some(grant) = granted(&ask, &situation) {
            prop_assert_eq!(grant.replaces.map(|r| r.id), situation.live.as_ref().map(|live| live.id));
        }
    }

    #[test]
    fn a_room_is_taken_over_only_as_the_policy_says_and_never_when_young((ask, situation) in asked()) {
        let Some(grant) = granted(&ask, &situation) else { return Ok(()) };
        if grant.replaces.is_none_or(|replaces| replaces.reason != CloseReason::Superseded) { return Ok(()) }
        let live = situation.live.unwrap();
        let booking_comes_first = live.occurrence.is_none() && booking(&grant).is_some();
        if booking_comes_first || !live.node.is_usual() { return Ok(()) }
        prop_assert!(base() - live.opened_at >= TimeDelta::seconds(30));
        match situation.tenant.as_ref().unwrap().policy.when_live_elsewhere {
            WhenLiveElsewhere::Refuse => prop_assert!(false, "{grant:?}"),
            WhenLiveElsewhere::TakeOver => {}
            WhenLiveElsewhere::Auto => {
                prop_assert_eq!(live.server.id, other());
                prop_assert_ne!(live.server.state, ServerState::Active);
            }
        }
    }

    #[test]
    fn a_room_that_somebody_opened_without_a_booking_makes_way_for_one((ask, situation) in asked()) {
        let walk_in = situation.live.as_ref().is_some_and(|live| live.occurrence.is_none());
        match decide(&ask, &situation, base()) {
            Decision::Conflict(_) if walk_in => {
                let booked = dates(&situation.near).iter().any(|date| date.slot.contains(base()));
                prop_assert!(!booked);
            }
            Decision::Refuse(refusal) if walk_in && refusal.reason.code() == "live_elsewhere" => {
                let booked = dates(&situation.near).iter().any(|date| date.slot.contains(base()));
                prop_assert!(!booked);
            }
            _ => {}
        }
    }

    #[test]
    fn an_unusual_spelling_keeps_nobody_out_of_the_room((ask, situation) in asked()) {
        if situation.live.as_ref().is_some_and(|live| !live.node.is_usual())
            && let Decision::Refuse(refusal) = decide(&ask, &situation, base())
        {
            prop_assert_ne!(refusal.reason.code(), "live_elsewhere");
        }
    }

    #[test]
    fn a_server_that_is_not_active_gets_no_room((ask, situation) in asked()) {
        if granted(&ask, &situation).is_some() {
            prop_assert_eq!(situation.server.state, ServerState::Active);
        }
    }

    #[test]
    fn no_grant_goes_past_the_capacity((ask, situation) in asked()) {
        if granted(&ask, &situation).is_some()
            && let Some(capacity) = situation.tenant.as_ref().unwrap().policy.capacity
        {
            let replaced = situation.live.as_ref().is_some_and(counts);
            prop_assert!(situation.live_count - u32::from(replaced) < capacity);
        }
    }

    #[test]
    fn a_tenant_that_is_missing_foreign_or_disabled_gets_nothing((ask, situation) in asked()) {
        let open = situation.served && situation.tenant.as_ref().is_some_and(|t| t.disabled_at.is_none());
        if !open {
            prop_assert!(matches!(decide(&ask, &situation, base()), Decision::Refuse(_)));
        }
    }

    #[test]
    fn an_unbooked_room_opens_only_where_the_tenant_lets_it((ask, situation) in asked()) {
        let Some(grant) = granted(&ask, &situation) else { return Ok(()) };
        if grant.basis == Basis::Unscheduled {
            prop_assert_eq!(ask.certified, None);
            let policy = &situation.tenant.as_ref().unwrap().policy;
            prop_assert_eq!(grant.answer_token, policy.answer_token);
            let rule = &policy.unscheduled;
            prop_assert!(rule.allow);
            prop_assert!(rule.pattern.as_ref().is_none_or(|pattern| pattern.as_str() != "other.*"));
            prop_assert!(grant.ends_at <= base() + rule.duration);
            prop_assert_eq!(grant.options.lobby, rule.lobby);
        }
    }

    #[test]
    fn a_decision_is_made_at_the_ends_of_time((ask, situation) in asked(), late: bool, far in 0..100_000_i64) {
        let edge = if late { DateTime::<Utc>::MAX_UTC } else { DateTime::<Utc>::MIN_UTC };
        let at = edge.checked_add_signed(TimeDelta::seconds(far)).unwrap_or(edge);
        _ = decide(&ask, &situation, at);
    }

    #[test]
    fn every_name_is_a_room_or_has_an_error(name in "\\PC{0,60}|[\\x00-\\x7f%\\[\\]]{0,60}") {
        if let Ok(node) = name.parse::<Node>() {
            prop_assert_eq!(node.as_str(), &name);
            if let Ok((_, room)) = node.parts() {
                prop_assert!(!room.as_str().is_empty() && room.as_str().len() <= 1023);
                prop_assert!(!room.as_str().chars().any(char::is_control));
            }
        }
    }

    /// Source: the web client decodes, applies NFKC, lower-cases, encodes and lower-cases again.
    #[test]
    fn what_the_web_client_makes_of_a_name_has_the_key_of_the_name(name in "[^%\\[\\]]{1,40}") {
        use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
        use unicode_normalization::UnicodeNormalization;
        let folded = name.nfkc().collect::<String>().to_lowercase();
        let sent = utf8_percent_encode(&folded, NON_ALPHANUMERIC).to_string().to_lowercase();
        let key = |name: &str| name.parse::<frontdesk::reservation::RoomKey>();
        prop_assert_eq!(key(&sent), key(&name));
    }
}
