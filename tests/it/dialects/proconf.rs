//! ProCONF's page, line by line.

use chrono::TimeDelta;
use frontdesk::reservation::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use super::{bare, claims, seen, settings, speaking};
use crate::api::client::{Answer, Client, send};
use crate::world::World;

const PATHS: [&str; 2] = ["/proconfToken", "/api/proconf-token"];

fn sample() -> Value {
    json!({ "role": "owner", "room": "testRoom", "participantName": "Alex" })
}

/// The envelope of an error, as the page has it.
fn envelope(answer: &Answer, code: u16, message: &str) {
    assert_eq!(answer.status, code, "{answer:?}");
    assert_eq!(answer.body["data"], Value::Null, "{answer:?}");
    assert_eq!(answer.body["error"]["code"], code, "{answer:?}");
    assert_eq!(answer.body["error"]["message"], message, "{answer:?}");
    assert_eq!(answer.body.as_object().unwrap().len(), 2, "{answer:?}");
}

async fn minting(world: &World) -> Client {
    Client::with(world, "acme", &[Scope::TokensMint]).await
}

/// What a token says.
fn told(answer: &Answer) -> Value {
    assert_eq!((answer.status, &answer.body["error"]), (200, &Value::Null), "{answer:?}");
    assert_eq!(answer.body.as_object().unwrap().len(), 2, "{answer:?}");
    claims(&answer.body["data"])
}

#[tokio::test]
async fn a_token_says_what_that_of_the_page_says_and_what_jitsi_needs() {
    let world = speaking().await;
    let app = minting(&world).await;
    let now = world.clock.now().timestamp();
    for path in PATHS {
        let said = told(&app.post(path, sample()).await);
        for (claim, value) in [
            ("aud", json!("*")),
            ("iss", json!("frontdesk")),
            ("sub", json!("acme")),
            ("room", json!("testroom")),
            ("participantName", json!("Alex")),
            ("iat", json!(now)),
            ("exp", json!(now + 86_400)),
        ] {
            assert_eq!(said[claim], value, "{claim} in {said}");
        }
        assert!(said["nbf"].as_i64().unwrap() < now, "{said}");
        let user = json!({ "role": "owner", "name": "Alex", "moderator": true, "affiliation": "owner", "lobby_bypass": true });
        assert_eq!(said["context"]["user"], user);
    }
}

#[tokio::test]
async fn owners_and_moderators_moderate_and_participants_do_not() {
    let world = speaking().await;
    let app = minting(&world).await;
    for (role, moderates) in [("owner", true), ("moderator", true), ("participant", false)] {
        let said =
            told(&app.post(PATHS[0], json!({ "role": role, "room": "a", "participantName": "Alex" })).await);
        assert_eq!(
            (&said["context"]["user"]["role"], &said["context"]["user"]["moderator"]),
            (&json!(role), &json!(moderates))
        );
    }
}

#[tokio::test]
async fn a_room_that_nobody_booked_is_booked_on_the_spot() {
    let world = speaking().await;
    let app = minting(&world).await;
    told(&app.post(PATHS[0], sample()).await);
    let booked = seen(&Client::of(&world, "acme").await, "testroom").await;
    assert_eq!(
        (&booked["starts"], &booked["ends"]),
        (&json!("2026-12-01T09:00:00Z"), &json!("2026-12-02T09:00:00Z"))
    );
    let prosody = world.server("prosody").await;
    assert_eq!(world.ask(&prosody, "testroom").await.body["duration"], 86_400);
    world.advance(TimeDelta::hours(3));
    let again = told(&app.post(PATHS[1], sample()).await);
    assert_eq!(again["exp"], world.clock.now().timestamp() + 21 * 3600, "it is the same booking");

    settings(&world, |dialects| dialects.proconf_room_length = TimeDelta::hours(1)).await;
    let other =
        told(&app.post(PATHS[0], json!({ "role": "owner", "room": "b", "participantName": "A" })).await);
    assert_eq!(other["exp"], world.clock.now().timestamp() + 3600);
}

#[tokio::test]
async fn a_room_is_booked_also_where_others_may_open_without_a_booking() {
    let world = speaking().await;
    world.policy(|policy| policy.unscheduled.allow = true).await;
    let said = told(&minting(&world).await.post(PATHS[0], sample()).await);
    let booked = seen(&Client::of(&world, "acme").await, "testroom").await;
    assert_eq!(said["frontdesk"]["appointment"], booked["id"]);
    assert_eq!(said["exp"], world.clock.now().timestamp() + 86_400);
}

#[tokio::test]
async fn a_call_that_is_refused_books_nothing() {
    let world = speaking().await;
    let app = minting(&world).await;
    for room in ["*", "%2A"] {
        let refused =
            app.post(PATHS[0], json!({ "role": "owner", "room": room, "participantName": "Alex" })).await;
        envelope(&refused, 400, "Invalid body in request.");
    }
    let appointments: i64 =
        sqlx::query_scalar("SELECT count(*) FROM appointments").fetch_one(world.db()).await.unwrap();
    assert_eq!(appointments, 0);
}

#[tokio::test]
async fn many_who_come_at_once_are_given_one_room() {
    let world = speaking().await;
    let app = minting(&world).await;
    let come = |_| app.post(PATHS[0], sample());
    let answers = futures_util::future::join_all((0..8).map(come)).await;
    let appointments: Vec<Value> =
        answers.iter().map(|answer| told(answer)["frontdesk"]["appointment"].clone()).collect();
    assert!(appointments.iter().all(|id| id.is_string() && *id == appointments[0]), "{appointments:?}");
}

