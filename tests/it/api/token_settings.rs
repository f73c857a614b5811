//! What a tenant's room tokens are like. It is nine o'clock on Tuesday, 1 December 2026.

use frontdesk::actions::signing_keys::{KeyOwner, KeySource, add_signing_key};
use frontdesk::reservation::Scope;
use frontdesk::signing::{Algorithm, Imported, SigningKey};
use frontdesk::token::VerifierKind;
use serde_json::{Value, json};

use super::client::{Answer, Client};
use super::tokens::{RSA, active, claims, key, settings, signing};
use crate::world::World;

#[tokio::test]
async fn whose_rooms_they_are_is_said_by_the_address_or_by_the_settings() {
    let (world, app, key) = signing().await;
    let booked = app.book("room", "10:00", "11:00").await;
    let path = format!("/v1/appointments/{}/tokens", booked.id());
    for (url, subject) in
        [("https://meet.example.org/Acme", "acme"), ("https://MEET.example.org:8443", "meet.example.org")]
    {
        world.policy(|policy| policy.meeting_url = Some(url.parse().unwrap())).await;
        assert_eq!(claims(&app.post(&path, json!({})).await, &key)["sub"], subject);
    }
    settings(&world, |settings| settings.subject = Some("meet.jitsi".parse().unwrap())).await;
    assert_eq!(claims(&app.post(&path, json!({})).await, &key)["sub"], "meet.jitsi");
    world.policy(|policy| policy.meeting_url = None).await;
    let made = app.post(&path, json!({})).await;
    assert_eq!((&made.body["url"], &made.body["claims"]["sub"]), (&Value::Null, &json!("meet.jitsi")));
    settings(&world, |settings| settings.subject = None).await;
    assert_eq!(app.post(&path, json!({})).await.code(), "tokens_not_set_up");
}

#[tokio::test]
async fn a_tenant_s_own_key_goes_before_the_deployment_s_and_each_algorithm_has_its_own() {
    let (world, app, shared) = signing().await;
    let booked = app.book("room", "10:00", "11:00").await;
    let path = format!("/v1/appointments/{}/tokens", booked.id());
    claims(&app.post(&path, json!({})).await, &shared);
    let own = key(&world, &KeyOwner::Tenant("acme".parse().unwrap()), Algorithm::Rs256).await;
    claims(&app.post(&path, json!({})).await, &own);
    settings(&world, |settings| settings.algorithm = Algorithm::Rs512).await;
    let missing = app.post(&path, json!({})).await;
    assert_eq!(missing.code(), "tokens_not_set_up");
    assert!(
        missing.body["detail"].as_str().unwrap().contains("`frontdesk keys make --algorithm RS512`"),
        "{missing:?}"
    );
    let stronger = key(&world, &KeyOwner::Deployment, Algorithm::Rs512).await;
    claims(&app.post(&path, json!({})).await, &stronger);
    settings(&world, |settings| settings.algorithm = Algorithm::Es256).await;
    let refused = app.post(&path, json!({})).await;
    assert_eq!(refused.code(), "tokens_not_set_up");
    assert!(refused.body["detail"].as_str().unwrap().contains("Jitsi's Prosody verifies"), "{refused:?}");
    settings(&world, |settings| settings.verifier = VerifierKind::Other).await;
    let curved = key(&world, &KeyOwner::Deployment, Algorithm::Es256).await;
    claims(&app.post(&path, json!({})).await, &curved);
}

