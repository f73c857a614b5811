//! Apps that are given what they sign their own tokens with, on the command line.

use frontdesk::actions::authenticate::{Caller, authenticate};
use frontdesk::signing::Terms;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::rig::Setup;
use crate::world::World;

fn run(setup: &Setup, arguments: &[&str]) -> Result<String, String> {
    setup.run(&[&["app"], arguments].concat())
}

fn shown(setup: &Setup, arguments: &[&str]) -> String {
    run(setup, arguments).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

/// What stands behind that name, where something does.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = text.lines().filter_map(|line| line.split_once(' '));
    fields.find(|(known, _)| *known == name).map(|(_, value)| value.trim())
}

/// Somebody marks the lines from the first to the last, and copies them.
fn copied<'a>(text: &'a str, label: &str) -> &'a str {
    let (first, last) = (format!("\n-----BEGIN {label}-----\n"), format!("\n-----END {label}-----\n"));
    let (start, end) = (text.find(&first).unwrap() + 1, text.find(&last).unwrap() + last.len());
    &text[start..end]
}

async fn call(world: &World, app: &Value, algorithm: Algorithm, key: &EncodingKey) -> Option<Caller> {
    let claims = json!({ "app": app, "exp": world.clock.now().timestamp() + 60 });
    let token = encode(&Header::new(algorithm), &claims, key).unwrap();
    authenticate(&world.app, &format!("Bearer {token}").parse().unwrap(), Terms::Usual).await.ok()
}

#[tokio::test]
async fn an_app_is_added_with_a_pair_of_keys_that_are_copied_from_the_terminal() {
    let world = World::new().await;
    let setup = Setup::remote(&world.options);
    let text = shown(&setup, &["add", "crm", "--auth", "rs256"]);
    let app = json!(field(&text, "id").unwrap());
    assert_eq!(field(&text, "algorithm"), Some("RS256"));
    assert!(field(&text, "credential").unwrap().starts_with("fd_app_"));
    assert_eq!(field(&text, "secret"), None);
    let pem = copied(&text, "PRIVATE KEY");
    assert!(pem.lines().all(|line| line.len() <= 64 && line == line.trim()));
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
    let caller = call(&world, &app, Algorithm::RS256, &key).await.unwrap();
    assert_eq!(caller.app_name, "crm");

    let known: Value = serde_json::from_str(&shown(&setup, &["show", "crm", "--json"])).unwrap();
    assert_eq!(known["signing_keys"][0]["public_key"], copied(&text, "PUBLIC KEY"));
    shown(&setup, &["revoke-signing-key", "crm", field(&text, "signing_key_id").unwrap()]);
    assert!(call(&world, &app, Algorithm::RS256, &key).await.is_none());
}

#[tokio::test]
async fn a_signing_key_is_made_where_none_is_brought() {
    let world = World::new().await;
    let setup = Setup::remote(&world.options);
    let added: Value =
        serde_json::from_str(&shown(&setup, &["add", "crm", "--auth", "hs256", "--json"])).unwrap();
    let secret = EncodingKey::from_secret(added["secret"].as_str().unwrap().as_bytes());
    assert!(call(&world, &added["id"], Algorithm::HS256, &secret).await.is_some());
    let text = shown(&setup, &["add-signing-key", "crm", "--algorithm", "rs256"]);
    let key = EncodingKey::from_rsa_pem(copied(&text, "PRIVATE KEY").as_bytes()).unwrap();
    assert!(call(&world, &added["id"], Algorithm::RS256, &key).await.is_some());

    let folder = tempfile::tempdir().unwrap();
    let public = folder.path().join("public.pem");
    std::fs::write(&public, copied(&text, "PUBLIC KEY")).unwrap();
    let public = public.to_str().unwrap();
    shown(&setup, &["add", "other"]);
    let brings = |algorithm| ["add-signing-key", "other", "--algorithm", algorithm, "--public-key", public];
    let refused = run(&setup, &brings("hs256")).unwrap_err();
    assert!(refused.contains("a public key is for rs256"), "{refused}");
    let brought = shown(&setup, &brings("rs256"));
    assert!(!brought.contains("PRIVATE"), "{brought}");
    let refused = run(&setup, &["add", "third", "--auth", "es256"]).unwrap_err();
    assert!(refused.contains("--auth"), "{refused}");
    assert!(run(&setup, &["show", "third"]).is_err());
}
