//! What people find behind a link, and how they get in.

use chrono::TimeDelta;
use serde_json::json;

use super::{NAVIGATES, booked, click, consultation, doors, guests, link_of, minutes, open, request};
use crate::api::client::{Client, hours};
use crate::api::tokens::settings;

#[tokio::test]
async fn at_the_right_time_a_click_leads_into_the_room_with_a_token_for_whoever_clicked() {
    let (world, app) = doors().await;
    let appointment = booked(&app, consultation()).await;
    let early = click(&link_of(&appointment, 1)).await;
    assert_eq!((early.status, early.state()), (200, "early"));
    world.advance(minutes(50));
    let (room, claims) = click(&link_of(&appointment, 1)).await.entrance();
    assert_eq!(room, "https://meet.example.org/Gr%C3%BC%C3%9Fe%20Raum");
    assert_eq!(claims["context"]["user"]["name"], "Bob");
    assert_eq!(claims["frontdesk"]["participant"], appointment["participants"][1]["id"]);
    assert_eq!(claims["frontdesk"]["role"], "participant");
    let closes = "2026-12-01T11:10:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!(claims["exp"], closes.timestamp(), "who is known can come back until the room closes");
    let (_, claims) = click(&link_of(&appointment, 0)).await.entrance();
    assert_eq!(claims["frontdesk"]["role"], "host");
    let (_, claims) = click(&guests(&appointment)).await.entrance();
    assert_eq!(claims["exp"], (world.clock.now() + minutes(15)).timestamp(), "{claims}");
    assert_eq!(claims["context"]["user"].get("name"), None);
}

#[tokio::test]
async fn who_comes_by_a_host_s_link_may_record_where_the_appointment_says_so() {
    let (world, app) = doors().await;
    let list = Some([("flip".parse().unwrap(), true)].into());
    settings(&world, |settings| {
        settings.roles.host.features.clone_from(&list);
        settings.roles.participant.features = list;
    })
    .await;
    let appointment = booked(&app, consultation()).await;
    world.advance(minutes(50));
    let features = async |link: String| click(&link).await.entrance().1["context"]["features"].clone();
    let ada = async || features(link_of(&appointment, 0)).await;
    assert_eq!(ada().await, json!({ "flip": true }));
    let path = format!("/v1/appointments/{}", appointment["id"].as_str().unwrap());
    assert_eq!(app.patch(&path, json!({ "recording": true })).await.status, 200);
    assert_eq!(ada().await, json!({ "flip": true, "recording": true }), "the link is the same");
    for link in [link_of(&appointment, 1), guests(&appointment)] {
        assert_eq!(features(link).await, json!({ "flip": true }));
    }
}

#[tokio::test]
async fn the_door_opens_at_the_gate_a_little_before_what_people_are_told() {
    let (world, app) = doors().await;
    let link = link_of(&booked(&app, consultation()).await, 1);
    world.advance(minutes(50) - TimeDelta::seconds(91));
    let page = click(&link).await;
    assert_eq!(page.state(), "early");
    assert!(page.says("10:50"), "told in the time zone of the appointment: {}", page.text);
    world.advance(TimeDelta::seconds(1));
    assert_eq!(click(&link).await.status, 303);
}

#[tokio::test]
async fn only_who_navigates_there_gets_a_token_and_looking_uses_nothing_up() {
    let (world, app) = doors().await;
    let link = link_of(&booked(&app, consultation()).await, 1);
    world.advance(minutes(60));
    let fetch = [("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")];
    let frame = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    let prefetch = [&NAVIGATES[..], &[("sec-purpose", "prefetch")]].concat();
    for headers in [&[][..], &fetch, &frame, &prefetch, &[("user-agent", "Slackbot-LinkExpanding 1.0")]] {
        let page = open(&link, headers).await;
        assert_eq!((page.status, page.state()), (200, "open"), "{headers:?}");
        assert!(!page.says("eyJ"), "{headers:?}");
        assert!(page.headers.get("location").is_none(), "{headers:?}");
        assert!(
            !page.text.split("</head>").next().unwrap().contains("Consultation"),
            "previews tell nothing"
        );
    }
    let head = request(reqwest::Method::HEAD, &link, &NAVIGATES).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    for _ in 0..2 {
        assert_eq!(click(&link).await.status, 303);
        assert_eq!(request(reqwest::Method::POST, &link, &[]).await.status, 303, "who presses the button");
    }
}

