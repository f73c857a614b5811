//! Conferences, decisions, and what a room would do.

use serde_json::{Value, json};

use super::client::Client;
use crate::rig::eventually;
use crate::world::World;

fn all(body: &Value) -> &Vec<Value> {
    body["data"].as_array().unwrap_or_else(|| panic!("no list: {body}"))
}

#[tokio::test]
async fn why_a_room_was_refused_can_be_looked_up() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let server = world.server("prosody").await;
    app.book("Later", "10:00", "11:00").await;
    let refused = world.ask(&server, "later").await;
    world.ask(&server, "nobody-booked-this").await;
    world.stand_at("2026-12-01T10:00:00Z");
    world.ask(&server, "later").await;
    eventually("three decisions", async || all(&app.get("/v1/decisions").await.body).len() == 3).await;
    let listed = app.get("/v1/decisions?room=LATER").await;
    let found = all(&listed.body);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((&found[0]["decision"], &found[0]["server"]), (&json!("granted"), &json!("prosody")));
    assert_eq!((&found[1]["decision"], &found[1]["reason"]), (&json!("refused"), &json!("too_early")));
    assert_eq!(found[1]["message"], refused.message());
    for (query, count) in [
        ("decision=granted", 1),
        ("decision=refused", 2),
        ("reason=unknown_room", 1),
        ("from=2026-12-01T09:30:00Z", 1),
        ("until=2026-12-01T09:30:00Z&limit=1", 1),
    ] {
        assert_eq!(all(&app.get(&format!("/v1/decisions?{query}")).await.body).len(), count, "{query}");
    }
    assert_eq!(app.get("/v1/decisions?reason=weather").await.pointers(), ["reason"]);
}

#[tokio::test]
async fn a_room_that_stays_locked_is_closed_by_hand() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let (lost, other) = (world.server("lost").await, world.server("other").await);
    let booked = app.book("room", "09:00", "10:00").await;
    assert_eq!(world.ask(&lost, "room").await.status, 200);
    assert_eq!(world.ask(&other, "room").await.reason(), "live_elsewhere");
    let live = app.get("/v1/conferences?state=live").await;
    let conference = &all(&live.body)[0];
    assert_eq!((&conference["appointment"], &conference["server"]), (&booked.body["id"], &json!("lost")));
    let path = format!("/v1/conferences/{}", conference["id"].as_str().unwrap());
    assert_eq!(&app.get(&path).await.body, conference);
    let closed = app.post(&format!("{path}/close"), json!({})).await;
    assert_eq!((closed.status, &closed.body["close_reason"]), (200, &json!("closed_by_hand")), "{closed:?}");
    assert_eq!(app.post(&format!("{path}/close"), json!({})).await.body, closed.body);
    assert_eq!(world.ask(&other, "room").await.status, 200);
    let of_appointment = format!("/v1/conferences?appointment={}", booked.id());
    assert_eq!(all(&app.get(&of_appointment).await.body).len(), 2);
    assert_eq!(all(&app.get("/v1/conferences?state=past").await.body).len(), 1);
}

#[tokio::test]
async fn what_a_room_would_do_is_said_and_nothing_is_opened() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let path = "/v1/rooms/Gr%C3%BC%C3%9Fe%20Raum/decision";
    assert_eq!(app.post(path, json!({})).await.code(), "no_conference_server");
    world.server("prosody").await;
    app.book("Grüße Raum", "10:00", "11:00").await;
    let now = app.post(path, json!({})).await;
    assert_eq!(
        (&now.body["decision"], &now.body["reason"]),
        (&json!("refused"), &json!("too_early")),
        "{now:?}"
    );
    assert_eq!(now.body["opens_at"], "2026-12-01T09:50:00Z");
    let then = app.post(path, json!({ "at": "2026-12-01T11:00:00+01:00" })).await;
    assert_eq!((&then.body["decision"], &then.body["duration_seconds"]), (&json!("granted"), &json!(4200)));
    assert_eq!(world.open_rows().await, 0);
    // Another tenant's room has no name here.
    world.tenant("globex", |_| {}).await;
    assert_eq!(app.post("/v1/rooms/%5Bglobex%5Droom/decision", json!({})).await.status, 404);
    assert_eq!(app.post(path, json!({ "at": "noon", "when": 1 })).await.pointers(), ["/when", "/at"]);
}

#[tokio::test]
async fn a_room_s_free_times_are_those_between_its_bookings() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let booked = app.book("a/b", "10:00", "11:00").await;
    let path = "/v1/rooms/a%2Fb/free-busy";
    let found = app.get(&format!("{path}?from=2026-12-01T09:00:00Z&until=2026-12-01T12:00:00Z")).await;
    let (nine, ten) = ("2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z");
    let (eleven, twelve) = ("2026-12-01T11:00:00Z", "2026-12-01T12:00:00Z");
    assert_eq!(found.body["busy"], json!([{ "starts": ten, "ends": eleven, "appointment": booked.id() }]));
    assert_eq!(
        found.body["free"],
        json!([{ "starts": nine, "ends": ten }, { "starts": eleven, "ends": twelve }])
    );
    assert_eq!(app.get(path).await.pointers(), ["from", "until"]);
    let long = app.get(&format!("{path}?from=2026-12-01T09:00:00Z&until=2028-12-01T12:00:00Z")).await;
    assert_eq!(long.pointers(), ["until"]);
}
