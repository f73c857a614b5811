//! Appointments that recur, over HTTP. It is nine o'clock on Tuesday, 1 December 2026.

use serde_json::{Value, json};

use super::client::{Answer, Client};
use crate::world::World;

/// Tuesdays at ten in Berlin, which are nine o'clock in UTC, from the 8th on.
fn tuesdays(rule: &str) -> Value {
    json!({
        "room": "room", "title": "Consultation", "starts": "2026-12-08T10:00:00+01:00", "duration_seconds": 1800,
        "time_zone": "Europe/Berlin", "recurrence": { "rrule": rule },
    })
}

pub async fn book(app: &Client, room: &str, starts: &str, ends: &str) -> Answer {
    app.post("/v1/appointments", json!({ "room": room, "starts": starts, "ends": ends })).await
}

pub struct Series {
    pub world: World,
    pub app: Client,
    pub path: String,
}

impl Series {
    pub async fn of(rule: &str) -> Self {
        Self::with(tuesdays(rule)).await
    }

    pub async fn with(input: Value) -> Self {
        let world = World::new().await;
        let app = Client::of(&world, "acme").await;
        let booked = app.post("/v1/appointments", input).await;
        assert_eq!(booked.status, 201, "{booked:?}");
        let path = format!("/v1/appointments/{}", booked.id());
        Self { world, app, path }
    }

    /// Its dates with that, separated by spaces.
    pub async fn told(&self, what: &[&str], states: &str) -> Vec<String> {
        let listed = self.app.get(&format!("{}/occurrences?limit=1000&state={states}", self.path)).await;
        assert_eq!(listed.status, 200, "{listed:?}");
        let tell = |date: &Value| what.iter().map(|field| plain(&date[field])).collect::<Vec<_>>().join(" ");
        listed.body["data"].as_array().unwrap().iter().map(tell).collect()
    }

    pub async fn starts(&self) -> Vec<String> {
        self.told(&["starts"], "upcoming,ongoing,past").await
    }

    pub fn date(&self, original_start: &str) -> String {
        format!("{}/occurrences/{original_start}", self.path)
    }

    pub async fn patch(&self, change: Value) -> Answer {
        self.app.patch(&self.path, change).await
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| text.replace(":00Z", ""))
}

pub const FOUR: [&str; 4] = ["2026-12-08T09:00", "2026-12-15T09:00", "2026-12-22T09:00", "2026-12-29T09:00"];

#[tokio::test]
async fn each_date_opens_the_room() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    let server = series.world.server("prosody").await;
    assert_eq!(series.starts().await, FOUR);
    assert_eq!(series.world.ask(&server, "room").await.reason(), "too_early");
    for date in ["2026-12-08T09:00:00Z", "2026-12-29T09:20:00Z"] {
        series.world.stand_at(date);
        assert_eq!(series.world.ask(&server, "room").await.status, 200, "{date}");
    }
    series.world.stand_at("2026-12-29T10:00:00Z");
    assert_eq!(series.world.ask(&server, "room").await.reason(), "over");
}

#[tokio::test]
async fn ten_o_clock_stays_ten_o_clock_through_the_year() {
    let series = Series::of("FREQ=MONTHLY;BYDAY=2TU;COUNT=6").await;
    assert_eq!(
        series.starts().await,
        [
            "2026-12-08T09:00",
            "2027-01-12T09:00",
            "2027-02-09T09:00",
            "2027-03-09T09:00",
            "2027-04-13T08:00",
            "2027-05-11T08:00"
        ]
    );
}

#[tokio::test]
async fn it_is_shown_with_its_rule() {
    let series = Series::of("rrule:freq=weekly;count=4").await;
    let shown = series.app.get(&series.path).await;
    assert_eq!(
        shown.body["recurrence"],
        json!({
            "rrule": "FREQ=WEEKLY;COUNT=4", "rdates": [], "exdates": [],
            "first_starts": "2026-12-08T09:00:00Z", "last_ends": "2026-12-29T09:30:00Z",
        })
    );
    let endless = Series::of("FREQ=WEEKLY").await;
    assert!(endless.app.get(&endless.path).await.body["recurrence"]["last_ends"].is_null());
}

