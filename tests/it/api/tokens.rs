//! Room tokens. It is nine o'clock on Tuesday, 1 December 2026.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::actions::signing_keys::{KeyOwner, KeySource, When, activate_signing_key, add_signing_key};
use frontdesk::reservation::{Scope, Scopes};
use frontdesk::signing::{Algorithm, Imported, Jws, SigningKey};
use frontdesk::store::signing_keys::{KeyState, SigningKeyRecord};
use frontdesk::store::{signing_keys, tenants, token_settings};
use frontdesk::token::TokenSettings;
use serde_json::{Value, json};
use uuid::Uuid;

use super::calendars::tuesdays;
use super::client::{Answer, Client, hours};
use crate::master_keys::so_many_wait;
use crate::world::World;

/// A world in which the deployment has a key, and `acme` an address.
pub(super) async fn signing() -> (World, Client, SigningKeyRecord) {
    let world = World::new().await;
    world.policy(|policy| policy.meeting_url = Some("https://meet.example.org".parse().unwrap())).await;
    let key = key(&world, &KeyOwner::Deployment, Algorithm::Rs256).await;
    let app = Client::of(&world, "acme").await;
    (world, app, key)
}

/// An RSA key takes a while to be made: one is enough for all tests.
pub static RSA: LazyLock<Vec<u8>> =
    LazyLock::new(|| SigningKey::make(Algorithm::Rs256).unwrap().expose().to_vec());

pub async fn key(world: &World, owner: &KeyOwner, algorithm: Algorithm) -> SigningKeyRecord {
    let (source, kid) = if algorithm.as_str().starts_with("RS") {
        let key = SigningKey::read(algorithm, RSA.clone().into()).unwrap();
        let kid = Uuid::now_v7().to_string().parse().unwrap();
        (KeySource::Import(Imported { key, kid: None }), Some(kid))
    } else {
        (KeySource::Make, None)
    };
    let added = add_signing_key(&world.app, owner, algorithm, source, kid).await.unwrap();
    active(world, owner, added).await
}

/// The key, once it signs.
pub(super) async fn active(world: &World, owner: &KeyOwner, key: SigningKeyRecord) -> SigningKeyRecord {
    if key.state() == KeyState::Next {
        activate_signing_key(&world.app, owner, key.id, None, When::Now).await.unwrap();
    }
    key
}

pub async fn settings(world: &World, change: impl FnOnce(&mut TokenSettings)) {
    let mut db = world.db().acquire().await.unwrap();
    let tenant = tenants::by_name(&mut db, &"acme".parse().unwrap()).await.unwrap().unwrap().id;
    let mut settings = token_settings::get(&mut db, tenant).await.unwrap();
    change(&mut settings);
    token_settings::put(&mut db, tenant, &settings).await.unwrap();
}

/// What a token says, once its signature was found to be the key's.
pub(super) fn claims(made: &Answer, key: &SigningKeyRecord) -> Value {
    assert_eq!(made.status, 201, "{made:?}");
    let token = made.body["token"].as_str().unwrap();
    let jws = Jws::read(token).unwrap();
    jws.verify(key.algorithm, &key.public.as_ref().unwrap().verifier()).unwrap();
    assert_eq!(jws.header()["kid"], key.kid.as_str());
    let claims = Value::Object(jws.claims().clone());
    assert_eq!(claims, made.body["claims"], "the answer says what stands in the token");
    claims
}

fn at(claim: &Value) -> String {
    let at = DateTime::from_timestamp(claim.as_i64().unwrap(), 0).unwrap();
    at.format("%d %H:%M:%S").to_string()
}

fn people() -> Value {
    let mut body = hours("Grüße Raum", "10:00", "11:00");
    body["participants"] = json!([
        { "role": "host", "name": "Ada", "email": "ada@example.org", "external_id": "doctor-1" },
        { "role": "observer", "name": "Bob", "email": "Bob@example.org" },
    ]);
    body
}

