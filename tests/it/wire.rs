//! Bytes as Prosody sends them, against the bytes of the answers.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::TimeDelta;
use frontdesk::actions::add_app::add_app;
use frontdesk::reservation::wording::Language;
use frontdesk::reservation::{Scopes, ServerState};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::World;

const FORM: &str = "application/x-www-form-urlencoded";

/// The body of an ask, its fields in the one order and in the other.
const STANDUP: &str = "name=standup&mail_owner=abc%40meet.test&start_time=2026-12-01T08%3a59%3a59.000Z";
const STANDUP_TURNED: &str =
    "start_time=2026-12-01T08%3a59%3a59.000Z&mail_owner=abc%40meet.test&name=standup";

/// An answer as [`normal`] gives it.
macro_rules! golden {
    ($name:literal) => {
        include_str!(concat!("goldens/", $name, ".http")).trim_end()
    };
}

/// Sends bytes, and reads until the other side closes.
pub async fn exchange(world: &World, request: impl AsRef<[u8]>) -> Vec<u8> {
    let exchanged = async {
        let mut stream = TcpStream::connect(&world.url["http://".len()..]).await.unwrap();
        stream.write_all(request.as_ref()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    };
    tokio::time::timeout(Duration::from_secs(10), exchanged).await.expect("an answer, and then the end")
}

/// A request as Prosody 0.12 writes it, with a credential and a body where there are any.
pub fn request(line: &str, credential: Option<&str>, body: Option<(&str, &[u8])>) -> Vec<u8> {
    let mut head = format!("{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Prosody (0.12.3; posix)\r\n");
    if let Some(credential) = credential {
        write!(head, "Authorization: Bearer {credential}\r\n").unwrap();
    }
    if let Some((kind, body)) = body {
        write!(head, "Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len()).unwrap();
    }
    head.push_str("Connection: close\r\n\r\n");
    [head.as_bytes(), body.map_or(&[], |(_, body)| body)].concat()
}

/// What Prosody sends when a room is first joined.
pub fn ask(credential: &str, body: &str) -> Vec<u8> {
    request("POST /conference", Some(credential), Some((FORM, body.as_bytes())))
}

/// Head and body of an answer. The head ends its lines with CR LF, and here with LF.
fn parts(answer: &[u8]) -> (String, String) {
    let text = std::str::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no end of the head: {text:?}"));
    let lines: Vec<_> = head.split("\r\n").collect();
    assert!(lines.iter().all(|line| !line.contains(['\r', '\n'])), "{head:?}");
    (lines.join("\n"), body.to_owned())
}

/// The body of an answer.
pub fn body(answer: &[u8]) -> Value {
    let (head, body) = parts(answer);
    serde_json::from_str(&body).unwrap_or_else(|_| panic!("not JSON: {head}\n\n{body}"))
}

/// The status of an answer.
pub fn status(answer: &[u8]) -> u16 {
    let text = String::from_utf8_lossy(answer);
    text.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{text:?}"))
}

/// The whole answer, without what differs each time: ids, the date, the order of the headers.
pub fn normal(answer: &[u8]) -> String {
    let (head, mut body) = parts(answer);
    let hide = |line: &str| match line.split_once(": ") {
        Some((name @ ("date" | "x-request-id"), _)) => format!("{name}: …"),
        _ => line.to_owned(),
    };
    let mut lines: Vec<_> = head.lines().map(hide).collect();
    lines[1..].sort_unstable();
    for field in ["\"id\":\"", "\"conflict_id\":\""] {
        if let Some(at) = body.find(field).map(|at| at + field.len()) {
            let length = body[at..].find('"').unwrap();
            assert_eq!(length, 43, "an id is 32 bytes in base64url: {body}");
            body.replace_range(at..at + length, "…");
        }
    }
    format!("{}\n\n{body}", lines.join("\n"))
}

/// A refusal that everybody can read: a 4xx, and a JSON object with a string `message`.
fn assert_refused(answer: &[u8], expected: u16, what: &str) {
    assert_eq!(status(answer), expected, "{what}");
    let (head, text) = parts(answer);
    assert!(head.contains("content-type: application/json"), "{what}: {head}");
    let body: Value =
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{what}: not JSON: {head}\n\n{text}"));
    assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()), "{what}: {body}");
}

