//! Room tokens, on the command line.

use frontdesk::actions::signing_keys::{KeyOwner, KeySource, add_signing_key};
use frontdesk::signing::Algorithm;
use serde_json::{Value, json};

use crate::rig::Setup;
use crate::world::World;

fn json(setup: &Setup, arguments: &[&str]) -> Value {
    setup.json(&[&["token"], arguments].concat())
}

fn refused(setup: &Setup, arguments: &[&str]) -> String {
    setup.refused(&[&["token"], arguments].concat())
}

#[tokio::test]
async fn tokens_are_made_on_the_command_line_as_the_settings_say() {
    let world = World::new().await;
    world
        .policy(|policy| {
            policy.meeting_url = Some("https://meet.example.org".parse().unwrap());
            policy.unscheduled.allow = true;
        })
        .await;
    let setup = Setup::remote(&world.options);
    let missing = refused(&setup, &["mint", "--room", "room"]);
    assert!(missing.contains("frontdesk keys make"), "{missing}");
    for algorithm in [Algorithm::Hs256, Algorithm::Es256] {
        add_signing_key(&world.app, &KeyOwner::Deployment, algorithm, KeySource::Make, None).await.unwrap();
    }
    let refusal = refused(&setup, &["settings", "--algorithm", "ES256"]);
    assert!(refusal.contains("Jitsi's Prosody verifies HS256"), "{refusal}");
    let settings = json(
        &setup,
        &["settings", "--algorithm", "HS256", "--role", "observer", "--features", "raise-hand,flip"],
    );
    assert_eq!(settings["algorithm"], "HS256");
    assert_eq!(settings["roles"]["observer"]["features"], json!({ "flip": true, "raise-hand": true }));
    assert_eq!(json(&setup, &["settings"]), settings);

    let made = json(&setup, &["mint", "--room", "room", "--id", "7", "--name", "Eve", "--role", "observer"]);
    assert_eq!(made["claims"]["context"]["user"]["name"], "Eve");
    assert_eq!(made["claims"]["context"]["features"], settings["roles"]["observer"]["features"]);
    assert!(made["url"].as_str().unwrap().starts_with("https://meet.example.org/room?jwt="), "{made}");

    let instant = json(&setup, &["instant-room", "--duration", "30m"]);
    assert_eq!(instant["token"]["claims"]["room"], instant["room"]);
    assert_eq!(instant["token"]["claims"]["context"]["user"]["moderator"], true);

    let everything = refused(&setup, &["mint", "--many-rooms"]);
    assert!(everything.contains("--expires"), "{everything}");
    let both = refused(&setup, &["mint", "--room", "a", "--many-rooms", "--expires", "2026-12-01T10:00:00Z"]);
    assert!(both.contains("cannot be used with"), "{both}");
    let back = json(&setup, &["settings", "--role", "observer", "--features", "any", "--subject", "none"]);
    assert_eq!(back["roles"]["observer"]["features"], Value::Null);
}
