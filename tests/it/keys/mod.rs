//! Keys that room tokens are signed with: their life, how they rotate, and who is served which.

mod by_command;
mod life;
mod load;
mod prosody_config;
mod rotation;
mod schedule;
mod served;
mod sharing;

use frontdesk::actions::signing_keys::{
    KeyOwner, KeySource, Rotated, Rotation, SigningKeyError, When, add_signing_key, list_signing_keys,
};
use frontdesk::config::{self, Overrides, SigningKeysConfig};
use frontdesk::reservation::SigningKeyId;
use frontdesk::signing::{Algorithm, Imported, SigningKey};
use frontdesk::store::signing_keys::{self, KeyState, SigningKeyRecord};
use serde_json::Value;

use crate::world::World;

const DEPLOYMENT: KeyOwner = KeyOwner::Deployment;

fn of(tenant: &str) -> KeyOwner {
    KeyOwner::Tenant(tenant.parse().unwrap())
}

/// Settings, as an operator would write them.
fn settings(rotate_every: &str, max_age: &str) -> SigningKeysConfig {
    let env =
        [("FRONTDESK_SIGNING_KEYS_ROTATE_EVERY", rotate_every), ("FRONTDESK_SIGNING_KEYS_MAX_AGE", max_age)];
    let env = env.map(|(name, value)| (name.into(), value.into()));
    config::load(&Overrides::default(), env.into_iter()).unwrap().signing_keys
}

async fn make(world: &World, owner: &KeyOwner, algorithm: Algorithm) -> SigningKeyRecord {
    add_signing_key(&world.app, owner, algorithm, KeySource::Make, None).await.unwrap()
}

/// Adds a key that somebody else made.
async fn import(world: &World, owner: &KeyOwner, algorithm: Algorithm) -> SigningKeyRecord {
    let key = SigningKey::make(algorithm).unwrap();
    let source = KeySource::Import(Imported { key, kid: None });
    add_signing_key(&world.app, owner, algorithm, source, None).await.unwrap()
}

async fn rotate(
    world: &World,
    owner: &KeyOwner,
    algorithm: Algorithm,
    when: When,
) -> Result<Rotated, SigningKeyError> {
    Rotation::prepare(&world.app, owner.clone(), algorithm, when).await?.run(&world.app).await
}

/// The owner's keys with their states, the oldest first.
async fn keys(world: &World, owner: &KeyOwner) -> Vec<(SigningKeyId, KeyState)> {
    let all = list_signing_keys(&mut world.app.db.acquire().await.unwrap(), owner).await.unwrap();
    all.iter().map(|key| (key.id, key.state())).collect()
}

async fn states(world: &World, owner: &KeyOwner) -> Vec<KeyState> {
    keys(world, owner).await.into_iter().map(|(_, state)| state).collect()
}

/// The key as it is now.
async fn read(world: &World, id: SigningKeyId) -> SigningKeyRecord {
    signing_keys::by_id(&mut world.app.db.acquire().await.unwrap(), id).await.unwrap().unwrap()
}

/// Asks for keys, a second after they may have changed.
async fn fetch(world: &World, path: &str) -> reqwest::Response {
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    reqwest::get(format!("{}{path}", world.url)).await.unwrap()
}

/// The names of the keys in a JWK set, in the order in which they are there.
async fn served(world: &World, path: &str) -> Vec<String> {
    let response = fetch(world, path).await;
    assert_eq!(response.status(), 200, "{path}");
    let set: Value = response.json().await.unwrap();
    let keys = set["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}
