//! Rooms that are open: who holds them, who may take them over, how they end.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::actions::change_tenant::change_tenant;
use frontdesk::actions::dry_run::dry_run;
use frontdesk::actions::sweep::{Swept, sweep};
use frontdesk::config::RetentionConfig;
use frontdesk::reservation::{Decision, ServerState, WhenLiveElsewhere};

use crate::world::{Reply, World};

/// A world with a room that is booked from nine to ten, and two servers.
pub async fn desk() -> (World, String, String) {
    let world = World::new().await;
    let (one, two) = (world.server("one").await, world.server("two").await);
    world.book("room", 0, 60).await;
    (world, one, two)
}

pub async fn granted(world: &World, server: &str, room: &str) -> Reply {
    let reply = world.ask(server, room).await;
    assert_eq!(reply.status, 200, "{room}: {reply:?}");
    reply
}

/// The reasons that the closed conferences were closed for, the oldest first.
async fn closed(world: &World) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT close_reason FROM conferences WHERE closed_at IS NOT NULL ORDER BY opened_at, id",
    )
    .fetch_all(world.db())
    .await
    .unwrap()
}

#[tokio::test]
async fn the_server_that_holds_a_room_is_told_so_with_the_same_id() {
    let (world, one, two) = desk().await;
    let opened = granted(&world, &one, "room").await;
    world.advance(TimeDelta::minutes(5));
    let again = world.ask(&one, "room").await;
    assert_eq!((again.status, again.body["conflict_id"].as_str()), (409, Some(opened.id())));
    assert_eq!(world.get(&one, opened.id()).await, opened);
    let elsewhere = world.ask(&two, "room").await;
    assert_eq!((elsewhere.status, elsewhere.reason()), (403, "live_elsewhere"));
    assert_eq!(world.delete(&two, opened.id()).await.status, 404, "it is not the one that holds it");
    assert_eq!(world.open_rows().await, 1);
}

#[tokio::test]
async fn a_room_changes_hands_as_the_policy_and_the_state_of_its_server_say() {
    use ServerState::{Active, Drained, Lost, Revoked};
    use WhenLiveElsewhere::{Auto, Refuse, TakeOver};
    let world = World::new().await;
    let asker = world.server("asker").await;
    let states = [Active, Drained, Lost, Revoked];
    let policies = [Auto, Refuse, TakeOver];
    let mut rooms = Vec::new();
    for state in states {
        let holder = world.server(&state.to_string()).await;
        for policy in policies {
            let room = format!("{policy}-{state}");
            world.book(&room, 0, 60).await;
            let held = granted(&world, &holder, &room).await.id().to_owned();
            rooms.push((policy, state, holder.clone(), room, held));
        }
        world.server_is(&state.to_string(), state).await;
    }
    world.advance(TimeDelta::milliseconds(29_999));
    for (policy, _, _, room, _) in &rooms {
        world.policy(|acme| acme.when_live_elsewhere = *policy).await;
        assert_eq!(world.ask(&asker, room).await.reason(), "live_elsewhere", "{room} is younger than 30 s");
    }
    world.advance(TimeDelta::milliseconds(1));
    for (policy, state, holder, room, held) in &rooms {
        world.policy(|acme| acme.when_live_elsewhere = *policy).await;
        let reply = world.ask(&asker, room).await;
        if *policy == Refuse || (*policy, *state) == (Auto, Active) {
            assert_eq!(reply.reason(), "live_elsewhere", "{room}");
            continue;
        }
        assert_eq!(reply.status, 200, "{room}: {reply:?}");
        assert_ne!(reply.id(), held, "{room}");
        assert_eq!(world.get(&asker, held).await.status, 404, "{room}: the old one is gone");
        let late = world.delete(holder, held).await.status;
        assert_eq!(late, if *state == Revoked { 401 } else { 204 }, "{room}");
        assert_eq!(world.get(&asker, reply.id()).await.body, reply.body, "{room}: the new one stays");
    }
    assert_eq!(closed(&world).await, vec!["superseded"; 7]);
    assert_eq!(world.open_rows().await, 12);
}

#[tokio::test]
async fn a_room_that_changed_hands_ends_when_it_was_to_end() {
    let (world, one, two) = desk().await;
    world.book_with("long", 0, 180, |booking| booking.max_duration = Some(TimeDelta::hours(1))).await;
    granted(&world, &one, "long").await;
    world.server_is("one", ServerState::Lost).await;
    world.advance(TimeDelta::minutes(40));
    assert_eq!(granted(&world, &two, "long").await.body["duration"], 20 * 60);
}

