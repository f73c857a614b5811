//! Everything at once: many asks, several servers and replicas, and changes between read and claim.

use std::collections::HashSet;
use std::time::Duration;

use chrono::TimeDelta;
use frontdesk::actions::book::{BookError, book};
use frontdesk::actions::change_server::change_server;
use frontdesk::actions::change_tenant::change_tenant;
use frontdesk::actions::sweep::sweep;
use frontdesk::config::RetentionConfig;
use frontdesk::reservation::{Appointment, ServerState, WhenLiveElsewhere};
use frontdesk::store::appointments;
use futures_util::future::join_all;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::time::{Instant, sleep};

use crate::world::{Reply, World, nine_o_clock};

/// How many ask at once.
const CROWD: usize = 200;

/// So many asks at once, in turns from each of `askers`: a replica, and a server's credential. Many have read, and are held
/// back, before the first may claim. On a machine that is busy with other tests, some find no connection in time; those ask
/// again, as Prosody does.
async fn crowd(askers: &[(&World, &str)], room: &str, asks: usize) -> Vec<Reply> {
    let ask = async |world: &World, server: &str, room: &str| {
        for _ in 0..10 {
            let reply = world.ask(server, room).await;
            if reply.status != 503 {
                return reply;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("no answer to an ask for {room}");
    };
    let all = |asks, room| join_all(askers.iter().cycle().take(asks).map(move |(w, s)| ask(w, s, room)));
    // Only who is connected can race.
    for (world, server) in askers {
        world.connect(server).await;
    }
    let mut db = askers[0].0.db().acquire().await.unwrap();
    let held = hold_claims(&mut db).await;
    let release = async {
        so_many_wait(askers[0].0, 5).await;
        held.commit().await.unwrap();
    };
    tokio::join!(all(asks, room), release).0
}

fn with_status(replies: &[Reply], status: u16) -> Vec<&Reply> {
    replies.iter().filter(|reply| reply.status == status).collect()
}

/// The id of the only grant among the replies.
fn only_grant(replies: &[Reply]) -> String {
    let granted = with_status(replies, 200);
    assert_eq!(granted.len(), 1, "{:?}", replies.iter().map(|reply| reply.status).collect::<Vec<_>>());
    granted[0].id().to_owned()
}

/// The conferences that replies with 409 point to.
fn conflict_ids(replies: &[Reply]) -> HashSet<String> {
    with_status(replies, 409).iter().map(|reply| reply.body["conflict_id"].as_str().unwrap().into()).collect()
}

/// How the conferences were closed, in the order of their opening; `None` for an open one.
async fn closings(world: &World) -> Vec<Option<String>> {
    sqlx::query_scalar("SELECT close_reason FROM conferences ORDER BY opened_at, closed_at NULLS LAST")
        .fetch_all(world.db())
        .await
        .unwrap()
}

/// Looks all the time, until `watched` is done, whether a room has two open rows.
async fn never_two_open<T>(db: &PgPool, watched: impl Future<Output = T>) -> T {
    let watch = async {
        loop {
            let most: Option<i64> = sqlx::query_scalar(
                "SELECT max(open) FROM (SELECT count(*) AS open FROM conferences WHERE closed_at IS NULL
                 GROUP BY tenant_id, room) AS rooms",
            )
            .fetch_one(db)
            .await
            .unwrap();
            assert!(most.unwrap_or(0) <= 1, "a room has {most:?} open rows");
            sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::select! {
        done = watched => done,
        () = watch => unreachable!("it watches for ever"),
    }
}

/// Keeps claims from being made, and nothing else: whoever asks has read, and waits.
async fn hold_claims(db: &mut PgConnection) -> sqlx::Transaction<'_, sqlx::Postgres> {
    let mut transaction = db.begin().await.unwrap();
    sqlx::query("LOCK TABLE conferences IN SHARE MODE").execute(&mut *transaction).await.unwrap();
    transaction
}

/// Waits until so many asks wait for a lock.
async fn so_many_wait(world: &World, asks: i64) {
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
               AND application_name = 'frontdesk desk' AND wait_event_type = 'Lock'",
        )
        .fetch_one(world.db())
        .await
        .unwrap();
        if waiting >= asks {
            return;
        }
        assert!(Instant::now() < until, "{waiting} wait for a lock");
        sleep(Duration::from_millis(5)).await;
    }
}

