//! The room token in the answer to a conference server. It is nine o'clock on Tuesday, 1 December 2026.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::actions::instant_room::instant_room;
use frontdesk::actions::signing_keys::KeyOwner;
use frontdesk::clock::Clock;
use frontdesk::seal::MasterKeys;
use frontdesk::signing::{Algorithm, Jws};
use frontdesk::store::signing_keys::SigningKeyRecord;
use frontdesk::store::tenants;
use frontdesk::token::VerifierKind;
use serde_json::{Value, json};

use super::client::{Client, hours};
use super::series::Series;
use super::tokens::{key, settings, signing};
use crate::rig::Setup;
use crate::wire::{ask, body, exchange, normal, request, status};
use crate::world::{Reply, World, nine_o_clock};

/// A world whose tenant has a key, an address and answers with tokens.
async fn answering() -> (World, Client, SigningKeyRecord, String) {
    let (world, app, key) = signing().await;
    world.policy(|policy| policy.answer_token = true).await;
    let server = world.server("one").await;
    (world, app, key, server)
}

/// Opens a room, leaves it, and says whether there was a token.
async fn has_token(world: &World, server: &str, room: &str) -> bool {
    let opened = world.ask(server, room).await;
    assert_eq!(opened.status, 200, "{opened:?}");
    assert_eq!(world.delete(server, opened.id()).await.status, 204);
    opened.body.get("jwt").is_some()
}

/// What the token of an answer says, once its signature was found to be the key's.
fn claims(answer: &Value, key: &SigningKeyRecord) -> Value {
    let token = answer["jwt"].as_str().unwrap_or_else(|| panic!("no token in {answer}"));
    let jws = Jws::read(token).unwrap();
    jws.verify(key.algorithm, &key.public.as_ref().unwrap().verifier()).unwrap();
    assert_eq!(jws.header()["kid"], key.kid.as_str());
    Value::Object(jws.claims().clone())
}

/// Opens a room that has to do without its token, and finds that counted.
async fn goes_without(world: &World, server: &str, room: &str, why: &str) -> Reply {
    let missing = world.app.metrics.answer_tokens_missing.get();
    let opened = world.ask(server, room).await;
    assert_eq!((opened.status, opened.body.get("jwt")), (200, None), "{why}: {opened:?}");
    assert_eq!(world.app.metrics.answer_tokens_missing.get(), missing + 1, "{why}");
    opened
}

#[tokio::test]
async fn the_token_is_a_moderator_s_for_this_room_until_its_end_and_names_nobody() {
    let (world, app, key, server) = answering().await;
    let mut booking = hours("Grüße Raum", "09:00", "10:00");
    booking["participants"] = json!([{ "role": "host", "name": "Ada", "email": "ada@example.org" }]);
    let booked = app.post("/v1/appointments", booking).await;
    world.advance(TimeDelta::milliseconds(1500));
    let opened = world.ask(&server, "gr%c3%bc%c3%9fe%20raum").await;
    let claims = claims(&opened.body, &key);
    let conference: (uuid::Uuid, uuid::Uuid) =
        sqlx::query_as("SELECT id, tenant_id FROM conferences").fetch_one(world.db()).await.unwrap();
    let seconds = |time: &str| time.parse::<DateTime<Utc>>().unwrap().timestamp();
    assert_eq!(
        claims,
        json!({
            "iss": "frontdesk", "aud": "jitsi", "sub": "meet.example.org", "room": "gr%c3%bc%c3%9fe%20raum",
            "iat": seconds("2026-12-01T09:00:01Z"), "nbf": seconds("2026-12-01T08:59:56Z"),
            "exp": seconds("2026-12-01T10:10:00Z"), "jti": conference.0,
            "context": { "user": { "moderator": true, "affiliation": "owner", "lobby_bypass": true } },
            "frontdesk": {
                "tenant": conference.1, "appointment": booked.id(), "original_start": seconds("2026-12-01T09:00:00Z"),
                "role": "host",
            },
        })
    );
    let start: DateTime<Utc> = opened.body["start_time"].as_str().unwrap().parse().unwrap();
    let end = start + TimeDelta::seconds(opened.body["duration"].as_i64().unwrap() + 1);
    assert_eq!(end.timestamp(), claims["exp"].as_i64().unwrap(), "the end, which had a half second more");
}

