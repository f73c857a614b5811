//! Feeds: calendars that others subscribe to. It is nine o'clock on Tuesday, 1 December 2026.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::actions::feeds::add_feed;
use frontdesk::credential::{Credential, CredentialKind};
use frontdesk::reservation::{FeedOf, Policy};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::calendars::{dates, read, tuesdays};
use super::client::Client;
use crate::rig::{Setup, hands_on};
use crate::world::{World, database};

/// What came back.
#[derive(Debug)]
struct Fetched {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Fetched {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// When something takes place, in the next year.
    fn starts(&self, world: &World) -> Vec<String> {
        assert_eq!(self.status, 200, "{self:?}");
        let until = world.clock.now() + TimeDelta::days(365);
        let dates = dates(&read(&self.text), DateTime::UNIX_EPOCH, until);
        dates.iter().map(|at: &DateTime<Utc>| at.format("%m-%d %H:%M").to_string()).collect()
    }
}

async fn fetch(url: &str) -> Fetched {
    fetched(reqwest::Client::new().get(url)).await
}

async fn fetched(request: reqwest::RequestBuilder) -> Fetched {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Fetched { status, headers, text: response.text().await.unwrap() }
}

/// Makes a feed, and gives where it is read.
async fn feed(world: &World, app: &Client, of: Value) -> String {
    let mut body = json!({ "label": "Consultations" });
    body.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
    let made = app.post("/v1/feeds", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let url = made.body["url"].as_str().unwrap();
    let start = format!("{}/feeds/fd_feed_", world.url);
    assert!(url.starts_with(&start) && url.strip_suffix(".ics").is_some(), "{url}");
    url.to_owned()
}

#[tokio::test]
async fn a_feed_is_made_shown_once_and_revoked() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let body = json!({ "label": "Room 1", "room": "Grüße Raum" });
    let made = app.post_once("/v1/feeds", "key", body.clone()).await;
    assert_eq!(
        (made.status, &made.body["room"], &made.body["all"]),
        (201, &json!("grüße raum"), &json!(false))
    );
    assert_eq!(app.post_once("/v1/feeds", "key", body).await.body, made.body);
    let listed = app.get("/v1/feeds").await;
    assert_eq!(listed.body["data"].as_array().unwrap().len(), 1);
    assert!(!listed.body.to_string().contains("fd_feed_"), "{listed:?}");
    let url = made.body["url"].as_str().unwrap().to_owned();
    assert_eq!(fetch(&url).await.status, 200);
    let path = format!("/v1/feeds/{}", made.id());
    let revoked = app.delete(&path).await;
    assert_eq!(revoked.body["revoked_at"], "2026-12-01T09:00:00Z");
    assert_eq!(fetch(&url).await.status, 404);
    world.advance(TimeDelta::hours(1));
    assert_eq!(app.delete(&path).await.body, revoked.body);
}

#[tokio::test]
async fn a_feed_is_of_one_thing_and_has_a_name() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    for (body, pointer) in [
        (json!({ "label": "x" }), ""),
        (json!({ "label": "x", "all": false }), ""),
        (json!({ "label": "x", "all": true, "room": "room" }), ""),
        (json!({ "all": true }), "/label"),
        (json!({ "label": "x", "room": "" }), "/room"),
        (json!({ "label": "x", "all": true, "tenant": "acme" }), "/tenant"),
    ] {
        let refused = app.post("/v1/feeds", body).await;
        assert_eq!((refused.status, refused.pointers()), (422, vec![pointer]), "{refused:?}");
    }
}

