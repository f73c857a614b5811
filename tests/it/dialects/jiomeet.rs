//! JioMeet's page, line by line.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use frontdesk::actions::add_app::{AddedApp, add_app};
use frontdesk::actions::app_credentials::{NewSigningKey, add_signing_key};
use frontdesk::reservation::{Scope, Scopes};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use reqwest::redirect::Policy;
use serde_json::{Value, json};

use super::{bare, claims, seen, settings, speaking};
use crate::api::client::{Answer, Client, send};
use crate::api::tokens::{RSA, settings as token_settings};
use crate::world::World;

const ROOM: &str = "/api/platform/v1/room";

/// An app that signs with a secret.
struct Signer {
    app: AddedApp,
    secret: EncodingKey,
}

impl Signer {
    async fn of(world: &World, tenant: &str) -> Self {
        Self::with(world, tenant, [Scope::AppointmentsWrite, Scope::TokensMint].into_iter().collect()).await
    }

    async fn with(world: &World, tenant: &str, scopes: Scopes) -> Self {
        let tenant = tenant.parse().unwrap();
        let name = uuid::Uuid::now_v7().to_string();
        let app = add_app(&world.app, &tenant, name.clone(), scopes).await.unwrap();
        let key =
            add_signing_key(&world.app, &tenant, name.as_str(), &NewSigningKey::Secret, None).await.unwrap();
        Self { app, secret: EncodingKey::from_secret(key.secret.unwrap().expose().as_bytes()) }
    }

    /// As the page's programs sign: the library adds when that was.
    fn token(&self, world: &World) -> String {
        self.signed(&json!({ "app": self.app.app.id, "iat": world.clock.now().timestamp() }))
    }

    fn signed(&self, claims: &Value) -> String {
        encode(&Header::default(), claims, &self.secret).unwrap()
    }
}

async fn asked(world: &World, authorization: &str, body: &Value) -> Answer {
    send(bare(world, Method::POST, ROOM).header("Authorization", authorization).json(body)).await
}

async fn made(world: &World, body: Value) -> Value {
    let app = Signer::of(world, "acme").await;
    let answer = asked(world, &app.token(world), &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.body
}

/// The sample of the page.
fn sample() -> Value {
    json!({
        "name": "name of the user creating the meeting",
        "title": "title of the meeting",
        "description": "description for the meeting",
        "hostToken": false,
    })
}

#[tokio::test]
async fn a_room_has_everything_that_the_page_names() {
    let world = speaking().await;
    let room = made(&world, sample()).await;
    let text = |name: &str| room[name].as_str().unwrap_or_else(|| panic!("{name} in {room}"));
    let id = text("jiomeetId");
    assert!(id.len() == 10 && id.bytes().all(|c| c.is_ascii_digit()) && !id.starts_with('0'), "{id}");
    assert!(text("roomPIN").len() >= 6);
    assert_eq!(text("subdomain"), "acme");
    assert_eq!(format!("{}{}", world.url, text("joinEndpoint")), text("guestMeetingLink"));
    assert!(text("joinEndpoint").starts_with("/join/"));
    assert_eq!(text("meetingLink"), text("guestMeetingLink"));
    assert_eq!(room.as_object().unwrap().len(), 6, "there is no host's token unless it is asked for: {room}");
}

#[tokio::test]
async fn a_room_is_booked_for_a_day_and_opens_with_its_pin() {
    let world = speaking().await;
    let room = made(&world, sample()).await;
    let id = room["jiomeetId"].as_str().unwrap();
    let booked = seen(&Client::of(&world, "acme").await, id).await;
    assert_eq!(booked["title"], "title of the meeting");
    assert_eq!(booked["description"], "description for the meeting");
    assert_eq!(booked["participants"][0]["name"], "name of the user creating the meeting");
    assert_eq!(booked["starts"], "2026-12-01T09:00:00Z");
    assert_eq!(booked["ends"], "2026-12-02T09:00:00Z");

    let prosody = world.server("prosody").await;
    let opened = world.ask(&prosody, id).await;
    assert_eq!((opened.status, &opened.body["password"]), (200, &room["roomPIN"]), "{opened:?}");
    assert_eq!(opened.body["duration"], 86_400);
    world.advance(TimeDelta::hours(24));
    assert_eq!(world.ask(&prosody, id).await.reason(), "over");
}

#[tokio::test]
async fn all_of_it_may_be_left_out() {
    let world = speaking().await;
    for body in [json!({}), json!({ "name": "", "title": null, "hostToken": null, "somethingElse": 7 })] {
        let room = made(&world, body).await;
        assert!(room["jiomeetId"].is_string() && room.get("hostToken").is_none(), "{room}");
    }
    let app = Signer::of(&world, "acme").await;
    let nothing = || bare(&world, Method::POST, ROOM).header("Authorization", app.token(&world));
    assert_eq!(send(nothing()).await.status, 200);
    assert_eq!(send(nothing().header("Content-Type", "application/json")).await.status, 200);
}

#[tokio::test]
async fn each_field_has_its_type_and_is_named_where_it_has_another() {
    let world = speaking().await;
    let app = Signer::of(&world, "acme").await;
    for (field, wrong) in [
        ("name", json!(7)),
        ("name", json!("a\nb")),
        ("title", json!(["a"])),
        ("title", json!("x".repeat(501))),
        ("description", json!(false)),
        ("hostToken", json!("true")),
        ("isAutoRecordingEnabled", json!(1)),
    ] {
        let answer = asked(&world, &app.token(&world), &json!({ field: wrong })).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!(400)), "{answer:?}");
        assert!(answer.body["message"].as_str().unwrap().contains(field), "{answer:?}");
    }
    for (body, content_type) in [("{", "application/json"), ("[]", "application/json"), ("{}", "text/plain")]
    {
        let request = bare(&world, Method::POST, ROOM).header("Authorization", app.token(&world));
        let answer = send(request.header("Content-Type", content_type).body(body)).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!(400)), "{body}: {answer:?}");
    }
}