#[tokio::test]
async fn a_drained_server_keeps_its_rooms_and_gets_no_new_ones() {
    let (world, one, two) = desk().await;
    world.book("later", 0, 60).await;
    let opened = granted(&world, &one, "room").await;
    world.server_is("one", ServerState::Drained).await;
    assert_eq!(world.ask(&one, "room").await.body["conflict_id"], opened.id());
    assert_eq!(world.get(&one, opened.id()).await.status, 200);
    let refused = world.ask(&one, "later").await;
    assert_eq!((refused.status, refused.reason()), (403, "server_drained"));
    assert_eq!(world.delete(&one, opened.id()).await.status, 204);
    assert_eq!(world.ask(&one, "room").await.reason(), "server_drained");
    granted(&world, &two, "room").await;
    world.server_is("one", ServerState::Active).await;
    granted(&world, &one, "later").await;
}

#[tokio::test]
async fn a_tenant_has_no_more_rooms_open_than_its_capacity() {
    let (world, one, two) = desk().await;
    world.policy(|policy| policy.capacity = Some(2)).await;
    world.tenant("globex", |_| {}).await;
    for room in ["second", "third"] {
        world.book(room, 0, 60).await;
    }
    world.book("short", 0, 5).await;
    let opened = granted(&world, &one, "room").await;
    granted(&world, &one, "short").await;
    let refused = world.ask(&one, "second").await;
    assert_eq!((refused.status, refused.reason()), (403, "capacity"));
    assert_eq!(world.ask(&one, "room").await.status, 409, "what is open stays open");

    world.server_is("one", ServerState::Lost).await;
    world.advance(TimeDelta::seconds(30));
    let taken = granted(&world, &two, "room").await;
    assert_ne!(taken.id(), opened.id(), "a room that changes hands doesn't count twice");
    assert_eq!(world.ask(&two, "second").await.reason(), "capacity");
    world.advance(TimeDelta::minutes(15));
    granted(&world, &two, "second").await;
    assert_eq!(world.ask(&two, "third").await.reason(), "capacity");
    world.delete(&two, taken.id()).await;
    granted(&world, &two, "third").await;
}

#[tokio::test]
async fn nothing_opens_for_a_tenant_that_is_switched_off_until_it_is_on_again() {
    let (world, one, _) = desk().await;
    world.policy(|policy| policy.unscheduled.allow = true).await;
    let acme = "acme".parse().unwrap();
    change_tenant(&world.app, &acme, Some(false), |_| {}).await.unwrap();
    for room in ["room", "unscheduled", "[acme]room"] {
        let refused = world.ask(&one, room).await;
        assert_eq!((refused.status, refused.reason()), (403, "tenant_disabled"), "{room}");
    }
    assert_eq!(world.open_rows().await, 0);
    change_tenant(&world.app, &acme, Some(true), |_| {}).await.unwrap();
    granted(&world, &one, "room").await;
}

#[tokio::test]
async fn unscheduled_rooms_open_where_the_tenant_lets_them_on_its_terms() {
    let (world, one, _) = desk().await;
    assert_eq!(world.ask(&one, "adhoc-1").await.reason(), "unknown_room");
    world
        .policy(|policy| {
            policy.unscheduled.allow = true;
            policy.unscheduled.pattern = Some("adhoc-[0-9]+|grüße".parse().unwrap());
            policy.unscheduled.duration = TimeDelta::minutes(30);
            policy.unscheduled.lobby = true;
            policy.unscheduled.max_occupants = Some(5);
            policy.max_occupants = Some(99);
        })
        .await;
    for room in ["adhoc-1", "ADHOC-22", "gr%c3%bc%c3%9fe"] {
        let opened = granted(&world, &one, room).await.body;
        assert_eq!(
            (&opened["duration"], &opened["lobby"], &opened["max_occupants"]),
            (&1800.into(), &true.into(), &5.into())
        );
        assert_eq!(opened.get("password"), None);
    }
    for room in ["adhoc-1x", "xadhoc-1", "adhoc-", "adhoc-1\u{2028}x", "xgr%c3%bc%c3%9fe", "else"] {
        assert_eq!(world.ask(&one, room).await.reason(), "unknown_room", "{room}");
    }
}

