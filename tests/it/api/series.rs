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

async fn book(app: &Client, room: &str, starts: &str, ends: &str) -> Answer {
    app.post("/v1/appointments", json!({ "room": room, "starts": starts, "ends": ends })).await
}

struct Series {
    world: World,
    app: Client,
    path: String,
}

impl Series {
    async fn of(rule: &str) -> Self {
        Self::with(tuesdays(rule)).await
    }

    async fn with(input: Value) -> Self {
        let world = World::new().await;
        let app = Client::of(&world, "acme").await;
        let booked = app.post("/v1/appointments", input).await;
        assert_eq!(booked.status, 201, "{booked:?}");
        let path = format!("/v1/appointments/{}", booked.id());
        Self { world, app, path }
    }

    /// Its dates with that, separated by spaces.
    async fn told(&self, what: &[&str], states: &str) -> Vec<String> {
        let listed = self.app.get(&format!("{}/occurrences?limit=1000&state={states}", self.path)).await;
        assert_eq!(listed.status, 200, "{listed:?}");
        let tell = |date: &Value| what.iter().map(|field| plain(&date[field])).collect::<Vec<_>>().join(" ");
        listed.body["data"].as_array().unwrap().iter().map(tell).collect()
    }

    async fn starts(&self) -> Vec<String> {
        self.told(&["starts"], "upcoming,ongoing,past").await
    }

    fn date(&self, original_start: &str) -> String {
        format!("{}/occurrences/{original_start}", self.path)
    }

    async fn patch(&self, change: Value) -> Answer {
        self.app.patch(&self.path, change).await
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| text.replace(":00Z", ""))
}

const FOUR: [&str; 4] = ["2026-12-08T09:00", "2026-12-15T09:00", "2026-12-22T09:00", "2026-12-29T09:00"];

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
async fn one_date_is_moved_and_changed_alone_and_keeps_that() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    let moved = series
        .app
        .patch(
            &series.date("2026-12-15T09:00:00Z"),
            json!({ "starts": "2026-12-16T13:00:00Z", "title": "Moved", "lobby": true, "password": "own" }),
        )
        .await;
    assert_eq!(moved.status, 200, "{moved:?}");
    assert_eq!(moved.body["own"], json!(["time", "title", "password", "lobby"]));
    assert_eq!(
        (&moved.body["ends"], &moved.body["password"]),
        (&json!("2026-12-16T13:30:00Z"), &json!("own"))
    );
    let changed = series.patch(json!({ "title": "All", "password": "all", "max_occupants": 5 })).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(
        series.told(&["starts", "title", "lobby", "max_occupants"], "upcoming").await,
        [
            "2026-12-08T09:00 All false 5",
            "2026-12-16T13:00 Moved true 5",
            "2026-12-22T09:00 All false 5",
            "2026-12-29T09:00 All false 5"
        ]
    );
    let server = series.world.server("prosody").await;
    series.world.stand_at("2026-12-15T09:00:00Z");
    assert_eq!(series.world.ask(&server, "room").await.reason(), "too_early");
    series.world.stand_at("2026-12-16T13:00:00Z");
    assert_eq!(series.world.ask(&server, "room").await.body["password"], "own");
}

#[tokio::test]
async fn a_date_can_be_in_another_room() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    let date = series.date("2026-12-15T09:00:00Z");
    assert_eq!(series.app.patch(&date, json!({ "room": "Other Room" })).await.status, 200);
    assert_eq!(book(&series.app, "room", "2026-12-15T09:00:00Z", "2026-12-15T10:00:00Z").await.status, 201);
    let taken = book(&series.app, "other room", "2026-12-15T09:00:00Z", "2026-12-15T10:00:00Z").await;
    assert_eq!(taken.status, 409);
    assert_eq!(series.app.get(&date).await.body["room"], "Other Room");
    let listed = series.app.get("/v1/occurrences?room=OTHER%20room").await;
    assert_eq!(listed.body["data"][0]["original_start"], "2026-12-15T09:00:00Z", "{listed:?}");
}

#[tokio::test]
async fn a_date_moved_onto_another_booking_stays_where_it_was() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    let other = book(&series.app, "room", "2026-12-16T09:00:00Z", "2026-12-16T10:00:00Z").await;
    let date = series.date("2026-12-15T09:00:00Z");
    let refused = series.app.patch(&date, json!({ "starts": "2026-12-16T09:30:00Z" })).await;
    assert_eq!((refused.status, &refused.body["appointment"]), (409, &json!(other.id())), "{refused:?}");
    let own = series.app.patch(&date, json!({ "starts": "2026-12-22T09:29:00Z" })).await;
    assert_eq!(own.status, 422, "{own:?}");
    assert_eq!(series.starts().await, FOUR);
    assert_eq!(series.app.get(&series.path).await.body["revision"], 1);
}