/// Opens a link as a browser does, until it is sent away from here.
async fn click(link: &str) -> Value {
    let browser = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let mut link = link.to_owned();
    for _ in 0..3 {
        let request =
            browser.get(&link).header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
        let answer = request.send().await.unwrap();
        if answer.status() != 303 {
            // The PIN is shown before it can be typed.
            let page = link.split('?').next().unwrap();
            let pressed = browser.post(format!("{page}?seen")).send().await.unwrap();
            let entrance = pressed.headers()["location"].to_str().unwrap().to_owned();
            return claims(&entrance.split("%22").nth(1).unwrap().into());
        }
        link = answer.headers()["location"].to_str().unwrap().to_owned();
    }
    panic!("it goes on for ever");
}

#[tokio::test]
async fn both_links_admit_guests_and_the_host_token_behind_them_a_host() {
    let world = speaking().await;
    let room = made(&world, json!({ "hostToken": true, "name": "Ada" })).await;
    let other = made(&world, json!({ "hostToken": true })).await;
    for name in ["guestMeetingLink", "meetingLink"] {
        let link = room[name].as_str().unwrap();
        let guest = click(link).await;
        assert_eq!(guest["room"], room["jiomeetId"]);
        assert_eq!((&guest["sub"], &guest["context"]["user"]["moderator"]), (&json!("acme"), &json!(false)));
        let host = click(&format!("{link}?hostToken={}", room["hostToken"].as_str().unwrap())).await;
        assert_eq!(host["room"], room["jiomeetId"]);
        assert_eq!(host["context"]["user"]["moderator"], true);
        assert_eq!(host["context"]["user"]["name"], "Ada");
        for wrong in ["letmein", other["hostToken"].as_str().unwrap(), &"a".repeat(26)] {
            let nobody = click(&format!("{link}?hostToken={wrong}")).await;
            assert_eq!(nobody["room"], room["jiomeetId"], "{wrong}");
            assert_eq!(nobody["context"]["user"]["moderator"], false, "{wrong} makes nobody a host here");
        }
    }
}

#[tokio::test]
async fn a_host_may_record_where_that_was_asked_for() {
    let world = speaking().await;
    token_settings(&world, |settings| {
        settings.roles.host.features = Some([("flip".parse().unwrap(), true)].into());
    })
    .await;
    for (wanted, features) in
        [(true, json!({ "flip": true, "recording": true })), (false, json!({ "flip": true }))]
    {
        let room = made(&world, json!({ "hostToken": true, "isAutoRecordingEnabled": wanted })).await;
        let link = format!("{}/join/{}", world.url, room["hostToken"].as_str().unwrap());
        assert_eq!(click(&link).await["context"]["features"], features);
        let guest = click(room["guestMeetingLink"].as_str().unwrap()).await;
        assert_eq!(guest["context"].get("features"), None, "a guest's token is as ever");
    }
}

#[tokio::test]
async fn a_token_is_taken_with_a_scheme_and_without() {
    let world = speaking().await;
    let app = Signer::of(&world, "acme").await;
    let token = app.token(&world);
    for authorization in [token.clone(), format!("Bearer {token}"), format!("bearer {token}")] {
        assert_eq!(asked(&world, &authorization, &json!({})).await.status, 200, "{authorization}");
    }
    let credential = app.app.credential.expose();
    assert_eq!(
        asked(&world, &format!("Bearer {credential}"), &json!({})).await.status,
        200,
        "its credential does as well"
    );
    let without = send(bare(&world, Method::POST, ROOM).json(&sample())).await;
    assert_eq!((without.status, &without.body["code"]), (401, &json!(401)));
    assert!(without.body["message"].is_string(), "{without:?}");
}