#[tokio::test]
async fn the_bytes_of_an_answer_with_a_token() {
    let (world, app, _, server) = answering().await;
    app.book("standup", "09:00", "10:00").await;
    let answer = exchange(&world, ask(&server, "name=standup&mail_owner=abc%40meet.test")).await;
    let token = body(&answer)["jwt"].as_str().unwrap().to_owned();
    assert_eq!(normal(&answer).replace(&token, "…"), include_str!("../goldens/token-grant.http").trim_end());
}

#[tokio::test]
async fn it_moderates_also_where_hosts_do_not_and_is_as_the_verifier_takes_it() {
    let (world, app, _, server) = answering().await;
    app.book("room", "09:00", "10:00").await;
    settings(&world, |settings| {
        settings.roles.host.moderator = false;
        settings.roles.host.features = Some([("recording".parse().unwrap(), true)].into());
        settings.algorithm = Algorithm::Rs512;
        settings.issuer = "clinic".parse().unwrap();
        settings.audience = "ward".parse().unwrap();
        settings.subject = Some("acme".parse().unwrap());
    })
    .await;
    key(&world, &KeyOwner::Deployment, Algorithm::Rs512).await;
    let own = key(&world, &KeyOwner::Tenant("acme".parse().unwrap()), Algorithm::Rs512).await;
    let claims = claims(&world.ask(&server, "room").await.body, &own);
    assert_eq!(
        (&claims["iss"], &claims["aud"], &claims["sub"]),
        (&json!("clinic"), &json!("ward"), &json!("acme"))
    );
    assert_eq!(claims["context"]["user"]["moderator"], true);
    assert_eq!(claims["context"]["features"], json!({ "recording": true }));
}

#[tokio::test]
async fn there_is_none_unless_the_tenant_or_the_appointment_wants_it() {
    let (world, app, _) = signing().await;
    let server = world.server("one").await;
    let plain = app.book("room", "09:00", "10:00").await;
    assert_eq!(plain.body["answer_token"], Value::Null);
    assert!(!has_token(&world, &server, "room").await, "off by default");
    let (path, change) =
        (format!("/v1/appointments/{}", plain.id()), |value| json!({ "answer_token": value }));
    assert_eq!(app.patch(&path, change(json!(true))).await.body["answer_token"], true);
    assert!(has_token(&world, &server, "room").await, "the appointment against the tenant");
    world.policy(|policy| policy.answer_token = true).await;
    assert_eq!(app.patch(&path, change(json!(false))).await.body["answer_token"], false);
    assert!(!has_token(&world, &server, "room").await, "the appointment against the tenant");
    assert_eq!(app.patch(&path, change(Value::Null)).await.body["answer_token"], Value::Null);
    assert!(has_token(&world, &server, "room").await, "the tenant");
    assert_eq!(app.patch(&path, json!({ "title": "Title" })).await.body["answer_token"], Value::Null);
    let revision: i64 =
        sqlx::query_scalar("SELECT revision FROM occurrences").fetch_one(world.db()).await.unwrap();
    assert_eq!(revision, 4, "a claim notices each change, and the title is none of its business");

    let mut booking = hours("other", "09:00", "10:00");
    booking["answer_token"] = json!(false);
    let many = app.post("/v1/appointments/batch", json!({ "appointments": [booking.clone()] })).await;
    assert_eq!(many.body["data"][0]["answer_token"], false, "{many:?}");
    assert!(!has_token(&world, &server, "other").await);
    booking["answer_token"] = json!("yes");
    assert_eq!(app.post("/v1/appointments", booking).await.pointers(), ["/answer_token"]);
    assert_eq!(world.app.metrics.answer_tokens_missing.get(), 0);
}

