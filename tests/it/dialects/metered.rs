//! Metered's rooms.

use chrono::TimeDelta;
use frontdesk::reservation::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use super::{app_of, bare, post, seen, speaking};
use crate::api::client::{Answer, Client, hours, send};
use crate::world::World;

/// Makes a room, as the page's programs do.
async fn made(world: &World, app: &Client, body: Value) -> Answer {
    post(world, &format!("/api/v1/room?secretKey={}", app.key), &body).await
}

#[tokio::test]
async fn a_room_stays_until_it_is_deleted() {
    let world = speaking().await;
    let app = app_of(&world, "acme").await;
    let room = made(&world, &app, json!({ "roomName": "Meetup", "maxParticipants": 3 })).await;
    assert_eq!(room.status, 200, "{room:?}");
    let booked = seen(&app, "meetup").await;
    let expected = json!({
        "_id": booked["id"], "app": room.body["app"], "roomName": "Meetup", "privacy": "public",
        "enableRequestToJoin": false, "maxParticipants": 3, "notBeforeUnixSec": 1_796_115_600, "expireUnixSec": null,
        "created": "2026-12-01T09:00:00Z", "roomURL": "https://meet.example.org/acme/Meetup",
    });
    assert_eq!(room.body, expected);
    assert_eq!((&booked["starts"], &booked["ends"]), (&json!("2026-12-01T09:00:00Z"), &Value::Null));

    let prosody = world.server("prosody").await;
    let opened = world.ask(&prosody, "meetup").await;
    assert_eq!((opened.status, &opened.body["max_occupants"]), (200, &json!(3)), "{opened:?}");
    assert!(opened.body.get("password").is_none() && opened.body.get("lobby").is_none(), "{opened:?}");
    world.delete(&prosody, opened.id()).await;
    world.advance(TimeDelta::days(300));
    assert_eq!(world.ask_again(&prosody, "meetup").await.status, 200);

    let path = format!("/api/v1/room/Meetup?secretKey={}", app.key);
    assert_eq!(send(bare(&world, Method::GET, &path)).await.body["_id"], booked["id"]);
    let deleted = send(bare(&world, Method::DELETE, &path)).await;
    assert_eq!((deleted.status, &deleted.body["success"]), (200, &json!(true)), "{deleted:?}");
    assert_eq!(world.ask_again(&prosody, "meetup").await.reason(), "cancelled");
    for method in [Method::GET, Method::DELETE] {
        let gone = send(bare(&world, method, &path)).await;
        assert_eq!((gone.status, &gone.body["success"]), (404, &json!(false)), "{gone:?}");
    }
    assert_eq!(
        made(&world, &app, json!({ "roomName": "Meetup" })).await.status,
        200,
        "the name is free again"
    );
}

#[tokio::test]
async fn a_room_without_a_name_gets_one_that_nobody_guesses() {
    let world = speaking().await;
    let app = app_of(&world, "acme").await;
    let (one, other) =
        (made(&world, &app, json!({})).await, made(&world, &app, json!({ "roomName": null })).await);
    assert!(one.body["roomName"].as_str().unwrap().len() > 20, "{one:?}");
    assert_ne!(one.body["roomName"], other.body["roomName"]);
    let nothing = bare(&world, Method::POST, &format!("/api/v1/room?secretKey={}", app.key));
    assert_eq!(send(nothing).await.status, 200);
}

#[tokio::test]
async fn a_private_room_has_a_lobby_and_where_nobody_may_ask_to_join_a_password_that_nobody_is_told() {
    let world = speaking().await;
    let app = app_of(&world, "acme").await;
    let prosody = world.server("prosody").await;
    for (name, body, lobby, password) in [
        ("closed", json!({ "privacy": "private" }), true, true),
        ("knock", json!({ "privacy": "private", "enableRequestToJoin": true }), true, false),
        ("open", json!({ "privacy": "public", "enableRequestToJoin": true }), false, false),
    ] {
        let mut body = body;
        body["roomName"] = json!(name);
        let room = made(&world, &app, body.clone()).await;
        assert_eq!((room.status, &room.body["privacy"]), (200, &body["privacy"]), "{room:?}");
        assert_eq!(room.body["enableRequestToJoin"], json!(lobby && !password), "{room:?}");
        let opened = world.ask(&prosody, name).await;
        assert_eq!(opened.body.get("lobby").is_some(), lobby, "{opened:?}");
        let secret = opened.body.get("password").and_then(Value::as_str);
        assert_eq!(secret.is_some(), password, "{opened:?}");
        assert!(!secret.is_some_and(|secret| room.body.to_string().contains(secret)), "{room:?}");
    }
}

#[tokio::test]
async fn a_closed_room_has_no_page_that_tells_its_password() {
    let world = speaking().await;
    let app = app_of(&world, "acme").await;
    for (name, may_ask) in [("closed", false), ("knock", true)] {
        let body = json!({ "roomName": name, "privacy": "private", "enableRequestToJoin": may_ask });
        let room = made(&world, &app, body).await;
        let path = format!("/v1/appointments/{}", room.body["_id"].as_str().unwrap());
        let someone = json!({ "participants": [{ "name": "Ada" }] });
        assert_eq!(app.patch(&path, someone).await.status, 200);
        let seen = app.get(&path).await.body;
        assert_eq!(seen["guest_join_url"].is_string(), may_ask, "{seen}");
    }
}