/// The answer to an ask that read before `change` and claims after it.
async fn ask_across(world: &World, server: &str, room: &str, change: impl Future<Output = ()>) -> Reply {
    let mut db = world.db().acquire().await.unwrap();
    let held = hold_claims(&mut db).await;
    let changed = async {
        so_many_wait(world, 1).await;
        change.await;
        held.commit().await.unwrap();
    };
    tokio::join!(world.ask(server, room), changed).0
}

#[tokio::test]
async fn two_hundred_asks_at_once_open_a_room_once() {
    let world = World::new().await;
    let server = world.server("one").await;
    world.book("standup", 0, 60).await;
    let replies = crowd(&[(&world, &server)], "standup", CROWD).await;
    let id = only_grant(&replies);
    assert_eq!(with_status(&replies, 409).len(), CROWD - 1);
    assert_eq!(conflict_ids(&replies), HashSet::from([id.clone()]));
    assert_eq!(world.open_rows().await, 1);
    assert_eq!(world.get(&server, &id).await.status, 200);
}

#[tokio::test]
async fn of_two_servers_that_ask_at_once_one_is_refused() {
    let world = World::new().await;
    world.policy(|policy| policy.when_live_elsewhere = WhenLiveElsewhere::Refuse).await;
    let (one, two) = (world.server("one").await, world.server("two").await);
    world.book("standup", 0, 60).await;
    let replies = crowd(&[(&world, &one), (&world, &two)], "standup", CROWD).await;
    let id = only_grant(&replies);
    let refused = with_status(&replies, 403);
    assert_eq!(refused.len(), CROWD / 2);
    assert!(refused.iter().all(|reply| reply.reason() == "live_elsewhere"));
    assert_eq!(conflict_ids(&replies), HashSet::from([id]));
    assert_eq!(closings(&world).await, [None]);
}

#[tokio::test]
async fn two_replicas_open_a_room_once() {
    let world = World::new().await;
    let replica = World::replica_of(&world);
    let server = world.server("one").await;
    world.book("standup", 0, 60).await;
    let askers = [(&world, server.as_str()), (&replica, server.as_str())];
    let replies = never_two_open(world.db(), crowd(&askers, "standup", CROWD)).await;
    assert_eq!(conflict_ids(&replies), HashSet::from([only_grant(&replies)]));
    assert_eq!(with_status(&replies, 409).len(), CROWD - 1);
    assert_eq!(world.open_rows().await, 1);
}

#[tokio::test]
async fn a_drained_server_s_room_is_taken_over_once() {
    let world = World::new().await;
    let replica = World::replica_of(&world);
    let holder = world.server("holder").await;
    let (one, two) = (world.server("one").await, world.server("two").await);
    world.book("standup", 0, 60).await;
    assert_eq!(world.ask(&holder, "standup").await.status, 200);
    change_server(&world.app, "holder", ServerState::Drained).await.unwrap();
    world.advance(TimeDelta::seconds(31));

    let askers = [(&world, one.as_str()), (&replica, two.as_str())];
    let replies = never_two_open(world.db(), crowd(&askers, "standup", CROWD)).await;
    assert_eq!(conflict_ids(&replies), HashSet::from([only_grant(&replies)]));
    assert_eq!(with_status(&replies, 403).len(), CROWD / 2);
    assert_eq!(closings(&world).await, [Some("superseded".into()), None]);
}

#[tokio::test]
async fn under_take_over_each_round_has_one_winner_and_never_two_open_rows() {
    let world = World::new().await;
    let replica = World::replica_of(&world);
    world.policy(|policy| policy.when_live_elsewhere = WhenLiveElsewhere::TakeOver).await;
    let (one, two) = (world.server("one").await, world.server("two").await);
    world.book("standup", 0, 60).await;
    let mut grants = vec![world.ask(&one, "standup").await.id().to_owned()];

    let askers = [(&world, one.as_str()), (&replica, two.as_str())];
    for _ in 0..4 {
        world.advance(TimeDelta::seconds(31));
        let replies = never_two_open(world.db(), crowd(&askers, "standup", CROWD)).await;
        let new = only_grant(&replies);
        let known = HashSet::from([grants.last().unwrap().clone(), new.clone()]);
        assert!(conflict_ids(&replies).is_subset(&known));
        assert_eq!(replies.len(), 1 + with_status(&replies, 409).len() + with_status(&replies, 403).len());
        grants.push(new);
    }
    let mut expected = vec![Some("superseded".to_owned()); 4];
    expected.push(None);
    assert_eq!(closings(&world).await, expected);
}