#[tokio::test]
async fn jaas_has_its_constants_its_strings_and_its_kind_of_key() {
    let (world, app, _) = signing().await;
    let booked = app.book("room", "10:00", "11:00").await;
    let path = format!("/v1/appointments/{}/tokens", booked.id());
    settings(&world, |settings| settings.verifier = VerifierKind::Jaas).await;
    assert_eq!(app.post(&path, json!({})).await.code(), "tokens_not_set_up", "JaaS needs an AppID");
    settings(&world, |settings| settings.subject = Some("vpaas-magic-cookie-1fc5".parse().unwrap())).await;
    let refused = app.post(&path, json!({})).await;
    assert_eq!(refused.code(), "tokens_not_set_up", "not with a key of ours");
    assert!(
        refused.body["detail"].as_str().unwrap().ends_with("with the id that JaaS shows, and activate it")
    );
    let owner = KeyOwner::Tenant("acme".parse().unwrap());
    let kid = Some("vpaas-magic-cookie-1fc5/4f49".parse().unwrap());
    let key = SigningKey::read(Algorithm::Rs256, RSA.clone().into()).unwrap();
    let source = KeySource::Import(Imported { key, kid });
    let key = add_signing_key(&world.app, &owner, Algorithm::Rs256, source, None).await.unwrap();
    let key = active(&world, &owner, key).await;
    let body = json!({ "person": { "id": "7" }, "role": "host", "features": { "recording": true } });
    let claims = claims(&app.post(&path, body).await, &key);
    assert_eq!(
        (&claims["iss"], &claims["aud"], &claims["sub"], &claims["room"]),
        (&json!("chat"), &json!("jitsi"), &json!("vpaas-magic-cookie-1fc5"), &json!("room"))
    );
    assert_eq!(
        claims["context"],
        json!({
            "user": { "id": "7", "moderator": "true", "hidden-from-recorder": "false" },
            "features": { "recording": "true" },
        })
    );
}

async fn administrator(world: &World) -> Client {
    Client::with(world, "acme", &[Scope::Admin, Scope::TokensMint]).await
}

#[tokio::test]
async fn settings_are_shown_and_changed_in_part() {
    let (world, _, key) = signing().await;
    let admin = administrator(&world).await;
    let path = "/v1/tenants/acme/token-settings";
    let first = json!({
        "verifier": "jitsi", "algorithm": "RS256", "issuer": "frontdesk", "audience": "jitsi", "subject": null,
        "guest_lifetime_seconds": 900,
        "roles": {
            "host": { "moderator": true, "lobby_bypass": true, "features": null },
            "participant": { "moderator": false, "lobby_bypass": false, "features": null },
            "observer": { "moderator": false, "lobby_bypass": false, "features": {} },
        },
    });
    assert_eq!(admin.get(path).await.body, first);
    let change = json!({
        "issuer": "clinic", "audience": "meet", "subject": "meet.jitsi", "guest_lifetime_seconds": 60,
        "roles": { "participant": { "features": { "recording": false } }, "observer": { "features": null, "moderator": true } },
    });
    let mut expected = first;
    for name in ["issuer", "audience", "subject", "guest_lifetime_seconds"] {
        expected[name] = change[name].clone();
    }
    expected["roles"]["participant"]["features"] = json!({ "recording": false });
    expected["roles"]["observer"] = json!({ "moderator": true, "lobby_bypass": false, "features": null });
    assert_eq!(admin.patch(path, change).await.body, expected);
    assert_eq!(admin.get(path).await.body, expected);

    let app = Client::of(&world, "acme").await;
    let booked = app.book("room", "10:00", "11:00").await;
    let made = app.post(&format!("/v1/appointments/{}/tokens", booked.id()), json!({})).await;
    let claims = claims(&made, &key);
    assert_eq!(
        (&claims["iss"], &claims["aud"], &claims["sub"], &claims["context"]["features"]),
        (&json!("clinic"), &json!("meet"), &json!("meet.jitsi"), &json!({ "recording": false }))
    );
    assert_eq!(made.body["expires_at"], "2026-12-01T09:51:00Z");
    assert_eq!(app.get(path).await.code(), "insufficient_scope");
    assert_eq!(admin.get("/v1/tenants/nobody/token-settings").await.status, 404);
}