#[tokio::test]
async fn an_app_deletes_its_own_rooms_only_and_each_once() {
    let world = speaking().await;
    let (app, other) = (app_of(&world, "acme").await, app_of(&world, "acme").await);
    let now = world.clock.now().timestamp();
    made(&world, &app, json!({ "roomName": "weekly", "expireUnixSec": now + 3600 })).await;
    other.book("weekly", "12:00", "13:00").await;
    let path = |app: &Client| format!("/api/v1/room/weekly?secretKey={}", app.key);
    assert_eq!(send(bare(&world, Method::DELETE, &path(&other))).await.status, 404);
    assert_eq!(send(bare(&world, Method::DELETE, &path(&app))).await.status, 200);
    assert_eq!(send(bare(&world, Method::DELETE, &path(&app))).await.status, 404);
    assert_eq!(send(bare(&world, Method::GET, &path(&app))).await.status, 404);
    let next = app.get("/v1/appointments?room=weekly&state=upcoming").await;
    assert_eq!(next.body["data"].as_array().unwrap().len(), 1, "{next:?}");
}

#[tokio::test]
async fn a_room_may_begin_later_and_end() {
    let world = speaking().await;
    let app = app_of(&world, "acme").await;
    let now = world.clock.now().timestamp();
    let body = json!({ "roomName": "later", "notBeforeUnixSec": now + 3600, "expireUnixSec": now + 7200 });
    let room = made(&world, &app, body).await;
    assert_eq!(room.body["expireUnixSec"], now + 7200, "{room:?}");
    let prosody = world.server("prosody").await;
    assert_eq!(world.ask(&prosody, "later").await.reason(), "too_early");
    world.advance(TimeDelta::hours(1));
    assert_eq!(world.ask(&prosody, "later").await.body["duration"], 3600);
    world.advance(TimeDelta::hours(1));
    assert_eq!(world.ask(&prosody, "later").await.reason(), "over");
}

#[tokio::test]
async fn each_field_of_a_room_has_its_type_and_is_named_where_it_has_another() {
    let world = speaking().await;
    let app = app_of(&world, "acme").await;
    let now = world.clock.now().timestamp();
    for (field, wrong) in [
        ("roomName", json!(7)),
        ("roomName", json!("")),
        ("roomName", json!("it's")),
        ("roomName", json!("*")),
        ("roomName", json!("%2A")),
        ("privacy", json!("secret")),
        ("privacy", json!(true)),
        ("enableRequestToJoin", json!("true")),
        ("maxParticipants", json!(0)),
        ("maxParticipants", json!("3")),
        ("expireUnixSec", json!(now)),
        ("expireUnixSec", json!(1_735_689_600_000_i64)),
        ("notBeforeUnixSec", json!("tomorrow")),
    ] {
        let answer = made(&world, &app, json!({ field: wrong })).await;
        assert_eq!((answer.status, &answer.body["success"]), (400, &json!(false)), "{answer:?}");
        assert!(answer.body["message"].as_str().unwrap().contains(field), "{answer:?}");
    }
    let overlooked = json!({ "autoJoin": true, "enableChat": "yes", "audioOnlyRoom": 1 });
    assert_eq!(made(&world, &app, overlooked).await.status, 200, "what else rooms have there is overlooked");
}

#[tokio::test]
async fn a_room_that_is_taken_is_not_taken_twice() {
    let world = speaking().await;
    let app = app_of(&world, "acme").await;
    app.book("standup", "12:00", "13:00").await;
    for (name, status) in [("standup", 409), ("STANDUP", 409), ("other", 200), ("other", 409)] {
        let answer = made(&world, &app, json!({ "roomName": name })).await;
        assert_eq!(answer.status, status, "{name}: {answer:?}");
    }
    let mut series = hours("weekly", "10:00", "11:00");
    series["recurrence"] = json!({ "rrule": "FREQ=WEEKLY" });
    assert_eq!(app.post("/v1/appointments", series).await.status, 201);
    let path = format!("/api/v1/room/weekly?secretKey={}", app.key);
    assert_eq!(
        send(bare(&world, Method::DELETE, &path)).await.status,
        409,
        "nobody deletes a series by its room"
    );
}

#[tokio::test]
async fn the_credential_comes_in_the_query_or_in_a_header() {
    let world = speaking().await;
    let app = app_of(&world, "acme").await;
    assert_eq!(app.post("/api/v1/room", json!({})).await.status, 200);
    for path in
        ["/api/v1/room", "/api/v1/room?secretKey=", "/api/v1/room?secretKey=fd_app_no", "/api/v1/room?key=x"]
    {
        let answer = post(&world, path, &json!({})).await;
        assert_eq!((answer.status, &answer.body["success"]), (401, &json!(false)), "{answer:?}");
        assert!(answer.body["message"].is_string());
    }
    let reads = Client::with(&world, "acme", &[Scope::AppointmentsRead]).await;
    let refused = made(&world, &reads, json!({})).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body["message"].as_str().unwrap().contains("appointments:write"), "{refused:?}");
}