/// Cancels in a transaction that is still open.
async fn cancelling<'a>(
    db: &'a mut PgConnection,
    appointment: &Appointment,
) -> sqlx::Transaction<'a, sqlx::Postgres> {
    let mut transaction = db.begin().await.unwrap();
    let (tenant, id) = (appointment.tenant, appointment.id);
    appointments::cancel(&mut transaction, tenant, id, nine_o_clock()).await.unwrap();
    transaction
}

#[tokio::test]
async fn a_cancellation_that_commits_while_the_claim_waits_for_it_wins() {
    let world = World::new().await;
    let server = world.server("one").await;
    let appointment = world.book("standup", 0, 60).await;
    let mut db = world.db().acquire().await.unwrap();
    let cancellation = cancelling(&mut db, &appointment).await;
    let commit = async {
        so_many_wait(&world, 1).await;
        cancellation.commit().await.unwrap();
    };
    let (reply, ()) = tokio::join!(world.ask(&server, "standup"), commit);
    assert_eq!((reply.status, reply.reason()), (410, "cancelled"));
    assert_eq!(closings(&world).await, [None::<String>; 0]);
}

#[tokio::test]
async fn a_cancellation_that_is_rolled_back_while_the_claim_waits_for_it_changes_nothing() {
    let world = World::new().await;
    let server = world.server("one").await;
    let appointment = world.book("standup", 0, 60).await;
    let mut db = world.db().acquire().await.unwrap();
    let cancellation = cancelling(&mut db, &appointment).await;
    let roll_back = async {
        so_many_wait(&world, 1).await;
        cancellation.rollback().await.unwrap();
    };
    let (reply, ()) = tokio::join!(world.ask(&server, "standup"), roll_back);
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(closings(&world).await, [None]);
}

#[tokio::test]
async fn a_cancellation_between_read_and_claim_wins() {
    let world = World::new().await;
    let server = world.server("one").await;
    let appointment = world.book("standup", 0, 60).await;
    let reply = ask_across(&world, &server, "standup", Box::pin(world.cancel(&appointment))).await;
    assert_eq!((reply.status, reply.reason()), (410, "cancelled"));
    assert_eq!(closings(&world).await, [None::<String>; 0]);
}

#[tokio::test]
async fn a_policy_that_changes_between_read_and_claim_holds() {
    let world = World::new().await;
    let server = world.server("one").await;
    world.book("standup", 0, 60).await;
    let change = world.policy(|policy| policy.max_occupants = Some(7));
    let reply = ask_across(&world, &server, "standup", Box::pin(change)).await;
    assert_eq!((reply.status, &reply.body["max_occupants"]), (200, &7.into()), "{reply:?}");
    assert_eq!(closings(&world).await, [None]);
}

#[tokio::test]
async fn a_tenant_disabled_between_read_and_claim_opens_nothing() {
    let world = World::new().await;
    let server = world.server("one").await;
    world.book("standup", 0, 60).await;
    let disable = async {
        change_tenant(&world.app, &"acme".parse().unwrap(), Some(false), |_| {}).await.unwrap();
    };
    let reply = ask_across(&world, &server, "standup", Box::pin(disable)).await;
    assert_eq!(reply.reason(), "tenant_disabled");
    assert_eq!(closings(&world).await, [None::<String>; 0]);
}

#[tokio::test]
async fn a_booking_between_read_and_claim_takes_the_room_from_the_unscheduled_ask() {
    let world = World::new().await;
    world.policy(|policy| policy.unscheduled.allow = true).await;
    let server = world.server("one").await;
    let booking = async { _ = world.book("standup", -5, 60).await };
    let reply = ask_across(&world, &server, "standup", Box::pin(booking)).await;
    assert_eq!((reply.status, &reply.body["duration"]), (200, &(70 * 60).into()), "{reply:?}");
    let booked = sqlx::query_scalar::<_, bool>("SELECT appointment_id IS NOT NULL FROM conferences");
    assert_eq!(booked.fetch_all(world.db()).await.unwrap(), [true]);
}

