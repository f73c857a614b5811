//! Changing and cancelling what is live: its video server keeps what it was told.

use serde_json::{Value, json};

use super::client::{Answer, Client};
use crate::world::World;

/// A room that is booked and open, its appointment's path, and the server that has it.
async fn live(world: &World, app: &Client) -> (String, String, String) {
    let server = world.server("prosody").await;
    let booked = app
        .post(
            "/v1/appointments",
            json!({ "room": "room", "starts": "2026-12-01T09:00:00Z", "duration_seconds": 3600,
                    "password": "old", "grace_seconds": 0 }),
        )
        .await;
    let opened = world.ask(&server, "room").await;
    assert_eq!((opened.status, &opened.body["password"]), (200, &json!("old")));
    (format!("/v1/appointments/{}", booked.id()), server, opened.id().to_owned())
}

/// What the answer says of the room that is open.
fn open_until(answer: &Answer) -> &Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    let notice = answer.body["conference"]["notice"].as_str().unwrap_or_else(|| panic!("{answer:?}"));
    assert!(notice.contains("keeps"), "{notice}");
    &answer.body["conference"]["ends_at"]
}

#[tokio::test]
async fn a_new_password_and_end_reach_the_room_when_it_is_opened_again() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let (path, server, id) = live(&world, &app).await;
    let changed = app.patch(&path, json!({ "password": "new", "duration_seconds": 7200 })).await;
    assert_eq!(changed.body["ends"], "2026-12-01T11:00:00Z");
    assert_eq!(open_until(&changed), "2026-12-01T10:00:00Z");
    let told = world.get(&server, &id).await;
    assert_eq!((&told.body["password"], &told.body["duration"]), (&json!("old"), &json!(3600)));
    assert_eq!(world.delete(&server, &id).await.status, 204);
    assert!(app.get(&path).await.body["conference"].is_null());
    let opened = world.ask(&server, "room").await;
    assert_eq!((&opened.body["password"], &opened.body["duration"]), (&json!("new"), &json!(7200)));
}

#[tokio::test]
async fn one_that_is_moved_away_lets_nobody_in_again_until_then() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let (path, server, id) = live(&world, &app).await;
    let moved = app.patch(&path, json!({ "starts": "2026-12-01T14:00:00Z" })).await;
    assert_eq!(open_until(&moved), "2026-12-01T10:00:00Z");
    assert_eq!(world.get(&server, &id).await.status, 200);
    let refused = world.ask(&server, "room").await;
    assert_eq!(refused.reason(), "too_early", "{refused:?}");
    assert!(app.get(&path).await.body["conference"].is_null());
    world.stand_at("2026-12-01T14:00:00Z");
    assert_eq!(world.ask(&server, "room").await.status, 200);
}

#[tokio::test]
async fn one_that_is_cancelled_lets_nobody_in_again() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let (path, server, id) = live(&world, &app).await;
    let cancelled = app.delete(&path).await;
    assert_eq!(cancelled.body["state"], "cancelled");
    assert_eq!(open_until(&cancelled), "2026-12-01T10:00:00Z");
    assert_eq!(world.get(&server, &id).await.status, 200);
    assert_eq!(world.ask(&server, "room").await.reason(), "cancelled");
}

#[tokio::test]
async fn one_that_goes_to_another_room_opens_there() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let (path, server, _) = live(&world, &app).await;
    let moved = app.patch(&path, json!({ "room": "elsewhere" })).await;
    open_until(&moved);
    assert_eq!(world.ask(&server, "room").await.status, 404);
    let opened = world.ask(&server, "elsewhere").await;
    assert_eq!((opened.status, &opened.body["password"]), (200, &json!("old")));
}

#[tokio::test]
async fn lists_say_which_are_open() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    live(&world, &app).await;
    app.book("other", "09:00", "10:00").await;
    let listed = app.get("/v1/appointments?order=created_at").await;
    let open: Vec<bool> =
        listed.body["data"].as_array().unwrap().iter().map(|one| one["conference"].is_object()).collect();
    assert_eq!(open, [true, false]);
}
