//! Appointments whose hosts may record. It is nine o'clock on Tuesday, 1 December 2026.

use chrono::TimeDelta;
use frontdesk::clock::Clock;
use frontdesk::signing::Jws;
use serde_json::{Value, json};

use super::client::{Client, hours};
use super::series::Series;
use super::tokens::{settings, signing};
use crate::rig::Setup;
use crate::world::World;

/// A world whose hosts may raise hands and nothing else, with an appointment of Ada's, a host, Bob's, and an observer's.
async fn consultation(recording: bool) -> (World, Client, String) {
    let (world, app, _) = signing().await;
    settings(&world, |settings| {
        settings.roles.host.features = Some([("raise-hand".parse().unwrap(), true)].into());
        settings.roles.participant.features = Some([("flip".parse().unwrap(), true)].into());
    })
    .await;
    let mut body = hours("room", "09:00", "10:00");
    body["recording"] = json!(recording);
    body["participants"] = json!([
        { "role": "host", "name": "Ada", "external_id": "ada" },
        { "role": "participant", "name": "Bob", "external_id": "bob" },
        { "role": "observer", "name": "Eve", "external_id": "eve" },
    ]);
    let booked = app.post("/v1/appointments", body).await;
    assert_eq!((booked.status, &booked.body["recording"]), (201, &json!(recording)), "{booked:?}");
    (world, app, format!("/v1/appointments/{}", booked.id()))
}

/// The features in a token for that; null where it has none.
async fn features(app: &Client, path: &str, request: Value) -> Value {
    let made = app.post(&format!("{path}/tokens"), request).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["claims"]["context"]["features"].clone()
}

#[tokio::test]
async fn its_hosts_may_record_from_when_it_says_so_and_nobody_else() {
    let (_world, app, path) = consultation(false).await;
    let of = async |who: &str| features(&app, &path, json!({ "participant": who })).await;
    let told = async || [of("ada").await, of("bob").await, of("eve").await];
    let before = [json!({ "raise-hand": true }), json!({ "flip": true }), json!({})];
    assert_eq!(told().await, before);
    let changed = app.patch(&path, json!({ "recording": true })).await;
    assert_eq!(changed.body["recording"], true, "{changed:?}");
    let [_, bob, eve] = before.clone();
    assert_eq!(told().await, [json!({ "raise-hand": true, "recording": true }), bob, eve]);
    app.patch(&path, json!({ "recording": false })).await;
    assert_eq!(told().await, before);
}

#[tokio::test]
async fn it_is_for_who_comes_as_a_host_by_appointment_or_by_room() {
    let (world, app, path) = consultation(true).await;
    let both = json!({ "raise-hand": true, "recording": true });
    let guest = json!({ "person": { "name": "Dan" }, "role": "host" });
    assert_eq!(features(&app, &path, guest.clone()).await, both);
    let demoted = json!({ "participant": "ada", "role": "participant" });
    assert_eq!(
        features(&app, &path, demoted).await,
        json!({ "flip": true }),
        "what she is there, not elsewhere"
    );
    let moderates = json!({ "participant": "bob", "moderator": true });
    assert_eq!(features(&app, &path, moderates).await, json!({ "flip": true }), "who moderates is no host");

    assert_eq!(features(&app, "/v1/rooms/room", json!({ "participant": "ada" })).await, both);
    world.policy(|policy| policy.unscheduled.allow = true).await;
    let free = features(&app, "/v1/rooms/free", guest).await;
    assert_eq!(free, json!({ "raise-hand": true }), "nobody booked this one");
}

#[tokio::test]
async fn what_the_role_forbids_is_allowed_and_what_a_request_asks_for_stays() {
    let (world, app, path) = consultation(true).await;
    let ada = async |request: Value| {
        let mut request = request;
        request["participant"] = json!("ada");
        features(&app, &path, request).await
    };
    for asked in [json!({}), json!({ "recording": false }), json!({ "flip": true })] {
        assert_eq!(ada(json!({ "features": asked })).await, asked);
    }
    settings(&world, |settings| {
        settings.roles.host.features = Some([("recording".parse().unwrap(), false)].into());
    })
    .await;
    assert_eq!(ada(json!({})).await, json!({ "recording": true }));
    settings(&world, |settings| settings.roles.host.features = None).await;
    assert_eq!(ada(json!({})).await, Value::Null, "without a list that is Jitsi's to say");
}