#[tokio::test]
async fn an_unscheduled_room_makes_way_for_what_is_booked() {
    let (world, one, _) = desk().await;
    world.policy(|policy| policy.unscheduled.allow = true).await;
    world.book("next", 60, 120).await;
    let cancelled = world.book("gone", 60, 120).await;
    world.cancel(&cancelled).await;
    let opened = granted(&world, &one, "next").await;
    assert_eq!(opened.body["duration"], 48 * 60 + 30, "until the gate of the next booking");
    world.delete(&one, opened.id()).await;
    world.stand_at("2026-12-01T09:48:29.001Z");
    assert_eq!(world.ask(&one, "next").await.reason(), "too_early");
    world.stand_at("2026-12-01T09:48:30Z");
    assert_eq!(granted(&world, &one, "next").await.body["duration"], 81 * 60 + 30);
    for (moment, expected) in [("09:48:29", 200), ("09:48:30", 410), ("11:09:59", 410), ("11:10:00", 200)] {
        world.stand_at(&format!("2026-12-01T{moment}Z"));
        let reply = world.ask(&one, "gone").await;
        assert_eq!(reply.status, expected, "{moment}: {reply:?}");
        if expected == 200 {
            world.delete(&one, reply.id()).await;
        } else {
            assert_eq!(reply.reason(), "cancelled");
        }
    }
}

#[tokio::test]
async fn a_release_ends_the_conference_and_never_the_appointment() {
    let (world, one, _) = desk().await;
    let first = granted(&world, &one, "room").await;
    world.advance(TimeDelta::minutes(10));
    for _ in 0..3 {
        let released = world.delete(&one, first.id()).await;
        assert_eq!((released.status, released.body), (204, serde_json::Value::Null));
    }
    assert_eq!(world.get(&one, first.id()).await.status, 404);
    let second = granted(&world, &one, "room").await;
    assert_ne!(second.id(), first.id());
    assert_eq!(second.body["duration"], 60 * 60, "to the same end");
    assert_eq!(world.delete(&one, first.id()).await.status, 204);
    assert_eq!(world.ask(&one, "room").await.body["conflict_id"], second.id(), "a late retry ends nothing");
    assert_eq!(closed(&world).await, ["released"]);
}

#[tokio::test]
async fn a_conference_whose_time_is_over_is_gone_and_never_in_the_way() {
    let (world, one, two) = desk().await;
    world.book("room", 70, 120).await;
    let first = granted(&world, &one, "room").await;
    world.advance(TimeDelta::minutes(70));
    assert_eq!(world.open_rows().await, 1, "nobody has tidied up");
    assert_eq!(world.get(&one, first.id()).await.status, 404);
    let second = granted(&world, &two, "room").await;
    assert_ne!(second.id(), first.id());
    assert_eq!((closed(&world).await, world.open_rows().await), (vec!["expired".to_owned()], 1));
    assert_eq!(world.delete(&one, first.id()).await.status, 204);
    assert_eq!(world.get(&two, second.id()).await.status, 200);
}

#[tokio::test]
async fn the_sweeper_closes_what_is_over_and_deletes_what_is_old() {
    let (world, one, _) = desk().await;
    let day = Duration::from_hours(24);
    let kept = RetentionConfig { conferences: 2 * day, refusals: day };
    granted(&world, &one, "room").await;
    world.ask(&one, "nowhere").await;
    refused(&world, 1).await;
    let clean = async || sweep(&world.app, kept).await.unwrap();
    assert_eq!(clean().await, Swept::default(), "it is open");
    world.stand_at("2026-12-01T10:10:00Z");
    assert_eq!(clean().await, Swept { expired: 1, purged: 0 });
    assert_eq!(closed(&world).await, ["expired"]);
    world.stand_at("2026-12-02T09:00:00.001Z");
    assert_eq!(clean().await, Swept { expired: 0, purged: 1 }, "the refusal");
    world.stand_at("2026-12-03T10:10:00Z");
    assert_eq!(clean().await, Swept::default());
    world.stand_at("2026-12-03T10:10:00.001Z");
    assert_eq!(clean().await, Swept { expired: 0, purged: 1 }, "the conference");
}

#[tokio::test]
async fn a_room_that_is_cancelled_while_it_is_live_is_closed_at_the_next_ask() {
    for asked_by_its_own in [true, false] {
        let (world, one, two) = desk().await;
        let appointment = world.book("party", 0, 60).await;
        let opened = granted(&world, &one, "party").await;
        world.cancel(&appointment).await;
        let refused = world.ask(if asked_by_its_own { &one } else { &two }, "party").await;
        assert_eq!((refused.status, refused.reason()), (410, "cancelled"));
        assert_eq!(closed(&world).await, ["cancelled"]);
        assert_eq!(world.get(&one, opened.id()).await.status, 404);
        assert_eq!(world.delete(&one, opened.id()).await.status, 204);
        world.book("party", 0, 60).await;
        granted(&world, &two, "party").await;
    }
}