#[tokio::test]
async fn a_cancelled_date_is_an_exception_and_comes_back_without_it() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    let server = series.world.server("prosody").await;
    let date = series.date("2026-12-15T09:00:00Z");
    let cancelled = series.app.delete(&date).await;
    assert_eq!((cancelled.status, &cancelled.body["state"]), (200, &json!("cancelled")), "{cancelled:?}");
    assert_eq!(series.app.delete(&date).await.body["revision"], cancelled.body["revision"]);
    assert_eq!(series.starts().await, [FOUR[0], FOUR[2], FOUR[3]]);
    let shown = series.app.get(&series.path).await;
    assert_eq!(shown.body["recurrence"]["exdates"], json!(["2026-12-15T09:00:00Z"]));
    series.world.stand_at("2026-12-15T09:00:00Z");
    assert_eq!(series.world.ask(&server, "room").await.reason(), "occurrence_cancelled");
    series.world.stand_at("2026-12-01T09:00:00Z");
    let refused = series.app.patch(&date, json!({ "title": "x" })).await;
    assert_eq!((refused.status, refused.code()), (409, "date_cancelled"), "{refused:?}");
    assert_eq!(series.patch(json!({ "recurrence": { "exdates": [] } })).await.status, 200);
    assert_eq!(series.starts().await, FOUR);
}

#[tokio::test]
async fn a_cancelled_date_stays_cancelled_when_the_series_moves() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    series.app.delete(&series.date("2026-12-15T09:00:00Z")).await;
    series.app.patch(&series.date("2026-12-22T09:00:00Z"), json!({ "title": "Own" })).await;
    let moved = series.patch(json!({ "starts": "2026-12-08T11:00:00+01:00" })).await;
    assert_eq!(moved.status, 200, "{moved:?}");
    assert_eq!(
        series.told(&["starts", "title"], "upcoming").await,
        ["2026-12-08T10:00 Consultation", "2026-12-22T10:00 Own", "2026-12-29T10:00 Consultation"]
    );
    assert_eq!(moved.body["recurrence"]["exdates"], json!(["2026-12-15T10:00:00Z"]));
}

#[tokio::test]
async fn a_changed_series_keeps_the_past_as_it_was() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    series.world.stand_at("2026-12-15T09:10:00Z");
    let changed = series.patch(json!({ "title": "New", "starts": "2026-12-08T12:00:00+01:00" })).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(
        series.told(&["starts", "title", "state"], "upcoming,ongoing,past").await,
        [
            "2026-12-08T09:00 Consultation past",
            "2026-12-15T09:00 Consultation ongoing",
            "2026-12-22T11:00 New upcoming",
            "2026-12-29T11:00 New upcoming"
        ]
    );
    // The rule now begins with what is still to come.
    assert_eq!(changed.body["starts"], "2026-12-22T11:00:00Z");
    assert_eq!(changed.body["recurrence"]["rrule"], "FREQ=WEEKLY;COUNT=2");
    assert_eq!(changed.body["recurrence"]["first_starts"], "2026-12-08T09:00:00Z");
    assert_eq!(changed.body["state"], "ongoing");
    let again = series.patch(json!({ "title": "Newer" })).await;
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(
        series.told(&["title"], "past,ongoing,upcoming").await,
        ["Consultation", "Consultation", "Newer", "Newer"]
    );
    let ended = series.app.delete(&series.path).await;
    assert_eq!(ended.status, 200, "{ended:?}");
    assert_eq!(series.told(&["title", "state"], "past,ongoing,upcoming").await, ["Consultation past"]);
}