#[tokio::test]
async fn nothing_of_a_page_or_a_redirect_is_kept_or_told_to_others() {
    let (world, app) = doors().await;
    let link = link_of(&booked(&app, consultation()).await, 1);
    let early = click(&link).await;
    let policy = early.header("content-security-policy").to_owned();
    for part in ["default-src 'none'", "script-src 'nonce-", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    assert_ne!(click(&link).await.header("content-security-policy"), policy, "a nonce is used once");
    assert!(policy.contains("form-action 'none'"), "there is no form yet: {policy}");
    world.advance(minutes(60));
    for page in [&early, &click(&link).await, &open(&link, &[]).await, &open(&format!("{link}x"), &[]).await]
    {
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("x-robots-tag"), "noindex, nofollow");
        for foreign in ["http://", "https://", "src=\"//"] {
            let text = page.text.replace("https://meet.example.org", "");
            assert!(!text.contains(foreign), "{foreign} in {text}");
        }
    }
}

#[tokio::test]
async fn who_is_too_late_or_was_let_down_is_told_so_with_the_right_status() {
    let (world, app) = doors().await;
    let first = booked(&app, consultation()).await;
    let mut other = consultation();
    other["room"] = json!("other");
    let second = booked(&app, other).await;
    let path = format!("/v1/appointments/{}", second["id"].as_str().unwrap());
    assert_eq!(app.delete(&path).await.status, 200);
    let cancelled = click(&link_of(&second, 1)).await;
    assert_eq!((cancelled.status, cancelled.state()), (410, "cancelled"));
    assert!(cancelled.says("11:00"), "when it was to be: {}", cancelled.text);
    world.advance(minutes(130));
    let over = click(&link_of(&first, 1)).await;
    assert_eq!((over.status, over.state()), (410, "over"));
    for path in ["nonsense", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "", "a/b", "%00", "%ff"] {
        let page = click(&format!("{}/join/{path}", world.url)).await;
        assert_eq!((page.status, page.state()), (404, "unknown"), "{path}");
    }
}

#[tokio::test]
async fn who_was_revoked_or_is_expected_no_more_does_not_get_in() {
    let (world, app) = doors().await;
    let appointment = booked(&app, consultation()).await;
    world.advance(minutes(60));
    let path = format!("/v1/appointments/{}", appointment["id"].as_str().unwrap());
    let ada = json!({ "participants": [appointment["participants"][0]] });
    assert_eq!(app.patch(&path, ada).await.status, 200);
    let bob = click(&link_of(&appointment, 1)).await;
    assert_eq!((bob.status, bob.state()), (410, "revoked"));
    assert!(!bob.says("Consultation") && !bob.says("Ada"), "{}", bob.text);
    assert_eq!(open(&format!("{}/appointment.ics", link_of(&appointment, 1)), &[]).await.status, 410);
    assert_eq!(click(&link_of(&appointment, 0)).await.status, 303);
    assert_eq!(click(&guests(&appointment)).await.status, 303);
    sqlx::query("UPDATE tenants SET disabled_at = now()").execute(world.db()).await.unwrap();
    let off = click(&link_of(&appointment, 0)).await;
    assert_eq!((off.status, off.state()), (403, "switched_off"));
}

#[tokio::test]
async fn nobody_walks_in_on_those_before_them() {
    let (world, app) = doors().await;
    let server = world.server("one").await;
    let mut before = hours("Grüße Raum", "09:00", "09:50");
    before["title"] = json!("before");
    let before = booked(&app, before).await;
    let link = link_of(&booked(&app, consultation()).await, 1);
    assert_eq!(world.ask(&server, "gr%c3%bc%c3%9fe%20raum").await.status, 200);
    world.advance(minutes(52));
    let page = click(&link).await;
    assert_eq!((page.status, page.state()), (200, "occupied"));
    assert!(page.says("<meta http-equiv=\"refresh\" content=\"15\">"), "{}", page.text);
    assert_eq!(click(&guests(&before)).await.status, 303, "those who are before still get in");
    world.advance(minutes(8));
    assert_eq!(click(&link).await.status, 303);
}

/// Two appointments in one room, with ten minutes between them in which both may be there: a link to each.
async fn neighbours(app: &Client) -> [String; 2] {
    let mut second = consultation();
    (second["starts"], second["ends"]) = (json!("2026-12-01T11:10:00Z"), json!("2026-12-01T12:00:00Z"));
    [link_of(&booked(app, consultation()).await, 1), link_of(&booked(app, second).await, 1)]
}

#[tokio::test]
async fn in_the_gap_between_two_bookings_who_stayed_away_does_not_walk_in_on_the_next() {
    let (world, app) = doors().await;
    let server = world.server("one").await;
    let [first, second] = neighbours(&app).await;
    world.advance(minutes(119));
    assert_eq!((click(&first).await.status, click(&second).await.state()), (303, "early"));
    world.advance(minutes(4));
    assert_eq!((click(&first).await.state(), click(&second).await.status), ("over", 303));
    assert_eq!(world.ask(&server, "gr%c3%bc%c3%9fe%20raum").await.status, 200);
    assert_eq!((click(&first).await.state(), click(&second).await.status), ("over", 303));
}

