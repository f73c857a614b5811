//! Booking, moving and cancelling.

use reqwest::Method;
use serde_json::json;

use super::client::{Client, hours, send};
use crate::world::World;

#[tokio::test]
async fn what_is_booked_is_shown_and_listed() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let booked = app
        .post(
            "/v1/appointments",
            json!({
                "room": "Grüße Raum", "title": "Consultation", "description": "First\nvisit",
                "starts": "2026-12-01T10:00:00+01:00", "duration_seconds": 1800, "time_zone": "Europe/Berlin",
                "password": "open sesame", "lobby": true, "max_occupants": 4, "early_open_seconds": 60,
                "grace_seconds": 0, "max_duration_seconds": 3600, "external_id": "visit/17",
                "metadata": { "zz": [1.0, { "y": null }], "a": "ü" },
                "participants": [
                    { "role": "host", "name": "Dr. Ada", "email": "ada@example.org", "external_id": "d1" },
                    { "name": "Bo" },
                ],
            }),
        )
        .await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let place = booked.header("location").to_owned();
    assert_eq!(place, format!("/v1/appointments/{}", booked.id()));
    assert_eq!(booked.header("etag"), "\"1\"");
    let body = &booked.body;
    assert_eq!(body["starts"], "2026-12-01T09:00:00Z");
    assert_eq!(body["ends"], "2026-12-01T09:30:00Z");
    assert_eq!(body["state"], "ongoing");
    assert_eq!(body["password"], "open sesame");
    assert_eq!(body["metadata"].to_string(), r#"{"zz":[1.0,{"y":null}],"a":"ü"}"#);
    assert_eq!(body["participants"][0]["role"], "host");
    assert_eq!(body["participants"][1]["role"], "participant");
    let shown = app.get(&place).await;
    assert_eq!((shown.status, shown.body.to_string()), (200, body.to_string()));
    let listed = app.get("/v1/appointments").await;
    assert_eq!(listed.status, 200, "{listed:?}");
    let mut without = body.clone();
    for kept in ["password", "guest_join_url"] {
        assert!(without.as_object_mut().unwrap().remove(kept).is_some(), "{kept}");
    }
    for participant in without["participants"].as_array_mut().unwrap() {
        assert!(participant.as_object_mut().unwrap().remove("join_url").is_some(), "{participant}");
    }
    assert_eq!(listed.body, json!({ "data": [without], "next_cursor": null }));
}

#[tokio::test]
async fn a_room_that_nobody_names_gets_a_name_that_nobody_guesses() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let input = json!({ "starts": "2026-12-01T10:00:00Z", "ends": null });
    let (one, other) =
        (app.post("/v1/appointments", input.clone()).await, app.post("/v1/appointments", input).await);
    let room = one.body["room"].as_str().unwrap();
    assert_eq!(room.split('-').map(str::len).collect::<Vec<_>>(), [5; 5], "{room}");
    assert_ne!(one.body["room"], other.body["room"]);
    assert!(one.body["ends"].is_null());
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let refused = app
        .post(
            "/v1/appointments",
            json!({
                "room": "a'b", "titel": "typo", "starts": "2026-12-01T10:00:00", "ends": 5, "lobby": "yes",
                "max_occupants": 0, "time_zone": "Mars/Base", "metadata": [], "external_id": "",
                "participants": [{ "email": "x" }, {}, { "name": "ok", "role": "boss", "shoe": 1 }],
            }),
        )
        .await;
    assert_eq!((refused.status, refused.code()), (422, "invalid_fields"), "{refused:?}");
    let mut pointers = refused.pointers();
    pointers.sort_unstable();
    let expected = [
        "/ends",
        "/external_id",
        "/lobby",
        "/max_occupants",
        "/metadata",
        "/participants/0/email",
        "/participants/0",
        "/participants/1",
        "/participants/2/role",
        "/participants/2/shoe",
        "/room",
        "/starts",
        "/time_zone",
        "/titel",
    ];
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(pointers, expected);
    assert_eq!(app.get("/v1/appointments").await.body["data"], json!([]));
}

#[tokio::test]
async fn the_one_in_the_way_is_named() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let first = app.book("room", "10:00", "11:00").await;
    let refused = app.book("ROOM", "10:59", "12:00").await;
    assert_eq!((refused.status, refused.code()), (409, "room_taken"), "{refused:?}");
    assert_eq!(refused.body["appointment"], first.id());
    assert_eq!(app.book("room", "11:00", "12:00").await.status, 201);
}

#[tokio::test]
async fn a_change_needs_the_version_that_it_changes() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let booked = app.book("room", "10:00", "11:00").await;
    let path = format!("/v1/appointments/{}", booked.id());
    let change = json!({ "title": "new" });
    let patch = |tag: Option<&str>| {
        let request = app.request(Method::PATCH, &path).json(&change);
        send(match tag {
            Some(tag) => request.header("If-Match", tag),
            None => request,
        })
    };
    let refused = patch(None).await;
    assert_eq!((refused.status, refused.code()), (428, "precondition_required"));
    let changed = patch(Some("\"1\"")).await;
    assert_eq!((changed.status, changed.header("etag")), (200, "\"2\""), "{changed:?}");
    let refused = patch(Some("\"1\"")).await;
    assert_eq!(
        (refused.status, refused.code(), &refused.body["revision"]),
        (412, "precondition_failed", &json!(2))
    );
    assert_eq!(patch(Some("W/\"2\"")).await.status, 412);
    let refused = send(app.request(Method::DELETE, &path).header("If-Match", "\"1\"")).await;
    assert_eq!((refused.status, refused.code()), (412, "precondition_failed"));
    assert_eq!(app.get(&path).await.body["state"], "upcoming");
}