async fn standup(world: &World) -> String {
    world
        .book_with("standup", 0, 60, |booking| {
            booking.password = Some("geheim".parse().unwrap());
            booking.lobby = true;
            booking.max_occupants = Some(12);
        })
        .await;
    world.server("one").await
}

#[tokio::test]
async fn a_grant_says_everything_whatever_the_order_of_the_fields_and_a_delete_ends_it() {
    let world = World::new().await;
    let server = standup(&world).await;
    for fields in [STANDUP, STANDUP_TURNED] {
        let granted = exchange(&world, ask(&server, fields)).await;
        assert_eq!(normal(&granted), golden!("grant"));
        let line = format!("DELETE /conference/{}", body(&granted)["id"].as_str().unwrap());
        let released = exchange(&world, request(&line, Some(&server), None)).await;
        assert_eq!(
            normal(&released),
            "HTTP/1.1 204 No Content\nconnection: close\ndate: …\nx-request-id: …\n\n"
        );
    }
}

#[tokio::test]
async fn options_that_a_room_does_not_have_are_left_out() {
    let world = World::new().await;
    let server = world.server("one").await;
    world.book("standup", 0, 60).await;
    let granted = exchange(&world, ask(&server, STANDUP)).await;
    assert_eq!(normal(&granted), golden!("bare-grant"));
}

#[tokio::test]
async fn a_conflict_names_the_conference_and_reading_it_gives_the_grant_again() {
    let world = World::new().await;
    let server = standup(&world).await;
    let granted = exchange(&world, ask(&server, STANDUP)).await;
    world.advance(TimeDelta::milliseconds(62_345));

    let conflict = exchange(&world, ask(&server, STANDUP)).await;
    assert_eq!(normal(&conflict), golden!("conflict"));
    let id = body(&conflict)["conflict_id"].as_str().unwrap().to_owned();
    let read = exchange(&world, request(&format!("GET /conference/{id}"), Some(&server), None)).await;
    assert_eq!(normal(&read), golden!("grant"));
    assert_eq!(parts(&read).1, parts(&granted).1);
}

#[tokio::test]
async fn a_refusal_is_told_in_the_language_of_the_tenant() {
    let world = World::new().await;
    let server = world.server("one").await;
    let refused = exchange(&world, ask(&server, STANDUP)).await;
    assert_eq!(normal(&refused), golden!("unknown-room"));
    world.policy(|policy| policy.language = Language::De).await;
    world.book("standup", 60, 120).await;
    let refused = exchange(&world, ask(&server, STANDUP)).await;
    assert_eq!(normal(&refused), golden!("too-early"));
}

#[tokio::test]
async fn the_same_is_answered_to_json_to_a_charset_and_to_doubled_slashes() {
    let world = World::new().await;
    let server = standup(&world).await;
    let json = r#"{"start_time":"2026-12-01T08:59:59.000Z","mail_owner":"abc@meet.test","name":"standup"}"#;
    let ways = [
        ("POST /conference", "application/json", json),
        ("POST /conference", "application/json; charset=utf-8", json),
        ("POST /conference", "application/x-www-form-urlencoded; charset=utf-8", STANDUP),
        ("POST /conference", "Application/X-WWW-Form-Urlencoded", STANDUP),
        ("POST //conference", FORM, STANDUP),
        ("POST /conference/", FORM, STANDUP),
    ];
    for (line, kind, fields) in ways {
        let granted = exchange(&world, request(line, Some(&server), Some((kind, fields.as_bytes())))).await;
        assert_eq!(normal(&granted), golden!("grant"), "{line} {kind}");
        let path = format!("//conference/{}", body(&granted)["id"].as_str().unwrap());
        let read = exchange(&world, request(&format!("GET {path}"), Some(&server), None)).await;
        assert_eq!(normal(&read), golden!("grant"), "{path}");
        let released = exchange(&world, request(&format!("DELETE {path}"), Some(&server), None)).await;
        assert_eq!(status(&released), 204, "{path}");
    }
}

