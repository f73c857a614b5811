//! The appointment comes before the conference that was granted for it.

use chrono::TimeDelta;
use frontdesk::reservation::ServerState;

use crate::world::World;

async fn close_reasons(world: &World) -> Vec<Option<String>> {
    sqlx::query_scalar("SELECT close_reason FROM conferences ORDER BY opened_at, id")
        .fetch_all(world.db())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_meeting_that_was_promised_its_grace_keeps_it_though_the_room_was_booked_since() {
    let world = World::new().await;
    let (one, two) = (world.server("one").await, world.server("two").await);
    world.book("room", 0, 60).await;
    let running = world.ask(&one, "room").await;
    assert_eq!(running.body["duration"], 70 * 60);
    world.book("room", 62, 120).await;
    world.advance(TimeDelta::minutes(65));
    assert_eq!(world.ask(&two, "room").await.reason(), "live_elsewhere");
    assert_eq!(world.ask(&one, "room").await.body["conflict_id"], running.id());
    world.advance(TimeDelta::minutes(5));
    assert_eq!(world.ask(&two, "room").await.status, 200);
    assert_eq!(close_reasons(&world).await, [Some("expired".to_owned()), None]);
}

#[tokio::test]
async fn a_conference_without_its_appointment_is_closed_whatever_the_ask_is_refused_for() {
    let world = World::new().await;
    let (one, two) = (world.server("one").await, world.server("two").await);
    let cancelled = world.book("room", 0, 60).await;
    assert_eq!(world.ask(&one, "room").await.status, 200);
    world.cancel(&cancelled).await;
    world.book("room", 0, 60).await;
    world.server_is("two", ServerState::Drained).await;
    assert_eq!(world.ask(&two, "room").await.reason(), "server_drained");
    assert_eq!(close_reasons(&world).await, [Some("cancelled".to_owned())]);
}

#[tokio::test]
async fn a_room_that_somebody_opened_without_a_booking_makes_way_for_one() {
    let world = World::new().await;
    let (one, two) = (world.server("one").await, world.server("two").await);
    world.policy(|policy| policy.unscheduled.allow = true).await;
    for server in [&one, &two] {
        world.stand_at("2026-12-01T08:00:00Z");
        let room = if server == &one { "same" } else { "other" };
        let walk_in = world.ask(&one, room).await;
        assert_eq!(walk_in.status, 200);
        world.book_with(room, 0, 60, |booking| booking.max_occupants = Some(7)).await;
        world.stand_at("2026-12-01T09:00:00Z");
        let booked = world.ask(server, room).await;
        assert_eq!((booked.status, booked.body["max_occupants"].as_u64()), (200, Some(7)));
        assert_ne!(booked.id(), walk_in.id());
    }
}

#[tokio::test]
async fn a_cancelled_room_without_an_end_keeps_nobody_out() {
    let world = World::new().await;
    let server = world.server("one").await;
    world.policy(|policy| policy.unscheduled.allow = true).await;
    let endless = world.book_with("room", 0, 60, |booking| booking.ends = None).await;
    world.cancel(&endless).await;
    world.advance(TimeDelta::days(300));
    assert_eq!(world.ask(&server, "room").await.status, 200);
}

#[tokio::test]
async fn a_policy_that_changes_closes_no_running_room() {
    let world = World::new().await;
    let server = world.server("one").await;
    world.book("room", 0, 60).await;
    let running = world.ask(&server, "room").await;
    world.policy(|policy| policy.grace = TimeDelta::zero()).await;
    world.advance(TimeDelta::minutes(63));
    assert_eq!(world.ask(&server, "room").await.body["conflict_id"], running.id());
}

#[tokio::test]
async fn who_comes_for_a_cancelled_appointment_is_told_of_the_next_one() {
    let world = World::new().await;
    let server = world.server("one").await;
    let cancelled = world.book("room", 0, 60).await;
    world.cancel(&cancelled).await;
    world.book("room", 30, 90).await;
    world.advance(TimeDelta::minutes(5));
    let told = world.ask(&server, "room").await;
    assert_eq!(told.reason(), "cancelled");
    assert_eq!(told.message(), "This meeting was cancelled. The room opens again at 09:20 UTC.");
}