#[tokio::test]
async fn a_date_has_its_own_say_and_keeps_it() {
    let series = Series::of("FREQ=WEEKLY;COUNT=3").await;
    let date = series.date("2026-12-15T09:00:00Z");
    let own = series.app.patch(&date, json!({ "answer_token": false })).await;
    assert_eq!((&own.body["answer_token"], &own.body["own"]), (&json!(false), &json!(["answer_token"])));
    let revisions: Vec<i64> = sqlx::query_scalar("SELECT revision FROM occurrences ORDER BY original_start")
        .fetch_all(series.world.db())
        .await
        .unwrap();
    assert_eq!(revisions, [1, 2, 1], "a claim notices it");
    let changed = series.patch(json!({ "answer_token": true, "title": "Title" })).await;
    assert_eq!(changed.body["answer_token"], true);
    assert_eq!(
        series.told(&["original_start", "answer_token"], "upcoming").await,
        ["2026-12-08T09:00 true", "2026-12-15T09:00 false", "2026-12-22T09:00 true"]
    );
    let following = series.date("2026-12-22T09:00:00Z") + "/following";
    let after = series.app.patch(&following, json!({ "answer_token": null })).await;
    assert_eq!((after.status, &after.body["answer_token"]), (200, &Value::Null), "{after:?}");
    assert_eq!(
        series.told(&["original_start", "answer_token", "own"], "upcoming").await,
        [
            "2026-12-08T09:00 true [\"answer_token\"]",
            "2026-12-15T09:00 false [\"answer_token\"]",
            "2026-12-22T09:00 null []"
        ]
    );
    let world = &series.world;
    let server = world.server("one").await;
    world.policy(|policy| policy.meeting_url = Some("https://meet.example.org".parse().unwrap())).await;
    key(world, &KeyOwner::Deployment, Algorithm::Rs256).await;
    for (day, expected) in [("08", true), ("15", false), ("22", false)] {
        world.stand_at(&format!("2026-12-{day}T09:05:00Z"));
        assert_eq!(has_token(world, &server, "room").await, expected, "{day}");
    }
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
    assert_eq!(run(&["tenant", "show", "acme", "--json"])["answer_token"], false);
    assert_eq!(run(&["tenant", "set", "acme", "--answer-token", "true", "--json"])["answer_token"], true);
    // Commands go by the system's clock.
    let starts = (Clock::system().now() + TimeDelta::hours(1)).to_rfc3339();
    let booking = ["appointment", "add", "--room", "room", "--starts", &starts, "--duration", "1h", "--json"];
    let booked = run(&[&booking[..], &["--answer-token", "false"]].concat());
    assert_eq!(booked["answer_token"], false);
    let id = booked["id"].as_str().unwrap();
    let change = |value| run(&["appointment", "change", id, "--json", "--answer-token", value]);
    assert_eq!(change("true")["answer_token"], true);
    let exported = setup.command(&["tenant", "export", "acme"]).output().unwrap();
    let exported = String::from_utf8(exported.stdout).unwrap();
    assert_eq!(exported.matches("\"answer_token\":true").count(), 3, "tenant, appointment, date: {exported}");
    let decided = ["decide", "--room", "room", "--at", &starts, "--server", "one", "--json"];
    world.server("one").await;
    assert_eq!(run(&decided)["answer_token"], true);
    assert_eq!(change("none")["answer_token"], Value::Null);
}

#[tokio::test]
async fn rooms_that_nobody_booked_follow_the_tenant() {
    let (world, _, key) = signing().await;
    let server = world.server("one").await;
    let acme = tenants::by_name(&mut world.app.db.acquire().await.unwrap(), &"acme".parse().unwrap()).await;
    let (acme, hour) = (acme.unwrap().unwrap().id, TimeDelta::hours(1));
    let (instant, _) =
        instant_room(&world.app, &mut world.app.db.acquire().await.unwrap(), acme, nine_o_clock(), hour)
            .await
            .unwrap();
    world.policy(|policy| policy.unscheduled.allow = true).await;
    for room in ["walk-in", instant.as_str()] {
        assert!(!has_token(&world, &server, room).await, "{room}");
    }
    world.policy(|policy| policy.answer_token = true).await;
    for room in ["walk-in", instant.as_str()] {
        let opened = world.ask(&server, room).await;
        let claims = claims(&opened.body, &key);
        assert_eq!(claims["room"], room);
        assert_eq!(claims["frontdesk"], json!({ "tenant": acme, "role": "host" }));
        let ends = nine_o_clock() + TimeDelta::seconds(opened.body["duration"].as_i64().unwrap());
        assert_eq!(claims["exp"], ends.timestamp(), "{room}");
    }
}

