//! Metered's access tokens: the ten properties, and whether a token is good.

use chrono::TimeDelta;
use frontdesk::reservation::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use super::{app_of, bare, claims, post, settings, speaking};
use crate::api::client::{Answer, Client, send};
use crate::world::World;

async fn asked(world: &World, app: &Client, body: &Value) -> Answer {
    post(world, &format!("/api/v1/token?secretKey={}", app.key), body).await
}

/// What the token says.
async fn made(world: &World, app: &Client, body: Value) -> Value {
    let answer = asked(world, app, &body).await;
    assert_eq!(answer.status, 200, "{body}: {answer:?}");
    let claims = claims(&answer.body["token"]);
    assert_eq!(answer.body["expireUnixSec"], claims["exp"], "the answer says when it ends");
    claims
}

async fn with_rooms() -> (World, Client, i64) {
    let world = speaking().await;
    let app = app_of(&world, "acme").await;
    for room in ["meetup", "other"] {
        let path = format!("/api/v1/room?secretKey={}", app.key);
        assert_eq!(post(&world, &path, &json!({ "roomName": room })).await.status, 200);
    }
    let now = world.clock.now().timestamp();
    (world, app, now)
}

#[tokio::test]
async fn a_token_carries_all_ten_properties_and_does_what_jitsi_can_do() {
    let (world, app, now) = with_rooms().await;
    let body = json!({
        "isAdmin": true, "roomName": "Meetup", "globalToken": false, "name": "Ada", "email": "ada@example.org",
        "meta": { "ward": 3, "tags": ["a", { "b": [] }] }, "externalUserId": "42", "expireUnixSec": now + 7200,
        "notBeforeUnixSec": now + 60, "ejectAfterElapsedTimeInSec": 1800,
    });
    let said = made(&world, &app, body.clone()).await;
    let mut data = body;
    data.as_object_mut().unwrap().remove("globalToken");
    data["appName"] = json!("acme");
    assert_eq!(said["data"], data);
    assert_eq!(
        (&said["room"], &said["sub"], &said["aud"]),
        (&json!("meetup"), &json!("acme"), &json!("jitsi"))
    );
    assert_eq!(said["nbf"], now + 60);
    assert_eq!(said["exp"], now + 60 + 1800, "nobody puts people out, so at least nobody comes in again");
    assert_eq!(said["frontdesk"]["eject_after_seconds"], 1800);
    let user = json!({
        "id": "42", "name": "Ada", "email": "ada@example.org", "moderator": true, "affiliation": "owner",
        "lobby_bypass": true,
    });
    assert_eq!(said["context"]["user"], user);
}

#[tokio::test]
async fn every_property_may_be_left_out_and_then_it_opens_every_room_for_a_day() {
    let (world, app, now) = with_rooms().await;
    for body in
        [json!({}), json!({ "globalToken": true }), json!({ "globalToken": false, "name": "", "meta": null })]
    {
        let said = made(&world, &app, body).await;
        assert_eq!((&said["room"], &said["sub"]), (&json!("*"), &json!("acme")));
        assert_eq!(said["exp"], now + 86_400, "it ends, whatever the page says");
        assert_eq!(said["data"], json!({ "globalToken": true, "appName": "acme" }));
        let user = json!({ "moderator": false, "affiliation": "member", "lobby_bypass": true });
        assert_eq!(said["context"]["user"], user);
    }
}

#[tokio::test]
async fn a_token_ends_when_it_is_told_to_and_no_later_than_it_may() {
    let (world, app, now) = with_rooms().await;
    for room in [json!({}), json!({ "roomName": "meetup" })] {
        for (more, ends) in [
            (json!({}), now + 86_400),
            (json!({ "expireUnixSec": now + 60 }), now + 60),
            (json!({ "expireUnixSec": now + 10 * 86_400 }), now + 86_400),
            (json!({ "ejectAfterElapsedTimeInSec": 90 }), now + 90),
            (json!({ "expireUnixSec": now + 60, "ejectAfterElapsedTimeInSec": 90 }), now + 60),
        ] {
            let mut body = room.clone();
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            assert_eq!(made(&world, &app, body.clone()).await["exp"], ends, "{body}");
        }
    }
    settings(&world, |dialects| dialects.metered_token_lifetime = TimeDelta::minutes(10)).await;
    assert_eq!(made(&world, &app, json!({ "roomName": "meetup" })).await["exp"], now + 600);
    assert_eq!(made(&world, &app, json!({ "expireUnixSec": now + 6000 })).await["exp"], now + 600);
}

#[tokio::test]
async fn a_token_for_a_booked_room_keeps_to_its_window() {
    let (world, app, now) = with_rooms().await;
    app.book("clinic", "10:00", "11:00").await;
    let said = made(&world, &app, json!({ "roomName": "clinic" })).await;
    // It opens ten minutes before, and the gate is 90 s ahead of that.
    assert_eq!(said["nbf"], now + 3600 - 600 - 90 - 5);
    assert_eq!(said["exp"], now + 7200 + 600);
    world.policy(|policy| policy.unscheduled.allow = true).await;
    let unknown = asked(&world, &app, &json!({ "roomName": "nobody-made-this" })).await;
    assert_eq!((unknown.status, &unknown.body["success"]), (404, &json!(false)), "{unknown:?}");
}

