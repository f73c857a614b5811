//! Situations as a room can be in, generated: close to the edges, for that is where rules break.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use frontdesk::reservation::wording::Language;
use frontdesk::reservation::{
    AppointmentId, Ask, Conference, ConferenceId, InstantRoom, MailOwner, Near, Node, Occurrence,
    OccurrenceId, Options, Policy, Server, ServerId, ServerState, Situation, Slot, Tenant, TenantId,
    Unscheduled, WhenLiveElsewhere,
};
use frontdesk::seal::Sealed;
use proptest::prelude::*;
use proptest::sample::select;

/// Now, between two seconds.
pub fn base() -> DateTime<Utc> {
    "2026-12-01T09:00:00.400Z".parse().unwrap()
}

fn seconds(range: std::ops::Range<i64>) -> impl Strategy<Value = TimeDelta> {
    range.prop_map(TimeDelta::seconds)
}

fn server_state() -> impl Strategy<Value = ServerState> {
    select(vec![ServerState::Active, ServerState::Drained, ServerState::Lost, ServerState::Revoked])
}

prop_compose! {
    fn options()(password in any::<Option<Vec<u8>>>(), lobby: bool, max_occupants in proptest::option::of(1..500_u32))
        -> Options {
        Options { password: password.map(Sealed::from_bytes), lobby, max_occupants }
    }
}

prop_compose! {
    /// An occurrence from `starts`, with whatever else it may have.
    fn occurrence(starts: DateTime<Utc>, ends: Option<DateTime<Utc>>)(
        early_open in length().prop_map(TimeDelta::seconds),
        grace in length().prop_map(|seconds| TimeDelta::seconds(seconds - 1)),
        max_duration in proptest::option::of(seconds(1..8000)),
        first_opened_before in proptest::option::of(seconds(0..8000)),
        options in options(),
        revision in 1..5_i64,
        answer_token: bool,
        appointment_cancelled: bool,
    ) -> Occurrence {
        Occurrence {
            id: OccurrenceId { appointment: AppointmentId::new(), original_start: starts },
            revision,
            slot: Slot::new(starts, ends).unwrap(),
            early_open,
            grace,
            max_duration,
            first_opened_at: max_duration.and(first_opened_before).map(|before| base() - before),
            answer_token,
            options,
            appointment_cancelled,
        }
    }
}

/// A length in seconds: often a short one, for that is where the edges are.
fn length() -> impl Strategy<Value = i64> {
    prop_oneof![1..4_i64, 1..200_i64, 1..9000_i64]
}

/// Booked dates around `base()`, as a room can have them: one after the other. They start and end
/// on the second; now, `base()`, lies between two.
fn near() -> BoxedStrategy<Near> {
    let lengths = (length(), length(), length(), length(), length());
    (lengths, any::<[bool; 5]>(), any::<bool>())
        .prop_flat_map(|((before, length, gap, second, third), there, endless)| {
            let starts = base().trunc_subsecs(0) - TimeDelta::seconds(before);
            let ends = starts + TimeDelta::seconds(length);
            let next_starts = ends.max(base().trunc_subsecs(0)) + TimeDelta::seconds(gap);
            let next_ends = next_starts + TimeDelta::seconds(second);
            let following = next_ends + TimeDelta::seconds(third);
            let current_ends = (!endless || there[1]).then_some(ends);
            (
                occurrence(starts, current_ends).prop_map(move |o| there[0].then_some(o)),
                occurrence(next_starts, Some(next_ends)).prop_map(move |o| there[1].then_some(o)),
                occurrence(following, None).prop_map(move |o| (there[1] && there[2]).then_some(o)),
                occurrence(starts, Some(ends)).prop_map(move |o| there[3].then_some(o)),
                occurrence(next_starts, Some(next_ends)).prop_map(move |o| there[4].then_some(o)),
            )
                .prop_map(|(current, next, following, cancelled_current, cancelled_next)| Near {
                    current,
                    next,
                    following,
                    cancelled_current,
                    cancelled_next,
                })
        })
        .boxed()
}

