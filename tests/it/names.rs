//! Names: echoed byte for byte, looked up by what people call the room, and kept apart by tenant.

use std::fmt::Write as _;

use chrono::TimeDelta;
use frontdesk::actions::book::book;
use frontdesk::reservation::{Appointment, WhenLiveElsewhere};
use serde_json::Value;

use crate::wire;
use crate::world::World;

/// Asks as Prosody does: lower-case escapes of everything but letters, digits and `.~_-`.
async fn ask(world: &World, credential: &str, node: &str) -> (u16, Value) {
    let mut name = String::new();
    for byte in node.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'~' | b'_' | b'-' => name.push(byte.into()),
            b' ' => name.push('+'),
            _ => write!(name, "%{byte:02x}").unwrap(),
        }
    }
    let fields = format!("mail_owner=abc%40meet.test&name={name}&start_time=2026-12-01T09%3a00%3a00.000Z");
    let answer = wire::exchange(world, wire::ask(credential, &fields)).await;
    (wire::status(&answer), wire::body(&answer))
}

async fn book_for(world: &World, tenant: &str, room: &str, ends: i64) -> Appointment {
    let mut booking = world.booking(room, 0, ends);
    booking.tenant = tenant.parse().unwrap();
    book(&world.app, booking).await.unwrap()
}

