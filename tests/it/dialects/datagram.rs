//! Datagram's page, line by line.

use chrono::TimeDelta;
use frontdesk::reservation::Scope;
use jsonwebtoken::{EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};

use super::{app_of, bare, claims, seen, speaking};
use crate::api::client::{Answer, Client, send};
use crate::world::World;

const CREATE: &str = "/organization/api/v1/alias/create";
const SECRET: &str = "your-secure-secret";

/// The sample of the page, which ends a year after the page's own end.
fn sample() -> Value {
    json!({ "type": "conference", "name": "Private Alias Name", "jwt_secret": SECRET, "expired_at": 1_796_122_800 })
}

async fn made(world: &World, changes: Value) -> Value {
    let mut body = sample();
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let answer = app_of(world, "acme").await.post(CREATE, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

fn id(alias: &Value) -> &str {
    alias["id"].as_str().unwrap()
}

fn signed(secret: &str, claims: &Value) -> String {
    encode(&Header::default(), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

/// A token for an alias, as the page has it.
fn token(world: &World, id: &str, host: bool) -> String {
    let iat = world.clock.now().timestamp();
    signed(
        SECRET,
        &json!({ "alias": id, "user_id": "user789xyz", "host": host, "iat": iat, "expires_in": 3600 }),
    )
}

async fn asked(world: &World, id: &str, authorization: &str) -> Answer {
    let request = bare(world, Method::GET, &format!("/organization/api/v1/alias/{id}"));
    send(request.header("authorization", authorization)).await
}

async fn found(world: &World, id: &str, host: bool) -> Value {
    let answer = asked(world, id, &format!("Bearer {}", token(world, id, host))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.body
}

#[tokio::test]
async fn an_alias_has_everything_that_the_page_names() {
    let world = speaking().await;
    let alias = made(&world, json!({})).await;
    assert!(id(&alias).len() == 16 && id(&alias).starts_with("alias_"), "{alias}");
    let mut expected = json!({
        "id": alias["id"], "type": "conference", "name": "Private Alias Name", "passcode": null, "jwt_secret": SECRET,
        "stream_key": null, "expired_at": 1_796_122_800,
    });
    expected["data"] = expected.clone();
    assert_eq!(alias, expected);
    let live = made(&world, json!({ "type": "live", "passcode": "Pr0d!2024", "name": null })).await;
    assert_eq!(live["stream_key"], format!("live_{}", &id(&live)[6..]));
    assert_eq!(
        (&live["passcode"], &live["name"], &live["type"]),
        (&json!("Pr0d!2024"), &Value::Null, &json!("live"))
    );
}

#[tokio::test]
async fn an_alias_is_a_room_for_as_long_as_it_is_valid() {
    let world = speaking().await;
    let alias = made(&world, json!({ "passcode": "Pr0d!2024" })).await;
    let booked = seen(&Client::of(&world, "acme").await, id(&alias)).await;
    assert_eq!(booked["title"], "Private Alias Name");
    assert_eq!(
        (&booked["starts"], &booked["ends"]),
        (&json!("2026-12-01T09:00:00Z"), &json!("2026-12-01T11:00:00Z"))
    );
    let prosody = world.server("prosody").await;
    let opened = world.ask(&prosody, id(&alias)).await;
    assert_eq!(
        (&opened.body["password"], &opened.body["duration"]),
        (&json!("Pr0d!2024"), &json!(7200)),
        "{opened:?}"
    );
    world.advance(TimeDelta::hours(2));
    assert_eq!(world.ask(&prosody, id(&alias)).await.reason(), "over");
}

#[tokio::test]
async fn who_has_a_token_by_its_secret_is_given_the_alias_and_a_room_token() {
    let world = speaking().await;
    let alias = made(&world, json!({ "passcode": "Pr0d!2024" })).await;
    for host in [true, false] {
        let got = found(&world, id(&alias), host).await;
        for (name, value) in [
            ("alias", &alias["id"]),
            ("status", &json!("active")),
            ("type", &json!("conference")),
            ("name", &json!("Private Alias Name")),
            ("passcode", &json!("Pr0d!2024")),
            ("stream_key", &Value::Null),
            ("expired_at", &json!(1_796_122_800)),
        ] {
            assert_eq!(&got[name], value, "{name} in {got}");
        }
        let token = got["token"].as_str().unwrap();
        assert_eq!(got["join_url"], format!("https://meet.example.org/acme/{}?jwt={token}", id(&alias)));
        let said = claims(&got["token"]);
        assert_eq!(
            (&said["room"], &said["sub"], &said["exp"]),
            (&alias["id"], &json!("acme"), &json!(1_796_122_800))
        );
        assert_eq!(said["context"]["user"]["id"], "user789xyz");
        assert_eq!(said["context"]["user"]["moderator"], host);
    }
}

#[tokio::test]
async fn a_room_token_is_good_until_the_alias_expires_and_for_a_week_at_the_most() {
    let world = speaking().await;
    let now = world.clock.now().timestamp();
    for (lasts, expected) in [(86_400, 86_400), (30 * 86_400, 7 * 86_400)] {
        let alias = made(&world, json!({ "expired_at": now + lasts })).await;
        let anybody = signed(SECRET, &json!({ "alias": alias["id"], "exp": now + 60 }));
        for token in [anybody, token(&world, id(&alias), true)] {
            let found = asked(&world, id(&alias), &token).await;
            assert_eq!(claims(&found.body["token"])["exp"], now + expected, "{found:?}");
        }
    }
}

#[tokio::test]
async fn whoever_guesses_a_secret_is_soon_not_told_whether_it_was_the_right_one() {
    let world = speaking().await;
    let alias = made(&world, json!({})).await;
    let wrong = signed("wrong", &json!({ "alias": alias["id"], "exp": world.clock.now().timestamp() + 60 }));
    let mut statuses = Vec::new();
    // Sixty are free, and one more each second that this takes.
    while statuses.len() < 300 && statuses.last() != Some(&429) {
        statuses.push(asked(&world, id(&alias), &wrong).await.status);
    }
    assert_eq!((statuses[0], statuses.contains(&429)), (401, true), "{statuses:?}");
    let mut barred = asked(&world, id(&alias), &token(&world, id(&alias), true)).await;
    // A second later one more guess is free, so whether it was barred takes a wrong one just before.
    for _ in 0..5 {
        if barred.status == 429 {
            break;
        }
        asked(&world, id(&alias), &wrong).await;
        barred = asked(&world, id(&alias), &token(&world, id(&alias), true)).await;
    }
    assert_eq!((barred.status, barred.body["error"].is_string()), (429, true), "{barred:?}");
    assert_eq!(barred.body.as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn only_hosts_are_seen_of_what_is_live() {
    let world = speaking().await;
    let alias = made(&world, json!({ "type": "live" })).await;
    let viewer = claims(&found(&world, id(&alias), false).await["token"]);
    assert_eq!(
        (&viewer["frontdesk"]["role"], &viewer["context"]["features"]),
        (&json!("observer"), &json!({}))
    );
    assert_eq!(claims(&found(&world, id(&alias), true).await["token"])["frontdesk"]["role"], "host");
}

#[tokio::test]
async fn an_alias_that_has_expired_or_was_cancelled_says_so_and_lets_nobody_in() {
    let world = speaking().await;
    let (over, cancelled) = (made(&world, json!({})).await, made(&world, json!({})).await);
    let app = Client::of(&world, "acme").await;
    let booked = seen(&app, id(&cancelled)).await;
    let request =
        app.request(Method::DELETE, &format!("/v1/appointments/{}", booked["id"].as_str().unwrap()));
    assert_eq!(send(request.header("If-Match", "*")).await.status, 200);
    assert_eq!(found(&world, id(&over), true).await["status"], "active");
    for alias in [&cancelled, &over] {
        let got = found(&world, id(alias), true).await;
        assert_eq!(
            (&got["status"], &got["token"], &got["join_url"]),
            (&json!("expired"), &Value::Null, &Value::Null)
        );
        world.advance(TimeDelta::hours(2));
    }
}

#[tokio::test]
async fn nobody_is_given_an_alias_without_a_good_token_for_it() {
    let world = speaking().await;
    let (alias, other) = (made(&world, json!({})).await, made(&world, json!({ "jwt_secret": "x" })).await);
    let (alias, other) = (id(&alias), id(&other));
    let good = token(&world, alias, true);
    assert_eq!(asked(&world, alias, &good).await.status, 200, "the scheme may be missing");
    assert_eq!(
        asked(&world, alias, &format!("Bearer{good}")).await.status,
        200,
        "as one of the page's examples has it"
    );
    let iat = world.clock.now().timestamp();
    let claims = json!({ "alias": alias, "user_id": "u", "host": true, "iat": iat, "expires_in": 60 });
    let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
    for authorization in [
        String::new(),
        "Bearer".into(),
        "Bearer x".into(),
        format!("Bearer {unsigned}"),
        format!("Bearer {}", signed("another", &claims)),
        format!("Bearer {}", token(&world, other, true)),
        format!("Bearer {}", signed(SECRET, &json!({ "alias": alias, "user_id": "u" }))),
        format!("Bearer {}", signed(SECRET, &json!({ "alias": alias, "exp": iat - 31 }))),
        format!(
            "Bearer {}",
            signed(SECRET, &json!({ "alias": alias, "exp": iat + 60, "user_id": "x".repeat(201) }))
        ),
        format!("Bearer {}", app_of(&world, "acme").await.key),
    ] {
        let refused = asked(&world, alias, &authorization).await;
        assert_eq!(
            (refused.status, &refused.body),
            (401, &json!({ "error": "unauthorized" })),
            "{authorization}"
        );
    }
    let refused = asked(&world, other, &format!("Bearer {}", signed(SECRET, &claims))).await;
    assert_eq!(refused.status, 401, "a token is for one alias");
    for unknown in ["alias_0000000000", "alias123abc", "x", "%00"] {
        let missing = asked(&world, unknown, &format!("Bearer {good}")).await;
        assert_eq!(
            (missing.status, &missing.body),
            (404, &json!({ "error": "Alias not found" })),
            "{unknown}"
        );
    }
}

#[tokio::test]
async fn each_field_has_its_type_and_is_named_where_it_has_another() {
    let world = speaking().await;
    let app = app_of(&world, "acme").await;
    for (field, wrong) in [
        ("type", Value::Null),
        ("type", json!("webinar")),
        ("type", json!(1)),
        ("name", json!(7)),
        ("passcode", json!("")),
        ("passcode", json!(7)),
        ("jwt_secret", Value::Null),
        ("jwt_secret", json!("")),
        ("jwt_secret", json!("x".repeat(257))),
        ("jwt_secret", json!(["x"])),
        ("expired_at", Value::Null),
        ("expired_at", json!("1737456308")),
        ("expired_at", json!(1_737_456_308)),
        ("expired_at", json!(1_796_122_800_000_i64)),
        ("expired_at", json!(1_796_122_800.5)),
    ] {
        let mut body = sample();
        body[field] = wrong;
        let answer = app.post(CREATE, body.clone()).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert!(answer.body["message"].as_str().unwrap().contains(field), "{answer:?}");
        assert_eq!(answer.body.as_object().unwrap().len(), 1);
    }
    for secret in ["s".to_owned(), "ü".repeat(128)] {
        assert_eq!(made(&world, json!({ "jwt_secret": secret })).await["jwt_secret"], secret);
    }
}

#[tokio::test]
async fn nobody_makes_an_alias_without_a_credential() {
    let world = speaking().await;
    for request in
        [bare(&world, Method::POST, CREATE), bare(&world, Method::POST, CREATE).bearer_auth("fd_app_wrong")]
    {
        let refused = send(request.json(&sample())).await;
        assert_eq!((refused.status, &refused.body), (401, &json!({ "message": "UNAUTHORIZED" })));
    }
    for (scopes, missing) in
        [([Scope::TokensMint], "appointments:write"), ([Scope::AppointmentsWrite], "tokens:mint")]
    {
        let refused = Client::with(&world, "acme", &scopes).await.post(CREATE, sample()).await;
        assert_eq!(refused.status, 403);
        assert!(refused.body["message"].as_str().unwrap().contains(missing), "{refused:?}");
    }
}

#[tokio::test]
async fn a_secret_is_sealed_where_it_lies() {
    let world = speaking().await;
    made(&world, json!({ "jwt_secret": "a secret that is looked for" })).await;
    let blob: Vec<u8> = sqlx::query_scalar("SELECT secret FROM aliases").fetch_one(world.db()).await.unwrap();
    assert!(!String::from_utf8_lossy(&blob).contains("looked for"));
    assert!(blob.len() > 60);
}