#[tokio::test]
async fn bookings_and_unscheduled_asks_at_once_leave_each_room_open_once() {
    let world = World::new().await;
    world.policy(|policy| policy.unscheduled.allow = true).await;
    let server = world.server("one").await;
    let rooms: Vec<String> = (0..20).map(|n| format!("room-{n}")).collect();
    let asks = join_all(rooms.iter().flat_map(|room| [world.ask(&server, room), world.ask(&server, room)]));
    let bookings = join_all(rooms.iter().map(|room| world.book(room, 0, 60)));
    let (replies, _) = tokio::join!(never_two_open(world.db(), asks), bookings);
    // A room may open unbooked and make way for the booking that comes between its two asks.
    let made_way = sqlx::query_as::<_, (bool, Option<String>)>(
        "SELECT appointment_id IS NULL, close_reason FROM conferences WHERE closed_at IS NOT NULL",
    );
    let made_way = made_way.fetch_all(world.db()).await.unwrap();
    assert!(made_way.iter().all(|row| *row == (true, Some("superseded".to_owned()))), "{made_way:?}");
    assert_eq!(with_status(&replies, 200).len(), rooms.len() + made_way.len());
    assert_eq!(with_status(&replies, 409).len(), rooms.len() - made_way.len());
    assert_eq!(world.open_rows().await, 20);
}

#[tokio::test]
async fn many_asks_at_an_expired_row_and_the_sweeper_close_it_once_and_open_once() {
    let world = World::new().await;
    let replica = World::replica_of(&world);
    let server = world.server("one").await;
    world.book("standup", 0, 60).await;
    world.book("standup", 120, 180).await;
    let first = world.ask(&server, "standup").await;
    world.advance(TimeDelta::minutes(125));

    let long = Duration::from_hours(24 * 365);
    let retention = RetentionConfig { conferences: long, refusals: long };
    let askers = [(&world, server.as_str()), (&replica, server.as_str())];
    let (replies, swept) = tokio::join!(
        never_two_open(world.db(), crowd(&askers, "standup", CROWD)),
        sweep(&world.app, retention)
    );
    swept.unwrap();
    let id = only_grant(&replies);
    assert_ne!(id, first.id());
    assert_eq!(conflict_ids(&replies), HashSet::from([id]));
    assert_eq!(with_status(&replies, 409).len(), CROWD - 1);
    assert_eq!(closings(&world).await, [Some("expired".into()), None]);
}

#[tokio::test]
async fn of_bookings_at_once_for_one_slot_exactly_one_wins() {
    let world = World::new().await;
    let replica = World::replica_of(&world);
    let booking = |n: i64| world.booking("standup", n, 60 + n);
    let bookings = (0..24).map(|n| book(if n % 2 == 0 { &world.app } else { &replica.app }, booking(n)));
    let booked = join_all(bookings).await;
    let winners: Vec<_> = booked.iter().flatten().map(|appointment| appointment.id).collect();
    assert_eq!(winners.len(), 1, "{booked:?}");
    for lost in booked.iter().filter_map(|booked| booked.as_ref().err()) {
        assert!(matches!(lost, BookError::Taken { by: Some(by) } if *by == winners[0]));
    }
}

#[tokio::test]
async fn a_release_and_an_ask_at_once_end_in_one_of_the_two_orders() {
    let world = World::new().await;
    let replica = World::replica_of(&world);
    let server = world.server("one").await;
    world.book("standup", 0, 60).await;
    let mut open = world.ask(&server, "standup").await.id().to_owned();
    for _ in 0..40 {
        let (released, asked) = tokio::join!(replica.delete(&server, &open), world.ask(&server, "standup"));
        assert_eq!(released.status, 204);
        open = match asked.status {
            200 => asked.id().to_owned(),
            409 => {
                assert_eq!((&asked.body["conflict_id"], world.open_rows().await), (&open.as_str().into(), 0));
                world.ask(&server, "standup").await.id().to_owned()
            }
            _ => panic!("{asked:?}"),
        };
        assert_eq!(world.get(&server, &open).await.status, 200);
        assert_eq!(world.open_rows().await, 1);
    }
}