#[tokio::test]
async fn an_overlap_is_found_on_whichever_date_and_named() {
    let series = Series::of("FREQ=WEEKLY").await;
    let id = series.path.rsplit_once('/').unwrap().1;
    let single = book(&series.app, "room", "2027-12-07T09:15:00Z", "2027-12-07T10:00:00Z").await;
    assert_eq!((single.status, single.code()), (409, "room_taken"), "{single:?}");
    assert_eq!(single.body["appointment"], id);
    let mut other = tuesdays("FREQ=DAILY;INTERVAL=3");
    other["starts"] = json!("2026-12-09T10:00:00+01:00");
    let other = series.app.post("/v1/appointments", other).await;
    assert_eq!((other.status, other.code()), (409, "room_taken"), "{other:?}");
    assert_eq!(other.body["conflicts"][0], json!({ "starts": "2026-12-15T09:00:00Z", "appointment": id }));
    // Every third day is a Tuesday every third week, for two years and a month.
    assert_eq!(other.body["conflicting_dates"], 36);
    let touching = book(&series.app, "room", "2027-12-07T09:30:00Z", "2027-12-07T10:00:00Z").await;
    assert_eq!(touching.status, 201, "{touching:?}");
}

#[tokio::test]
async fn one_that_overlaps_itself_is_refused() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let mut input = tuesdays("FREQ=DAILY");
    input["duration_seconds"] = json!(25 * 3600);
    let refused = app.post("/v1/appointments", input).await;
    assert_eq!((refused.status, refused.pointers()), (422, vec!["/recurrence/rrule"]), "{refused:?}");
    assert_eq!(app.get("/v1/occurrences").await.body["data"], json!([]));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_where() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    for (change, pointer) in [
        (json!({ "recurrence": { "rrule": "FREQ=WEEKLY;BYDAY=WE" } }), "/starts"),
        (json!({ "recurrence": { "rrule": "FREQ=HOURLY" } }), "/recurrence/rrule"),
        (json!({ "recurrence": { "exdates": ["2026-12-08T09:00:00Z"] } }), "/recurrence"),
        (json!({ "recurrence": { "rule": "FREQ=DAILY" } }), "/recurrence/rule"),
        (
            json!({ "recurrence": { "rrule": "FREQ=DAILY", "exdates": ["2026-12-09T09:00:00Z", "tomorrow"] } }),
            "/recurrence/exdates/1",
        ),
        (
            json!({ "recurrence": { "rrule": "FREQ=DAILY", "exdates": ["2026-12-09T10:00:00Z"] } }),
            "/recurrence/exdates",
        ),
        (json!({ "recurrence": { "rrule": "FREQ=DAILY" }, "duration_seconds": null, "ends": null }), "/ends"),
        (
            json!({ "recurrence": { "rrule": "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11" } }),
            "/recurrence/rrule",
        ),
    ] {
        let mut input = tuesdays("FREQ=WEEKLY");
        for (field, value) in change.as_object().unwrap() {
            input[field] = value.clone();
        }
        let refused = app.post("/v1/appointments", input).await;
        assert_eq!((refused.status, refused.pointers()), (422, vec![pointer]), "{refused:?}");
    }
    assert_eq!(app.get("/v1/appointments").await.body["data"], json!([]));
}

#[tokio::test]
async fn dates_that_are_not_there_are_not_found() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    for date in ["2026-12-09T09:00:00Z", "tuesday", "2026-12-08"] {
        assert_eq!(series.app.get(&series.date(date)).await.status, 404, "{date}");
    }
    assert_eq!(series.app.get(&series.date("2026-12-08T10%3A00%3A00%2B01:00")).await.status, 200);
}

