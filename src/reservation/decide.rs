//! The decision: may this room open now?

use std::cmp::Ordering;

use chrono::{DateTime, TimeDelta, Utc};

use super::schedule::add;
use super::{
    Ask, Basis, CloseReason, Conference, Decision, Grant, InstantRoom, Occurrence, Options, Reason, Refusal,
    Replaces, RoomKey, ServerState, Situation, Tenant, WhenLiveElsewhere, Window,
};

/// No conference younger than this is taken over: its server has only just been told to open it.
const TAKE_OVER_AGE: TimeDelta = TimeDelta::seconds(30);

/// How long a room without an end is open at a time; it may be opened again at once.
const ENDLESS_OPENING: TimeDelta = TimeDelta::hours(24);

/// Decides about an ask: pure and total. A refusal is a value like a grant.
///
/// A booking comes first, then the room that is live already, then the window that the room's own
/// name certifies, then the tenant's rule for rooms that nobody booked. Nothing here looks at the person who asks: the conference server tells us
/// of one at random, and its answer is for everybody in the room.
#[must_use]
pub fn decide(ask: &Ask, situation: &Situation, now: DateTime<Utc>) -> Decision {
    let (tenant, room) = match admissible(ask, situation) {
        Ok(admitted) => admitted,
        Err(reason) => return Decision::Refuse(reason.into()),
    };
    let live = situation.live.as_ref().filter(|live| !live.is_over(now));
    let booked = live.and_then(|live| live.occurrence);
    let holder = situation.near.holder(booked, now);

    // A booking comes first: the one that was cancelled or moved away since, and the one that was
    // made since for a room that somebody opened without.
    let gone = booked.is_some() && !situation.live_is_booked;
    let replaces = match live {
        None => situation.live.as_ref().map(|over| replace(over, CloseReason::Expired)),
        Some(live) if gone => Some(replace(live, CloseReason::Cancelled)),
        Some(live) if booked.is_none() && holder.is_some() => Some(replace(live, CloseReason::Superseded)),
        Some(live) if live.server.id == situation.server.id && live.node == ask.node => {
            return Decision::Conflict(live.id);
        }
        Some(live) if gives_way(live, ask, situation) || may_take_over(live, ask, situation, tenant, now) => {
            Some(replace(live, CloseReason::Superseded))
        }
        Some(live) => {
            let respelled = live.server.id == situation.server.id;
            return Decision::Refuse(Reason::LiveElsewhere { respelled }.into());
        }
    };

    let granted = match holder {
        Some((occurrence, window)) => scheduled(occurrence, window, now).ok_or_else(|| Reason::Over {
            reopens_at: situation.near.next_opens().filter(|opens| *opens > now),
        }),
        None if gone => Err(situation.near.absence(now)),
        None => match ask.certified {
            Some(certified) => instant(certified, tenant, situation, now),
            None => unscheduled(tenant, room, situation, now),
        },
    };
    match granted.and_then(|granted| {
        has_place(situation, tenant, live.is_some_and(|live| live.node.is_usual())).map(|()| granted)
    }) {
        Err(reason) => Decision::Refuse(Refusal { reason, closes: replaces.filter(|_| gone) }),
        Ok(Terms { basis, ends_at, answer_token, options }) => Decision::Grant(Grant {
            tenant: tenant.id,
            room: room.clone(),
            tenant_revision: tenant.revision,
            basis,
            opened_at: now,
            ends_at,
            answer_token,
            options,
            replaces,
        }),
    }
}

/// The tenant and the room, where the server may ask for them at all.
fn admissible<'a>(ask: &'a Ask, situation: &'a Situation) -> Result<(&'a Tenant, &'a RoomKey), Reason> {
    let room = ask.room.as_ref().map_err(|error| Reason::BadName(*error))?;
    let tenant = situation.tenant.as_deref().ok_or(Reason::TenantUnknown)?;
    if !situation.served {
        return Err(Reason::NotYourTenant);
    }
    if tenant.disabled_at.is_some() {
        return Err(Reason::TenantDisabled);
    }
    Ok((tenant, room))
}

fn replace(conference: &Conference, reason: CloseReason) -> Replaces {
    Replaces { id: conference.id, reason }
}

/// Whether the room was opened under a less usual spelling than the one that is asked for.
fn gives_way(live: &Conference, ask: &Ask, situation: &Situation) -> bool {
    compare_spellings(live, ask, situation) == Ordering::Less
}

/// How usual the spelling of the live room is, against the one that is asked for.
fn compare_spellings(live: &Conference, ask: &Ask, situation: &Situation) -> Ordering {
    let of_default_tenant = live.tenant == situation.default_tenant;
    live.node.usualness(of_default_tenant).cmp(&ask.node.usualness(of_default_tenant))
}