#[tokio::test]
async fn a_room_that_is_moved_while_it_is_live_is_closed_at_the_next_ask() {
    let (world, one, _) = desk().await;
    granted(&world, &one, "room").await;
    sqlx::query(
        "UPDATE occurrences SET starts = starts + interval '2h', ends = ends + interval '2h', revision = 2",
    )
    .execute(world.db())
    .await
    .unwrap();
    let refused = world.ask(&one, "room").await;
    assert_eq!((refused.reason(), refused.message()), ("too_early", "This room opens at 10:50 UTC."));
    assert_eq!((closed(&world).await, world.open_rows().await), (vec!["cancelled".to_owned()], 0));
    world.advance(TimeDelta::hours(2));
    granted(&world, &one, "room").await;
}

/// Waits until that many refusals are written down, and says how long it took.
async fn refused(world: &World, count: i64) -> Duration {
    let begun = Instant::now();
    loop {
        let written: i64 =
            sqlx::query_scalar("SELECT count(*) FROM refusals").fetch_one(world.db()).await.unwrap();
        if written == count {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{written} of {count} refusals were written");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn refusals_are_written_down_within_a_second() {
    let (world, one, two) = desk().await;
    world.ask(&one, "nowhere").await;
    refused(&world, 1).await;
    granted(&world, &one, "room").await;
    world.ask(&two, "room").await;
    world.ask(&one, "[nobody]Gr%c3%bc%c3%9fe").await;
    world.ask(&one, "a\0b").await;
    let took = refused(&world, 4).await;
    assert!(took < Duration::from_secs(1), "it took {took:?}");
    let rows: Vec<(String, String, String, DateTime<Utc>)> = sqlx::query_as(
        "SELECT s.name, r.node, r.reason, r.refused_at
         FROM refusals r JOIN conference_servers s ON s.id = r.server_id JOIN tenants t ON t.id = r.tenant_id
         WHERE t.name = 'acme' ORDER BY r.id",
    )
    .fetch_all(world.db())
    .await
    .unwrap();
    let row = |server: &str, node: &str, reason: &str| {
        (server.into(), node.into(), reason.into(), world.clock.now())
    };
    assert_eq!(
        rows,
        [
            row("one", "nowhere", "unknown_room"),
            row("two", "room", "live_elsewhere"),
            row("one", "[nobody]Gr%c3%bc%c3%9fe", "tenant_unknown"),
            row("one", "a\u{fffd}b", "bad_name"),
        ]
    );
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_answered_and_opens_nothing() {
    let (world, one, two) = desk().await;
    world.book("later", 60, 120).await;
    let gone = world.book("gone", 0, 60).await;
    world.cancel(&gone).await;
    world.book("open", 0, 60).await;
    granted(&world, &two, "open").await;
    let acme = "acme".parse().unwrap();
    for (moment, capacity) in
        [("09:00:00", None), ("09:48:30", None), ("10:30:00", None), ("09:30:00", Some(1))]
    {
        world.policy(|policy| policy.capacity = capacity).await;
        for (name, server) in [("one", &one), ("two", &two)] {
            for room in ["room", "later", "gone", "open", "nowhere", "[nobody]x", "%00", "[acme]ROOM"] {
                let at = format!("2026-12-01T{moment}Z").parse().unwrap();
                let rows = world.open_rows().await;
                let forecast = dry_run(&world.app, Some(&acme), Some(name), &room.parse().unwrap(), Some(at))
                    .await
                    .unwrap();
                assert_eq!(world.open_rows().await, rows);
                world.stand_at(&format!("2026-12-01T{moment}Z"));
                let reply = world.ask(server, room).await;
                let what = format!("{room} for {name} at {moment}: {reply:?}");
                match forecast.decision {
                    Decision::Grant(grant) => {
                        assert_eq!(reply.body["duration"], (grant.ends_at - at).num_seconds(), "{what}");
                        world.delete(server, reply.id()).await;
                    }
                    Decision::Conflict(_) => assert_eq!(reply.status, 409, "{what}"),
                    Decision::Refuse(refusal) => {
                        let found = &forecast.found;
                        let message = refusal.reason.message(found.language, found.time_zone, at);
                        assert_eq!(
                            (reply.reason(), reply.message()),
                            (refusal.reason.code(), &*message),
                            "{what}"
                        );
                    }
                }
            }
        }
    }
}
