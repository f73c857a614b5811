//! Who may open an instant room, and who may only come in, where Prosody knows tokens: what docs/prosody.md says.

use chrono::TimeDelta;
use frontdesk::actions::instant_room::instant_room;
use frontdesk::store::tenants;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use super::Meet;
use super::client::{Client, room};
use super::server::{DOMAIN, Guests, Logins, Settings};

fn guests() -> String {
    format!("guest.{DOMAIN}")
}

/// A new room of `main` that is open now, for an hour.
async fn open_now(meet: &Meet) -> String {
    let mut db = meet.app.db.acquire().await.unwrap();
    let main = tenants::by_name(&mut db, &"main".parse().unwrap()).await.unwrap().unwrap().id;
    let made = instant_room(&meet.app, main, meet.app.clock.now(), TimeDelta::hours(1)).await.unwrap();
    made.0.as_str().to_owned()
}

/// Somebody with a token for a room.
async fn holder(meet: &Meet, name: &str) -> Client {
    let expires = (meet.app.clock.now() + TimeDelta::minutes(5)).timestamp();
    let claims = json!({ "iss": "the tests", "aud": "jitsi", "sub": DOMAIN, "room": name, "exp": expires });
    let key = EncodingKey::from_secret(b"the secret of the tests");
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