prop_compose! {
    fn policy()(
        when_live_elsewhere in
            select(vec![WhenLiveElsewhere::Auto, WhenLiveElsewhere::Refuse, WhenLiveElsewhere::TakeOver]),
        allow: bool,
        pattern in select(vec![None, Some("room"), Some("ro|room"), Some("other.*")]),
        duration in seconds(1..20_000),
        lobby: bool,
        capacity in proptest::option::weighted(0.3, 1..4_u32),
        max_duration in proptest::option::of(seconds(1..8000)),
        max_occupants in proptest::option::of(1..500_u32),
        answer_token: bool,
        german: bool,
    ) -> Policy {
        Policy {
            language: if german { Language::De } else { Language::En },
            when_live_elsewhere,
            unscheduled: Unscheduled {
                allow,
                pattern: pattern.map(|pattern| pattern.parse().unwrap()),
                duration,
                lobby,
                max_occupants: None,
            },
            capacity,
            max_duration,
            max_occupants,
            answer_token,
            ..Policy::default()
        }
    }
}

/// The node and the servers of all situations: the one that asks, and another.
pub fn asker() -> ServerId {
    "00000000-0000-7000-8000-000000000001".parse().unwrap()
}

pub fn other() -> ServerId {
    "00000000-0000-7000-8000-000000000002".parse().unwrap()
}

/// The ask for the room, whose name certifies a window or none. The window's edges are often close.
fn ask() -> impl Strategy<Value = Ask> {
    let opens = prop_oneof![-4..4_i64, 86..94_i64, -200..200_i64, -9000..9000_i64];
    let minutes = prop_oneof![1..4_i64, 1..=1440_i64];
    let window = (opens, minutes).prop_map(|(opens, minutes)| {
        InstantRoom::new(base() + TimeDelta::seconds(opens), TimeDelta::minutes(minutes)).unwrap()
    });
    proptest::option::weighted(0.4, window).prop_map(|certified| {
        let node: Node = "room".parse().unwrap();
        Ask { room: node.parts().map(|(_, room)| room), node, certified }
    })
}

/// Where a live conference comes from: one of the dates, a date that is gone, or no date at all.
fn live(near: &Near) -> BoxedStrategy<Option<Conference>> {
    let gone = OccurrenceId { appointment: AppointmentId::new(), original_start: base() };
    let mut origins = vec![None, Some(gone)];
    let dates = [&near.current, &near.current, &near.next, &near.next];
    origins.extend(dates.into_iter().flatten().map(|occurrence| Some(occurrence.id)));
    let conference = (
        select(origins),
        select(vec![asker(), other()]),
        server_state(),
        select(vec!["room", "room", "ROOM", "r%6fom"]),
        prop_oneof![seconds(-2..60), seconds(0..4000)],
        prop_oneof![seconds(1..100), seconds(1..9000)],
        options(),
    );
    proptest::option::weighted(
        0.8,
        conference.prop_map(|(occurrence, server, state, node, ago, lasts, options)| Conference {
            tenant: TenantId::new(),
            id: ConferenceId::new(),
            room: "room".parse().unwrap(),
            node: node.parse().unwrap(),
            server: Server { id: server, state },
            mail_owner: MailOwner::default(),
            occurrence,
            opened_at: base() - ago,
            ends_at: base() - ago + lasts,
            answer_token: false,
            options,
        }),
    )
    .boxed()
}

/// What may be asked in what may be known.
pub fn asked() -> impl Strategy<Value = (Ask, Situation)> {
    (ask(), situation())
}

fn situation() -> BoxedStrategy<Situation> {
    let around = near().prop_flat_map(|near| {
        let live = live(&near);
        (Just(near), live)
    });
    let state = prop_oneof![4 => Just(ServerState::Active), 1 => server_state()];
    let mostly = || proptest::bool::weighted(0.9);
    let rest = (policy(), state, (mostly(), mostly(), mostly(), mostly()), 0..5_u32);
    let whole = (around, rest);
    whole
        .prop_map(|((near, live), (policy, state, (there, served, enabled, unmoved), count))| Situation {
            server: Server { id: asker(), state },
            tenant: there.then(|| {
                Arc::new(Tenant {
                    id: TenantId::new(),
                    name: "acme".parse().unwrap(),
                    policy,
                    revision: 1,
                    created_at: base(),
                    disabled_at: (!enabled).then(base),
                })
            }),
            served,
            default_tenant: TenantId::new(),
            live_is_booked: unmoved
                && [&near.current, &near.next]
                    .into_iter()
                    .flatten()
                    .any(|date| live.as_ref().is_some_and(|live| live.occurrence == Some(date.id))),
            near,
            live_count: count + u32::from(live.as_ref().is_some_and(counts)),
            live,
        })
        .boxed()
}

/// Whether a conference counts towards the capacity.
pub fn counts(live: &Conference) -> bool {
    !live.is_over(base()) && live.node.is_usual()
}
