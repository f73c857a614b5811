//! Links are made, listed, revoked, and sent once more.

use std::collections::BTreeSet;

use frontdesk::actions::reseal::reseal;
use frontdesk::reservation::Scope;
use frontdesk::seal::MasterKeys;
use serde_json::{Value, json};

use super::{booked, click, consultation, doors, guests, link_of, minutes};
use crate::api::client::Client;
use crate::world::World;

const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW_KEY: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

fn links(appointment: &Value) -> String {
    format!("/v1/appointments/{}/join-links", appointment["id"].as_str().unwrap())
}

#[tokio::test]
async fn everybody_has_a_link_from_the_beginning_and_only_who_may_mint_sees_it() {
    let (world, app) = doors().await;
    let appointment = booked(&app, consultation()).await;
    let urls: BTreeSet<_> =
        [link_of(&appointment, 0), link_of(&appointment, 1), guests(&appointment)].into_iter().collect();
    assert_eq!(urls.len(), 3);
    let listed = app.get(&links(&appointment)).await.body;
    let told: BTreeSet<_> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link["url"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told, urls);
    let path = format!("/v1/appointments/{}", appointment["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.body["guest_join_url"], appointment["guest_join_url"]);
    assert!(!app.get("/v1/appointments").await.body.to_string().contains("/join/"), "lists tell none");
    let reader = Client::with(&world, "acme", &[Scope::AppointmentsRead]).await;
    assert!(!reader.get(&path).await.body.to_string().contains("/join/"));
    assert_eq!(reader.get(&links(&appointment)).await.code(), "insufficient_scope");
    let rows: Vec<(Vec<u8>,)> =
        sqlx::query_as("SELECT hash FROM join_links").fetch_all(world.db()).await.unwrap();
    assert_eq!(rows.len(), 3);
}

#[tokio::test]
async fn a_new_link_takes_the_place_of_the_one_before() {
    let (world, app) = doors().await;
    let appointment = booked(&app, consultation()).await;
    world.advance(minutes(60));
    let made = app.post(&links(&appointment), json!({ "participant": "bob@example.org" })).await;
    assert_eq!((made.status, &made.body["participant"]["name"]), (201, &json!("Bob")), "{made:?}");
    assert_eq!(click(&link_of(&appointment, 1)).await.status, 410);
    assert_eq!(click(made.body["url"].as_str().unwrap()).await.status, 303);
    let again = app.post_once(&links(&appointment), "key", json!({ "for_guests": true })).await;
    assert_eq!(again.body["for_guests"], true, "{again:?}");
    assert_eq!(
        app.post_once(&links(&appointment), "key", json!({ "for_guests": true })).await.body,
        again.body
    );
    assert_eq!(click(&guests(&appointment)).await.status, 410);
    let nobody = app.post(&links(&appointment), json!({ "participant": "eve@example.org" })).await;
    assert_eq!((nobody.status, nobody.code()), (404, "not_found"));
    for unclear in [json!({}), json!({ "participant": null }), json!({ "for_guests": false })] {
        assert_eq!(
            app.post(&links(&appointment), unclear).await.code(),
            "invalid_fields",
            "the guests' link stays"
        );
    }
    let both = json!({ "for_guests": true, "participant": "bob@example.org" });
    assert_eq!(app.post(&links(&appointment), both).await.code(), "invalid_fields");
    let wrong = app.post(&links(&appointment), json!({ "participant": 1, "x": 2 })).await;
    assert_eq!(wrong.pointers(), ["/x", "/participant"]);
    let live = app.get(&links(&appointment)).await.body;
    let live = live["data"].as_array().unwrap().iter().filter(|link| link["revoked_at"].is_null()).count();
    assert_eq!(live, 3);
}

#[tokio::test]
async fn a_revoked_link_leads_nowhere_and_does_not_come_back_with_a_change() {
    let (world, app) = doors().await;
    let appointment = booked(&app, consultation()).await;
    world.advance(minutes(60));
    let bob = appointment["participants"][1]["id"].as_str().unwrap();
    let listed = app.get(&links(&appointment)).await.body;
    let link =
        listed["data"].as_array().unwrap().iter().find(|link| link["participant"]["id"] == bob).unwrap();
    let path = format!("/v1/join-links/{}", link["id"].as_str().unwrap());
    let revoked = app.delete(&path).await;
    assert_eq!((revoked.status, &revoked.body["url"]), (200, &Value::Null), "{revoked:?}");
    assert_eq!(app.delete(&path).await.body, revoked.body, "it may be repeated");
    assert_eq!(click(&link_of(&appointment, 1)).await.state(), "revoked");
    assert_eq!(app.get(&format!("{path}/invitation")).await.code(), "no_invitation");
    let mut everybody = appointment["participants"].clone();
    everybody.as_array_mut().unwrap().push(json!({ "role": "participant", "name": "Cem" }));
    let everybody = json!({ "participants": everybody });
    let changed =
        app.patch(&format!("/v1/appointments/{}", appointment["id"].as_str().unwrap()), everybody).await;
    assert_eq!(changed.body["participants"][1].get("join_url"), None, "{changed:?}");
    assert_eq!(click(&link_of(&changed.body, 2)).await.status, 303, "who is new has one");
    assert_eq!(click(&link_of(&appointment, 0)).await.status, 303, "others keep theirs");
}

#[tokio::test]
async fn an_invitation_says_the_same_in_text_and_html_in_the_language_that_is_wanted() {
    let (_world, app) = doors().await;
    let mut body = consultation();
    body["title"] = json!("Tea & <cake>");
    let appointment = booked(&app, body).await;
    let listed = app.get(&links(&appointment)).await.body;
    for (language, subject, says) in [
        (
            "en",
            "Tea & <cake>: Tuesday, 1 December 2026, 11:00",
            "invites you to a video appointment with Dr. Ada",
        ),
        (
            "de",
            "Tea & <cake>: Dienstag, 1. Dezember 2026, 11:00 Uhr",
            "lädt Sie zu einem Videotermin mit Dr. Ada ein",
        ),
    ] {
        let path = format!(
            "/v1/join-links/{}/invitation?language={language}",
            listed["data"][1]["id"].as_str().unwrap()
        );
        let mail = app.get(&path).await.body;
        assert_eq!((&mail["subject"], &mail["to"]), (&json!(subject), &json!("bob@example.org")));
        let (text, html) = (mail["text"].as_str().unwrap(), mail["html"].as_str().unwrap());
        for form in [text, html] {
            for part in [says, &link_of(&appointment, 1), "Europe/Berlin", "10:50", "Bob"] {
                assert!(form.contains(part), "{part} in {form}");
            }
        }
        assert!(text.contains("Tea & <cake>") && html.contains("Tea &#38; &#60;cake&#62;"), "{text}{html}");
        assert!(!text.contains("\n\n\n") && text.lines().all(|line| line.trim_end() == line), "{text}");
        assert!(mail["calendar"].as_str().unwrap().starts_with("BEGIN:VCALENDAR\r\n"));
    }
    let wrong = app
        .get(&format!("/v1/join-links/{}/invitation?language=fr", listed["data"][1]["id"].as_str().unwrap()))
        .await;
    assert_eq!(wrong.pointers(), ["language"]);
}

#[tokio::test]
async fn links_are_shown_after_the_master_key_was_changed_and_outlive_one_that_is_lost() {
    let (world, app) = doors().await;
    let appointment = booked(&app, consultation()).await;
    let path = format!("/v1/appointments/{}", appointment["id"].as_str().unwrap());
    let code = |link: &str| link.rsplit('/').next().unwrap().to_owned();
    let rotated = World::with_keys(&world, MasterKeys::parse(&format!("{NEW_KEY}\n{MASTER_KEY}")).unwrap());
    let new = World::with_keys(&world, MasterKeys::parse(NEW_KEY).unwrap());
    // Before the secret is sealed anew, who lacks the old key is as who has lost it.
    assert_eq!(app.at(&new).get(&path).await.body.get("guest_join_url"), None);
    let listed = app.at(&new).get(&links(&appointment)).await.body;
    assert_eq!(listed["data"][0]["url"], Value::Null);
    let invitation = format!("/v1/join-links/{}/invitation", listed["data"][0]["id"].as_str().unwrap());
    assert_eq!(app.at(&new).get(&invitation).await.code(), "no_invitation");
    assert_eq!(click(&format!("{}/join/{}", new.url, code(&guests(&appointment)))).await.state(), "early");
    reseal(&rotated.app).await.unwrap();
    let told = app.at(&new).get(&path).await.body;
    assert_eq!(code(&guests(&told)), code(&guests(&appointment)));
    assert_eq!(app.at(&new).get(&invitation).await.status, 200);
}

#[tokio::test]
async fn nobody_is_invited_to_what_does_not_take_place() {
    let (world, app) = doors().await;
    let appointment = booked(&app, consultation()).await;
    let listed = app.get(&links(&appointment)).await.body;
    let path = format!("/v1/join-links/{}/invitation", listed["data"][0]["id"].as_str().unwrap());
    let text = app.get(&path).await.body["text"].as_str().unwrap().to_owned();
    assert!(text.contains("Hello Dr. Ada") && !text.contains("with Dr. Ada"), "{text}");
    assert!(text.contains("You are the host"), "{text}");
    world.advance(minutes(180));
    assert_eq!(app.get(&path).await.code(), "appointment_over");
    world.advance(-minutes(180));
    assert_eq!(
        app.delete(&format!("/v1/appointments/{}", appointment["id"].as_str().unwrap())).await.status,
        200
    );
    assert_eq!(app.get(&path).await.code(), "appointment_cancelled");
}

#[tokio::test]
async fn who_has_nothing_but_a_name_keeps_their_link_when_others_change() {
    let (world, app) = doors().await;
    let mut body = consultation();
    body["participants"] = json!([{ "name": "Cem" }, { "name": "Dora" }]);
    let appointment = booked(&app, body).await;
    let path = format!("/v1/appointments/{}", appointment["id"].as_str().unwrap());
    let changed =
        app.patch(&path, json!({ "participants": [{ "name": "Dora" }, { "name": "Eve" }] })).await.body;
    assert_eq!(link_of(&changed, 0), link_of(&appointment, 1));
    world.advance(minutes(60));
    assert_eq!(click(&link_of(&appointment, 0)).await.status, 410);
    assert_eq!(click(&link_of(&appointment, 1)).await.status, 303);
}

#[tokio::test]
async fn a_batch_tells_the_links_of_each_and_a_repetition_only_to_who_may_see_them() {
    let (world, app) = doors().await;
    let mut other = consultation();
    other["room"] = json!("other");
    let batch = json!({ "appointments": [consultation(), other] });
    let made = app.post_once("/v1/appointments/batch", "key", batch.clone()).await;
    assert_eq!(made.status, 201, "{made:?}");
    for one in made.body["data"].as_array().unwrap() {
        assert_eq!(click(&link_of(one, 1)).await.state(), "early");
    }
    let single = app.post_once("/v1/appointments", "single", super::hours("third", "10:00", "11:00")).await;
    assert!(single.body.to_string().contains("/join/"));
    sqlx::query("UPDATE apps SET scopes = '{appointments:write}'").execute(world.db()).await.unwrap();
    let again = app.post_once("/v1/appointments/batch", "key", batch).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert!(!again.body.to_string().contains("/join/"), "{again:?}");
    let again = app.post_once("/v1/appointments", "single", super::hours("third", "10:00", "11:00")).await;
    assert!(again.status == 201 && !again.body.to_string().contains("/join/"), "{again:?}");
}

#[tokio::test]
async fn the_mail_of_a_series_tells_the_next_dates_and_not_one_as_if_it_were_the_rule() {
    let (_world, app) = doors().await;
    let mut weekly = consultation();
    weekly["recurrence"] = json!({ "rrule": "FREQ=WEEKLY;COUNT=8" });
    let series = booked(&app, weekly).await;
    let date = |day: &str| {
        format!("/v1/appointments/{}/occurrences/2026-12-{day}T10:00:00Z", series["id"].as_str().unwrap())
    };
    assert_eq!(app.delete(&date("08")).await.status, 200);
    assert_eq!(app.patch(&date("15"), json!({ "starts": "2026-12-15T15:00:00Z" })).await.status, 200);
    let listed = app.get(&links(&series)).await.body;
    let path = format!("/v1/join-links/{}/invitation", listed["data"][0]["id"].as_str().unwrap());
    let mail = app.get(&path).await.body;
    let dates = [
        "Tuesday, 1 December 2026, 11:00 to 12:00",
        "Tuesday, 15 December 2026, 16:00 to 17:00",
        "Tuesday, 22 December 2026, 11:00 to 12:00",
        "Tuesday, 29 December 2026, 11:00 to 12:00",
        "Tuesday, 5 January 2027, 11:00 to 12:00",
    ];
    for form in [&mail["text"], &mail["html"]] {
        let form = form.as_str().unwrap();
        assert!(dates.iter().all(|date| form.contains(date)) && form.contains("and more"), "{form}");
        assert!(!form.contains("8 December") && !form.contains("12 January"), "{form}");
    }
}

#[tokio::test]
async fn nobody_is_invited_to_a_room_that_nobody_could_be_sent_to() {
    let (world, app) = doors().await;
    let appointment = booked(&app, consultation()).await;
    let listed = app.get(&links(&appointment)).await.body;
    let path = format!("/v1/join-links/{}", listed["data"][0]["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.body, listed["data"][0]);
    world.policy(|policy| policy.meeting_url = None).await;
    let refused = app.get(&format!("{path}/invitation")).await;
    assert_eq!((refused.status, refused.code()), (409, "tokens_not_set_up"), "{refused:?}");
}
