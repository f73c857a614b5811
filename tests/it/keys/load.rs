//! Keys that rotate all the time, on two replicas, under verifiers that keep them as long as they may.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use frontdesk::actions::private_keys::unlock;
use frontdesk::app::App;
use frontdesk::background;
use frontdesk::reservation::TenantId;
use frontdesk::signing::{Algorithm, Jws};
use frontdesk::store::signing_keys::KeyState;
use frontdesk::store::{signing_keys, tenants};
use futures_util::future::join_all;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;
use serde_json::json;
use tokio::sync::RwLock;
use tokio::time::{Instant, sleep};

use super::{DEPLOYMENT, settings, states};
use crate::rig::eventually;
use crate::world::{World, config};

const RUN: Duration = Duration::from_secs(20);

/// A verifier as Prosody with `cache_keys_url` is: it asks for all keys when what it has may be old, and not before.
struct Verifier {
    keys: RwLock<JwkSet>,
    url: String,
}

impl Verifier {
    async fn new(world: &World) -> Self {
        let verifier = Self {
            keys: RwLock::new(JwkSet { keys: Vec::new() }),
            url: format!("{}/.well-known/jwks.json", world.url),
        };
        verifier.fetch().await;
        verifier
    }

    /// Gives how long the keys may be kept.
    async fn fetch(&self) -> Duration {
        let response = reqwest::get(&self.url).await.unwrap();
        let control = response.headers()["cache-control"].to_str().unwrap().to_owned();
        let text = response.text().await.unwrap();
        *self.keys.write().await = serde_json::from_str(&text).unwrap();
        Duration::from_secs(control.strip_prefix("public, max-age=").unwrap().parse().unwrap())
    }

    async fn follow(&self, until: &AtomicBool) {
        while !until.load(Ordering::Relaxed) {
            let age = self.fetch().await;
            sleep(age).await;
        }
    }

    async fn verify(&self, token: &str) {
        let jws = Jws::read(token).unwrap();
        let kid = jws.kid().unwrap();
        let keys = self.keys.read().await;
        let key = keys.find(kid.as_str()).unwrap_or_else(|| panic!("{kid} is not known"));
        jws.verify(Algorithm::Rs256, &DecodingKey::from_jwk(key).unwrap()).unwrap();
    }
}

/// A token for the tenant, signed as it is done for everybody.
async fn token(app: &App, tenant: TenantId) -> String {
    loop {
        let mut db = app.db.acquire().await.unwrap();
        let key = signing_keys::signing_for(&mut db, tenant, Algorithm::Rs256).await.unwrap().unwrap();
        // It may have been retired since, and its private half be gone.
        let Ok(private) = unlock(&app.keys, &key) else { continue };
        let ends = app.clock.now() + chrono::TimeDelta::seconds(5);
        if signing_keys::note_token(&mut db, key.id, ends).await.unwrap() {
            return private.sign(&key.kid, &json!({ "exp": ends.timestamp() })).unwrap();
        }
    }
}

#[tokio::test]
async fn no_token_is_refused_while_keys_rotate_every_other_second() {
    let world = World::rotating(settings("1s", "1s")).await;
    let replica = World::replica_of(&world);
    let acme = {
        let mut db = world.app.db.acquire().await.unwrap();
        tenants::by_name(&mut db, &"acme".parse().unwrap()).await.unwrap().unwrap().id
    };
    let keep = async |world: &World| background::run(&world.app, config().retention).await;
    tokio::select! {
        () = sign_and_verify(&world, &replica, acme) => {}
        () = keep(&world) => {}
        () = keep(&replica) => {}
    }
    let states = states(&world, &DEPLOYMENT).await;
    let rotations =
        states.iter().filter(|state| matches!(state, KeyState::Retired | KeyState::Withdrawn)).count();
    assert!(rotations >= 4, "{rotations} rotations");
    assert!(states.contains(&KeyState::Withdrawn), "keys go when their tokens have: {states:?}");
}

async fn sign_and_verify(world: &World, replica: &World, acme: TenantId) {
    eventually("there are keys", async || states(world, &DEPLOYMENT).await.len() > 1).await;

    let verifiers = [Arc::new(Verifier::new(world).await), Arc::new(Verifier::new(replica).await)];
    let (done, verified) = (AtomicBool::new(false), AtomicUsize::new(0));
    let began = Instant::now();
    let sign = async |app: &App| {
        while began.elapsed() < RUN {
            let token = token(app, acme).await;
            for verifier in &verifiers {
                verifier.verify(&token).await;
            }
            verified.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(5)).await;
        }
        done.store(true, Ordering::Relaxed);
    };
    let signing = join_all([world, replica, world, replica].map(|world| sign(&world.app)));
    let following = join_all(verifiers.iter().map(|verifier| verifier.follow(&done)));
    tokio::join!(signing, following);
    let verified = verified.into_inner();
    assert!(verified > 200, "{verified} tokens");
}