#[tokio::test]
async fn a_percent_encoded_name_comes_escaped_twice_and_goes_back_as_it_was() {
    let world = World::new().await;
    let server = world.server("one").await;
    world.book("Grüße Raum", 0, 60).await;
    let fields =
        "name=gr%25c3%25bc%25c3%259fe%2520raum&mail_owner=a%40b&start_time=2026-12-01T09%3a00%3a00.000Z";
    let answer = wire::exchange(&world, wire::ask(&server, fields)).await;
    assert_eq!(wire::status(&answer), 200);
    let text = String::from_utf8(answer).unwrap();
    assert!(text.contains(r#""name":"gr%c3%bc%c3%9fe%20raum","#), "{text}");
}

#[tokio::test]
async fn a_room_is_found_under_every_form_of_its_name_and_answered_under_the_one_that_was_asked() {
    let world = World::new().await;
    let server = world.server("one").await;
    let (raw, escaped) = (format!("{}a", "ü".repeat(511)), format!("{}abc", "%c3%bc".repeat(170)));
    let (raw_emoji, escaped_emoji) = (format!("{}xyz", "🎉".repeat(255)), "%f0%9f%8e%89".repeat(85));
    assert_eq!((raw.len(), escaped.len(), raw_emoji.len(), escaped_emoji.len()), (1023, 1023, 1023, 1020));
    let written = format!("{}ABC", "Ü".repeat(170));
    let rooms: &[(&str, &[&str])] = &[
        (
            "Grüße Raum",
            &["Grüße Raum", "gr%c3%bc%c3%9fe%20raum", "GR%C3%9C%C3%9FE%20RAUM", "GRU\u{308}ße raum"],
        ),
        ("StandUp", &["standup", "STANDUP", "StandUp", "%73tandup", "[acme]standup", "[ACME]StandUp"]),
        ("Straße", &["STRAßE", "stra%c3%9fe"]),
        ("🎉", &["🎉", "%f0%9f%8e%89", "%F0%9F%8E%89", "[acme]%f0%9f%8e%89"]),
        ("%ff", &["%ff", "%FF", "%25ff"]),
        ("%ff%c3%bc", &["%ff%c3%bc"]),
        ("100%", &["100%", "100%25"]),
        ("50% Rabatt", &["50% rabatt", "50%25%20rabatt"]),
        ("C++", &["c++", "c%2b%2b", "C++"]),
        ("a]b", &["a]b", "[acme]a]b", "a%5db"]),
        ("a&b=c;d", &["a&b=c;d", "a%26b%3dc%3bd"]),
        ("\"\\", &["\"\\", "%22%5c"]),
        ("<i>\u{2028}", &["<i>\u{2028}"]),
        (&raw, &[&raw]),
        (&written, &[&escaped]),
        (&raw_emoji, &[&raw_emoji]),
        (&escaped_emoji, &[&escaped_emoji]),
    ];
    for (booked, nodes) in rooms {
        world.book(booked, 0, 60).await;
        for node in *nodes {
            let (status, body) = ask(&world, &server, node).await;
            assert_eq!((status, &body["name"]), (200, &Value::from(*node)), "{booked} as {node}: {body}");
            assert_eq!(world.delete(&server, body["id"].as_str().unwrap()).await.status, 204);
        }
    }
    // A plus that is not escaped is a space, as in every form.
    let answer = wire::exchange(&world, wire::ask(&server, "name=50%25+rabatt")).await;
    assert_eq!(wire::body(&answer)["name"], "50% rabatt");
}

#[tokio::test]
async fn rooms_that_prosody_keeps_apart_stay_apart() {
    let world = World::new().await;
    let server = world.server("one").await;
    for room in ["straße", "a b", "100%", "c++", "%ff"] {
        world.book(room, 0, 60).await;
    }
    for node in ["strasse", "a+b", "a%2bb", "ab", "100", "100%2525", "c", "c%20%20", "%fe", "%ef%bf%bd"] {
        let (status, body) = ask(&world, &server, node).await;
        assert_eq!((status, &body["reason"]), (404, &Value::from("unknown_room")), "{node}: {body}");
    }
}

#[tokio::test]
async fn a_second_node_of_a_room_that_is_open_never_gets_the_answer_of_the_first() {
    let world = World::new().await;
    let server = world.server("one").await;
    world.book("Grüße", 0, 60).await;
    let (status, first) = ask(&world, &server, "gr%c3%bc%c3%9fe").await;
    assert_eq!(status, 200);
    world.advance(TimeDelta::minutes(5));
    for node in ["Grüße", "[acme]gr%c3%bc%c3%9fe"] {
        let (status, second) = ask(&world, &server, node).await;
        assert_eq!((status, &second["reason"]), (403, &Value::from("live_elsewhere")), "{second}");
        let text = second.to_string();
        assert!(!text.contains("gr%c3") && !text.contains(first["id"].as_str().unwrap()), "{text}");
    }
    let (status, again) = ask(&world, &server, "gr%c3%bc%c3%9fe").await;
    assert_eq!((status, &again["conflict_id"]), (409, &first["id"]));
}

#[tokio::test]
async fn a_name_that_xmpp_would_write_otherwise_opens_nothing() {
    let world = World::new().await;
    world.policy(|policy| policy.unscheduled.allow = true).await;
    let server = world.server("one").await;
    for node in ["ｏpen", "op\u{ad}en", "straße", "①", "[acme]ｏpen", "gru\u{308}n", "gr\u{dc}n"] {
        let (status, body) = ask(&world, &server, node).await;
        assert_eq!((status, &body["reason"]), (400, &Value::from("bad_name")), "{node}: {body}");
    }
    assert_eq!(world.open_rows().await, 0);
}

#[tokio::test]
async fn an_odd_spelling_keeps_nobody_out_of_the_room_itself() {
    let world = World::new().await;
    world.policy(|policy| policy.when_live_elsewhere = WhenLiveElsewhere::Refuse).await;
    let (one, two) = (world.server("one").await, world.server("two").await);
    for (room, odd) in [("standup", "STANDUP"), ("grün", "gr%C3%BCn"), ("plain", "%70lain")] {
        world.book(room, 0, 60).await;
        let (status, first) = ask(&world, &one, odd).await;
        assert_eq!(status, 200, "{first}");
        let (status, second) = ask(&world, &two, room).await;
        assert_eq!((status, &second["name"]), (200, &Value::from(room)), "{second}");
        assert_eq!(world.get(&one, first["id"].as_str().unwrap()).await.status, 404);
        let (_, third) = ask(&world, &one, odd).await;
        assert_eq!(third["reason"], "live_elsewhere", "{third}");
        let (_, again) = ask(&world, &two, room).await;
        assert_eq!(again["conflict_id"], second["id"]);
    }
}

#[tokio::test]
async fn a_tenant_is_the_one_that_the_name_says_or_else_the_default_of_the_server() {
    let world = World::new().await;
    world.tenant("globex", |_| {}).await;
    let both = world.server_for("both", "acme", &["globex"], false).await;
    book_for(&world, "acme", "standup", 60).await;
    book_for(&world, "globex", "standup", 120).await;

    for (node, duration) in [("standup", 4200), ("[globex]standup", 7800)] {
        let (status, body) = ask(&world, &both, node).await;
        assert_eq!((status, &body["duration"]), (200, &Value::from(duration)), "{node}: {body}");
        assert_eq!(body["name"], node);
    }
    let (_, body) = ask(&world, &both, "[acme]standup").await;
    assert_eq!(body["reason"], "live_elsewhere", "the room that the default tenant has open: {body}");
}

#[tokio::test]
async fn brackets_name_a_tenant_only_with_a_room_behind_them() {
    let world = World::new().await;
    let server = world.server("one").await;
    for (room, node) in
        [("[acme]", "[acme]"), ("[]room", "[]room"), ("[room", "[room"), ("x[acme]y", "x[acme]y")]
    {
        world.book(room, 0, 60).await;
        let (status, body) = ask(&world, &server, node).await;
        assert_eq!((status, &body["name"]), (200, &Value::from(node)), "{body}");
    }
}

#[tokio::test]
async fn a_server_asks_for_the_tenants_that_it_was_given_and_for_no_others() {
    let world = World::new().await;
    for tenant in ["globex", "initech"] {
        world.tenant(tenant, |_| {}).await;
        book_for(&world, tenant, "standup", 60).await;
    }
    let one = world.server("one").await;
    let two = world.server_for("two", "acme", &["globex"], false).await;
    let all = world.server_for("all", "acme", &[], true).await;
    world.tenant("later", |_| {}).await;
    book_for(&world, "later", "standup", 60).await;

    let cases = [
        (&one, "[globex]standup", "not_your_tenant"),
        (&one, "[globex]nobody-booked-it", "not_your_tenant"),
        (&one, "[nobody]standup", "tenant_unknown"),
        (&two, "[globex]standup", "granted"),
        (&two, "[initech]standup", "not_your_tenant"),
        (&all, "[initech]standup", "granted"),
        (&all, "[later]standup", "granted"),
        (&all, "[nobody]standup", "tenant_unknown"),
    ];
    for (server, node, expected) in cases {
        let (status, body) = ask(&world, server, node).await;
        let got = if status == 200 { "granted" } else { body["reason"].as_str().unwrap() };
        assert_eq!(got, expected, "{node}: {body}");
        let status_expected = match expected {
            "granted" => 200,
            "not_your_tenant" => 403,
            _ => 404,
        };
        assert_eq!(status, status_expected, "{node}");
    }
}

#[tokio::test]
async fn a_conference_of_another_tenant_is_not_there() {
    let world = World::new().await;
    world.tenant("globex", |_| {}).await;
    let acme = world.server("one").await;
    let globex = world.server_for("two", "globex", &[], false).await;
    book_for(&world, "acme", "standup", 60).await;
    book_for(&world, "globex", "standup", 60).await;
    let (_, ours) = ask(&world, &acme, "standup").await;
    let (status, theirs) = ask(&world, &globex, "standup").await;
    assert_eq!(status, 200, "the same name in another tenant is another room: {theirs}");

    let id = ours["id"].as_str().unwrap();
    assert_eq!(world.get(&globex, id).await.status, 404);
    assert_eq!(world.delete(&globex, id).await.status, 404);
    assert_eq!(world.get(&acme, id).await.body, ours);
    assert_eq!(world.open_rows().await, 2);
}

#[tokio::test]
async fn a_refusal_about_no_tenant_of_the_server_is_told_in_the_language_of_its_own() {
    let world = World::new().await;
    world.policy(|policy| policy.language = frontdesk::reservation::wording::Language::De).await;
    let server = world.server("one").await;
    let (_, body) = ask(&world, &server, "[nobody]x").await;
    assert_eq!(body["message"], "Diese Organisation gibt es hier nicht.");
}