#[tokio::test]
async fn this_and_all_following_change_and_what_is_before_stays() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    let following = format!("{}/following", series.date("2026-12-22T09:00:00Z"));
    let changed = series
        .app
        .patch(&following, json!({ "starts": "2026-12-22T15:00:00+01:00", "title": "Later", "lobby": true }))
        .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let expected = [
        "2026-12-08T09:00 Consultation false null",
        "2026-12-15T09:00 Consultation false null",
        "2026-12-22T14:00 Later true null",
        "2026-12-29T14:00 Later true null",
    ];
    assert_eq!(series.told(&["starts", "title", "lobby", "max_occupants"], "upcoming").await, expected);
    assert_eq!(changed.body["recurrence"]["rrule"], "FREQ=WEEKLY;COUNT=2");
    // What is changed for all after that reaches the earlier ones, too, but not in what they had kept.
    assert_eq!(series.patch(json!({ "max_occupants": 7 })).await.status, 200);
    assert_eq!(
        series.told(&["starts", "title", "lobby", "max_occupants"], "upcoming").await,
        expected.map(|date| date.replace("null", "7"))
    );
    assert_eq!(series.patch(json!({ "duration_seconds": 3600 })).await.status, 200);
    assert_eq!(
        series.told(&["ends"], "upcoming").await,
        ["2026-12-08T09:30", "2026-12-15T09:30", "2026-12-22T15:00", "2026-12-29T15:00"]
    );
}

#[tokio::test]
async fn this_and_all_following_get_another_rule() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    let following = format!("{}/following", series.date("2026-12-22T09:00:00Z"));
    let changed =
        series.app.patch(&following, json!({ "recurrence": { "rrule": "FREQ=DAILY;COUNT=3" } })).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(series.starts().await, [FOUR[0], FOUR[1], FOUR[2], "2026-12-23T09:00", "2026-12-24T09:00"]);
}

#[tokio::test]
async fn this_and_all_following_are_cancelled() {
    let series = Series::of("FREQ=WEEKLY").await;
    let server = series.world.server("prosody").await;
    let cancelled = series.app.delete(&format!("{}/following", series.date("2026-12-22T09:00:00Z"))).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    assert_eq!(series.starts().await, FOUR[..2]);
    assert_eq!(cancelled.body["recurrence"]["rrule"], "FREQ=WEEKLY;UNTIL=20261222T085959Z");
    series.world.stand_at("2026-12-22T09:00:00Z");
    assert_eq!(series.world.ask(&server, "room").await.reason(), "occurrence_cancelled");
    let free = book(&series.app, "room", "2026-12-22T09:00:00Z", "2026-12-22T10:00:00Z").await;
    assert_eq!(free.status, 201, "{free:?}");
}

#[tokio::test]
async fn what_has_started_or_is_over_is_not_changed_any_more() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    series.world.stand_at("2026-12-15T09:10:00Z");
    for (path, change) in [
        (series.date("2026-12-08T09:00:00Z"), json!({ "title": "x" })),
        (format!("{}/following", series.date("2026-12-15T09:00:00Z")), json!({ "title": "x" })),
    ] {
        let refused = series.app.patch(&path, change).await;
        assert_eq!((refused.status, refused.code()), (409, "date_started"), "{refused:?}");
    }
    let going_on =
        series.app.patch(&series.date("2026-12-15T09:00:00Z"), json!({ "duration_seconds": 3600 })).await;
    assert_eq!(going_on.body["ends"], "2026-12-15T10:00:00Z", "{going_on:?}");
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
async fn a_date_has_nothing_that_belongs_to_its_appointment() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    for change in [json!({ "participants": [] }), json!({ "metadata": {} }), json!({ "recurrence": null })] {
        let refused = series.app.patch(&series.date("2026-12-08T09:00:00Z"), change).await;
        assert_eq!(refused.status, 422, "{refused:?}");
    }
    let single = book(&series.app, "single", "2026-12-08T09:00:00Z", "2026-12-08T10:00:00Z").await;
    let date = format!("/v1/appointments/{}/occurrences/2026-12-08T09:00:00Z", single.id());
    assert_eq!(series.app.get(&date).await.body["recurs"], false);
    assert_eq!(series.app.patch(&date, json!({ "title": "x" })).await.status, 422);
}

#[tokio::test]
async fn what_took_place_once_can_recur_and_the_other_way_round() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let booked = book(&app, "room", "2026-12-08T09:00:00Z", "2026-12-08T10:00:00Z").await;
    let series = Series { path: format!("/v1/appointments/{}", booked.id()), world, app };
    series.patch(json!({ "starts": "2026-12-09T09:00:00Z" })).await;
    let weekly = series.patch(json!({ "recurrence": { "rrule": "FREQ=WEEKLY;COUNT=2" } })).await;
    assert_eq!(weekly.status, 200, "{weekly:?}");
    assert_eq!(series.starts().await, ["2026-12-09T09:00", "2026-12-16T09:00"]);
    assert_eq!(series.patch(json!({ "recurrence": null })).await.status, 200);
    assert_eq!(series.starts().await, ["2026-12-09T09:00"]);
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