#[tokio::test]
async fn a_calendar_lists_what_recurs_and_what_does_not_in_order() {
    let series = Series::of("FREQ=WEEKLY").await;
    let app = &series.app;
    book(app, "other", "2026-12-10T09:00:00Z", "2026-12-10T10:00:00Z").await;
    let tell = |answer: &Answer| -> Vec<String> {
        let data = answer.body["data"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
        data.iter().map(|date| plain(&date["starts"])).collect()
    };
    let week = app.get("/v1/occurrences?from=2026-12-08T09:15:00Z&until=2026-12-15T09:01:00Z").await;
    assert_eq!(tell(&week), ["2026-12-08T09:00", "2026-12-10T09:00", "2026-12-15T09:00"]);
    let room = app
        .get("/v1/occurrences?room=Room&from=2027-01-01T00:00:00Z&until=2028-01-01T00:00:00Z&limit=1000")
        .await;
    assert_eq!((tell(&room).len(), &room.body["next_cursor"]), (52, &Value::Null));
    let first = app.get("/v1/occurrences?limit=2").await;
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = app.get(&format!("/v1/occurrences?limit=2&cursor={cursor}")).await;
    assert_eq!(
        [tell(&first), tell(&second)].concat(),
        ["2026-12-08T09:00", "2026-12-10T09:00", "2026-12-15T09:00", "2026-12-22T09:00"]
    );
}

#[tokio::test]
async fn a_calendar_in_pages_loses_no_date_of_those_that_start_together() {
    let series = Series::of("FREQ=WEEKLY;COUNT=3").await;
    let app = &series.app;
    app.delete(&series.date("2026-12-08T09:00:00Z")).await;
    let moved =
        app.patch(&series.date("2026-12-15T09:00:00Z"), json!({ "starts": "2026-12-08T09:00:00Z" })).await;
    assert_eq!(moved.status, 200, "{moved:?}");
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/v1/occurrences?limit=1&state=upcoming,cancelled{next}")).await;
        seen.push(plain(&page.body["data"][0]["original_start"]));
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(seen, ["2026-12-08T09:00", "2026-12-15T09:00", "2026-12-22T09:00"]);
}

#[tokio::test]
async fn a_preview_tells_the_dates_and_what_is_in_the_way_and_books_nothing() {
    let series = Series::of("FREQ=WEEKLY").await;
    let id = series.path.rsplit_once('/').unwrap().1;
    let mut input = tuesdays("FREQ=DAILY;INTERVAL=7;COUNT=3");
    input["starts"] = json!("2026-12-15T10:15:00+01:00");
    input["recurrence"]["exdates"] = json!(["2026-12-22T10:15:00+01:00"]);
    let preview = series.app.post("/v1/appointments/preview?limit=2", input.clone()).await;
    assert_eq!(preview.status, 200, "{preview:?}");
    assert_eq!(
        preview.body["dates"],
        json!([
            { "starts": "2026-12-15T09:15:00Z", "ends": "2026-12-15T09:45:00Z", "excepted": false, "taken_by": id },
            { "starts": "2026-12-22T09:15:00Z", "ends": "2026-12-22T09:45:00Z", "excepted": true, "taken_by": id },
        ])
    );
    assert_eq!(preview.body["more"], true);
    input["recurrence"] = json!({ "rrule": "FREQ=WEEKLY;BYDAY=MO" });
    assert_eq!(series.app.post("/v1/appointments/preview", input).await.pointers(), ["/starts"]);
    let endless = json!({ "room": "other", "starts": "2026-11-01T09:00:00Z", "ends": null });
    let preview = series.app.post("/v1/appointments/preview", endless).await;
    assert_eq!(preview.body["dates"].as_array().map(Vec::len), Some(1), "it can be booked: {preview:?}");
    assert_eq!(series.app.get("/v1/appointments").await.body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn further_dates_and_exceptions_are_given_with_their_offsets() {
    let mut input = tuesdays("FREQ=WEEKLY;COUNT=2");
    input["recurrence"]["rdates"] = json!(["2026-12-10T10:00:00+01:00"]);
    input["recurrence"]["exdates"] = json!(["2026-12-15T10:00:00+01:00"]);
    let series = Series::with(input).await;
    assert_eq!(series.starts().await, ["2026-12-08T09:00", "2026-12-10T09:00"]);
    assert_eq!(series.told(&["starts"], "cancelled").await, ["2026-12-15T09:00"]);
}

#[tokio::test]
async fn a_room_without_an_end_and_a_series_without_one_do_not_go_together() {
    let series = Series::of("FREQ=YEARLY").await;
    series.world.policy(|policy| policy.horizon = chrono::TimeDelta::days(30)).await;
    let endless = json!({ "room": "room", "starts": "2026-12-20T09:00:00Z", "ends": null });
    let refused = series.app.post("/v1/appointments", endless.clone()).await;
    assert_eq!((refused.status, refused.code()), (409, "room_taken"), "{refused:?}");
    let mut other = endless;
    other["room"] = json!("other");
    assert_eq!(series.app.post("/v1/appointments", other).await.status, 201);
    let mut yearly = tuesdays("FREQ=YEARLY");
    yearly["room"] = json!("other");
    let refused = series.app.post("/v1/appointments", yearly).await;
    assert_eq!((refused.status, refused.code()), (409, "room_taken"), "{refused:?}");
}