#[tokio::test]
async fn a_room_s_feed_has_what_is_in_the_room_and_nothing_else() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let booked = app.post("/v1/appointments", tuesdays("FREQ=WEEKLY;COUNT=4")).await;
    app.book("other", "10:00", "11:00").await;
    world.tenant("globex", |_| {}).await;
    Client::of(&world, "globex").await.book("room", "12:00", "13:00").await;
    let (here, there) = (
        feed(&world, &app, json!({ "room": "ROOM" })).await,
        feed(&world, &app, json!({ "room": "other" })).await,
    );
    assert_eq!(
        fetch(&here).await.starts(&world),
        ["12-08 09:00", "12-15 09:00", "12-22 09:00", "12-29 09:00"]
    );
    assert_eq!(fetch(&there).await.starts(&world), ["12-01 10:00"]);
    let date = format!("/v1/appointments/{}/occurrences/2026-12-15T09:00:00Z", booked.id());
    let moved = app.patch(&date, json!({ "room": "other", "starts": "2026-12-15T12:00:00Z" })).await;
    assert_eq!(moved.status, 200, "{moved:?}");
    assert_eq!(fetch(&here).await.starts(&world), ["12-08 09:00", "12-22 09:00", "12-29 09:00"]);
    let fetched = fetch(&there).await;
    assert_eq!(fetched.starts(&world), ["12-01 10:00", "12-15 12:00"]);
    assert!(!fetched.text.contains("FREQ=WEEKLY"), "{}", fetched.text);
    let uid = format!("UID:{}-20261215T090000Z@frontdesk", booked.id());
    assert!(fetched.text.replace("\r\n ", "").contains(&uid), "{}", fetched.text);
    app.delete(&date).await;
    let fetched = fetch(&there).await;
    assert_eq!(fetched.starts(&world), ["12-01 10:00"]);
    assert!(fetched.text.contains("STATUS:CANCELLED"), "{}", fetched.text);
    // Nothing of it is left here to say that it was cancelled.
    assert!(!fetch(&here).await.text.contains("CANCELLED"));
}

#[tokio::test]
async fn a_host_s_feed_has_their_appointments_and_says_nothing_of_people_passwords_or_metadata() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let mut input = tuesdays("FREQ=WEEKLY;COUNT=2");
    input["password"] = json!("hunter2");
    input["metadata"] = json!({ "note": "hunter3" });
    input["external_id"] = json!("hunter4");
    input["participants"] = json!([
        { "role": "host", "name": "Ada Hunter", "email": "Ada@example.org", "external_id": "ada" },
        { "role": "participant", "name": "Bob Hunter", "email": "hunter5@example.org" },
    ]);
    assert_eq!(app.post("/v1/appointments", input).await.status, 201);
    app.book("other", "10:00", "11:00").await;
    for (host, count) in [("ada@example.org", 2), ("ada", 2), ("hunter5@example.org", 0), ("ADA", 0)] {
        let fetched = fetch(&feed(&world, &app, json!({ "host": host })).await).await;
        assert_eq!(fetched.starts(&world).len(), count, "{host}");
        let text = fetched.text.replace("\r\n ", "");
        assert!(!text.to_lowercase().contains("hunter") && !text.contains("ATTENDEE"), "{text}");
        assert!(!text.contains("ORGANIZER") && !text.to_lowercase().contains("ada@"), "{text}");
    }
}

#[tokio::test]
async fn what_is_fetched_again_is_not_sent_again_unless_it_has_changed() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    app.post("/v1/appointments", tuesdays("FREQ=WEEKLY")).await;
    let url = feed(&world, &app, json!({ "all": true })).await;
    let first = fetch(&url).await;
    assert_eq!(first.header("content-type"), "text/calendar; charset=utf-8");
    assert_eq!(first.header("cache-control"), "private, max-age=300");
    assert_eq!(first.header("referrer-policy"), "no-referrer");
    for line in ["NAME:Consultations", "REFRESH-INTERVAL;VALUE=DURATION:PT15M"] {
        assert!(first.text.contains(line), "{}", first.text);
    }
    let tag = first.header("etag");
    let http = reqwest::Client::new();
    let known = async |tags: &str| fetched(http.get(&url).header("If-None-Match", tags)).await;
    world.advance(TimeDelta::hours(2));
    for tags in [tag.to_owned(), format!("\"x\", {tag}"), format!("W/{tag}")] {
        let again = known(&tags).await;
        assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", tag), "{tags}");
        assert_eq!(again.header("cache-control"), "private, max-age=300");
    }
    let head = fetched(http.head(&url)).await;
    assert_eq!((head.status, head.text.as_str(), head.header("etag")), (200, "", tag));
    assert_eq!(head.header("content-length"), first.text.len().to_string());
    app.book("room", "15:00", "16:00").await;
    let changed = known(tag).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), tag);
}

