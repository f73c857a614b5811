//! Apps that are given what they sign their own tokens with.

use frontdesk::reservation::Scope;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::client::{Answer, Client};
use crate::world::World;

/// A token that the app signs with what an answer says that it was given.
fn token(world: &World, given: &Answer) -> String {
    let text = |name: &str| given.body[name].as_str();
    let (algorithm, key) = match (text("secret"), text("private_key")) {
        (Some(secret), None) => (Algorithm::HS256, EncodingKey::from_secret(secret.as_bytes())),
        (None, Some(pem)) => (Algorithm::RS256, EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()),
        _ => panic!("{:?}", given.status),
    };
    let claims = json!({ "app": given.body["id"], "exp": world.clock.now().timestamp() + 60 });
    encode(&Header::new(algorithm), &claims, &key).unwrap()
}

async fn admin(world: &World) -> Client {
    Client::with(world, "acme", &[Scope::Admin]).await
}

fn new(name: &str, auth: &str) -> Value {
    json!({ "name": name, "scopes": ["appointments:read"], "auth": auth })
}

#[tokio::test]
async fn an_app_signs_from_its_first_moment_with_what_it_was_added_with_until_that_is_revoked() {
    let world = World::new().await;
    let admin = admin(&world).await;
    for auth in ["HS256", "RS256"] {
        let made = admin.post("/v1/apps", new(auth, auth)).await;
        assert_eq!((made.status, &made.body["algorithm"]), (201, &json!(auth)));
        let app = admin.with_key(&token(&world, &made));
        assert_eq!(app.get("/v1/appointments").await.status, 200, "{auth}");
        let by_credential = admin.with_key(made.body["credential"].as_str().unwrap());
        assert_eq!(by_credential.get("/v1/appointments").await.status, 200);

        let path = made.header("location");
        let id = made.body["signing_key_id"].as_str().unwrap();
        assert_eq!(admin.delete(&format!("{path}/signing-keys/{id}")).await.status, 200);
        assert_eq!(app.get("/v1/appointments").await.code(), "unauthorized", "{auth}");
        assert_eq!(by_credential.get("/v1/appointments").await.status, 200);
    }
    let none = admin.post("/v1/apps", json!({ "name": "none", "scopes": [] })).await;
    for name in ["signing_key_id", "algorithm", "secret", "private_key", "public_key"] {
        assert_eq!(none.body.get(name), Some(&Value::Null), "{name}");
    }
}

#[tokio::test]
async fn of_a_pair_that_is_made_the_app_gets_the_private_half_and_the_public_one_is_kept() {
    let world = World::new().await;
    let admin = admin(&world).await;
    let app = admin.post("/v1/apps", json!({ "name": "pair", "scopes": ["appointments:read"] })).await;
    let path = app.header("location");
    let keys = format!("{path}/signing-keys");
    let made = admin.post_once(&keys, "twice", json!({ "algorithm": "RS256", "issuer": "me" })).await;
    assert_eq!((made.status, &made.body["secret"]), (201, &Value::Null));
    let private = made.body["private_key"].as_str().unwrap();
    assert!(private.starts_with("-----BEGIN PRIVATE KEY-----\n"), "not PKCS #8 in PEM");
    assert!(private.ends_with("\n-----END PRIVATE KEY-----\n"), "not PKCS #8 in PEM");
    let again = admin.post_once(&keys, "twice", json!({ "algorithm": "RS256", "issuer": "me" })).await;
    assert_eq!(again.body, made.body);

    let shown = admin.get(path).await;
    assert_eq!(shown.body["signing_keys"].as_array().unwrap().len(), 1);
    assert_eq!(shown.body["signing_keys"][0]["public_key"], made.body["public_key"]);
    assert!(!shown.body.to_string().contains("PRIVATE"), "{shown:?}");
    let kept: (Option<Vec<u8>>, String) = sqlx::query_as("SELECT secret, public_key FROM app_signing_keys")
        .fetch_one(world.db())
        .await
        .unwrap();
    assert_eq!((kept.0, &json!(kept.1)), (None, &made.body["public_key"]));
    // It is bound to its issuer, as any other key.
    let without_issuer = admin.with_key(&token(&world, &made));
    assert_eq!(without_issuer.get("/v1/appointments").await.code(), "unauthorized");

    let other = admin.post(&keys, json!({ "algorithm": "RS256" })).await;
    assert_ne!(other.body["public_key"], made.body["public_key"]);
    assert_eq!(admin.with_key(&token(&world, &other)).get("/v1/appointments").await.status, 200);
    assert_eq!(admin.post(&keys, json!({ "algorithm": "RS256" })).await.code(), "too_many_credentials");

    let brought = json!({ "algorithm": "RS256", "public_key": made.body["public_key"] });
    let id = other.body["signing_key_id"].as_str().unwrap();
    assert_eq!(admin.delete(&format!("{keys}/{id}")).await.status, 200);
    let brought = admin.post(&keys, brought).await;
    assert_eq!(brought.body["public_key"], made.body["public_key"]);
    assert_eq!(brought.body["private_key"], Value::Null);
    assert_eq!(
        admin
            .with_key(&token(&world, &Answer { body: signed_by(&made, &brought), ..brought }))
            .get("/v1/appointments")
            .await
            .status,
        200
    );
}