#[tokio::test]
async fn a_booked_room_gives_its_own_window() {
    let world = speaking().await;
    let app = minting(&world).await;
    let schedule = Client::of(&world, "acme").await;
    let booked = schedule.book("testroom", "10:00", "11:00").await;
    let said = told(&app.post(PATHS[0], sample()).await);
    let now = world.clock.now().timestamp();
    assert_eq!(said["nbf"], now + 3600 - 600 - 90 - 5);
    assert_eq!(said["exp"], now + 7200 + 600);
    assert_eq!(said["frontdesk"]["appointment"], booked.body["id"]);
}

#[tokio::test]
async fn a_cancelled_appointment_keeps_its_room_shut() {
    let world = speaking().await;
    let app = minting(&world).await;
    let schedule = Client::of(&world, "acme").await;
    let booked = schedule.book("testroom", "09:00", "10:00").await;
    schedule
        .request(Method::DELETE, &format!("/v1/appointments/{}", booked.id()))
        .header("If-Match", "*")
        .send()
        .await
        .unwrap();
    let refused = app.post(PATHS[0], sample()).await;
    envelope(&refused, 404, "Not found");
    assert!(refused.body["error"]["detail"].as_str().unwrap().contains("cancelled"), "{refused:?}");
    world.advance(TimeDelta::hours(1));
    told(&app.post(PATHS[0], sample()).await);
}

#[tokio::test]
async fn a_booking_on_the_spot_ends_where_a_cancelled_appointment_would_have_begun() {
    let world = speaking().await;
    let app = minting(&world).await;
    let schedule = Client::of(&world, "acme").await;
    let booked = schedule.book("testroom", "10:00", "11:00").await;
    let path = format!("/v1/appointments/{}", booked.id());
    send(schedule.request(Method::DELETE, &path).header("If-Match", "*")).await;
    let said = told(&app.post(PATHS[0], sample()).await);
    assert_eq!(said["exp"], world.clock.now().timestamp() + 3600);
    world.advance(TimeDelta::hours(1));
    envelope(&app.post(PATHS[0], sample()).await, 404, "Not found");
}

#[tokio::test]
async fn a_room_without_an_end_that_was_deleted_is_free() {
    let world = speaking().await;
    let app = super::app_of(&world, "acme").await;
    assert_eq!(app.post("/api/v1/room", json!({ "roomName": "testRoom" })).await.status, 200);
    assert_eq!(app.delete("/api/v1/room/testRoom").await.status, 200);
    told(&app.post(PATHS[0], sample()).await);
}

#[tokio::test]
async fn without_a_key_the_fault_is_ours_and_nothing_is_booked() {
    let world = World::new().await;
    super::speaks_everything(&world, "acme").await;
    let app = minting(&world).await;
    let refused = app.post(PATHS[0], sample()).await;
    envelope(&refused, 500, "Internal server error");
    assert!(refused.body["error"]["detail"].as_str().unwrap().contains("frontdesk keys make"), "{refused:?}");
    let appointments: i64 =
        sqlx::query_scalar("SELECT count(*) FROM appointments").fetch_one(world.db()).await.unwrap();
    assert_eq!(appointments, 0);
}

#[tokio::test]
async fn each_field_is_needed_and_has_its_type() {
    let world = speaking().await;
    let app = minting(&world).await;
    for field in ["role", "room", "participantName"] {
        for wrong in [Value::Null, json!(7), json!(""), json!(true), json!({})] {
            let mut body = sample();
            body[field] = wrong;
            let answer = app.post(PATHS[0], body).await;
            envelope(&answer, 400, "Invalid body in request.");
            assert!(answer.body["error"]["detail"].as_str().unwrap().contains(field), "{answer:?}");
        }
        let mut body = sample();
        body.as_object_mut().unwrap().remove(field);
        envelope(&app.post(PATHS[0], body).await, 400, "Invalid body in request.");
    }
    for (field, wrong) in [("role", "host"), ("role", "Owner"), ("room", "*"), ("room", "it's")] {
        let mut body = sample();
        body[field] = json!(wrong);
        envelope(&app.post(PATHS[0], body).await, 400, "Invalid body in request.");
    }
    for (body, content_type) in [
        ("{", "application/json"),
        ("", "application/json"),
        ("role=owner", "application/x-www-form-urlencoded"),
    ] {
        let request = app.request(Method::POST, PATHS[0]).header("Content-Type", content_type).body(body);
        envelope(&send(request).await, 400, "Invalid body in request.");
    }
}

#[tokio::test]
async fn nobody_becomes_an_owner_without_a_credential() {
    let world = speaking().await;
    for path in PATHS {
        envelope(&send(bare(&world, Method::POST, path).json(&sample())).await, 401, "Unauthorized");
        let wrong = bare(&world, Method::POST, path).bearer_auth("fd_app_wrong").json(&sample());
        envelope(&send(wrong).await, 401, "Unauthorized");
        let reads = Client::with(&world, "acme", &[Scope::AppointmentsRead]).await;
        envelope(&reads.post(path, sample()).await, 401, "Unauthorized");
    }
}

#[tokio::test]
async fn another_method_or_a_path_below_is_not_found() {
    let world = speaking().await;
    let app = minting(&world).await;
    for path in PATHS {
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
            envelope(&send(app.request(method, path)).await, 404, "Not found");
        }
        for below in ["/x", "/x/y", "/%2f"] {
            envelope(&send(app.request(Method::POST, &format!("{path}{below}"))).await, 404, "Not found");
        }
        assert_eq!(
            app.post(&format!("{path}/"), sample()).await.status,
            200,
            "a slash at the end does no harm"
        );
    }
}