#[tokio::test]
async fn what_is_left_out_stays_and_what_is_null_goes() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let mut input = hours("room", "10:00", "11:00");
    input["title"] = json!("title");
    input["password"] = json!("secret");
    input["participants"] = json!([{ "email": "ada@example.org", "role": "host" }, { "name": "Bo" }]);
    let booked = app.post("/v1/appointments", input).await;
    let path = format!("/v1/appointments/{}", booked.id());
    let moved = app.patch(&path, json!({ "starts": "2026-12-01T12:00:00Z" })).await;
    assert_eq!(moved.body["ends"], "2026-12-01T13:00:00Z", "{moved:?}");
    assert_eq!((&moved.body["title"], &moved.body["password"]), (&json!("title"), &json!("secret")));
    let cleared = app.patch(&path, json!({ "title": null, "password": null, "ends": null })).await;
    assert_eq!((&cleared.body["title"], &cleared.body["has_password"]), (&json!(null), &json!(false)));
    assert_eq!(cleared.body["ends"], json!(null));
    let people = json!([{ "name": "Cy" }, { "email": "ada@example.org", "name": "Ada" }]);
    let known = app.patch(&path, json!({ "participants": people })).await;
    assert_eq!(known.body["participants"][1]["id"], booked.body["participants"][0]["id"], "{known:?}");
    assert_eq!(known.body["participants"][1]["role"], "participant");
    for wrong in [json!({ "starts": null }), json!({ "room": null }), json!({ "lobby": null })] {
        assert_eq!(app.patch(&path, wrong.clone()).await.code(), "invalid_fields", "{wrong}");
    }
}

#[tokio::test]
async fn people_who_share_an_address_are_not_taken_for_each_other() {
    let world = World::new().await;
    world.policy(|policy| policy.meeting_url = Some("https://meet.example.org".parse().unwrap())).await;
    let app = Client::of(&world, "acme").await;
    let mut input = hours("room", "10:00", "11:00");
    let [patient, doctor] = [
        json!({ "role": "participant", "name": "Patient", "email": "office@example.org" }),
        json!({ "role": "host", "name": "Ada", "email": "office@example.org" }),
    ];
    input["participants"] = json!([patient, doctor]);
    let booked = app.post("/v1/appointments", input).await;
    let path = format!("/v1/appointments/{}", booked.id());
    let (of_patient, of_doctor) = (&booked.body["participants"][0], &booked.body["participants"][1]);
    let turned = app.patch(&path, json!({ "participants": [doctor, patient] })).await;
    assert_eq!(&turned.body["participants"], &json!([of_doctor, of_patient]), "{turned:?}");
    let unknown = json!({ "participants": [doctor, { "id": booked.id(), "name": "x" }] });
    assert_eq!(app.patch(&path, unknown).await.pointers(), ["/participants/1"]);

    let links = format!("{path}/join-links");
    for (path, body) in [
        (&links, json!({ "participant": "office@example.org" })),
        (&format!("{path}/tokens"), json!({ "participant": "OFFICE@example.org" })),
    ] {
        let refused = app.post(path, body).await;
        assert_eq!((refused.status, refused.code()), (422, "invalid_fields"), "{refused:?}");
    }
    let refused = app.delete(&format!("{path}/tokens?participant=office@example.org")).await;
    assert_eq!((refused.status, refused.code()), (422, "invalid_fields"), "{refused:?}");
    let same = json!({ "name": "A", "external_id": "01a2044e-af7c-707f-a088-21da09ca7590" });
    assert_eq!(app.patch(&path, json!({ "participants": [doctor, same, same] })).await.status, 200);
    let ids = format!("{path}/tokens?participant={}", same["external_id"].as_str().unwrap());
    assert_eq!(app.delete(&ids).await.status, 422, "it is no participant's id");
    let renewed = app.post(&links, json!({ "participant": of_doctor["id"] })).await;
    assert_eq!(renewed.body["participant"]["id"], of_doctor["id"], "{renewed:?}");
}

#[tokio::test]
async fn a_cancelled_appointment_frees_room_and_external_id_and_stays_to_be_seen() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let mut input = hours("room", "10:00", "11:00");
    input["external_id"] = json!("x-1");
    let booked = app.post("/v1/appointments", input.clone()).await;
    let mut again = hours("other", "10:00", "11:00");
    again["external_id"] = json!("x-1");
    let refused = app.post("/v1/appointments", again).await;
    assert_eq!((refused.code(), &refused.body["appointment"]), ("external_id_taken", &booked.body["id"]));
    let path = format!("/v1/appointments/{}", booked.id());
    let cancelled = app.delete(&path).await;
    assert_eq!((cancelled.status, &cancelled.body["state"]), (200, &json!("cancelled")), "{cancelled:?}");
    assert_eq!(app.delete(&path).await.body, cancelled.body);
    assert_eq!(app.get(&path).await.body, cancelled.body);
    assert_eq!(app.patch(&path, json!({ "title": "x" })).await.code(), "appointment_cancelled");
    assert_eq!(app.post("/v1/appointments", input).await.status, 201);
    assert_eq!(app.get("/v1/appointments?external_id=x-1").await.body["data"].as_array().unwrap().len(), 1);
    let all = app.get("/v1/appointments?external_id=x-1&state=cancelled,upcoming").await;
    assert_eq!(all.body["data"].as_array().unwrap().len(), 2);
}