#[tokio::test]
async fn in_the_gap_between_two_bookings_who_is_still_there_can_come_back() {
    let (world, app) = doors().await;
    let server = world.server("one").await;
    let [first, second] = neighbours(&app).await;
    world.advance(minutes(100));
    assert_eq!(world.ask(&server, "gr%c3%bc%c3%9fe%20raum").await.status, 200);
    world.advance(minutes(23));
    assert_eq!((click(&first).await.status, click(&second).await.state()), (303, "occupied"));
}

#[tokio::test]
async fn a_tenant_that_has_no_place_left_lets_people_wait() {
    let (world, app) = doors().await;
    let server = world.server("one").await;
    world.policy(|policy| policy.capacity = Some(1)).await;
    booked(&app, hours("another", "09:00", "11:00")).await;
    let link = link_of(&booked(&app, consultation()).await, 1);
    assert_eq!(world.ask(&server, "another").await.status, 200);
    world.advance(minutes(60));
    let page = click(&link).await;
    assert_eq!((page.status, page.state()), (503, "full"));
    assert_eq!(page.header("retry-after"), "15");
    world.policy(|policy| policy.capacity = Some(2)).await;
    assert_eq!(click(&link).await.status, 303);
}

#[tokio::test]
async fn a_link_of_a_series_leads_to_the_date_that_is_next_and_says_what_became_of_others() {
    let (world, app) = doors().await;
    let mut weekly = consultation();
    weekly["recurrence"] = json!({ "rrule": "FREQ=WEEKLY;COUNT=3" });
    let series = booked(&app, weekly).await;
    let link = link_of(&series, 1);
    let date = |day: &str| {
        format!("/v1/appointments/{}/occurrences/2026-12-{day}T10:00:00Z", series["id"].as_str().unwrap())
    };
    assert!(click(&link).await.says("2026-12-01T10:00:00.000Z"));
    assert_eq!(app.delete(&date("01")).await.status, 200);
    let page = click(&link).await;
    assert!(page.says("Tuesday, 8 December 2026") && page.says("was cancelled"), "{}", page.text);
    let later = json!({ "starts": "2026-12-08T12:00:00Z" });
    assert_eq!(app.patch(&date("08"), later).await.status, 200);
    let page = click(&link).await;
    assert!(page.says("2026-12-08T12:00:00.000Z") && page.says("was moved"), "{}", page.text);
    world.stand_at("2026-12-08T12:05:00Z");
    let (_, claims) = click(&link).await.entrance();
    assert_eq!(claims["frontdesk"]["original_start"], 1_796_724_000, "{claims}");
    world.stand_at("2026-12-08T13:30:00Z");
    assert_eq!(click(&link).await.state(), "early", "the last date is still to come");
    world.stand_at("2026-12-15T12:00:00Z");
    assert_eq!(click(&link).await.state(), "over");
}

#[tokio::test]
async fn a_cancelled_series_names_the_date_that_people_would_have_come_for() {
    let (_world, app) = doors().await;
    let mut weekly = consultation();
    weekly["recurrence"] = json!({ "rrule": "FREQ=WEEKLY" });
    let series = booked(&app, weekly).await;
    let path = format!("/v1/appointments/{}", series["id"].as_str().unwrap());
    assert_eq!(app.delete(&path).await.status, 200);
    let page = click(&link_of(&series, 1)).await;
    assert_eq!((page.status, page.state()), (410, "cancelled"));
    assert!(page.says("Tuesday, 1 December 2026"), "{}", page.text);
}

#[tokio::test]
async fn a_series_whose_next_date_is_beyond_the_horizon_is_not_over() {
    let (world, app) = doors().await;
    let mut yearly = consultation();
    yearly["recurrence"] = json!({ "rrule": "FREQ=YEARLY" });
    world.policy(|policy| policy.horizon = TimeDelta::days(30)).await;
    let link = link_of(&booked(&app, yearly).await, 1);
    world.advance(minutes(60 * 24));
    let page = click(&link).await;
    assert_eq!((page.status, page.state()), (200, "unplanned"));
}

