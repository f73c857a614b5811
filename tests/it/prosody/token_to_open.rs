//! Who may open an instant room, and who may only come in, where Prosody knows tokens: what docs/prosody.md says.

use chrono::TimeDelta;
use frontdesk::actions::change_tenant::change_tenant;
use frontdesk::actions::instant_room::instant_room;
use frontdesk::actions::signing_keys::{KeyOwner, KeySource, add_signing_key};
use frontdesk::reservation::TenantId;
use frontdesk::signing::{Algorithm, Imported, SigningKey};
use frontdesk::store::{tenants, token_settings};
use frontdesk::token::TokenSettings;
use frontdesk::view::Handle;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use super::client::{Client, room};
use super::server::{DOMAIN, Guests, Logins, Settings};
use super::{Meet, add_conference_server};
use crate::rig::db;

/// What tokens are signed with: as in prosody.cfg.lua.
const SECRET: &[u8] = b"the secret that only the tests know of";

fn guests() -> String {
    format!("guest.{DOMAIN}")
}

async fn main(meet: &Meet) -> TenantId {
    let mut db = meet.app.db.acquire().await.unwrap();
    tenants::by_name(&mut db, &"main".parse().unwrap()).await.unwrap().unwrap().id
}

/// A new room of `main` that is open now, for an hour.
async fn open_now(meet: &Meet) -> String {
    let made = instant_room(
        &meet.app,
        &mut meet.app.db.acquire().await.unwrap(),
        main(meet).await,
        meet.app.clock.now(),
        TimeDelta::hours(1),
    )
    .await
    .unwrap();
    made.0.as_str().to_owned()
}

/// Somebody with a token for a room.
async fn holder(meet: &Meet, name: &str) -> Client {
    let expires = (meet.app.clock.now() + TimeDelta::minutes(5)).timestamp();
    let claims = json!({ "iss": "the tests", "aud": "jitsi", "sub": DOMAIN, "room": name, "exp": expires });
    let key = EncodingKey::from_secret(SECRET);
    let token = encode(&Header::default(), &claims, &key).unwrap();
    Client::with_token(meet.prosody.port, DOMAIN, &token).await
}