#[tokio::test]
async fn reading_the_conference_gives_the_same_bytes_and_after_a_rotation_another_signature() {
    let (world, app, first, server) = answering().await;
    app.book("room", "09:00", "10:00").await;
    let granted = exchange(&world, ask(&server, "name=room&mail_owner=x")).await;
    let told = String::from_utf8(granted.clone()).unwrap();
    assert!(told.contains("\r\ncache-control: no-store\r\n") && told.contains("\"jwt\":\""), "{told}");
    world.advance(TimeDelta::minutes(7));
    let again = exchange(&world, ask(&server, "name=room&mail_owner=x")).await;
    assert_eq!((status(&again), body(&again).get("jwt")), (409, None));
    let read = async || {
        let line = format!("GET /conference/{}", body(&granted)["id"].as_str().unwrap());
        exchange(&world, request(&line, Some(&server), None)).await
    };
    let same = String::from_utf8(read().await).unwrap();
    assert!(same.contains("\r\ncache-control: no-store\r\n"), "{same}");
    let bytes = |text: &str| text.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!(bytes(&same), bytes(&told));

    sqlx::query("UPDATE signing_keys SET retired_at = created_at").execute(world.db()).await.unwrap();
    let second = key(&world, &KeyOwner::Deployment, Algorithm::Rs256).await;
    assert_ne!(first.kid, second.kid);
    let rotated = body(&read().await);
    assert_eq!(claims(&rotated, &second), claims(&body(&granted), &first));
}

#[tokio::test]
async fn what_the_conference_was_opened_with_holds_for_all_its_answers() {
    let (world, app, key, server) = answering().await;
    app.book("room", "09:00", "10:00").await;
    let opened = world.ask(&server, "room").await;
    world.policy(|policy| policy.answer_token = false).await;
    // On a busy machine an answer may go without: none waits long for its token.
    let mut read = world.get(&server, opened.id()).await;
    for _ in 0..9 {
        if read.body.get("jwt").is_none() {
            read = world.get(&server, opened.id()).await;
        }
    }
    assert_eq!(claims(&read.body, &key)["room"], "room");
    if opened.body.get("jwt").is_some() {
        assert_eq!(read.body, opened.body);
    }
    let listed = app.get("/v1/conferences?state=live").await;
    assert_eq!(listed.body["data"][0]["answer_token"], true, "{listed:?}");
    assert!(!listed.body.to_string().contains("eyJ"), "nobody else is shown the token");
}

#[tokio::test]
async fn a_key_is_served_until_the_conference_has_ended_and_noted_once() {
    let (world, app, _, server) = answering().await;
    app.book("room", "09:00", "10:00").await;
    app.book("other", "09:00", "10:30").await;
    let noted = async || -> Option<DateTime<Utc>> {
        sqlx::query_scalar("SELECT tokens_end_at FROM signing_keys").fetch_one(world.db()).await.unwrap()
    };
    assert!(has_token(&world, &server, "room").await);
    let end = noted().await.unwrap();
    assert!(end >= nine_o_clock() + TimeDelta::minutes(70), "{end}");
    assert!(has_token(&world, &server, "other").await);
    assert_eq!(noted().await, Some(end), "not written for each token");
}

#[tokio::test]
async fn a_refusal_carries_none_and_makes_none() {
    let (world, app, _, server) = answering().await;
    app.book("room", "11:00", "12:00").await;
    for room in ["room", "nobody-booked-this", "'"] {
        let refused = world.ask(&server, room).await;
        assert!((400..500).contains(&refused.status), "{refused:?}");
        assert_eq!(refused.body.get("jwt"), None);
    }
    let signed: Option<DateTime<Utc>> =
        sqlx::query_scalar("SELECT tokens_end_at FROM signing_keys").fetch_one(world.db()).await.unwrap();
    assert_eq!((signed, world.app.metrics.answer_tokens_missing.get()), (None, 0));
}

