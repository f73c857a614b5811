//! Many at once.

use serde_json::{Value, json};

use super::client::{Client, hours};
use crate::world::World;

const PATH: &str = "/v1/appointments/batch";

#[tokio::test]
async fn a_thousand_are_booked_in_their_order() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let many: Vec<Value> = (0..1000).map(|n| hours(&format!("room-{n}"), "10:00", "11:00")).collect();
    let booked = app.post(PATH, json!({ "appointments": many })).await;
    assert_eq!(booked.status, 201, "{:?}", booked.body["detail"]);
    let rooms: Vec<_> =
        booked.body["data"].as_array().unwrap().iter().map(|one| one["room"].clone()).collect();
    assert_eq!(rooms, (0..1000).map(|n| json!(format!("room-{n}"))).collect::<Vec<_>>());
    let one_more = app.post(PATH, json!({ "appointments": vec![hours("x", "10:00", "11:00"); 1001] })).await;
    assert_eq!((one_more.code(), one_more.pointers()), ("invalid_fields", vec!["/appointments"]));
    let none = app.post(PATH, json!({ "appointments": [] })).await;
    assert_eq!((none.code(), none.pointers()), ("invalid_fields", vec!["/appointments"]));
}

#[tokio::test]
async fn where_one_is_wrong_none_is_booked_and_each_is_named() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let taken = app.book("taken", "10:00", "11:00").await;
    let unreadable =
        json!({ "appointments": [hours("a", "10:00", "11:00"), { "starts": "soon", "ends": null }, 7] });
    let refused = app.post(PATH, unreadable).await;
    assert_eq!((refused.status, refused.code()), (422, "invalid_fields"), "{refused:?}");
    assert_eq!(refused.pointers(), ["/appointments/2"]);
    let unreadable =
        json!({ "appointments": [hours("a", "10:00", "11:00"), { "starts": "soon", "ends": null }] });
    let refused = app.post(PATH, unreadable).await;
    assert_eq!((refused.code(), refused.pointers()), ("batch_failed", vec!["/appointments/1/starts"]));
    let many = json!({ "appointments": [
        hours("free", "10:00", "11:00"),
        hours("taken", "10:30", "11:30"),
        hours("twice", "10:00", "11:00"),
        hours("twice", "10:59", "12:00"),
        hours("late", "11:00", "10:00"),
    ] });
    let refused = app.post(PATH, many).await;
    assert_eq!(refused.pointers(), ["/appointments/4/ends"], "{refused:?}");
    let many = json!({ "appointments": [
        hours("free", "10:00", "11:00"),
        hours("taken", "10:30", "11:30"),
        hours("twice", "10:00", "11:00"),
        hours("twice", "10:59", "12:00"),
    ] });
    let refused = app.post(PATH, many).await;
    assert_eq!((refused.status, refused.code()), (422, "batch_failed"));
    assert_eq!(refused.pointers(), ["/appointments/1/room", "/appointments/3/room"]);
    assert_eq!(refused.body["errors"][0]["code"], "room_taken");
    assert_eq!(refused.body["errors"][0]["appointment"], taken.id());
    assert_eq!(refused.body["errors"][1]["item"], 2, "{refused:?}");
    assert!(refused.body["errors"][1].get("appointment").is_none());
    assert_eq!(app.get("/v1/appointments").await.body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_item_that_is_refused_is_in_the_way_of_no_other() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    app.book("a-taken", "10:00", "11:00").await;
    let mut items = [hours("a-taken", "10:30", "11:30"), hours("b-free", "10:00", "11:00")];
    for item in &mut items {
        item["external_id"] = json!("same");
    }
    let refused = app.post(PATH, json!({ "appointments": items })).await;
    assert_eq!(refused.pointers(), ["/appointments/0/room"], "{refused:?}");
    // Two series of which only the second date is taken, by another.
    let taken = app
        .post(
            "/v1/appointments",
            json!({ "room": "c", "starts": "2026-12-08T10:00:00Z", "ends": "2026-12-08T11:00:00Z" }),
        )
        .await;
    let series = || {
        let mut series = hours("c", "10:00", "11:00");
        series["recurrence"] = json!({ "rrule": "FREQ=WEEKLY;COUNT=3" });
        series
    };
    let refused = app.post(PATH, json!({ "appointments": [series(), series()] })).await;
    assert_eq!(refused.pointers(), ["/appointments/0/room", "/appointments/1/room"], "{refused:?}");
    for error in refused.body["errors"].as_array().unwrap() {
        assert_eq!(error["appointment"], taken.id(), "{refused:?}");
    }
}

#[tokio::test]
async fn a_batch_that_is_sent_again_is_booked_once() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let mut one = hours("a", "10:00", "11:00");
    one["generate_password"] = json!(true);
    let batch = json!({ "appointments": [one] });
    let first = app.post_once(PATH, "k", batch.clone()).await;
    assert!(first.body["data"][0]["password"].is_string(), "{first:?}");
    assert_eq!(app.post_once(PATH, "k", batch).await.body, first.body);
}

#[tokio::test]
async fn nobody_looks_for_more_than_a_hundred_errors() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let people: Vec<Value> = (0..500).map(|_| json!({ "a": 0, "b": 0 })).collect();
    let one = json!({ "starts": "2026-12-01T10:00:00Z", "ends": null, "participants": people });
    let refused = app.post(PATH, json!({ "appointments": vec![one; 40] })).await;
    assert_eq!((refused.status, refused.pointers().len()), (422, 100), "{}", refused.body["detail"]);
    let many: Vec<Value> = (0..1000).map(|_| json!({})).collect();
    let refused = app.post(PATH, json!({ "appointments": many })).await;
    assert_eq!((refused.status, refused.pointers().len()), (422, 100));
}

#[tokio::test]
async fn a_batch_has_ten_thousand_participants_at_the_most() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let batch = |appointments: usize| {
        let people: Vec<Value> = (0..500).map(|n| json!({ "name": format!("{n}") })).collect();
        let of = |n| {
            let mut one = hours(&format!("room-{n}"), "10:00", "11:00");
            one["participants"] = json!(people);
            one
        };
        json!({ "appointments": (0..appointments).map(of).collect::<Vec<_>>() })
    };
    let refused = app.post(PATH, batch(21)).await;
    assert_eq!((refused.status, refused.pointers()), (422, vec!["/appointments"]));
    assert_eq!(app.post(PATH, batch(20)).await.status, 201);
}
