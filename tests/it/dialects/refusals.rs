//! Whatever goes wrong is said in the dialect's own envelope.

use frontdesk::actions::change_tenant::change_tenant;
use frontdesk::reservation::Dialect;
use reqwest::Method;
use serde_json::{Value, json};
use strum::VariantArray as _;

use super::{app_of, settings, speaking};
use crate::api::client::{Answer, send};

/// A call of each dialect.
const CALLS: [(Dialect, &str); 4] = [
    (Dialect::Jiomeet, "/api/platform/v1/room"),
    (Dialect::Metered, "/api/v1/room"),
    (Dialect::Proconf, "/proconfToken"),
    (Dialect::Datagram, "/organization/api/v1/alias/create"),
];

/// The status, as it is told, and the words.
fn envelope(dialect: Dialect, answer: &Answer) -> (u16, String) {
    let members: Vec<&str> = answer.body.as_object().unwrap().keys().map(String::as_str).collect();
    let (expected, code, words) = match dialect {
        Dialect::Jiomeet => (&["code", "message"][..], &answer.body["code"], &answer.body["message"]),
        Dialect::Metered => (&["success", "message"][..], &Value::Null, &answer.body["message"]),
        Dialect::Proconf => {
            (&["error", "data"][..], &answer.body["error"]["code"], &answer.body["error"]["detail"])
        }
        Dialect::Datagram => (&["message"][..], &Value::Null, &answer.body["message"]),
    };
    assert_eq!(members, expected, "{answer:?}");
    assert!(code.is_null() || *code == answer.status, "{answer:?}");
    (answer.status, words.as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_language_is_spoken_only_where_the_tenant_says_so() {
    let world = speaking().await;
    let app = app_of(&world, "acme").await;
    for (dialect, path) in CALLS {
        settings(&world, |dialects| {
            dialects.spoken = Dialect::VARIANTS.iter().copied().filter(|other| *other != dialect).collect();
        })
        .await;
        let (status, words) = envelope(dialect, &app.post(path, json!({})).await);
        let expected = match dialect {
            Dialect::Jiomeet => 412,
            Dialect::Metered => 403,
            Dialect::Proconf | Dialect::Datagram => 404,
        };
        assert_eq!(status, expected, "{dialect}");
        assert!(words.contains(dialect.title()) || words == "Alias not found", "{words}");
    }
}

#[tokio::test]
async fn a_tenant_that_is_switched_off_is_told_in_each_language() {
    let world = speaking().await;
    let app = app_of(&world, "acme").await;
    change_tenant(&world.app, &"acme".parse().unwrap(), Some(false), |_| {}).await.unwrap();
    let statuses = [412, 403, 401, 404];
    for ((dialect, path), expected) in CALLS.into_iter().zip(statuses) {
        assert_eq!(envelope(dialect, &app.post(path, json!({})).await).0, expected, "{dialect}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_in_each_language() {
    let world = speaking().await;
    let app = app_of(&world, "acme").await;
    for (dialect, path) in CALLS {
        let answer = send(app.request(Method::PUT, path)).await;
        let (expected, allowed) = if dialect == Dialect::Proconf { (404, "") } else { (405, "POST") };
        assert_eq!((envelope(dialect, &answer).0, answer.header("allow")), (expected, allowed), "{dialect}");
        let (status, _) = envelope(dialect, &app.post(&format!("{path}/nothing/at/all"), json!({})).await);
        assert_eq!(status, 404, "{dialect}");
    }
    for (dialect, path) in [
        (Dialect::Jiomeet, "/api/platform"),
        (Dialect::Metered, "/api/v1/"),
        (Dialect::Datagram, "/organization"),
    ] {
        assert_eq!(envelope(dialect, &send(app.request(Method::GET, path)).await).0, 404, "{path}");
    }
}

#[tokio::test]
async fn how_often_an_app_may_still_ask_is_told_in_each_language() {
    let world = speaking().await;
    let app = app_of(&world, "acme").await;
    for (dialect, path) in CALLS {
        let answer = app.post(path, json!({})).await;
        assert!(answer.header("ratelimit").contains("r="), "{dialect}: {answer:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_or_no_json_is_told_in_each_language() {
    let world = speaking().await;
    let app = app_of(&world, "acme").await;
    let too_large = format!("{{\"x\": \"{}\"}}", "x".repeat(8 * 1024 * 1024));
    for (dialect, path) in CALLS {
        for (body, content_type, statuses) in [
            ("{", "application/json", [400, 400, 400, 400]),
            ("[]", "application/json", [400, 400, 400, 400]),
            ("{}", "text/plain", [400, 400, 400, 400]),
            (too_large.as_str(), "application/json", [400, 400, 400, 400]),
        ] {
            let request =
                app.request(Method::POST, path).header("Content-Type", content_type).body(body.to_owned());
            let (status, words) = envelope(dialect, &send(request).await);
            let expected = statuses[CALLS.iter().position(|(one, _)| *one == dialect).unwrap()];
            assert_eq!(status, expected, "{dialect} {}: {words}", &body[..body.len().min(20)]);
        }
    }
}

#[tokio::test]
async fn whoever_keeps_guessing_is_slowed_down_in_each_language() {
    let world = speaking().await;
    let app = app_of(&world, "acme").await.with_key("fd_app_made_up");
    for _ in 0..60 {
        app.post("/proconfToken", json!({})).await;
    }
    for (dialect, path) in CALLS {
        let answer = app.post(path, json!({})).await;
        assert_eq!(envelope(dialect, &answer).0, 429, "{dialect}");
        assert!(!answer.header("retry-after").is_empty(), "{dialect}");
    }
    assert_eq!(
        app_of(&world, "acme").await.post("/api/v1/room", json!({})).await.status,
        200,
        "a good one comes in"
    );
}

#[tokio::test]
async fn a_fault_of_ours_is_told_in_each_language_without_its_cause() {
    let world = speaking().await;
    let app = app_of(&world, "acme").await;
    world.app.db.close().await;
    for (dialect, path) in CALLS {
        let body = json!({ "role": "owner", "room": "a", "participantName": "b" });
        let (status, words) = envelope(dialect, &app.post(path, body).await);
        assert_eq!(status, 500, "{dialect}");
        assert!(!words.contains("sql") && !words.contains("pool"), "{words}");
    }
}
