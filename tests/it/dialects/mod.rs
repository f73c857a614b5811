//! Apps that were written for other systems. It is nine o'clock on Tuesday, 1 December 2026.

mod datagram;
mod isolation;
mod jiomeet;
mod metered;
mod metered_tokens;
mod proconf;
mod refusals;

use frontdesk::actions::dialect_settings::change_dialect_settings;
use frontdesk::actions::signing_keys::KeyOwner;
use frontdesk::reservation::{Dialect, Dialects, Scope};
use frontdesk::signing::{Algorithm, Jws};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use strum::VariantArray as _;

use crate::api::client::{Answer, Client, send};
use crate::api::tokens::key;
use crate::world::World;

/// A world whose tenant speaks every language, with an address and a key.
async fn speaking() -> World {
    let world = World::new().await;
    key(&world, &KeyOwner::Deployment, Algorithm::Rs256).await;
    speaks_everything(&world, "acme").await;
    world
}

async fn speaks_everything(world: &World, tenant: &str) {
    let url = format!("https://meet.example.org/{tenant}");
    let name = tenant.parse().unwrap();
    let change =
        |policy: &mut frontdesk::reservation::Policy| policy.meeting_url = Some(url.parse().unwrap());
    frontdesk::actions::change_tenant::change_tenant(&world.app, &name, None, change).await.unwrap();
    settings_of(world, tenant, |dialects| dialects.spoken.extend(Dialect::VARIANTS)).await;
}

async fn settings_of(world: &World, tenant: &str, change: impl Fn(&mut Dialects)) {
    change_dialect_settings(&world.app, &tenant.parse().unwrap(), change).await.unwrap();
}

/// What `acme` leaves to its apps.
async fn settings(world: &World, change: impl Fn(&mut Dialects)) {
    settings_of(world, "acme", change).await;
}

/// An app of the tenant that may do all that the dialects ask for.
async fn app_of(world: &World, tenant: &str) -> Client {
    use Scope::{AppointmentsRead, AppointmentsWrite, PasswordsRead, TokensMint, TokensWildcard};
    let scopes = [AppointmentsRead, AppointmentsWrite, PasswordsRead, TokensMint, TokensWildcard];
    Client::with(world, tenant, &scopes).await
}

/// A request without a credential.
fn bare(world: &World, method: Method, path: &str) -> RequestBuilder {
    reqwest::Client::new().request(method, format!("{}{path}", world.url))
}

/// What a token says, whoever signed it.
fn claims(token: &Value) -> Value {
    Value::Object(Jws::read(token.as_str().unwrap()).unwrap().claims().clone())
}

/// The appointment in a room, as our own API has it.
async fn seen(app: &Client, room: &str) -> Value {
    let found = app.get(&format!("/v1/appointments?room={room}")).await;
    let found = found.body["data"].as_array().unwrap_or_else(|| panic!("{found:?}")).clone();
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

async fn post(world: &World, path: &str, body: &Value) -> Answer {
    send(bare(world, Method::POST, path).json(body)).await
}