#[tokio::test]
async fn each_property_has_its_type_and_is_named_where_it_has_another() {
    let (world, app, now) = with_rooms().await;
    for (field, wrong) in [
        ("isAdmin", json!("true")),
        ("roomName", json!(7)),
        ("globalToken", json!(1)),
        ("name", json!({})),
        ("email", json!("no address")),
        ("meta", json!(7)),
        ("meta", json!(["a"])),
        ("meta", json!("x".repeat(1001))),
        ("meta", json!({ "a": "x".repeat(1000) })),
        ("externalUserId", json!(42)),
        ("expireUnixSec", json!("soon")),
        ("expireUnixSec", json!(now + 60).as_f64().map(|at| json!(at + 0.5)).unwrap()),
        ("expireUnixSec", json!(now)),
        ("expireUnixSec", json!((now + 60) * 1000)),
        ("notBeforeUnixSec", json!(-1)),
        ("notBeforeUnixSec", json!(now + 86_400)),
        ("ejectAfterElapsedTimeInSec", json!(0)),
        ("ejectAfterElapsedTimeInSec", json!(true)),
    ] {
        let answer = asked(&world, &app, &json!({ field: wrong })).await;
        assert_eq!(
            (answer.status, &answer.body["success"]),
            (400, &json!(false)),
            "{field} {wrong}: {answer:?}"
        );
        assert!(answer.body["message"].as_str().unwrap().contains(field), "{answer:?}");
    }
    for later in [now + 86_400, now + 10 * 86_400, 253_402_300_799] {
        let wanted = json!({ "roomName": "meetup", "notBeforeUnixSec": later });
        let answer = asked(&world, &app, &wanted).await;
        assert_eq!(answer.status, 400, "it would outlive the day that it may have: {answer:?}");
        assert!(answer.body["message"].as_str().unwrap().contains("notBeforeUnixSec"), "{answer:?}");
    }
    let deep = |levels: usize| json!({ "roomName": "meetup", "meta": (1..levels).fold(json!({}), |below, _| json!({ "a": below })) });
    assert_eq!(asked(&world, &app, &deep(32)).await.status, 200);
    assert_eq!(asked(&world, &app, &deep(33)).await.status, 400);
    let both = asked(&world, &app, &json!({ "roomName": "meetup", "globalToken": true })).await;
    assert_eq!(both.status, 400, "{both:?}");
    let longest = json!({ "roomName": "meetup", "meta": "ü".repeat(1000) });
    assert_eq!(made(&world, &app, longest).await["data"]["meta"].as_str().unwrap().chars().count(), 1000);
}

#[tokio::test]
async fn the_path_that_the_page_has_twice_works_as_well() {
    let (world, app, _) = with_rooms().await;
    let path = format!("/api/v1/api/v1/token?secretKey={}", app.key);
    let answer = post(&world, &path, &json!({ "globalToken": true })).await;
    assert_eq!(answer.status, 200);
    assert_eq!(claims(&answer.body["token"])["room"], "*");
}

#[tokio::test]
async fn a_token_that_is_good_is_told_and_any_other_is_not() {
    let (world, app, now) = with_rooms().await;
    let path = format!("/api/v1/token/validate?secretKey={}", app.key);
    let looked_at = async |token: &Value| post(&world, &path, &json!({ "token": token })).await;
    let token =
        asked(&world, &app, &json!({ "roomName": "meetup", "expireUnixSec": now + 60 })).await.body["token"]
            .clone();
    let good = looked_at(&token).await;
    assert_eq!((good.status, &good.body), (200, &claims(&token)));
    let later = asked(&world, &app, &json!({ "notBeforeUnixSec": now + 60 })).await.body["token"].clone();
    let mut tampered = token.as_str().unwrap().to_owned();
    tampered.replace_range(tampered.len() - 5.., "AAAAA");
    for wrong in [json!(tampered), json!("x"), json!(""), later] {
        let answer = looked_at(&wrong).await;
        assert_eq!((answer.status, &answer.body["success"]), (401, &json!(false)), "{wrong}: {answer:?}");
        assert!(answer.body["message"].as_str().unwrap().len() > 5);
    }
    for body in [json!({}), json!({ "token": null }), json!({ "token": 7 })] {
        assert_eq!(post(&world, &path, &body).await.status, 400, "{body}");
    }
    let lasting = asked(&world, &app, &json!({ "roomName": "other" })).await.body["token"].clone();
    assert_eq!(looked_at(&lasting).await.status, 200);
    let room = format!("/api/v1/room/other?secretKey={}", app.key);
    assert_eq!(send(bare(&world, Method::DELETE, &room)).await.status, 200);
    assert_eq!(looked_at(&lasting).await.status, 401, "its room was deleted");
    world.advance(TimeDelta::minutes(1));
    assert_eq!(looked_at(&token).await.status, 401, "it has ended");
}

#[tokio::test]
async fn a_token_for_all_rooms_needs_a_scope_of_its_own() {
    let (world, app, _) = with_rooms().await;
    let narrow = Client::with(&world, "acme", &[Scope::TokensMint]).await;
    assert_eq!(asked(&world, &narrow, &json!({ "roomName": "meetup" })).await.status, 200);
    let refused = asked(&world, &narrow, &json!({})).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body["message"].as_str().unwrap().contains("tokens:wildcard"), "{refused:?}");
    assert_eq!(asked(&world, &app, &json!({})).await.status, 200);
}