#[tokio::test]
async fn whoever_has_no_good_credential_of_a_server_is_refused_alike() {
    let world = World::new().await;
    let server = standup(&world).await;
    let granted = exchange(&world, ask(&server, STANDUP)).await;
    let conference = format!("/conference/{}", body(&granted)["id"].as_str().unwrap());
    let revoked = world.server("two").await;
    world.server_is("two", ServerState::Revoked).await;
    let app =
        add_app(&world.app, &"acme".parse().unwrap(), "calendar".into(), Scopes::usual()).await.unwrap();
    let mut wrong = server.clone();
    wrong.replace_range(10..12, if wrong[10..12] == *"AA" { "BB" } else { "AA" });

    for credential in
        [None, Some(""), Some("x"), Some(&*wrong), Some(app.credential.expose()), Some(&*revoked)]
    {
        let fields = Some((FORM, STANDUP.as_bytes()));
        for (line, fields) in [
            ("POST /conference".to_owned(), fields),
            (format!("GET {conference}"), None),
            (format!("DELETE {conference}"), None),
        ] {
            let refused = exchange(&world, request(&line, credential, fields)).await;
            assert_eq!(normal(&refused), golden!("unauthorized"), "{line} {credential:?}");
        }
    }
    assert_eq!(status(&exchange(&world, ask(&server, STANDUP)).await), 409, "it is still open");
}

#[tokio::test]
async fn a_path_or_a_conference_that_is_not_there_is_told_in_words() {
    let world = World::new().await;
    world.tenant("other", |_| {}).await;
    let (server, other) = (standup(&world).await, world.server_for("two", "other", &[], false).await);
    let granted = exchange(&world, ask(&server, STANDUP)).await;
    let id = body(&granted)["id"].as_str().unwrap().to_owned();
    let unknown = format!("{}AAAA", &id[..39]);

    let nobody: &[(&str, &str, &str)] = &[
        ("GET", "/", &server),
        ("POST", "/conferences", &server),
        ("GET", "/conference/a/b", &server),
        ("GET", "/conference/nonsense", &server),
        ("DELETE", "/conference/nonsense", &server),
        ("GET", &format!("/conference/{unknown}"), &server),
        ("DELETE", &format!("/conference/{unknown}"), &server),
        ("GET", &format!("/conference/{id}x"), &server),
        ("GET", &format!("/conference/{id}"), &other),
        ("DELETE", &format!("/conference/{id}"), &other),
    ];
    for (method, path, credential) in nobody {
        let line = format!("{method} {path}");
        let answer = exchange(&world, request(&line, Some(credential), None)).await;
        assert_refused(&answer, 404, &line);
        assert_eq!(body(&answer)["reason"], "not_found", "{line}");
    }
}

