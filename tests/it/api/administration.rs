//! Tenants, servers and apps, for administrators.

use frontdesk::reservation::Scope;
use reqwest::Method;
use serde_json::json;

use super::client::{Client, hours, send};
use crate::world::World;

async fn admin(world: &World) -> Client {
    Client::with(world, "acme", &[Scope::Admin, Scope::PasswordsRead]).await
}

#[tokio::test]
async fn a_tenant_is_made_changed_and_removed_with_everything_of_it() {
    let world = World::new().await;
    let admin = admin(&world).await;
    let made = admin
        .post(
            "/v1/tenants",
            json!({ "name": "globex", "language": "de", "time_zone": "Europe/Berlin", "grace_seconds": 0,
                    "unscheduled": "allow", "unscheduled_pattern": "x-.*", "capacity": 5, "horizon_days": 30 }),
        )
        .await;
    assert_eq!((made.status, made.header("location")), (201, "/v1/tenants/globex"), "{made:?}");
    assert_eq!((&made.body["language"], &made.body["early_open_seconds"]), (&json!("de"), &json!(600)));
    let path = "/v1/tenants/globex";
    assert_eq!(admin.get(path).await.body, made.body);
    let again = admin.post("/v1/tenants", json!({ "name": "globex" })).await;
    assert_eq!((again.status, again.code()), (409, "name_taken"));
    let tag = made.header("etag");
    let change = json!({ "capacity": null, "disabled": true });
    let patch = |tag: &str| send(admin.request(Method::PATCH, path).header("If-Match", tag).json(&change));
    let changed = patch(tag).await;
    assert_eq!((changed.status, &changed.body["capacity"]), (200, &json!(null)), "{changed:?}");
    assert!(changed.body["disabled_at"].is_string());
    assert_eq!(patch(tag).await.code(), "precondition_failed");
    let refused = send(admin.request(Method::PATCH, path).json(&change)).await;
    assert_eq!(refused.code(), "precondition_required");
    let wrong = admin.patch(path, json!({ "name": "x", "language": "fr", "unscheduled_pattern": "(" })).await;
    assert_eq!(wrong.pointers(), ["/name", "/language", "/unscheduled_pattern"]);
    let removed = admin.delete(path).await;
    assert_eq!((removed.status, &removed.body["appointments"]), (200, &json!(0)), "{removed:?}");
    assert_eq!(admin.get(path).await.code(), "not_found");
    let names = admin.get("/v1/tenants").await;
    assert_eq!(names.body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_export_is_whole_only_with_its_last_line() {
    let world = World::new().await;
    let (admin, app) = (admin(&world).await, Client::of(&world, "acme").await);
    let mut input = hours("room", "10:00", "11:00");
    input["password"] = json!("open sesame");
    app.post("/v1/appointments", input).await;
    for (query, has_password) in [("", false), ("?passwords=true", true)] {
        let response =
            admin.request(Method::GET, &format!("/v1/tenants/acme/export{query}")).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/x-ndjson");
        let text = response.text().await.unwrap();
        let kinds: Vec<String> = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"].to_string())
            .collect();
        let expected = ["\"tenant\"", "\"settings\"", "\"app\"", "\"app\"", "\"appointment\"", "\"end\""];
        assert_eq!(kinds, expected, "{text}");
        assert_eq!(text.contains("open sesame"), has_password);
        assert!(!text.contains("fd_app_"));
    }
    let without = Client::with(&world, "acme", &[Scope::Admin]).await;
    assert_eq!(without.get("/v1/tenants/acme/export?passwords=true").await.code(), "insufficient_scope");
}

#[tokio::test]
async fn a_tenant_with_an_open_room_goes_by_force_only() {
    let world = World::new().await;
    world.tenant("globex", |policy| policy.unscheduled.allow = true).await;
    let admin = admin(&world).await;
    let server = world.server_for("theirs", "globex", &[], false).await;
    assert_eq!(world.ask(&server, "room").await.status, 200);
    let refused = admin.delete("/v1/tenants/globex").await;
    assert_eq!((refused.status, refused.code()), (409, "in_use"), "{refused:?}");
    let removed = admin.delete("/v1/tenants/globex?force=true").await;
    assert_eq!((removed.status, &removed.body["conferences"]), (200, &json!(1)), "{removed:?}");
}

#[tokio::test]
async fn a_server_s_credential_is_shown_once_and_replaced_without_a_gap() {
    let world = World::new().await;
    let admin = admin(&world).await;
    let made =
        admin.post_once("/v1/servers", "k", json!({ "name": "prosody", "default_tenant": "acme" })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let first = made.body["credential"].as_str().unwrap().to_owned();
    assert_eq!(world.ask(&first, "room").await.status, 404);
    let path = made.header("location").to_owned();
    assert!(!admin.get(&path).await.body.to_string().contains(&first));
    let second = admin.post(&format!("{path}/credentials"), json!({})).await;
    assert_eq!(second.status, 201, "{second:?}");
    let third = admin.post(&format!("{path}/credentials"), json!({})).await;
    assert_eq!((third.status, third.code()), (409, "too_many_credentials"));
    let old = made.body["credential_id"].as_str().unwrap();
    let left = admin.delete(&format!("{path}/credentials/{old}")).await;
    assert_eq!(left.body["credentials"].as_array().unwrap().len(), 2);
    assert_eq!(world.ask(&first, "room").await.status, 401);
    assert_eq!(world.ask(second.body["credential"].as_str().unwrap(), "room").await.status, 404);
    assert_eq!(admin.delete(&format!("{path}/credentials/{old}")).await.code(), "not_found");
    let drained = admin.patch(&path, json!({ "state": "drained", "name": "other" })).await;
    assert_eq!((&drained.body["state"], &drained.body["name"]), (&json!("drained"), &json!("other")));
    let unknown = admin.post("/v1/servers", json!({ "name": "x", "default_tenant": "nobody" })).await;
    assert_eq!((unknown.code(), unknown.pointers()), ("invalid_fields", vec!["/default_tenant"]));
    assert_eq!(admin.get("/v1/servers?tenant=acme").await.body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_app_does_what_its_scopes_say_until_it_is_revoked() {
    let world = World::new().await;
    let admin = admin(&world).await;
    world.tenant("globex", |_| {}).await;
    let made = admin
        .post("/v1/apps", json!({ "tenant": "globex", "name": "calendar", "scopes": ["appointments:read"] }))
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = made.header("location").to_owned();
    let app = admin.with_key(made.body["credential"].as_str().unwrap());
    assert_eq!(app.get("/v1/appointments").await.status, 200);
    assert_eq!(app.book("room", "10:00", "11:00").await.code(), "insufficient_scope");
    let scopes = json!({ "scopes": ["appointments:read", "appointments:write"] });
    assert_eq!(admin.patch(&path, scopes).await.status, 200);
    let booked = app.book("room", "10:00", "11:00").await;
    assert_eq!((booked.status, &booked.body["tenant"]), (201, &json!("globex")));
    let bad = admin.post("/v1/apps", json!({ "name": "", "scopes": ["everything"] })).await;
    assert_eq!(bad.pointers(), ["/name", "/scopes/0"]);
    assert_eq!(admin.get("/v1/apps?tenant=globex").await.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(admin.get("/v1/apps").await.body["data"].as_array().unwrap().len(), 1);
    let revoked = admin.delete(&path).await;
    assert!(revoked.body["revoked_at"].is_string(), "{revoked:?}");
    assert_eq!(app.get("/v1/appointments").await.code(), "unauthorized");
    assert_eq!(admin.delete(&path).await.status, 200);
}

#[tokio::test]
async fn an_app_signs_its_own_tokens() {
    let world = World::new().await;
    let admin = admin(&world).await;
    let made = admin.post("/v1/apps", json!({ "name": "signer", "scopes": ["appointments:read"] })).await;
    let path = made.header("location").to_owned();
    let key =
        admin.post(&format!("{path}/signing-keys"), json!({ "algorithm": "HS256", "issuer": "me" })).await;
    assert_eq!(key.status, 201, "{key:?}");
    let secret = key.body["secret"].as_str().unwrap();
    let token = |issuer: &str| {
        let expires = world.clock.now().timestamp() + 60;
        let claims = json!({ "app": made.body["id"], "exp": expires, "iss": issuer });
        let secret = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &secret).unwrap()
    };
    assert_eq!(admin.with_key(&token("me")).get("/v1/appointments").await.status, 200);
    assert_eq!(admin.with_key(&token("you")).get("/v1/appointments").await.code(), "unauthorized");
    let shown = admin.get(&path).await;
    assert_eq!(shown.body["signing_keys"][0]["algorithm"], "HS256");
    assert!(!shown.body.to_string().contains(secret));
    let id = key.body["signing_key_id"].as_str().unwrap();
    assert_eq!(admin.delete(&format!("{path}/signing-keys/{id}")).await.status, 200);
    assert_eq!(admin.with_key(&token("me")).get("/v1/appointments").await.code(), "unauthorized");
    for (input, pointers) in [
        (json!({ "algorithm": "none" }), vec!["/algorithm"]),
        (json!({ "algorithm": "RS256", "public_key": "x" }), vec!["/public_key"]),
        (json!({}), vec!["/algorithm"]),
    ] {
        assert_eq!(admin.post(&format!("{path}/signing-keys"), input).await.pointers(), pointers);
    }
}
