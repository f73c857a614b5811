//! Lists: filters, order, pages.

use serde_json::{Value, json};

use super::client::{Client, hours};
use crate::world::World;

fn rooms(body: &Value) -> Vec<&str> {
    body["data"].as_array().unwrap().iter().map(|one| one["room"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn filters_let_through_what_they_say() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let mut past = hours("past", "07:00", "08:00");
    past["participants"] = json!([{ "role": "host", "email": "Ada@Example.org", "external_id": "d1" }]);
    past["external_id"] = json!("e 1");
    app.post("/v1/appointments", past).await;
    let mut ongoing = hours("ongoing", "08:30", "09:30");
    ongoing["participants"] = json!([{ "role": "participant", "email": "ada@example.org" }]);
    app.post("/v1/appointments", ongoing).await;
    app.book("upcoming", "10:00", "11:00").await;
    let mut endless = hours("Grüße", "12:00", "13:00");
    endless["ends"] = json!(null);
    app.post("/v1/appointments", endless).await;
    let cancelled = app.book("cancelled", "10:00", "11:00").await;
    app.delete(&format!("/v1/appointments/{}", cancelled.id())).await;
    for (query, expected) in [
        ("", vec!["past", "ongoing", "upcoming", "Grüße"]),
        ("state=upcoming", vec!["upcoming", "Grüße"]),
        ("state=ongoing,past", vec!["past", "ongoing"]),
        ("state=cancelled", vec!["cancelled"]),
        ("order=-starts", vec!["Grüße", "upcoming", "ongoing", "past"]),
        ("order=-created_at&limit=1", vec!["Grüße"]),
        ("room=GR%C3%9C%C3%9FE", vec!["Grüße"]),
        ("room=gr%25c3%25bc%25c3%259fe", vec!["Grüße"]),
        ("host=ada@example.org", vec!["past"]),
        ("host=d1", vec!["past"]),
        ("host=nobody", vec![]),
        ("external_id=e%201", vec!["past"]),
        ("from=2026-12-01T08:00:00Z", vec!["ongoing", "upcoming", "Grüße"]),
        ("from=2026-12-01T07:59:59Z&until=2026-12-01T10:00:00Z", vec!["past", "ongoing"]),
        ("from=2027-12-01T10:00:00%2B01:00", vec!["Grüße"]),
        ("state=upcoming&until=2026-12-01T08:00:00Z", vec![]),
        ("state=past&from=2026-12-01T07:30:00Z", vec!["past"]),
        ("state=ongoing&from=2026-12-01T08:45:00Z", vec!["ongoing"]),
        ("state=past,cancelled&order=-starts", vec!["cancelled", "past"]),
    ] {
        let listed = app.get(&format!("/v1/appointments?{query}")).await;
        assert_eq!(listed.status, 200, "{query}: {listed:?}");
        assert_eq!(rooms(&listed.body), expected, "{query}");
    }
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_refused_with_its_parameter() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    for (query, parameters) in [
        ("limit=0", vec!["limit"]),
        ("limit=201&cursor=x&order=size", vec!["order", "cursor", "limit"]),
        ("state=open", vec!["state"]),
        ("from=yesterday", vec!["from"]),
        ("from=2026-12-02T00:00:00Z&until=2026-12-01T00:00:00Z", vec!["until"]),
        ("rooms=x", vec!["rooms"]),
        ("host=a%00b", vec!["host"]),
        ("room=", vec!["room"]),
    ] {
        let refused = app.get(&format!("/v1/appointments?{query}")).await;
        assert_eq!((refused.status, refused.code()), (422, "invalid_fields"), "{query}: {refused:?}");
        assert_eq!(refused.pointers(), parameters, "{query}");
    }
    assert_eq!(app.get("/v1/appointments?limit=1&limit=2").await.code(), "malformed");
}

#[tokio::test]
async fn pages_lose_nothing_and_repeat_nothing_in_any_order() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    // Many with the same start.
    let many: Vec<Value> =
        (0..25).map(|n| hours(&format!("r{n}"), &format!("1{}:00", n % 3), "20:00")).collect();
    app.post("/v1/appointments/batch", json!({ "appointments": many })).await;
    for order in ["starts", "-starts", "created_at", "-created_at"] {
        let whole = app.get(&format!("/v1/appointments?order={order}")).await;
        assert_eq!(rooms(&whole.body).len(), 25);
        let mut pages = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = app.get(&format!("/v1/appointments?order={order}&limit=4{cursor}")).await;
            pages.extend(rooms(&page.body).into_iter().map(ToOwned::to_owned));
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(pages, rooms(&whole.body), "{order}");
    }
    let page = app.get("/v1/appointments?limit=4").await;
    let cursor = page.body["next_cursor"].as_str().unwrap();
    for other in
        [format!("appointments?order=-starts&cursor={cursor}"), format!("occurrences?cursor={cursor}")]
    {
        let refused = app.get(&format!("/v1/{other}")).await;
        assert_eq!(
            (refused.status, &refused.body["errors"][0]["parameter"]),
            (422, &json!("cursor")),
            "{other}"
        );
    }
}