#[tokio::test]
async fn a_participant_s_token_is_theirs_for_the_room_and_its_time_and_nothing_more() {
    let (world, app, key) = signing().await;
    let booked = app.post("/v1/appointments", people()).await;
    let path = format!("/v1/appointments/{}/tokens", booked.id());
    let made = app.post(&path, json!({ "participant": "doctor-1" })).await;
    let claims = claims(&made, &key);
    let host = &booked.body["participants"][0];
    let mut expected = json!({
        "iss": "frontdesk", "aud": "jitsi", "sub": "meet.example.org", "room": "gr%c3%bc%c3%9fe%20raum",
        "context": { "user": {
            "id": "doctor-1", "name": "Ada", "email": "ada@example.org", "moderator": true, "affiliation": "owner",
            "lobby_bypass": true,
        } },
        "frontdesk": {
            "tenant": claims["frontdesk"]["tenant"], "appointment": booked.id(), "participant": host["id"],
            "original_start": claims["frontdesk"]["original_start"], "role": "host",
        },
        "jti": made.id(),
    });
    for (name, moment) in [("iat", "01 09:00:00"), ("nbf", "01 09:48:25"), ("exp", "01 11:10:00")] {
        assert_eq!(at(&claims[name]), moment, "{name}");
        expected[name] = claims[name].clone();
    }
    assert_eq!(claims, expected);
    assert_eq!(made.body["expires_at"], "2026-12-01T11:10:00Z");
    let token = made.body["token"].as_str().unwrap();
    let url = format!("https://meet.example.org/Gr%C3%BC%C3%9Fe%20Raum?jwt={token}");
    assert_eq!(made.body["url"], url);

    // The same person by another of their names; an observer may do nothing of what there is a feature for.
    for who in [host["id"].as_str().unwrap(), "ada@example.org"] {
        let again = app.post(&path, json!({ "participant": who })).await;
        assert_eq!(again.body["claims"]["context"], made.body["claims"]["context"]);
        assert_ne!(again.id(), made.id());
    }
    let observer = app.post(&path, json!({ "participant": "bob@example.org" })).await;
    let user = &observer.body["claims"]["context"]["user"];
    assert_eq!((&user["moderator"], &user["affiliation"]), (&json!(false), &json!("member")));
    assert_eq!(observer.body["claims"]["context"]["features"], json!({}));
    assert_eq!(app.post(&path, json!({ "participant": "nobody" })).await.status, 404);
    world.advance(TimeDelta::minutes(130));
    assert_eq!(app.post(&path, json!({ "participant": "doctor-1" })).await.code(), "appointment_over");
}

#[tokio::test]
async fn neighbours_clip_what_a_token_is_good_for() {
    let (_world, app, key) = signing().await;
    app.book("room", "09:00", "10:00").await;
    let booked = app.book("room", "10:00", "11:00").await;
    app.book("room", "11:05", "12:00").await;
    let path = format!("/v1/appointments/{}/tokens", booked.id());
    let claims = claims(&app.post(&path, json!({ "person": { "id": "7" } })).await, &key);
    assert_eq!((at(&claims["nbf"]), at(&claims["exp"])), ("01 09:59:55".into(), "01 11:05:00".into()));
}

#[tokio::test]
async fn who_is_not_known_has_a_short_token_and_who_is_has_a_long_one() {
    let (world, app, key) = signing().await;
    let booked = app.book("room", "10:00", "11:00").await;
    let path = format!("/v1/appointments/{}/tokens", booked.id());
    let until = async |body: Value| at(&claims(&app.post(&path, body).await, &key)["exp"]);
    assert_eq!(until(json!({})).await, "01 10:05:00", "15 minutes from when the room opens");
    assert_eq!(until(json!({ "person": { "name": "Eve" } })).await, "01 10:05:00");
    assert_eq!(until(json!({ "person": { "id": "7", "name": "Eve" } })).await, "01 11:10:00");
    assert_eq!(until(json!({ "expires_at": "2026-12-01T10:01:00Z" })).await, "01 10:01:00");
    settings(&world, |settings| settings.guest_lifetime = TimeDelta::minutes(30)).await;
    assert_eq!(until(json!({})).await, "01 10:20:00");
    world.advance(TimeDelta::minutes(90));
    assert_eq!(until(json!({})).await, "01 11:00:00");
    let late = app.post(&path, json!({ "expires_at": "2026-12-01T11:00:01Z" })).await;
    assert_eq!((late.status, late.pointers()), (422, vec!["/expires_at"]));
    let early = app.post(&path, json!({ "expires_at": "2026-12-01T10:29:00Z" })).await;
    assert_eq!((early.status, early.pointers()), (422, vec!["/expires_at"]));
}