#[tokio::test]
async fn a_token_is_good_for_a_day_whether_or_not_it_says_so() {
    let world = speaking().await;
    let app = Signer::of(&world, "acme").await;
    let now = world.clock.now().timestamp();
    let (day, id) = (86_400, app.app.app.id);
    for (claims, status) in [
        (json!({ "app": id }), 401),
        (json!({ "app": id, "iat": now }), 200),
        (json!({ "app": id, "iat": now - day }), 200),
        (json!({ "app": id, "iat": now - day - 31 }), 401),
        (json!({ "app": id, "iat": now + 31 }), 401),
        (json!({ "app": id, "exp": now + 60 }), 200),
        (json!({ "app": id, "exp": now + day + 31 }), 401),
        (json!({ "app": id, "exp": now - 31, "iat": now }), 401),
        (json!({ "app": id, "iat": now, "iss": "anybody", "aud": "jiomeet" }), 200),
        (json!({ "app": id, "iat": now, "nbf": now + 31 }), 401),
        (json!({ "iat": now }), 401),
        (json!({ "app": "your-app-id", "iat": now }), 401),
    ] {
        let answer = asked(&world, &app.signed(&claims), &json!({})).await;
        assert_eq!(answer.status, status, "{claims}: {answer:?}");
    }
    let bare = app.token(&world);
    let elsewhere = Client::of(&world, "acme").await.with_key(&bare).get("/v1/appointments").await;
    assert_eq!(elsewhere.status, 401, "our own API asks for `exp`");
}

#[tokio::test]
async fn the_algorithm_belongs_to_the_app_and_not_to_the_token() {
    let world = speaking().await;
    let app = Signer::of(&world, "acme").await;
    let claims = json!({ "app": app.app.app.id, "iat": world.clock.now().timestamp() });
    let stranger = EncodingKey::from_secret(b"another secret");
    assert_eq!(
        asked(&world, &encode(&Header::default(), &claims, &stranger).unwrap(), &json!({})).await.status,
        401
    );
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(&*RSA));
    let rsa = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token = encode(&Header::new(algorithm), &claims, &app.secret).unwrap();
        assert_eq!(asked(&world, &token, &json!({})).await.status, 401, "{algorithm:?}");
    }
    let token = encode(&Header::new(Algorithm::RS256), &claims, &rsa).unwrap();
    assert_eq!(asked(&world, &token, &json!({})).await.status, 401);
}

#[tokio::test]
async fn an_app_has_no_more_rooms_at_once_than_it_may() {
    let world = speaking().await;
    settings(&world, |dialects| dialects.jiomeet_rooms = Some(2)).await;
    let app = Signer::of(&world, "acme").await;
    let other = Signer::of(&world, "acme").await;
    let token = app.token(&world);
    let nothing = json!({});
    let at_once = futures_util::future::join_all((0..5).map(|_| asked(&world, &token, &nothing))).await;
    let mut statuses: Vec<_> = at_once.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 412, 412, 412]);
    let refused = at_once.iter().find(|answer| answer.status == 412).unwrap();
    assert_eq!(refused.body["code"], 412);
    assert!(refused.body["message"].as_str().unwrap().ends_with(": 2"), "{refused:?}");
    assert_eq!(asked(&world, &other.token(&world), &nothing).await.status, 200, "each app has its own");
    let elsewhere = Client::of(&world, "acme").await.with_key(other.app.credential.expose());
    settings(&world, |dialects| dialects.jiomeet_rooms = Some(1)).await;
    assert_eq!(asked(&world, &other.token(&world), &nothing).await.status, 412);
    world.advance(TimeDelta::hours(24));
    assert_eq!(elsewhere.book("standup", "09:00", "10:00").await.status, 201);
    assert_eq!(asked(&world, &app.token(&world), &nothing).await.status, 200);
    assert_eq!(
        asked(&world, &other.token(&world), &nothing).await.status,
        200,
        "what it books elsewhere does not count"
    );
}

#[tokio::test]
async fn an_app_that_was_revoked_is_nobody() {
    let world = speaking().await;
    let app = Signer::of(&world, "acme").await;
    let name = app.app.app.name.as_str();
    frontdesk::actions::change_app::revoke_app(&world.app, &"acme".parse().unwrap(), name).await.unwrap();
    assert_eq!(asked(&world, &app.token(&world), &json!({})).await.status, 401);
}

#[tokio::test]
async fn a_tenant_with_a_sub_domain_of_its_own_has_it_in_one_of_the_links() {
    let world = speaking().await;
    settings(&world, |dialects| {
        dialects.jiomeet_url = Some("https://myapp.desk.example.org".parse().unwrap());
    })
    .await;
    let room = made(&world, sample()).await;
    assert_eq!(room["subdomain"], "myapp");
    let link = format!("https://myapp.desk.example.org{}", room["joinEndpoint"].as_str().unwrap());
    assert_eq!(room["meetingLink"], link);
    assert!(room["guestMeetingLink"].as_str().unwrap().starts_with(&world.url));
}

#[tokio::test]
async fn an_app_that_may_not_is_told_that_a_precondition_failed() {
    let world = speaking().await;
    for (scopes, missing) in
        [(vec![Scope::TokensMint], "appointments:write"), (vec![Scope::AppointmentsWrite], "tokens:mint")]
    {
        let app = Signer::with(&world, "acme", scopes.into_iter().collect()).await;
        let answer = asked(&world, &app.token(&world), &json!({})).await;
        assert_eq!((answer.status, &answer.body["code"]), (412, &json!(412)), "{answer:?}");
        assert!(answer.body["message"].as_str().unwrap().contains(missing), "{answer:?}");
    }
}
