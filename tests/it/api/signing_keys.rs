//! Keys for room tokens, for administrators.

use chrono::TimeDelta;
use frontdesk::actions::signing_keys::keep_signing_keys;
use frontdesk::reservation::Scope;
use serde_json::{Value, json};

use super::client::{Answer, Client};
use crate::world::World;

const KEYS: &str = "/v1/signing-keys";

async fn admin(world: &World) -> Client {
    Client::with(world, "acme", &[Scope::Admin]).await
}

async fn make(admin: &Client, more: Value) -> Answer {
    let mut body = json!({ "algorithm": "ES256" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = admin.post(KEYS, body).await;
    assert_eq!(made.status, 201, "{made:?}");
    made
}

async fn act(admin: &Client, key: &Answer, verb: &str, body: Value) -> Answer {
    admin.post(&format!("{KEYS}/{}/{verb}", key.id()), body).await
}

#[tokio::test]
async fn a_key_lives_from_made_to_withdrawn() {
    let world = World::new().await;
    let admin = admin(&world).await;
    let (first, second) = (make(&admin, json!({})).await, make(&admin, json!({})).await);
    assert_eq!((&first.body["state"], &second.body["state"]), (&json!("active"), &json!("next")));
    assert_eq!(first.header("location"), format!("{KEYS}/{}", first.id()));
    let shown = admin.get(first.header("location")).await;
    assert_eq!((&shown.body["kid"], &shown.body["jwk"]["kty"]), (&first.body["kid"], &json!("EC")));
    assert!(shown.body["public_key"].as_str().unwrap().starts_with("-----BEGIN PUBLIC KEY-----"));

    let early = act(&admin, &second, "activate", json!({})).await;
    assert_eq!((early.status, early.code()), (409, "key_too_young"));
    assert_eq!(early.body["known_at"], "2026-12-01T09:16:31Z");
    let early = admin.post(&format!("{KEYS}/rotate"), json!({ "algorithm": "ES256" })).await;
    assert_eq!(early.code(), "key_too_young");
    world.advance(TimeDelta::seconds(991));
    let rotated = admin.post(&format!("{KEYS}/rotate"), json!({ "algorithm": "ES256" })).await;
    assert_eq!(rotated.status, 200, "{rotated:?}");
    assert_eq!(rotated.body["active"]["id"], second.body["id"]);
    assert_eq!(rotated.body["retired"]["id"], first.body["id"]);
    assert_eq!(rotated.body["next"]["state"], "next");

    let gone = act(&admin, &second, "withdraw", json!({})).await;
    assert_eq!(
        (&gone.body["withdrawn"]["state"], &gone.body["active"]["state"]),
        (&json!("withdrawn"), &json!("active"))
    );
    assert_eq!(act(&admin, &first, "activate", json!({})).await.code(), "key_not_next");
    assert_eq!(act(&admin, &first, "retire", json!({})).await.body["state"], "retired");
    let none = admin.post(&format!("{KEYS}/rotate"), json!({ "algorithm": "EdDSA", "now": true })).await;
    assert_eq!((none.status, none.code()), (409, "no_next_key"));
}

#[tokio::test]
async fn keys_are_listed_by_owner_in_pages() {
    let world = World::new().await;
    let admin = admin(&world).await;
    for _ in 0..3 {
        make(&admin, json!({})).await;
    }
    let own = make(&admin, json!({ "tenant": "acme", "kid": "acme/1" })).await;
    assert_eq!(
        (&own.body["tenant"], &own.body["kid"], &own.body["state"]),
        (&json!("acme"), &json!("acme/1"), &json!("next"))
    );
    let page = admin.get(&format!("{KEYS}?limit=2")).await;
    assert_eq!(page.body["data"].as_array().unwrap().len(), 2);
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let page = admin.get(&format!("{KEYS}?limit=2&cursor={cursor}")).await;
    assert_eq!((page.body["data"].as_array().unwrap().len(), &page.body["next_cursor"]), (1, &json!(null)));
    assert_eq!(admin.get(&format!("{KEYS}?tenant=acme")).await.body["data"], json!([own.body]));
    assert_eq!(admin.get(&format!("{KEYS}?tenant=nobody")).await.code(), "not_found");
}

#[tokio::test]
async fn a_name_is_given_once_and_what_is_private_is_never_told() {
    let world = World::new().await;
    let admin = admin(&world).await;
    let secret = "correct horse battery staple and so on";
    let body = json!({ "algorithm": "HS256", "kid": "mine", "private_key": secret });
    let made = admin.post_once(KEYS, "once", body.clone()).await;
    assert_eq!((made.status, &made.body["origin"]), (201, &json!("imported")), "{made:?}");
    assert_eq!(admin.post_once(KEYS, "once", body.clone()).await.body, made.body);
    let again = admin.post(KEYS, body).await;
    assert_eq!((again.status, again.code(), again.pointers()), (409, "kid_used", vec!["/kid"]));
    let shown = admin.get(&format!("{KEYS}/{}", made.id())).await;
    assert_eq!(shown.body["public_key"], json!(null));
    assert!(!shown.body.to_string().contains(secret));
    let rsa = rcgen::KeyPair::generate().unwrap();
    let wrong = json!({ "algorithm": "RS256", "tenant": "Acme!", "kid": "a b", "private_key": rsa.serialize_pem(), "x": 1 });
    let wrong = admin.post(KEYS, wrong).await;
    assert_eq!(wrong.pointers(), ["/x", "/tenant", "/kid", "/private_key"]);
    let nobody = admin.post(KEYS, json!({ "algorithm": "ES256", "tenant": "nobody" })).await;
    assert_eq!((nobody.code(), nobody.pointers()), ("invalid_fields", vec!["/tenant"]));
}

#[tokio::test]
async fn a_verifier_s_name_is_given_at_the_activation() {
    let world = World::new().await;
    keep_signing_keys(&world.app).await.unwrap();
    let admin = admin(&world).await;
    let key = admin.post(KEYS, json!({ "algorithm": "RS256", "tenant": "acme" })).await;
    let name = "vpaas-magic-cookie-1fc542/4f4910";
    let early = act(&admin, &key, "activate", json!({ "kid": name })).await;
    assert_eq!(early.code(), "key_too_young");
    let done = act(&admin, &key, "activate", json!({ "kid": name, "now": true })).await;
    assert_eq!(
        (&done.body["active"]["kid"], &done.body["retired"]),
        (&json!(name), &json!(null)),
        "{done:?}"
    );
}