#[tokio::test]
async fn what_is_asked_for_is_in_the_token_and_bounded() {
    let (_world, app, key) = signing().await;
    let booked = app.book("room", "10:00", "11:00").await;
    let path = format!("/v1/appointments/{}/tokens", booked.id());
    let made = app
        .post(
            &path,
            json!({
                "person": { "id": "7", "name": "Eve", "avatar": "https://example.org/eve.png" }, "role": "observer",
                "moderator": true, "lobby_bypass": true, "features": { "recording": true, "livestreaming": false },
                "group": "ward-3", "eject_after_seconds": 900, "claims": { "visit": 12 },
            }),
        )
        .await;
    let claims = claims(&made, &key);
    assert_eq!(
        claims["context"],
        json!({
            "user": {
                "id": "7", "name": "Eve", "avatar": "https://example.org/eve.png", "moderator": true,
                "affiliation": "owner", "lobby_bypass": true,
            },
            "features": { "recording": true, "livestreaming": false }, "group": "ward-3",
        })
    );
    assert_eq!((&claims["visit"], &claims["frontdesk"]["eject_after_seconds"]), (&json!(12), &json!(900)));
    let notes = made.body["notes"].to_string();
    assert!(notes.contains("enforced by nobody") && notes.contains("token_lobby_bypass"), "{notes}");
    for (body, pointer) in [
        (json!({ "claims": { "room": "*" } }), "/claims"),
        (json!({ "claims": { "context": {} } }), "/claims"),
        (json!({ "claims": { "a": "x".repeat(3000) } }), "/claims"),
        (json!({ "features": { "Recording": true } }), "/features"),
        (json!({ "features": { "recording": "true" } }), "/features"),
        (json!({ "person": { "id": "" } }), "/person/id"),
        (json!({ "person": { "avatar": "javascript:alert(1)" } }), "/person/avatar"),
        (json!({ "person": { "moderator": true } }), "/person/moderator"),
        (json!({ "person": {}, "participant": "x" }), "/person"),
        (json!({ "role": "owner" }), "/role"),
        (json!({ "eject_after_seconds": 0 }), "/eject_after_seconds"),
        (json!({ "exp": 1 }), "/exp"),
    ] {
        let refused = app.post(&path, body).await;
        assert_eq!((refused.status, refused.pointers()), (422, vec![pointer]), "{refused:?}");
    }
}

#[tokio::test]
async fn a_series_has_a_token_for_each_of_its_dates() {
    let (world, app, key) = signing().await;
    let booked = app.post("/v1/appointments", tuesdays("FREQ=WEEKLY;COUNT=3")).await;
    let path = format!("/v1/appointments/{}/tokens", booked.id());
    let date = async |body: Value| {
        let claims = claims(&app.post(&path, body).await, &key);
        (at(&claims["frontdesk"]["original_start"]), at(&claims["exp"]))
    };
    assert_eq!(date(json!({ "person": { "id": "7" } })).await, ("08 09:00:00".into(), "08 09:40:00".into()));
    let third = json!({ "original_start": "2026-12-22T09:00:00Z", "person": { "id": "7" } });
    assert_eq!(date(third.clone()).await.0, "22 09:00:00");
    world.stand_at("2026-12-08T09:35:00Z");
    assert_eq!(
        date(json!({})).await.0,
        "08 09:00:00",
        "who comes back within the grace comes back to this date"
    );
    world.stand_at("2026-12-08T09:40:00Z");
    assert_eq!(date(json!({})).await.0, "15 09:00:00");
    let cancelled = format!("/v1/appointments/{}/occurrences/2026-12-22T09:00:00Z", booked.id());
    assert_eq!(app.delete(&cancelled).await.status, 200);
    assert_eq!(app.post(&path, third).await.code(), "date_cancelled");
    let never = app.post(&path, json!({ "original_start": "2026-12-23T09:00:00Z" })).await;
    assert_eq!(never.status, 404);
    let over = app.post(&path, json!({ "original_start": "2026-12-08T09:00:00Z" })).await;
    assert_eq!(over.code(), "appointment_over");
    app.delete(&format!("/v1/appointments/{}", booked.id())).await;
    assert_eq!(app.post(&path, json!({})).await.code(), "appointment_cancelled");
}