#[tokio::test]
async fn settings_that_whoever_verifies_would_refuse_are_refused() {
    let world = World::new().await;
    let admin = administrator(&world).await;
    let path = "/v1/tenants/acme/token-settings";
    for (body, pointer) in [
        (json!({ "algorithm": "ES256" }), "/algorithm"),
        (json!({ "algorithm": "none" }), "/algorithm"),
        (json!({ "algorithm": "rs256" }), "/algorithm"),
        (json!({ "verifier": "jaas" }), "/subject"),
        (
            json!({ "verifier": "jaas", "subject": "vpaas-magic-cookie-1", "algorithm": "HS256" }),
            "/algorithm",
        ),
        (json!({ "subject": "*" }), "/subject"),
        (json!({ "subject": "a b" }), "/subject"),
        (json!({ "audience": "*" }), "/audience"),
        (json!({ "audience": ["jitsi"] }), "/audience"),
        (json!({ "issuer": null }), "/issuer"),
        (json!({ "issuer": "*" }), "/issuer"),
        (json!({ "guest_lifetime_seconds": 59 }), "/guest_lifetime_seconds"),
        (json!({ "guest_lifetime_seconds": 86_401 }), "/guest_lifetime_seconds"),
        (json!({ "roles": { "guest": {} } }), "/roles/guest"),
        (json!({ "roles": { "host": { "features": ["recording"] } } }), "/roles/host/features"),
        (json!({ "roles": { "host": { "moderator": null } } }), "/roles/host/moderator"),
        (json!({ "secret": "x" }), "/secret"),
    ] {
        let refused = admin.patch(path, body).await;
        assert_eq!((refused.status, refused.pointers()), (422, vec![pointer]), "{refused:?}");
    }
    assert_eq!(admin.get(path).await.body["algorithm"], "RS256");
    let other = json!({ "verifier": "other", "algorithm": "EdDSA" });
    assert_eq!(admin.patch(path, other).await.body["algorithm"], "EdDSA");
}

#[tokio::test]
async fn an_instant_room_opens_by_its_name_and_its_token_opens_nothing_else() {
    let (world, app, key) = signing().await;
    let server = world.server("prosody").await;
    let before = rows(&world).await;
    let made = app
        .post(
            "/v1/instant-rooms",
            json!({ "duration_seconds": 1800, "person": { "id": "7", "name": "Eve" } }),
        )
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    let room = made.body["room"].as_str().unwrap();
    assert_eq!(room.len(), 48);
    assert_eq!(made.body["url"], format!("https://meet.example.org/{room}"));
    assert_eq!(
        (&made.body["opens_at"], &made.body["closes_at"]),
        (&json!("2026-12-01T09:00:00Z"), &json!("2026-12-01T09:30:00Z"))
    );
    let token = Answer { body: made.body["token"].clone(), ..made.clone() };
    let claims = claims(&token, &key);
    assert_eq!((&claims["room"], &claims["context"]["user"]["moderator"]), (&json!(room), &json!(true)));
    assert_eq!(token.body["expires_at"], "2026-12-01T09:30:00Z");
    assert_eq!(token.body["not_before"], "2026-12-01T08:58:25Z");
    assert_eq!(rows(&world).await, before, "nothing is stored");
    let another = app.post(&format!("/v1/rooms/{room}/tokens"), json!({ "person": { "id": "8" } })).await;
    assert_eq!(
        another.body["expires_at"], "2026-12-01T09:30:00Z",
        "a second person comes in, too: {another:?}"
    );
    let granted = world.ask(&server, room).await;
    assert_eq!((granted.status, &granted.body["duration"]), (200, &json!(1800)));

    let later = app
        .post("/v1/instant-rooms", json!({ "opens": "2026-12-05T12:00:00Z", "duration_seconds": 60 }))
        .await;
    let room = later.body["room"].as_str().unwrap();
    assert_eq!(world.ask(&server, room).await.reason(), "too_early");
    for (body, pointer) in [
        (json!({}), "/duration_seconds"),
        (json!({ "duration_seconds": 59 }), "/duration_seconds"),
        (json!({ "duration_seconds": 90 }), "/duration_seconds"),
        (json!({ "duration_seconds": 86_460 }), "/duration_seconds"),
        (json!({ "duration_seconds": 60, "opens": "2029-01-01T00:00:00Z" }), "/opens"),
        (json!({ "duration_seconds": 60, "room": "mine" }), "/room"),
    ] {
        let refused = app.post("/v1/instant-rooms", body).await;
        assert_eq!((refused.status, refused.pointers()), (422, vec![pointer]), "{refused:?}");
    }
    let over = app
        .post("/v1/instant-rooms", json!({ "duration_seconds": 60, "opens": "2026-12-01T08:00:00Z" }))
        .await;
    assert_eq!(over.code(), "appointment_over");
}

async fn rows(world: &World) -> i64 {
    let rows = "SELECT (SELECT count(*) FROM appointments) + (SELECT count(*) FROM occurrences) + (SELECT count(*) FROM conferences)";
    sqlx::query_scalar(rows).fetch_one(world.db()).await.unwrap()
}