#[tokio::test]
async fn a_room_with_a_password_is_entered_by_a_button_beside_which_it_stands() {
    let (world, app) = doors().await;
    let mut locked = consultation();
    locked["password"] = json!("correct horse");
    let link = link_of(&booked(&app, locked).await, 1);
    assert!(!click(&link).await.says("correct horse"));
    world.advance(minutes(60));
    let page = click(&link).await;
    assert_eq!((page.status, page.state()), (200, "open"));
    assert!(page.says("correct horse") && page.says("<button"), "{}", page.text);
    assert!(!open(&link, &[]).await.says("correct horse"), "whoever just looks is not told");
    let pressed = request(reqwest::Method::POST, &link, &[]).await;
    assert!(pressed.status == 200 && pressed.says("correct horse"), "nobody goes in without having seen it");
    assert!(page.says("<form method=\"post\" action=\"?seen\">"), "{}", page.text);
    assert_eq!(request(reqwest::Method::POST, &format!("{link}?seen"), &[]).await.status, 303);
}

#[tokio::test]
async fn people_read_their_own_language_or_else_the_tenant_s() {
    let (world, app) = doors().await;
    let link = link_of(&booked(&app, consultation()).await, 1);
    world.policy(|policy| policy.language = frontdesk::reservation::wording::Language::De).await;
    for (wish, language, says) in [
        ("en-GB,en;q=0.9", "en", "You are early"),
        ("de-AT", "de", "Sie sind früh dran"),
        ("fr", "de", "Sie sind früh dran"),
        ("", "de", "Sie sind früh dran"),
    ] {
        let page = open(&link, &[("accept-language", wish)]).await;
        assert_eq!(page.header("content-language"), language, "{wish}");
        assert!(page.says(&format!("<html lang=\"{language}\">")) && page.says(says), "{}", page.text);
    }
}

#[tokio::test]
async fn what_people_wrote_is_text_in_a_page() {
    let (_world, app) = doors().await;
    let mut body = consultation();
    body["title"] = json!("<script>alert(1)</script> { $x }");
    body["participants"][0]["name"] = json!("\"><img src=x>");
    let page = click(&link_of(&booked(&app, body).await, 1)).await;
    assert!(!page.says("<script>alert") && !page.says("<img"), "{}", page.text);
    assert!(page.says("{ $x }"), "{}", page.text);
}

#[tokio::test]
async fn a_page_that_waits_is_told_when_something_has_changed() {
    let (world, app) = doors().await;
    let appointment = booked(&app, consultation()).await;
    let link = link_of(&appointment, 1);
    let state = async || {
        serde_json::from_str::<serde_json::Value>(&open(&format!("{link}/state"), &[]).await.text).unwrap()
    };
    let before = state().await;
    assert_eq!((&before["state"], &before["refresh"]), (&json!("early"), &json!(60)));
    assert!(click(&link).await.says(before["version"].as_str().unwrap()), "the page knows its version");
    world.advance(minutes(10));
    assert_eq!(state().await, before, "time alone changes nothing");
    let path = format!("/v1/appointments/{}", appointment["id"].as_str().unwrap());
    let later = json!({ "starts": "2026-12-01T10:30:00Z" });
    assert_eq!(app.patch(&path, later).await.status, 200);
    let moved = state().await;
    assert_ne!(moved["version"], before["version"]);
    assert_eq!(app.patch(&path, json!({ "early_open_seconds": 300 })).await.status, 200);
    assert_ne!(state().await["version"], moved["version"], "it opens at another time");
    assert_eq!(app.patch(&path, json!({ "early_open_seconds": 600 })).await.status, 200);
    assert_eq!(state().await["version"], moved["version"]);
    assert!(click(&link).await.says("was moved"));
    world.advance(minutes(70));
    assert_eq!(state().await["state"], "open");
    assert!(!state().await.to_string().contains("eyJ"));
}

#[tokio::test]
async fn a_tenant_that_is_not_set_up_sends_nobody_anywhere() {
    let (world, app) = doors().await;
    let link = link_of(&booked(&app, consultation()).await, 1);
    world.advance(minutes(60));
    world.policy(|policy| policy.meeting_url = None).await;
    let page = click(&link).await;
    assert_eq!((page.status, page.state()), (503, "unready"));
}

#[tokio::test]
async fn the_calendar_file_has_the_link_and_nobody_else_in_it() {
    let (_world, app) = doors().await;
    let link = link_of(&booked(&app, consultation()).await, 1);
    let file = open(&format!("{link}/appointment.ics"), &[]).await;
    assert_eq!((file.status, file.header("content-type")), (200, "text/calendar; charset=utf-8"));
    let text = file.text.replace("\r\n ", "");
    for line in [
        format!("URL:{link}"),
        format!("LOCATION:{link}"),
        "SUMMARY:Consultation".to_owned(),
        "DTSTART;TZID=Europe/Berlin:20261201T110000".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} in {text}");
    }
    assert!(text.contains(&format!("DESCRIPTION:Video room: {link}")), "{text}");
    assert!(!text.contains("ATTENDEE") && !text.contains("example.org"), "{text}");
}