#[tokio::test]
async fn a_room_s_token_is_for_who_has_it_next_or_for_now_where_anybody_may() {
    let (world, app, key) = signing().await;
    assert_eq!(app.post("/v1/rooms/room/tokens", json!({})).await.code(), "not_booked");
    let booked = app.post("/v1/appointments", people()).await;
    let made = app.post("/v1/rooms/GR%C3%9CSSE%20RAUM/tokens", json!({})).await;
    assert_eq!(made.code(), "not_booked", "another room, as Prosody sees it: {made:?}");
    let made =
        app.post("/v1/rooms/gr%C3%BC%C3%9Fe%20raum/tokens", json!({ "participant": "doctor-1" })).await;
    assert_eq!(claims(&made, &key)["frontdesk"]["appointment"], booked.id());

    world.policy(|policy| policy.unscheduled.allow = true).await;
    let app = Client::of(&world, "acme").await;
    let made = app.post("/v1/rooms/free/tokens", json!({ "person": { "id": "7" } })).await;
    let free = claims(&made, &key);
    assert_eq!((at(&free["nbf"]), at(&free["exp"])), ("01 08:59:00".into(), "01 11:00:00".into()));
    assert_eq!(free["frontdesk"].get("appointment"), None);
    let before =
        app.post("/v1/rooms/gr%C3%BC%C3%9Fe%20raum/tokens", json!({ "person": { "id": "7" } })).await;
    assert_eq!(at(&claims(&before, &key)["exp"]), "01 09:48:30", "it makes way for what is booked");
}

#[tokio::test]
async fn a_room_called_star_is_not_every_room() {
    let (world, app, _) = signing().await;
    world.policy(|policy| policy.unscheduled.allow = true).await;
    let booked = app.book("*", "10:00", "11:00").await;
    for path in ["/v1/rooms/*/tokens", "/v1/rooms/%2A/tokens", "/v1/rooms/%EF%BC%8A/tokens"] {
        let refused = app.post(path, json!({})).await;
        assert_eq!(refused.status, 422, "{refused:?}");
    }
    let refused = app.post(&format!("/v1/appointments/{}/tokens", booked.id()), json!({})).await;
    assert_eq!(refused.status, 422, "{refused:?}");
}

