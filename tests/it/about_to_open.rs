//! While rooms are claimed, others are asked for.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::rig::eventually;
use crate::together::{books, metric, statuses};
use crate::wire;
use crate::world::{Reply, World};

/// Asks for the first room, whose date is locked for a moment, and meanwhile for the second one. Says how long that took.
async fn ask_while_another_is_claimed(
    world: &World,
    server: &str,
    rooms: [&str; 2],
) -> ([Reply; 2], Duration) {
    world.ask(server, "nobody-booked-this").await;
    let mut hold = world.db().begin().await.unwrap();
    let lock = sqlx::query("SELECT FROM occurrences WHERE room = $1 FOR UPDATE").bind(rooms[0]);
    lock.execute(&mut *hold).await.unwrap();
    let release = async {
        sleep(Duration::from_millis(130)).await;
        hold.rollback().await.unwrap();
    };
    let second = async {
        sleep(Duration::from_millis(30)).await;
        let began = Instant::now();
        (world.ask(server, rooms[1]).await, began.elapsed())
    };
    let (first, (second, took), ()) = tokio::join!(world.ask(server, rooms[0]), second, release);
    ([first, second], took)
}

#[tokio::test]
async fn who_gets_no_room_does_not_wait_for_those_who_do() {
    let world = World::new().await;
    let server = world.server("one").await;
    world.book("room", 0, 60).await;
    let ([first, second], took) =
        ask_while_another_is_claimed(&world, &server, ["room", "nobody-booked-this"]).await;
    assert_eq!((first.status, second.reason()), (200, "unknown_room"));
    assert!(took < Duration::from_millis(90), "{took:?}");
}

#[tokio::test]
async fn a_room_that_is_about_to_open_opens_once() {
    let world = World::new().await;
    let server = world.server("one").await;
    world.book("room", 0, 60).await;
    let (replies, _) = ask_while_another_is_claimed(&world, &server, ["room", "room"]).await;
    assert_eq!(statuses(&replies), [200, 409]);
}

#[tokio::test]
async fn a_room_that_is_about_to_open_counts_towards_the_capacity() {
    let world = World::new().await;
    let server = world.server("one").await;
    books(&world, 2).await;
    world.policy(|policy| policy.capacity = Some(1)).await;
    let ([first, second], _) = ask_while_another_is_claimed(&world, &server, ["room-0", "room-1"]).await;
    assert_eq!((first.status, second.reason()), (200, "capacity"));
}

#[tokio::test]
async fn a_room_that_waits_to_be_claimed_counts_towards_the_capacity() {
    let world = World::new().await;
    let server = world.server("one").await;
    books(&world, 3).await;
    world.policy(|policy| policy.capacity = Some(2)).await;
    world.ask(&server, "nobody-booked-this").await;
    let third = async {
        sleep(Duration::from_millis(90)).await;
        world.ask(&server, "room-2").await
    };
    let ((replies, _), third) =
        tokio::join!(ask_while_another_is_claimed(&world, &server, ["room-0", "room-1"]), third);
    assert_eq!(statuses(&replies), [200, 200]);
    assert_eq!(third.reason(), "capacity");
}

#[tokio::test]
async fn rooms_that_are_asked_for_while_another_is_claimed_open_together() {
    let world = World::new().await;
    let server = world.server("one").await;
    let rooms = books(&world, 5).await;
    world.ask(&server, "nobody-booked-this").await;
    let mut hold = world.db().begin().await.unwrap();
    let lock = sqlx::query("SELECT FROM occurrences WHERE room = 'room-0' FOR UPDATE");
    lock.execute(&mut *hold).await.unwrap();
    // One after the other, so that each is read by itself.
    let asks = join_all(rooms.iter().zip(0..).map(async |(room, n)| {
        sleep(n * Duration::from_millis(10)).await;
        world.ask(&server, room).await
    }));
    let release = async {
        sleep(Duration::from_millis(150)).await;
        hold.rollback().await.unwrap();
    };
    let (replies, ()) = tokio::join!(asks, release);
    assert_eq!(statuses(&replies), [200; 5]);
    let reads: u32 = metric(&world, "frontdesk_batch_asks_count").await.parse().unwrap();
    assert!(reads > 3, "{reads}");
    let claims: i64 = sqlx::query_scalar("SELECT count(DISTINCT xmin::text) FROM conferences")
        .fetch_one(world.db())
        .await
        .unwrap();
    assert_eq!(claims, 2, "the first room, and the others");
}

#[tokio::test]
async fn who_waits_too_long_for_another_to_be_claimed_goes_on_alone() {
    let world = World::new().await;
    let server = world.server("one").await;
    books(&world, 2).await;
    world.connect(&server).await;
    sqlx::raw_sql(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.65); RETURN NEW; END';
         CREATE TRIGGER slow BEFORE INSERT ON conferences FOR EACH ROW WHEN (NEW.room = 'room-0') EXECUTE FUNCTION slow()",
    )
    .execute(world.db())
    .await
    .unwrap();
    let second = async {
        sleep(Duration::from_millis(30)).await;
        world.ask(&server, "room-1").await
    };
    let (first, second) = tokio::join!(world.ask(&server, "room-0"), second);
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(metric(&world, "frontdesk_asks_alone_total").await, "1");
}

#[tokio::test]
async fn who_asks_first_need_not_wait_for_connections() {
    let world = World::new().await;
    eventually("there are connections to read and to claim by", async || {
        let connections: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'frontdesk desk' AND state = 'idle'",
        )
        .fetch_one(world.db())
        .await
        .unwrap();
        connections == 2
    })
    .await;
}

#[tokio::test]
async fn who_is_gone_by_the_time_of_the_claim_opens_no_room() {
    let world = World::new().await;
    let server = world.server("one").await;
    books(&world, 2).await;
    world.ask(&server, "nobody-booked-this").await;
    let mut hold = world.db().begin().await.unwrap();
    let lock = sqlx::query("SELECT FROM occurrences WHERE room = 'room-0' FOR UPDATE");
    lock.execute(&mut *hold).await.unwrap();
    let leaves = async {
        sleep(Duration::from_millis(30)).await;
        let mut stream = TcpStream::connect(world.url.trim_start_matches("http://")).await.unwrap();
        stream.write_all(&wire::ask(&server, "name=room-1")).await.unwrap();
        sleep(Duration::from_millis(60)).await;
        // As where the server is killed.
        stream.set_zero_linger().unwrap();
        drop(stream);
        sleep(Duration::from_millis(60)).await;
        hold.rollback().await.unwrap();
    };
    let (first, ()) = tokio::join!(world.ask(&server, "room-0"), leaves);
    assert_eq!(first.status, 200);
    assert_eq!(metric(&world, "frontdesk_batch_asks_sum").await, "3.0", "both were read");
    // The claim after that has been made.
    sleep(Duration::from_millis(150)).await;
    assert_eq!(world.open_rows().await, 1);
}