fn may_take_over(
    live: &Conference,
    ask: &Ask,
    situation: &Situation,
    tenant: &Tenant,
    now: DateTime<Utc>,
) -> bool {
    let wanted = match tenant.policy.when_live_elsewhere {
        WhenLiveElsewhere::Auto => {
            live.server.id != situation.server.id && live.server.state != ServerState::Active
        }
        WhenLiveElsewhere::Refuse => false,
        WhenLiveElsewhere::TakeOver => true,
    };
    let less_usual = compare_spellings(live, ask, situation) == Ordering::Greater;
    wanted && !less_usual && now - live.opened_at >= TAKE_OVER_AGE
}

/// What a room may open for, until when, and with what.
struct Terms {
    basis: Basis,
    ends_at: DateTime<Utc>,
    answer_token: bool,
    options: Options,
}

/// The terms of a booked room; `None` with less than a second left.
fn scheduled(occurrence: &Occurrence, window: Window, now: DateTime<Utc>) -> Option<Terms> {
    // Seen from before, as a dry run may see it, it has not been opened.
    let first_opened_at = occurrence.first_opened_at.filter(|first| *first <= now);
    let limit = match (occurrence.max_duration, occurrence.slot.ends()) {
        (Some(longest), Some(_)) => add(first_opened_at.unwrap_or(now), longest),
        (Some(longest), None) => add(now, longest),
        (None, Some(_)) => DateTime::<Utc>::MAX_UTC,
        (None, None) => add(now, ENDLESS_OPENING),
    };
    let ends_at = window.closes.map_or(limit, |closes| closes.min(limit));
    let basis = Basis::Occurrence {
        id: occurrence.id,
        revision: occurrence.revision,
        starts: occurrence.slot.starts(),
    };
    lasts(now, ends_at).then(|| Terms {
        basis,
        ends_at,
        answer_token: occurrence.answer_token,
        options: occurrence.options.clone(),
    })
}

/// The terms of a room whose name says when it opens, whatever the tenant's rule for rooms that
/// nobody booked. It makes way for the next booking, and a cancelled one keeps it shut.
fn instant(
    certified: InstantRoom,
    tenant: &Tenant,
    situation: &Situation,
    now: DateTime<Utc>,
) -> Result<Terms, Reason> {
    let near = &situation.near;
    if let Some(cancelled) = near.cancelled_now(now) {
        return Err(cancelled);
    }
    let window = Window::from(certified);
    if now < window.gate {
        let opens_at = near.next_opens().map_or(window.opens, |opens| opens.min(window.opens));
        return Err(Reason::TooEarly { opens_at });
    }
    let limit = tenant.policy.max_duration.map_or(DateTime::<Utc>::MAX_UTC, |longest| add(now, longest));
    let gate = near.next_gate().unwrap_or(DateTime::<Utc>::MAX_UTC);
    let ends_at = certified.closes().min(limit).min(gate);
    let options = Options { max_occupants: tenant.policy.max_occupants, ..Options::default() };
    let over = Reason::Over { reopens_at: near.next_opens() };
    let terms = Terms { basis: Basis::Instant, ends_at, answer_token: tenant.policy.answer_token, options };
    if lasts(now, ends_at) { Ok(terms) } else { Err(over) }
}

/// The terms of a room that nobody booked, where the tenant lets such rooms open. It makes way for
/// the next booking.
fn unscheduled(
    tenant: &Tenant,
    room: &RoomKey,
    situation: &Situation,
    now: DateTime<Utc>,
) -> Result<Terms, Reason> {
    let rule = &tenant.policy.unscheduled;
    if !rule.opens(room) {
        return Err(situation.near.absence(now));
    }
    if let Some(cancelled) = situation.near.cancelled_now(now) {
        return Err(cancelled);
    }
    let limit = add(now, rule.duration);
    let ends_at = situation.near.next_gate().map_or(limit, |gate| gate.min(limit));
    let options = Options { password: None, lobby: rule.lobby, max_occupants: rule.max_occupants };
    let terms =
        Terms { basis: Basis::Unscheduled, ends_at, answer_token: tenant.policy.answer_token, options };
    if lasts(now, ends_at) { Ok(terms) } else { Err(situation.near.absence(now)) }
}

/// Whether a whole second is left, the least that an answer can say.
fn lasts(opened_at: DateTime<Utc>, ends_at: DateTime<Utc>) -> bool {
    ends_at - opened_at >= TimeDelta::seconds(1)
}

/// Whether the server takes rooms and the tenant has room for one more. A conference that is
/// replaced while it is live doesn't count twice.
fn has_place(situation: &Situation, tenant: &Tenant, replaces_live: bool) -> Result<(), Reason> {
    if situation.server.state != ServerState::Active {
        return Err(Reason::ServerDrained);
    }
    let others = situation.live_count.saturating_sub(u32::from(replaces_live));
    match tenant.policy.capacity {
        Some(capacity) if others >= capacity => Err(Reason::Capacity),
        _ => Ok(()),
    }
}
