//! What apps of other systems are given opens its room, and no other: at a Prosody that verifies tokens with Jitsi's own
//! modules.

use frontdesk::actions::add_app::add_app;
use frontdesk::actions::app_credentials::{NewSigningKey, add_signing_key};
use frontdesk::actions::dialect_settings::change_dialect_settings;
use frontdesk::reservation::{Dialect, Scopes};
use frontdesk::signing::Algorithm;
use jsonwebtoken::{EncodingKey, Header, encode};
use reqwest::Method;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use strum::VariantArray as _;

use super::door::{Door, Verifier, jitsi_has, room_of_acme};
use crate::api::client::{Client as Api, send};
use crate::prosody::client::room;

/// A Prosody as `frontdesk prosody-config --tokens` has it where a tenant speaks ProCONF.
async fn speaking() -> Door {
    let any_audience = "asap_accepted_audiences = { 'jitsi', '*' }\n";
    let door = Door::with(Verifier::Secret(Algorithm::Hs256), any_audience).await;
    for tenant in ["main", "acme"] {
        let all = |dialects: &mut frontdesk::reservation::Dialects| dialects.spoken.extend(Dialect::VARIANTS);
        change_dialect_settings(&door.meet.app, &tenant.parse().unwrap(), all).await.unwrap();
    }
    door
}

async fn answered(app: &Api, path: &str, body: Value) -> Value {
    let answer = app.post(path, body).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.body
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}"))
}

/// A dynamic meeting, and the token of its host, who clicks the link.
async fn jiomeet(door: &Door) -> (String, String, String) {
    let (app, tenant) = (&door.meet.app, "main".parse().unwrap());
    let added = add_app(app, &tenant, "jiomeet".to_owned(), Scopes::usual()).await.unwrap();
    let key = add_signing_key(app, &tenant, "jiomeet", &NewSigningKey::Secret, None).await.unwrap();
    let claims = json!({ "app": added.app.id, "iat": app.clock.now().timestamp() });
    let secret = EncodingKey::from_secret(key.secret.unwrap().expose().as_bytes());
    let token = encode(&Header::default(), &claims, &secret).unwrap();
    let url = &door.meet.frontdesk.url;
    let browser = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let create = browser.request(Method::POST, format!("{url}/api/platform/v1/room"));
    let made = send(create.header("Authorization", token).json(&json!({ "hostToken": true }))).await.body;
    let link = format!("{url}{}?hostToken={}", text(&made, "joinEndpoint"), text(&made, "hostToken"));
    let sent_on = browser.get(link).send().await.unwrap();
    let page = sent_on.url().join(sent_on.headers()["location"].to_str().unwrap()).unwrap();
    let pressed = browser.post(format!("{page}?seen")).send().await.unwrap();
    let entrance = pressed.headers()["location"].to_str().unwrap().to_owned();
    let token = entrance.split("%22").nth(1).unwrap().to_owned();
    (text(&made, "jiomeetId").to_owned(), token, text(&made, "roomPIN").to_owned())
}

/// An alias, and the token of its host.
async fn datagram(door: &Door) -> (String, String) {
    let now = door.meet.app.clock.now().timestamp();
    let body = json!({ "type": "conference", "jwt_secret": "s", "expired_at": now + 3600 });
    let alias = answered(&door.main, "/organization/api/v1/alias/create", body).await;
    let id = text(&alias, "id");
    let claims = json!({ "alias": id, "user_id": "u", "host": true, "iat": now, "expires_in": 60 });
    let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(b"s")).unwrap();
    let found = door.main.with_key(&token).get(&format!("/organization/api/v1/alias/{id}")).await.body;
    (id.to_owned(), text(&found, "token").to_owned())
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_token_of_each_dialect_opens_its_room_and_no_other() {
    let door = speaking().await;
    let metered = |name: &str| json!({ "roomName": name });
    for name in ["meetup", "other"] {
        answered(&door.main, "/api/v1/room", metered(name)).await;
    }
    answered(&door.acme, "/api/v1/room", metered("meetup")).await;
    let one = answered(&door.main, "/api/v1/token", metered("meetup")).await;
    let all = answered(&door.main, "/api/v1/token", json!({ "globalToken": true })).await;
    let role = json!({ "role": "owner", "room": "testRoom", "participantName": "Alex" });
    let owner = answered(&door.main, "/proconfToken", role).await;
    let (alias, of_alias) = datagram(&door).await;
    for (name, token) in
        [("meetup", text(&one, "token")), ("testroom", text(&owner, "data")), (&alias, of_alias.as_str())]
    {
        door.lets_in(token, &room(name)).await;
        door.keeps_out(token, &room("other")).await;
        door.keeps_out(token, &room_of_acme("meetup")).await;
    }
    for name in ["meetup", "other", "testroom", &alias] {
        door.lets_in(text(&all, "token"), &room(name)).await;
    }
    door.keeps_out(text(&all, "token"), &room_of_acme("meetup")).await;
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn the_host_of_a_dynamic_meeting_comes_in_with_its_pin() {
    let door = speaking().await;
    let (number, token, pin) = jiomeet(&door).await;
    answered(&door.main, "/api/v1/room", json!({ "roomName": "other" })).await;
    door.keeps_out(&token, &room("other")).await;
    let mut host = door.login(&token).await;
    let refused = host.join(&room(&number), "host", None).await.unwrap_err();
    assert_eq!(refused.condition, "not-authorized", "it asks for the PIN");
    host.enter(&room(&number), "host", Some(&pin)).await.unwrap();
}

/// Source: `mod_muc_lobby_rooms` hands the room's password to whom the lobby lets by, since 2024. Before, they had to type it.
#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn only_who_has_a_token_walks_into_a_private_room() {
    if !jitsi_has("mod_token_lobby_bypass.lua") {
        return;
    }
    let lobby = std::fs::read_to_string(format!(
        "{}/mod_muc_lobby_rooms.lua",
        std::env::var("JITSI_PLUGINS").unwrap()
    ));
    let hands_password_on = lobby.unwrap().contains("pre-approved");
    let door = speaking().await;
    for (name, may_ask) in [("closed", false), ("knock", true)] {
        let body = json!({ "roomName": name, "privacy": "private", "enableRequestToJoin": may_ask });
        answered(&door.main, "/api/v1/room", body).await;
        let token = answered(&door.main, "/api/v1/token", json!({ "roomName": name })).await;
        let without = door.minted(&format!("/v1/rooms/{name}/tokens"), json!({})).await;
        let mut stranger = door.login(&without).await;
        let refused = stranger.join(&room(name), "stranger", None).await.unwrap_err();
        assert_eq!(refused.condition, "registration-required", "{name}: there is a lobby");
        if may_ask || hands_password_on {
            door.lets_in(text(&token, "token"), &room(name)).await;
            let admin = json!({ "roomName": name, "isAdmin": true });
            door.lets_in(text(&answered(&door.main, "/api/v1/token", admin).await, "token"), &room(name))
                .await;
        } else {
            let mut member = door.login(text(&token, "token")).await;
            let refused = member.join(&room(name), "member", None).await.unwrap_err();
            assert_eq!(refused.condition, "not-authorized", "{name}: an older Jitsi asks for the password");
        }
    }
}
