//! Keys change while people come in.

use std::time::{Duration, Instant};

use frontdesk::actions::signing_keys::{KeyOwner, Rotation, When, list_signing_keys, withdraw_signing_key};
use frontdesk::app::App;
use frontdesk::signing::{Algorithm, Jws};
use frontdesk::store::signing_keys::SigningKeyRecord;
use serde_json::json;
use tokio::time::sleep;

use super::door::{Door, Verifier, jitsi_reads_jwk_sets};
use crate::prosody::client::{Client, room};
use crate::prosody::server::DOMAIN;
use crate::rig::{Setup, eventually};

const DEPLOYMENT: KeyOwner = KeyOwner::Deployment;

/// For how long people come in.
const LONG: Duration = Duration::from_secs(25);

/// A door whose Frontdesk makes and rotates keys by itself, with the room `standup` open at it.
async fn rotating(verifier: Verifier, rotate_every: &'static str, max_age: &'static str) -> Door {
    let prepare = async |_: &App, setup: &mut Setup| {
        setup.set("FRONTDESK_SIGNING_KEYS_ROTATE_EVERY", rotate_every);
        setup.set("FRONTDESK_SIGNING_KEYS_MAX_AGE", max_age);
    };
    let door = Door::prepared(verifier, "", prepare).await;
    door.meet.book("standup").await;
    eventually("there are a key and a next one", async || keys(&door).await.len() > 1).await;
    eventually("what Frontdesk mints is good", async || {
        Client::try_with_token(door.meet.prosody.port, DOMAIN, &fresh(&door).await).await.is_ok()
    })
    .await;
    door
}

async fn keys(door: &Door) -> Vec<SigningKeyRecord> {
    let mut db = door.meet.app.db.acquire().await.unwrap();
    list_signing_keys(&mut db, &DEPLOYMENT).await.unwrap()
}

/// A new token for the room.
async fn fresh(door: &Door) -> String {
    door.minted("/v1/rooms/standup/tokens", json!({})).await
}

fn kid(token: &str) -> String {
    Jws::read(token).unwrap().kid().unwrap().as_str().to_owned()
}

/// Comes in every few hundred milliseconds with a new token, and gives the names of the keys that signed them.
async fn come_and_go(door: &Door) -> Vec<String> {
    let (mut kids, mut joins, began) = (Vec::new(), 0, Instant::now());
    while began.elapsed() < LONG {
        let token = fresh(door).await;
        door.lets_in(&token, &room("standup")).await;
        joins += 1;
        if kids.last() != Some(&kid(&token)) {
            kids.push(kid(&token));
        }
        sleep(Duration::from_millis(200)).await;
    }
    assert!(joins > 20, "{joins} joins");
    kids
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn nobody_is_refused_while_keys_rotate_that_are_fetched_one_by_one() {
    let door = rotating(Verifier::Files, "3s", "1s").await;
    let kids = come_and_go(&door).await;
    assert!(kids.len() > 3, "{kids:?}");
    // At once, too: a key is served before it signs, and a name that Prosody doesn't know is asked for.
    for _ in 0..3 {
        let rotation = Rotation::prepare(&door.meet.app, DEPLOYMENT, Algorithm::Rs256, When::Now).await;
        rotation.unwrap().run(&door.meet.app).await.unwrap();
        // Frontdesk itself keeps what it serves for a second.
        sleep(Duration::from_millis(1100)).await;
        door.lets_in(&fresh(&door).await, &room("standup")).await;
    }
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn nobody_is_refused_while_keys_rotate_that_are_fetched_together() {
    for verifier in [Verifier::Certificates, Verifier::JwkSet] {
        if matches!(verifier, Verifier::Certificates) || jitsi_reads_jwk_sets() {
            nobody_is_refused_while_keys_of_a_set_rotate(verifier).await;
        }
    }
}

async fn nobody_is_refused_while_keys_of_a_set_rotate(verifier: Verifier) {
    let door = rotating(verifier, "6s", "3s").await;
    let kids = come_and_go(&door).await;
    assert!(kids.len() > 2, "{kids:?}");
    // Whoever does not wait is ahead of what Prosody knows, unless it asks at that very moment.
    let mut token = String::new();
    eventually("a key signs that Prosody does not know yet", async || {
        for _ in 0..2 {
            let rotation = Rotation::prepare(&door.meet.app, DEPLOYMENT, Algorithm::Rs256, When::Now).await;
            rotation.unwrap().run(&door.meet.app).await.unwrap();
        }
        token = fresh(&door).await;
        let refused = Client::try_with_token(door.meet.prosody.port, DOMAIN, &token).await.err();
        refused.is_some_and(|refused| refused.text == "could not obtain public key")
    })
    .await;
    sleep(Duration::from_secs(5)).await;
    door.lets_in(&token, &room("standup")).await;
}

/// Withdraws the key of a token that somebody came in with.
async fn withdraw(door: &Door, token: &str) {
    let key = keys(door).await.into_iter().find(|key| key.kid.as_str() == kid(token)).unwrap();
    withdraw_signing_key(&door.meet.app, &DEPLOYMENT, key.id).await.unwrap();
}

/// Source: `Util:get_public_key` keeps what it was given until Prosody stops.
#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_withdrawn_key_is_good_until_prosody_starts_again_where_keys_are_fetched_one_by_one() {
    let mut door = rotating(Verifier::Files, "off", "1s").await;
    let token = fresh(&door).await;
    door.lets_in(&token, &room("standup")).await;
    withdraw(&door, &token).await;
    sleep(Duration::from_secs(4)).await;
    door.lets_in(&token, &room("standup")).await;
    door.meet.prosody.kill();
    door.meet.prosody.restart().await;
    assert_eq!(door.failure(&token).await, "could not obtain public key");
}

/// Source: `update_keys_cache` lets go of what is in the map no more: at once, or, in recent plugins, after an hour and a half.
#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_withdrawn_key_is_good_for_its_max_age_where_keys_are_fetched_together_and_with_recent_plugins_for_longer()
 {
    let mut door = rotating(Verifier::Certificates, "off", "2s").await;
    let token = fresh(&door).await;
    door.lets_in(&token, &room("standup")).await;
    withdraw(&door, &token).await;
    sleep(Duration::from_secs(5)).await;
    if jitsi_reads_jwk_sets() {
        door.lets_in(&token, &room("standup")).await;
        door.meet.prosody.kill();
        door.meet.prosody.restart().await;
        assert_eq!(door.failure(&token).await, "could not obtain public key");
        // Nobody is there who would open the room.
        door.login(&fresh(&door).await).await;
    } else {
        assert_eq!(door.failure(&token).await, "could not obtain public key");
        door.lets_in(&fresh(&door).await, &room("standup")).await;
    }
}