#[tokio::test]
async fn a_token_for_many_rooms_takes_a_scope_of_its_own_and_ends_within_a_day() {
    let (world, app, key) = signing().await;
    let body = json!({ "room_pattern": "ward%-%d+", "expires_at": "2026-12-02T09:00:00Z" });
    assert_eq!(app.post("/v1/tokens", body.clone()).await.code(), "insufficient_scope");
    assert!(!Scopes::usual().contains(Scope::TokensWildcard));
    let many = Client::with(&world, "acme", &[Scope::TokensWildcard]).await;
    assert_eq!(many.post("/v1/rooms/room/tokens", json!({})).await.code(), "insufficient_scope");
    let matching = claims(&many.post("/v1/tokens", body).await, &key);
    assert_eq!(
        (&matching["room"], &matching["context"]["room"]),
        (&json!("ward%-%d+"), &json!({ "regex": true }))
    );
    assert_eq!(
        (&matching["sub"], &matching["frontdesk"]["wildcard"]),
        (&json!("meet.example.org"), &json!(true))
    );
    let all = many.post("/v1/tokens", json!({ "expires_at": "2026-12-01T09:10:00Z" })).await;
    assert_eq!((&all.body["claims"]["room"], &all.body["url"]), (&json!("*"), &Value::Null));
    for (body, pointer) in [
        (json!({}), "/expires_at"),
        (json!({ "expires_at": "2026-12-02T09:00:01Z" }), "/expires_at"),
        (json!({ "expires_at": "2026-12-01T09:00:00Z" }), "/expires_at"),
        (json!({ "expires_at": "2026-12-01T10:00:00Z", "room_pattern": "" }), "/room_pattern"),
    ] {
        let refused = many.post("/v1/tokens", body).await;
        assert_eq!((refused.status, refused.pointers()), (422, vec![pointer]), "{refused:?}");
    }
}

#[tokio::test]
async fn a_key_is_served_for_as_long_as_its_tokens_are_good() {
    let (world, app, key) = signing().await;
    let booked = app.book("room", "10:00", "11:00").await;
    let path = format!("/v1/appointments/{}/tokens", booked.id());
    let end = async || -> Option<DateTime<Utc>> {
        let end = sqlx::query_scalar("SELECT tokens_end_at FROM signing_keys WHERE kid = $1");
        end.bind(key.kid.as_str()).fetch_one(world.db()).await.unwrap()
    };
    assert_eq!(end().await, None);
    claims(&app.post(&path, json!({ "person": { "id": "7" } })).await, &key);
    let noted = end().await.unwrap();
    assert!(noted >= "2026-12-01T11:10:00Z".parse::<DateTime<Utc>>().unwrap());
    app.post(&path, json!({})).await;
    assert_eq!(end().await, Some(noted), "not written for each token");
    let later = app
        .post(
            "/v1/appointments",
            json!({
                "room": "later", "starts": "2027-05-01T10:00:00Z", "ends": "2027-05-01T11:00:00Z"
            }),
        )
        .await;
    app.post(&format!("/v1/appointments/{}/tokens", later.id()), json!({})).await;
    assert!(end().await.unwrap() >= "2027-05-01T10:05:00Z".parse::<DateTime<Utc>>().unwrap());
}

#[tokio::test]
async fn a_token_that_meets_a_rotation_is_signed_with_the_next_key() {
    let (world, app, first) = signing().await;
    app.book("room", "10:00", "11:00").await;
    let made = SigningKey::read(Algorithm::Rs256, RSA.clone().into()).unwrap();
    let source = KeySource::Import(Imported { key: made, kid: Some("second".parse().unwrap()) });
    let deployment = KeyOwner::Deployment;
    let second = add_signing_key(&world.app, &deployment, Algorithm::Rs256, source, None).await.unwrap();
    let now = world.app.clock.now();
    let mut rotation = world.db().begin().await.unwrap();
    signing_keys::retire(&mut rotation, first.id, now).await.unwrap();
    signing_keys::activate(&mut rotation, second.id, now).await.unwrap();
    let minted = app.post("/v1/rooms/room/tokens", json!({}));
    let rotated = async {
        so_many_wait(&world, 1).await;
        rotation.commit().await.unwrap();
    };
    let (minted, ()) = tokio::join!(minted, rotated);
    claims(&minted, &second);
}

#[tokio::test]
async fn a_repetition_gives_the_same_token() {
    let (_world, app, _) = signing().await;
    let booked = app.book("room", "10:00", "11:00").await;
    let path = format!("/v1/appointments/{}/tokens", booked.id());
    let once = app.post_once(&path, "key", json!({})).await;
    assert_eq!(once.status, 201);
    assert_eq!(app.post_once(&path, "key", json!({})).await.body, once.body);
    assert_ne!(app.post_once(&path, "other", json!({})).await.body["token"], once.body["token"]);
}
