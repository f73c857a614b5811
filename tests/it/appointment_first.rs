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
