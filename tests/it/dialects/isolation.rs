//! What one tenant made in a dialect is nothing to another one.

use jsonwebtoken::{EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::json;

use super::{app_of, bare, claims, post, seen, speaking, speaks_everything};
use crate::api::client::send;

#[tokio::test]
async fn rooms_of_one_name_are_two_rooms_and_tokens_open_their_own() {
    let world = speaking().await;
    world.tenant("other", |_| {}).await;
    speaks_everything(&world, "other").await;
    let (ours, theirs) = (app_of(&world, "acme").await, app_of(&world, "other").await);
    for app in [&ours, &theirs] {
        let path = format!("/api/v1/room?secretKey={}", app.key);
        assert_eq!(post(&world, &path, &json!({ "roomName": "meetup" })).await.status, 200);
    }
    assert_ne!(seen(&ours, "meetup").await["id"], seen(&theirs, "meetup").await["id"]);

    let token = |app: &str, body| post_owned(&world.url, format!("/api/v1/token?secretKey={app}"), body);
    let one = token(&ours.key, json!({ "roomName": "meetup" })).await;
    let all = token(&ours.key, json!({})).await;
    for made in [&one, &all] {
        assert_eq!(
            claims(&made.body["token"])["sub"],
            "acme",
            "Jitsi holds it against the tenant of the room"
        );
        let path = format!("/api/v1/token/validate?secretKey={}", theirs.key);
        let looked_at = post(&world, &path, &json!({ "token": made.body["token"] })).await;
        assert_eq!(looked_at.status, 401, "{looked_at:?}");
    }

    let path = format!("/api/v1/room/meetup?secretKey={}", theirs.key);
    assert_eq!(send(bare(&world, Method::DELETE, &path)).await.status, 200);
    assert!(seen(&ours, "meetup").await["cancelled_at"].is_null(), "they deleted their own");
}

async fn post_owned(url: &str, path: String, body: serde_json::Value) -> crate::api::client::Answer {
    send(reqwest::Client::new().post(format!("{url}{path}")).json(&body)).await
}

#[tokio::test]
async fn a_room_without_a_booking_is_booked_for_whoever_asks_and_for_nobody_else() {
    let world = speaking().await;
    world.tenant("other", |_| {}).await;
    speaks_everything(&world, "other").await;
    let (ours, theirs) = (app_of(&world, "acme").await, app_of(&world, "other").await);
    let body = json!({ "role": "owner", "room": "testRoom", "participantName": "Alex" });
    let (one, two) =
        (ours.post("/proconfToken", body.clone()).await, theirs.post("/proconfToken", body).await);
    let (one, two) = (claims(&one.body["data"]), claims(&two.body["data"]));
    assert_eq!((&one["sub"], &two["sub"]), (&json!("acme"), &json!("other")));
    assert_ne!(one["frontdesk"]["appointment"], two["frontdesk"]["appointment"]);
}

#[tokio::test]
async fn an_alias_opens_to_its_own_secret_even_where_another_tenant_has_the_same() {
    let world = speaking().await;
    world.tenant("other", |_| {}).await;
    speaks_everything(&world, "other").await;
    let body = json!({ "type": "conference", "jwt_secret": "same", "expired_at": 1_796_122_800 });
    let path = "/organization/api/v1/alias/create";
    let ours = app_of(&world, "acme").await.post(path, body.clone()).await.id();
    let theirs = app_of(&world, "other").await.post(path, body).await.id();
    let iat = world.clock.now().timestamp();
    let token = |alias: &str| {
        let claims = json!({ "alias": alias, "user_id": "u", "host": true, "iat": iat, "expires_in": 60 });
        encode(&Header::default(), &claims, &EncodingKey::from_secret(b"same")).unwrap()
    };
    let found = async |alias: &str, token: &str| {
        let path = format!("/organization/api/v1/alias/{alias}");
        send(bare(&world, Method::GET, &path).bearer_auth(token)).await
    };
    assert_eq!(claims(&found(&ours, &token(&ours)).await.body["token"])["sub"], "acme");
    assert_eq!(claims(&found(&theirs, &token(&theirs)).await.body["token"])["sub"], "other");
    assert_eq!(found(&theirs, &token(&ours)).await.status, 401);
    super::settings(&world, |dialects| dialects.spoken.clear()).await;
    assert_eq!(found(&ours, &token(&ours)).await.status, 404, "its tenant speaks it no more");
    assert_eq!(found(&theirs, &token(&theirs)).await.status, 200);
}