#[tokio::test]
async fn an_id_that_is_not_text_is_told_in_words() {
    let world = World::new().await;
    let server = world.server("one").await;
    for line in ["GET /conference/%ff", "DELETE /conference/%ff%fe", "GET /conference/%00", "GET /%ff"] {
        assert_refused(&exchange(&world, request(line, Some(&server), None)).await, 404, line);
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_told_in_words() {
    let world = World::new().await;
    let server = world.server("one").await;
    let cases = [
        ("/conference", &["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"][..]),
        ("/conference/nonsense", &["POST", "PUT", "PATCH", "OPTIONS", "BREW"]),
    ];
    for (path, methods) in cases {
        for line in methods.iter().map(|method| format!("{method} {path}")) {
            assert_refused(&exchange(&world, request(&line, Some(&server), None)).await, 405, &line);
        }
    }
}

#[tokio::test]
async fn a_method_that_the_paths_of_operators_do_not_have_is_told_in_words() {
    let world = World::new().await;
    for path in ["/livez", "/readyz", "/metrics"] {
        let line = format!("POST {path}");
        assert_refused(&exchange(&world, request(&line, None, None)).await, 405, &line);
    }
}

#[tokio::test]
async fn a_request_that_can_not_be_taken_is_refused_with_a_reason_and_opens_nothing() {
    let world = World::new().await;
    world.policy(|policy| policy.unscheduled.allow = true).await;
    let server = world.server("one").await;
    let long = |bytes: usize| format!("name={}", "x".repeat(bytes)).into_bytes();
    let owner = |bytes: usize| format!("name=x&mail_owner={}", "o".repeat(bytes)).into_bytes();
    let deep = [&b"{\"name\":"[..], &b"[".repeat(4000)].concat();
    let json = "application/json";
    let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        (FORM, long(17 * 1024), 413, "body_too_large"),
        (json, long(17 * 1024), 413, "body_too_large"),
        ("text/plain", b"name=x".into(), 415, "unsupported_type"),
        ("multipart/form-data; boundary=x", b"--x--".into(), 415, "unsupported_type"),
        ("", b"name=x".into(), 415, "unsupported_type"),
        (FORM, b"name=%ff".into(), 400, "malformed"),
        (FORM, b"name=\xff".into(), 400, "malformed"),
        (FORM, b"name=x&mail_owner=%c3".into(), 400, "malformed"),
        (FORM, b"name=x&name=y".into(), 400, "malformed"),
        (FORM, b"name=x&mail_owner=a&mail_owner=b".into(), 400, "malformed"),
        (FORM, b"".into(), 400, "name_missing"),
        (FORM, b"mail_owner=x".into(), 400, "name_missing"),
        (FORM, b"name=".into(), 400, "name_missing"),
        (FORM, b"name".into(), 400, "name_missing"),
        (FORM, long(1024), 400, "bad_name"),
        (FORM, owner(3072), 400, "bad_owner"),
        (FORM, b"name=x&mail_owner=a%00b".into(), 400, "bad_owner"),
        (FORM, b"name=a%00b".into(), 400, "bad_name"),
        (FORM, b"name=%2500".into(), 400, "bad_name"),
        (FORM, b"name=+".into(), 400, "bad_name"),
        (FORM, b"name=%5bno+tenant%5dx".into(), 400, "bad_name"),
        (json, b"".into(), 400, "malformed"),
        (json, b"{".into(), 400, "malformed"),
        (json, b"null".into(), 400, "malformed"),
        (json, br#""x""#.into(), 400, "malformed"),
        (json, br#"{"name":1}"#.into(), 400, "malformed"),
        (json, br#"{"name":"\ud800"}"#.into(), 400, "malformed"),
        (json, b"{\"name\":\"\xff\"}".into(), 400, "malformed"),
        (json, br#"{"name":"x","name":"y"}"#.into(), 400, "malformed"),
        (json, deep, 400, "malformed"),
        (json, b"{}".into(), 400, "name_missing"),
        (json, br#"{"name":null}"#.into(), 400, "name_missing"),
        (json, br#"{"name":""}"#.into(), 400, "name_missing"),
    ];
    let mut wrong = String::new();
    for (kind, fields, expected, reason) in cases {
        let what = format!("{kind}: {:.60}", String::from_utf8_lossy(&fields));
        let answer =
            exchange(&world, request("POST /conference", Some(&server), Some((kind, &fields)))).await;
        if status(&answer) != expected || body(&answer)["reason"] != reason {
            writeln!(wrong, "{what}: {} {}", status(&answer), body(&answer)).unwrap();
            continue;
        }
        assert_refused(&answer, expected, &what);
    }
    assert_eq!(wrong, "");
    assert_eq!(world.open_rows().await, 0);

    for fields in [long(1023), owner(3071)] {
        let answer =
            exchange(&world, request("POST /conference", Some(&server), Some((FORM, &fields)))).await;
        assert_eq!(status(&answer), 200, "the longest that there may be: {}", body(&answer));
    }
}

#[tokio::test]
async fn a_json_array_is_not_taken_for_the_fields() {
    let world = World::new().await;
    world.policy(|policy| policy.unscheduled.allow = true).await;
    let server = world.server("one").await;
    let array = Some(("application/json", &br#"["x","o"]"#[..]));
    assert_refused(
        &exchange(&world, request("POST /conference", Some(&server), array)).await,
        400,
        "an array",
    );
}