#[tokio::test]
async fn whatever_is_no_secret_of_a_live_feed_leads_nowhere_in_the_same_words() {
    let world = World::new().await;
    world.tenant("other", |_| {}).await;
    let app = Client::of(&world, "acme").await;
    let url = feed(&world, &app, json!({ "all": true })).await;
    let other =
        add_feed(&world.app, &"other".parse().unwrap(), FeedOf::Tenant, "x".parse().unwrap()).await.unwrap();
    sqlx::query("UPDATE tenants SET disabled_at = created_at WHERE name = 'other'")
        .execute(world.db())
        .await
        .unwrap();
    let unknown = Credential::generate(CredentialKind::Feed).unwrap();
    let first = fetch(&format!("{}/feeds/{}.ics", world.url, unknown.expose())).await;
    assert_eq!((first.status, first.header("content-type")), (404, "text/plain; charset=utf-8"));
    for path in [
        other.secret.expose().to_owned() + ".ics",
        unknown.expose().to_owned() + ".ics",
        app.key.clone() + ".ics",
        "x.ics".to_owned(),
        "x/y/z".to_owned(),
        "%ff.ics".to_owned(),
        url.trim_end_matches(".ics").rsplit_once('/').unwrap().1.to_owned(),
    ] {
        let nothing = fetch(&format!("{}/feeds/{path}", world.url)).await;
        assert_eq!((nothing.status, &nothing.text), (404, &first.text), "{path}");
        let said =
            |fetched: &Fetched| fetched.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert_eq!(said(&nothing), said(&first), "{path}");
    }
    assert_eq!(fetch(&url).await.status, 200);
    // One client: to make ninety takes longer than a connection may be silent.
    let client = reqwest::Client::new();
    let ask = async |n| fetched(client.get(format!("{}/feeds/x{n}.ics", world.url))).await.status;
    let wrong = join_all((0..90).map(ask)).await;
    assert!(wrong.contains(&429) && wrong.contains(&404), "{wrong:?}");
    assert_eq!(fetch(&url).await.status, 200, "a good one is never in the way of bad ones");
}

#[tokio::test]
async fn the_secret_of_a_feed_is_in_no_log_and_no_metric() {
    let (_, options) = database().await;
    let mut setup = Setup::remote(&options);
    setup.set("FRONTDESK_LOG_FILTER", "trace,actix_http=trace,actix_server=trace,sqlx=trace");
    let mut frontdesk = setup.serve().await;
    let hands = hands_on(&options);
    let tenant = "acme".parse().unwrap();
    frontdesk::actions::add_tenant::add_tenant(&hands, "acme".parse().unwrap(), Policy::default())
        .await
        .unwrap();
    let added = add_feed(&hands, &tenant, FeedOf::Tenant, "All".parse().unwrap()).await.unwrap();
    let secret = added.secret.expose();
    let unknown = Credential::generate(CredentialKind::Feed).unwrap();
    for (secret, status) in [(secret, 200), (unknown.expose(), 404)] {
        assert_eq!(fetch(&format!("{}/feeds/{secret}.ics", frontdesk.url)).await.status, status);
    }
    let metrics = fetch(&format!("{}/metrics", frontdesk.url)).await.text;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let said = frontdesk.said();
    assert!(said.contains("/feeds/{feed"), "{said}");
    for secret in [secret, unknown.expose()] {
        for text in [&said, &metrics] {
            let lines: Vec<_> = text.lines().filter(|line| line.contains(secret)).collect();
            assert!(lines.is_empty(), "{lines:?}");
        }
    }
    frontdesk.terminate().await;
}