/// What was brought, with the private half that its owner has.
fn signed_by(owner: &Answer, brought: &Answer) -> Value {
    let mut body = brought.body.clone();
    body["private_key"] = owner.body["private_key"].clone();
    body
}

#[tokio::test]
async fn an_app_is_not_added_without_the_key_that_it_was_to_have() {
    let world = World::new().await;
    let admin = admin(&world).await;
    sqlx::query("ALTER TABLE app_signing_keys ADD CHECK (algorithm IS NULL)")
        .execute(world.db())
        .await
        .unwrap();
    for auth in ["HS256", "RS256"] {
        assert_eq!(admin.post("/v1/apps", new("signer", auth)).await.status, 500);
    }
    assert_eq!(admin.post("/v1/apps", json!({ "name": "signer", "scopes": [] })).await.status, 201);
}

#[tokio::test]
async fn what_an_app_is_to_sign_with_is_one_of_two_and_said_when_it_is_added() {
    let world = World::new().await;
    let admin = admin(&world).await;
    for auth in [json!("none"), json!("ES256"), json!(true), Value::Null] {
        let mut input = new("signer", "");
        input["auth"] = auth;
        assert_eq!(admin.post("/v1/apps", input).await.pointers(), ["/auth"]);
    }
    let made = admin.post("/v1/apps", new("signer", "HS256")).await;
    let path = made.header("location");
    assert_eq!(admin.patch(path, json!({ "auth": "RS256" })).await.pointers(), ["/auth"]);
    assert_eq!(admin.post("/v1/apps", new("signer", "RS256")).await.code(), "name_taken");
    let public = admin.post("/v1/apps", new("other", "RS256")).await.body["public_key"].clone();
    let keys = format!("{path}/signing-keys");
    for (input, pointers) in [
        (json!({ "algorithm": "HS256", "public_key": public }), vec!["/public_key"]),
        (json!({ "algorithm": "RS256", "public_key": null }), vec!["/public_key"]),
        (json!({ "public_key": public }), vec!["/algorithm"]),
    ] {
        assert_eq!(admin.post(&keys, input).await.pointers(), pointers);
    }
}

#[tokio::test]
async fn a_secret_that_can_t_be_unsealed_keeps_no_other_key_out() {
    let world = World::new().await;
    let admin = admin(&world).await;
    let made = admin.post("/v1/apps", new("two keys", "HS256")).await;
    let keys = format!("{}/signing-keys", made.header("location"));
    let mut other = admin.post(&keys, json!({ "algorithm": "HS256" })).await;
    assert_eq!(other.status, 201, "{other:?}");
    other.body["id"] = made.body["id"].clone();
    let spoil = "UPDATE app_signing_keys SET secret = set_byte(secret, 40, 255 - get_byte(secret, 40)) WHERE id = $1::uuid";
    sqlx::query(spoil).bind(made.body["signing_key_id"].as_str()).execute(world.db()).await.unwrap();
    assert_eq!(admin.with_key(&token(&world, &other)).get("/v1/appointments").await.status, 200);
    let spoilt = admin.with_key(&token(&world, &made)).get("/v1/appointments").await;
    assert_eq!((spoilt.status, spoilt.code()), (500, "internal"), "{spoilt:?}");
}
