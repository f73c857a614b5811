//! Who comes in, how often, and what is refused before it is read.

use std::time::Duration;

use actix_web::web::Data;
use frontdesk::reservation::Scope;
use frontdesk::server;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::client::{Client, hours, send};
use crate::rig::{eventually, hands_on};
use crate::world::{World, config};

const PATH: &str = "/v1/appointments";

#[tokio::test]
async fn who_is_not_known_is_told_what_is_wrong_with_the_credential() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let http = reqwest::Client::new();
    let url = format!("{}{PATH}", world.url);
    let server = world.server("prosody").await;
    let headers = [
        None,
        Some("Basic eDp5".to_owned()),
        Some(format!("Bearer {}x", app.key)),
        Some(format!("Bearer {server}")),
        Some("Bearer not.a.token".to_owned()),
    ];
    for header in headers {
        let request = http.get(&url);
        let refused = send(match &header {
            Some(header) => request.header("Authorization", header),
            None => request,
        });
        let refused = refused.await;
        assert_eq!((refused.status, refused.code()), (401, "unauthorized"), "{header:?} {refused:?}");
        assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"frontdesk\"");
    }
}

#[tokio::test]
async fn a_password_is_shown_to_who_may_read_passwords() {
    let world = World::new().await;
    let app = Client::with(&world, "acme", &[Scope::AppointmentsRead, Scope::AppointmentsWrite]).await;
    let mut input = hours("room", "10:00", "11:00");
    input["password"] = json!("open sesame");
    let booked = app.post(PATH, input).await;
    assert_eq!(booked.body["has_password"], true);
    assert!(booked.body.get("password").is_none(), "{booked:?}");
    let reader = Client::with(&world, "acme", &[Scope::AppointmentsRead, Scope::PasswordsRead]).await;
    let path = format!("{PATH}/{}", booked.id());
    assert_eq!(reader.get(&path).await.body["password"], "open sesame");
    let refused = reader.delete(&path).await;
    assert_eq!((refused.status, refused.code()), (403, "insufficient_scope"));
    assert_eq!(refused.body["scope"], "appointments:write");
}

#[tokio::test]
async fn a_path_or_method_that_is_not_there_is_a_problem_too() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    assert_eq!(app.get("/v1/nothing").await.code(), "not_found");
    assert_eq!(app.get(&format!("{PATH}/no-uuid")).await.code(), "not_found");
    let refused = send(app.request(Method::PUT, PATH)).await;
    assert_eq!(
        (refused.status, refused.code(), refused.header("allow")),
        (405, "method_not_allowed", "GET, HEAD, POST")
    );
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let post = |kind: &'static str, body: &'static [u8]| {
        send(app.request(Method::POST, PATH).header("Content-Type", kind).body(body))
    };
    assert_eq!(post("text/plain", b"{}").await.code(), "unsupported_media_type");
    for body in [&b""[..], b"{", b"[]", b"\"x\"", b"{\"room\":\"\xff\"}", b"null"] {
        assert_eq!(post("application/json", body).await.code(), "malformed", "{body:?}");
    }
    let deep = vec![b'['; 200_000].leak();
    assert_eq!(post("application/json", deep).await.code(), "malformed");
    let large = vec![b' '; 8 * 1024 * 1024 + 1].leak();
    assert_eq!(post("application/json", large).await.code(), "body_too_large");
}

/// Sends a booking up to the first byte of its body.
async fn begin_a_body(world: &World, app: &Client) -> TcpStream {
    let address = world.url.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\n\r\n{{",
        app.key
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection
}

#[tokio::test]
async fn who_sends_a_body_too_slowly_is_cut_off() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let mut connection = begin_a_body(&world, &app).await;
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(15), connection.read(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer[..read.expect("not cut off").unwrap()]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body_too_slow"), "{answer}");
}

#[tokio::test]
async fn who_sends_a_body_slowly_has_no_place_before_it_is_here() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let mut slow = Vec::new();
    for _ in 0..8 {
        slow.push(begin_a_body(&world, &app).await);
    }
    sleep(Duration::from_millis(500)).await;
    let listed = timeout(Duration::from_secs(5), app.get(PATH)).await.expect("an answer in time");
    assert_eq!(listed.status, 200, "{listed:?}");
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back_and_conference_servers_never_are() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut config = config().api;
    config.requests_per_minute = 3.try_into().unwrap();
    let serving =
        server::serve(Data::clone(&world.app), listener, None, &config, Duration::from_secs(1)).unwrap();
    let handle = serving.handle();
    tokio::spawn(serving);
    let http = reqwest::Client::new();
    let get = || send(http.get(format!("{url}{PATH}")).bearer_auth(&app.key));
    let first = get().await;
    assert_eq!(first.header("ratelimit-policy"), "\"default\";q=3;w=60");
    assert_eq!(first.header("ratelimit"), "\"default\";r=2;t=20");
    get().await;
    get().await;
    let refused = get().await;
    assert_eq!((refused.status, refused.code()), (429, "rate_limited"));
    assert_eq!(refused.header("ratelimit"), "\"default\";r=0;t=60");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=20).contains(&seconds), "{seconds}");
    let server = world.server("prosody").await;
    for _ in 0..10 {
        let form = [("name", "room"), ("mail_owner", "x@meet.test")];
        let asked =
            http.post(format!("{url}/conference")).bearer_auth(&server).form(&form).send().await.unwrap();
        assert_eq!(asked.status(), 404);
    }
    handle.stop(false).await;
}