/// Guests come in by a VirtualHost that loads neither `reservations` nor the guard.
fn only_tokens_open(settings: &mut Settings) {
    settings.logins = Logins::ByToken;
    settings.guests = Guests::Unchecked;
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn who_has_no_token_opens_no_room_and_comes_in_when_somebody_with_one_has() {
    let meet = Meet::with(only_tokens_open).await;
    let name = open_now(&meet).await;
    for token in ["", "made.up"] {
        assert_eq!(
            Client::refused_with_token(meet.prosody.port, DOMAIN, token).await,
            "not-allowed",
            "{token}"
        );
    }
    // Whatever a guest brings for a token.
    let mut guest = Client::with_token(meet.prosody.port, &guests(), "made.up").await;
    guest.ask(&room(&name)).await.unwrap_err();
    assert_eq!(guest.enter(&room(&name), "guest", None).await.unwrap_err().condition, "not-allowed");
    assert!(!guest.sees(&room(&name)).await);
    assert!(meet.tap.summary().is_empty(), "Frontdesk was not asked");

    let mut host = holder(&meet, &name).await;
    host.join(&room(&name), "host", None).await.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 200"]);
    guest.join(&room(&name), "guest", None).await.unwrap();
    host.leave(&room(&name), "host").await;
    guest.leave(&room(&name), "guest").await;
    meet.eventually_asked(&["POST 200", "DELETE 204"]).await;
    guest.ask(&room(&name)).await.unwrap_err();
    assert!(!guest.sees(&room(&name)).await);
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_token_for_another_room_opens_this_one_too_and_does_not_let_its_holder_in() {
    let meet = Meet::with(only_tokens_open).await;
    let name = open_now(&meet).await;
    let (mut other, mut guest) = (holder(&meet, "another").await, meet.guest().await);
    other.ask(&room(&name)).await.unwrap();
    let refusal = other.enter(&room(&name), "other", None).await.unwrap_err();
    assert_eq!(
        (refusal.condition.as_str(), refusal.text.as_str()),
        ("not-allowed", "Room and token mismatched")
    );
    guest.join(&room(&name), "guest", None).await.unwrap();
    // No token opens what Frontdesk doesn't.
    let refusal = holder(&meet, "unbooked").await.ask(&room("unbooked")).await.unwrap_err();
    assert_eq!(refusal.code, "404");
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_wait_for_host_a_guest_opens_the_room_and_waits_until_somebody_with_a_token_comes() {
    let meet = Meet::with(|settings| settings.logins = Logins::GuestsWait).await;
    let name = open_now(&meet).await;
    let mut guest = meet.guest().await;
    guest.ask(&room(&name)).await.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 200"]);
    let refusal = guest.enter(&room(&name), "guest", None).await.unwrap_err();
    assert_eq!(refusal.condition, "registration-required");
    assert_eq!(refusal.lobby, format!("{name}@lobby.{DOMAIN}"));
    let mut host = holder(&meet, &name).await;
    host.join(&room(&name), "host", None).await.unwrap();
    guest.join(&room(&name), "guest", None).await.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 200"]);
    assert_eq!(Client::refused_with_token(meet.prosody.port, &guests(), "made.up").await, "not-allowed");
}

/// Source: `mod_muc_wait_for_host` looks whether there is a token, and only the VirtualHost whose `authentication` is `token`
/// looks whether it is one.
#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_wait_for_host_an_anonymous_guest_with_a_made_up_token_waits_for_nobody() {
    let meet = Meet::with(|settings| settings.logins = Logins::AnonymousGuestsWait).await;
    let name = open_now(&meet).await;
    let mut guest = Client::with_token(meet.prosody.port, &guests(), "made.up").await;
    guest.join(&room(&name), "guest", None).await.unwrap();
}

/// Source: `mod_muc_wait_for_host` takes whoever comes in by the main VirtualHost for a host.
#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn where_empty_tokens_are_allowed_anybody_opens_the_room_and_waits_for_nobody() {
    let meet = Meet::with(|settings| settings.logins = Logins::EmptyTokens).await;
    let name = open_now(&meet).await;
    meet.client().await.join(&room(&name), "person", None).await.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 200"]);
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_room_opens_with_a_token_in_the_answer_and_who_has_that_token_comes_in() {
    let meet = Meet::with(only_tokens_open).await;
    let main = main(&meet).await;
    let settings = TokenSettings {
        algorithm: Algorithm::Hs256,
        issuer: "the tests".parse().unwrap(),
        subject: Some(DOMAIN.parse().unwrap()),
        ..TokenSettings::default()
    };
    token_settings::put(&mut meet.app.db.acquire().await.unwrap(), main, &settings).await.unwrap();
    let key = SigningKey::read(Algorithm::Hs256, SECRET.to_vec().into()).unwrap();
    let source = KeySource::Import(Imported { key, kid: None });
    add_signing_key(&meet.app, &KeyOwner::Deployment, Algorithm::Hs256, source, None).await.unwrap();
    change_tenant(&meet.app, &"main".parse().unwrap(), None, |policy| policy.answer_token = true)
        .await
        .unwrap();

    meet.book("ward").await;
    let mut host = holder(&meet, "ward").await;
    host.join(&room("ward"), "host", None).await.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 200"]);

    // What Prosody was told, as another server of the tenant reads it.
    let id: uuid::Uuid =
        sqlx::query_scalar("SELECT id FROM conferences").fetch_one(db(&meet.app)).await.unwrap();
    let path = format!("{}/conference/{}", meet.frontdesk.url, Handle { tenant: main, id: id.into() });
    let credential = add_conference_server(&meet.app, "two").await;
    let read = reqwest::Client::new().get(path).bearer_auth(credential).send().await.unwrap();
    let token = read.json::<serde_json::Value>().await.unwrap()["jwt"].as_str().unwrap().to_owned();
    let mut recorder = Client::with_token(meet.prosody.port, DOMAIN, &token).await;
    recorder.join(&room("ward"), "recorder", None).await.unwrap();
    let refusal = recorder.join(&room("other"), "recorder", None).await.unwrap_err();
    assert_eq!(refusal.code, "404", "and it opens nothing that nobody booked");
}
