//! Anybody may ask for any spelling of a room's name. None but the usual one locks, counts or burns.

use chrono::TimeDelta;

use crate::world::World;

#[tokio::test]
async fn a_less_usual_spelling_keeps_nobody_out_of_the_usual_one() {
    for (less, usual) in [
        ("[acme]standup", "standup"),
        ("gr\u{fc}n", "gr%c3%bcn"),
        ("c+d", "c%2bd"),
        ("STANDUP", "standup"),
        ("%73tandup", "[acme]standup"),
    ] {
        let world = World::new().await;
        let server = world.server("one").await;
        world.book(usual.trim_start_matches("[acme]"), 0, 60).await;
        let first = world.ask(&server, less).await;
        assert_eq!((first.status, first.body["name"].as_str()), (200, Some(less)), "{less}");
        assert_eq!(world.ask(&server, usual).await.status, 200, "{usual} after {less}");
        assert_eq!(world.ask(&server, less).await.reason(), "live_elsewhere", "{less} after {usual}");
        assert_eq!(world.open_rows().await, 1);
    }
}

#[tokio::test]
async fn a_spelling_that_opens_no_room_uses_up_no_time() {
    let world = World::new().await;
    let server = world.server("one").await;
    world.book_with("room", 0, 180, |booking| booking.max_duration = Some(TimeDelta::hours(1))).await;
    assert_eq!(world.ask(&server, "ROOM").await.status, 200);
    world.advance(TimeDelta::minutes(50));
    assert_eq!(world.ask(&server, "room").await.body["duration"], 3600);
}

#[tokio::test]
async fn a_spelling_that_opens_no_room_takes_no_place() {
    let world = World::new().await;
    let server = world.server("one").await;
    world.policy(|policy| (policy.capacity, policy.unscheduled.allow) = (Some(1), true)).await;
    world.book("room", 0, 60).await;
    assert_eq!(world.ask(&server, "JUNK").await.status, 200);
    assert_eq!(world.ask(&server, "room").await.status, 200);
    assert_eq!(world.ask(&server, "other").await.reason(), "capacity");
}

#[tokio::test]
async fn an_odd_spelling_takes_nothing_over() {
    let world = World::new().await;
    let server = world.server("one").await;
    let take_over = frontdesk::reservation::WhenLiveElsewhere::TakeOver;
    world.policy(|policy| policy.when_live_elsewhere = take_over).await;
    world.book("room", 0, 60).await;
    assert_eq!(world.ask(&server, "room").await.status, 200);
    world.advance(TimeDelta::minutes(1));
    assert_eq!(world.ask(&server, "r%6fom").await.reason(), "live_elsewhere");
}