#[tokio::test]
async fn who_is_wrong_too_often_is_told_so_and_whoever_is_right_comes_in_from_there() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}{PATH}", listener.local_addr().unwrap());
    let behind = hands_on(&world.options).behind(&["127.0.0.0/8".parse().unwrap()]);
    let stop = Duration::from_secs(1);
    let serving = server::serve(Data::new(behind), listener, None, &config().api, stop).unwrap();
    let handle = serving.handle();
    tokio::spawn(serving);
    let http = reqwest::Client::new();
    let ask = async |key: &str, address: &str| {
        send(http.get(&url).bearer_auth(key).header("X-Forwarded-For", address)).await
    };
    // It takes half a minute of them to make the second half.
    let answers = join_all((0..90).map(|n| {
        let key = if n % 2 == 0 { format!("fd_app_{n}") } else { format!("not.a.token{n}") };
        async move { ask(&key, "203.0.113.9").await }
    }));
    let (refused, wrong): (Vec<_>, Vec<_>) =
        answers.await.into_iter().partition(|answer| answer.status == 429);
    assert!(wrong.len() >= 60 && !refused.is_empty(), "{} and {}", wrong.len(), refused.len());
    assert!(wrong.iter().all(|answer| answer.code() == "unauthorized"), "{wrong:?}");
    for refused in refused {
        assert_eq!((refused.code(), refused.header("retry-after")), ("rate_limited", "1"), "{refused:?}");
    }
    assert_eq!(ask(&app.key, "203.0.113.9").await.status, 200, "a good one is never in the way of bad ones");
    assert_eq!(ask("fd_app_x", "203.0.113.10").await.status, 401, "somebody else");
    // Who says nothing tries nothing.
    let nothing = async || http.get(&url).header("X-Forwarded-For", "203.0.113.11").send().await.unwrap();
    for answer in join_all((0..90).map(|_| nothing())).await {
        assert_eq!(answer.status(), 401);
    }
    assert_eq!(ask("fd_app_x", "203.0.113.11").await.status, 401);
    handle.stop(false).await;
}

#[tokio::test]
async fn web_pages_may_call_from_the_origins_that_are_allowed() {
    let world = World::new().await;
    let http = reqwest::Client::new();
    let preflight = async |origin: &str| {
        let request = http.request(Method::OPTIONS, format!("{}{PATH}", world.url)).header("Origin", origin);
        let request = request.header("Access-Control-Request-Method", "PATCH");
        request.header("Access-Control-Request-Headers", "authorization,if-match").send().await.unwrap()
    };
    let allowed = preflight("https://app.example.org").await;
    assert_eq!(allowed.status(), 200);
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://app.example.org");
    let refused = preflight("https://evil.example.org").await;
    assert!(refused.headers().get("access-control-allow-origin").is_none());
    // An error, too, can be read by the page.
    let request = http.get(format!("{}{PATH}", world.url)).header("Origin", "https://app.example.org");
    let refused = send(request).await;
    assert_eq!(
        (refused.status, refused.header("access-control-allow-origin")),
        (401, "https://app.example.org")
    );
}

#[tokio::test]
async fn a_body_is_not_read_before_it_is_known_that_the_app_may_send_it() {
    let world = World::new().await;
    let app = Client::with(&world, "acme", &[Scope::AppointmentsRead]).await;
    let refused =
        send(app.request(Method::POST, PATH).header("Content-Type", "text/plain").body("no JSON")).await;
    assert_eq!((refused.status, refused.code()), (403, "insufficient_scope"));
}

#[tokio::test]
async fn a_tenant_whose_apps_ask_for_much_leaves_connections_for_others() {
    let world = World::new().await;
    world.tenant("other", |_| {}).await;
    let (busy, other) = (Client::of(&world, "acme").await, Client::of(&world, "other").await);
    let mut db = PgConnection::connect_with(&world.options).await.unwrap();
    let mut looking = PgConnection::connect_with(&world.options).await.unwrap();
    let mut held = db.begin().await.unwrap();
    // Nobody can write then, and everybody read.
    sqlx::query("LOCK TABLE appointments IN EXCLUSIVE MODE").execute(&mut *held).await.unwrap();
    let rooms: Vec<String> = (0..20).map(|room| format!("room-{room}")).collect();
    let bookings = join_all(rooms.iter().map(|room| busy.book(room, "10:00", "11:00")));
    let of_other = async {
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually("they wait", async || {
            // Not in the transaction: what is going on would be looked at once in it.
            let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&mut looking).await.unwrap();
            waiting >= 2
        })
        .await;
        let listed = timeout(Duration::from_secs(2), other.get(PATH)).await.expect("an answer in time");
        assert_eq!(listed.status, 200, "{listed:?}");
        held.rollback().await.unwrap();
    };
    let (booked, ()) = tokio::join!(bookings, of_other);
    assert!(booked.iter().all(|answer| answer.status == 201), "{booked:?}");
}