#[tokio::test]
async fn the_token_of_an_answer_is_no_host_s() {
    let (world, app, path) = consultation(true).await;
    app.patch(&path, json!({ "answer_token": true })).await;
    let opened = world.ask(&world.server("one").await, "room").await;
    let jws = Jws::read(opened.body["jwt"].as_str().unwrap()).unwrap();
    assert_eq!(jws.claims()["context"]["features"], json!({ "raise-hand": true }));
}

#[tokio::test]
async fn apps_say_it_for_an_appointment_as_a_whole() {
    let (_world, app, _) = signing().await;
    let plain = app.book("room", "09:00", "10:00").await;
    assert_eq!(plain.body["recording"], false, "off at first");
    let path = format!("/v1/appointments/{}", plain.id());
    assert_eq!(app.patch(&path, json!({ "recording": true })).await.body["recording"], true);
    let renamed = app.patch(&path, json!({ "title": "Title" })).await;
    assert_eq!((&renamed.body["recording"], &renamed.body["revision"]), (&json!(true), &json!(3)));
    assert_eq!(app.get(&path).await.body["recording"], true);
    assert_eq!(app.get("/v1/appointments").await.body["data"][0]["recording"], true);
    for wrong in [Value::Null, json!("yes")] {
        let refused = app.patch(&path, json!({ "recording": wrong })).await;
        assert_eq!((refused.status, refused.pointers()), (422, vec!["/recording"]), "{refused:?}");
    }

    let (mut first, mut second) = (hours("one", "09:00", "10:00"), hours("two", "09:00", "10:00"));
    first["recording"] = json!(true);
    second["recording"] = Value::Null;
    let many = app.post("/v1/appointments/batch", json!({ "appointments": [first, second] })).await;
    assert_eq!([0, 1].map(|n| many.body["data"][n]["recording"].clone()), [true, false], "{many:?}");
}

#[tokio::test]
async fn all_dates_of_a_series_have_it_and_none_for_itself() {
    let series = Series::of("FREQ=WEEKLY;COUNT=3").await;
    assert_eq!(series.patch(json!({ "recording": true })).await.body["recording"], true);
    let date = series.date("2026-12-15T09:00:00Z");
    let following = format!("{date}/following");
    for path in [&date, &following] {
        let refused = series.app.patch(path, json!({ "recording": false })).await;
        assert_eq!(refused.status, 422, "{refused:?}");
        let changed =
            series.app.patch(path, json!({ "title": "Title", "starts": "2026-12-15T10:00:00Z" })).await;
        assert_eq!(changed.status, 200, "{changed:?}");
    }
    assert_eq!(series.app.get(&series.path).await.body["recording"], true, "also of what was moved");
    assert_eq!(series.app.get(&date).await.body.get("recording"), None);
}

#[tokio::test]
async fn on_the_command_line_and_in_an_export_it_is_the_same() {
    let world = World::new().await;
    let setup = Setup::remote(&world.options);
    let run = |arguments: &[&str]| -> Value {
        let done = setup.command(arguments).output().unwrap();
        let error = String::from_utf8_lossy(&done.stderr);
        serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{arguments:?}: {error}"))
    };
    // Commands go by the system's clock.
    let starts = (Clock::system().now() + TimeDelta::hours(1)).to_rfc3339();
    let add = |room, more: &[&str]| {
        let booking =
            ["appointment", "add", "--room", room, "--starts", &starts, "--duration", "1h", "--json"];
        run(&[&booking[..], more].concat())
    };
    assert_eq!(add("plain", &[])["recording"], false);
    let booked = add("room", &["--recording", "true"]);
    assert_eq!(booked["recording"], true);
    let id = booked["id"].as_str().unwrap();
    assert_eq!(run(&["appointment", "show", id, "--json"])["recording"], true);
    let exported = setup.command(&["tenant", "export", "acme"]).output().unwrap();
    let exported = String::from_utf8(exported.stdout).unwrap();
    assert_eq!(exported.matches("\"recording\":true").count(), 1, "{exported}");
    let change = |more: &[&str]| run(&[&["appointment", "change", id, "--json"], more].concat());
    assert_eq!(change(&["--title", "Title"])["recording"], true);
    assert_eq!(change(&["--recording", "false"])["recording"], false);
}