#[tokio::test]
async fn a_room_opens_without_its_token_where_that_can_not_be_made() {
    let (world, app, _, server) = answering().await;
    app.book("room", "09:00", "10:00").await;
    app.book("*", "09:00", "10:00").await;
    goes_without(&world, &server, "*", "to Jitsi that is every room").await;
    let without = async |why: &str| {
        let opened = goes_without(&world, &server, "room", why).await;
        let read = world.get(&server, opened.id()).await;
        assert_eq!(read.body, opened.body, "{why}");
        assert_eq!(world.delete(&server, opened.id()).await.status, 204);
    };
    world.tenant("other", |_| {}).await;
    key(&world, &KeyOwner::Tenant("other".parse().unwrap()), Algorithm::Rs384).await;
    settings(&world, |settings| settings.algorithm = Algorithm::Rs384).await;
    without("only another tenant has a key of that algorithm").await;
    key(&world, &KeyOwner::Deployment, Algorithm::Es256).await;
    settings(&world, |settings| settings.algorithm = Algorithm::Es256).await;
    without("Jitsi would refuse each").await;
    settings(&world, |settings| {
        settings.algorithm = Algorithm::Rs256;
        settings.verifier = VerifierKind::Jaas;
        settings.subject = Some("vpaas-magic-cookie-1fc5".parse().unwrap());
    })
    .await;
    without("JaaS would refuse each").await;
    settings(&world, |settings| {
        settings.verifier = VerifierKind::Jitsi;
        settings.subject = None;
    })
    .await;
    world.policy(|policy| policy.meeting_url = None).await;
    without("nobody knows whose rooms they are").await;
    world.policy(|policy| policy.meeting_url = Some("https://meet.example.org".parse().unwrap())).await;
    assert!(has_token(&world, &server, "room").await);

    let other =
        World::with_keys(&world, MasterKeys::parse("HxwdGhsYGRYXFBUSExARDg8MDQoLCAkGBwQFAgMAAQA=").unwrap());
    goes_without(&other, &server, "room", "its key is sealed under another master key").await;
}

#[tokio::test]
async fn a_key_that_is_held_up_holds_no_room_up() {
    let (world, app, _, server) = answering().await;
    app.book("room", "09:00", "10:00").await;
    let mut held = world.db().begin().await.unwrap();
    sqlx::query("SELECT FROM signing_keys FOR UPDATE").execute(&mut *held).await.unwrap();
    let began = Instant::now();
    let opened = goes_without(&world, &server, "room", "the key's row is held").await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let metrics = reqwest::get(format!("{}/metrics", world.url)).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("\nfrontdesk_answer_tokens_missing_total 1\n"), "{metrics}");
    held.rollback().await.unwrap();
    let read = world.get(&server, opened.id()).await;
    assert!(read.body["jwt"].is_string(), "it is the same conference, and has its token now");
}

#[tokio::test]
async fn a_token_is_in_no_log_and_why_one_is_missing_is_there_once() {
    let (world, _, _, server) = answering().await;
    world.policy(|policy| policy.unscheduled.allow = true).await;
    let mut setup = Setup::remote(&world.options);
    setup.set("FRONTDESK_LOG_FILTER", "trace,actix_http=trace,actix_server=trace,sqlx=trace");
    let mut frontdesk = setup.serve().await;
    let asked = async |room: &str| -> Value {
        let url = format!("{}/conference", frontdesk.url);
        let ask = reqwest::Client::new().post(url).bearer_auth(&server).form(&[("name", room)]);
        ask.send().await.unwrap().json().await.unwrap()
    };
    let token = asked("one").await["jwt"].as_str().unwrap().to_owned();
    sqlx::query("UPDATE signing_keys SET retired_at = created_at").execute(world.db()).await.unwrap();
    assert_eq!(asked("two").await.get("jwt"), None);
    frontdesk.terminate().await;
    let said = frontdesk.said();
    for part in token.split('.') {
        let lines: Vec<_> = said.lines().filter(|line| line.contains(part)).collect();
        assert!(lines.is_empty(), "{lines:?}");
    }
    let missing: Vec<_> = said.lines().filter(|line| line.contains("goes without its room token")).collect();
    assert!(matches!(missing[..], [line] if line.contains("no key signs RS256")), "{missing:?}");
}
