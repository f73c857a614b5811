//! Series are changed: one date, all that follow, or all that are still to come.

use serde_json::json;

use super::client::Client;
use super::series::{FOUR, Series, book};
use crate::world::World;

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
async fn of_a_series_that_ends_to_be_one_the_next_date_remains() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    series.world.stand_at("2026-12-15T10:00:00Z");
    assert_eq!(series.patch(json!({ "recurrence": null })).await.status, 200);
    assert_eq!(series.starts().await, FOUR[..3]);
}

#[tokio::test]
async fn a_date_whose_room_was_taken_takes_place_again_elsewhere() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    let taken = "UPDATE occurrences SET cancelled_at = starts, room_taken = true WHERE original_start = '2026-12-15T09:00Z'";
    sqlx::query(taken).execute(series.world.db()).await.unwrap();
    let date = series.date("2026-12-15T09:00:00Z");
    let moved = series.app.patch(&date, json!({ "starts": "2026-12-16T09:00:00Z" })).await;
    assert_eq!((moved.status, &moved.body["state"]), (200, &json!("upcoming")), "{moved:?}");
    assert_eq!(series.starts().await, [FOUR[0], "2026-12-16T09:00", FOUR[2], FOUR[3]]);
}

#[tokio::test]
async fn a_date_whose_room_was_taken_takes_place_where_the_series_goes() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    let taken = "UPDATE occurrences SET cancelled_at = starts, room_taken = true WHERE original_start = '2026-12-15T09:00Z'";
    sqlx::query(taken).execute(series.world.db()).await.unwrap();
    assert_eq!(series.patch(json!({ "title": "Here" })).await.status, 200);
    assert_eq!(series.starts().await, [FOUR[0], FOUR[2], FOUR[3]]);
    assert_eq!(series.patch(json!({ "room": "elsewhere" })).await.status, 200);
    assert_eq!(series.starts().await, FOUR);
    // But not what was cancelled since.
    sqlx::query(taken).execute(series.world.db()).await.unwrap();
    let following = format!("{}/following", series.date("2026-12-15T09:00:00Z"));
    assert_eq!(series.app.delete(&following).await.status, 200);
    assert_eq!(series.patch(json!({ "room": "third" })).await.status, 200);
    assert_eq!(series.starts().await, FOUR[..1]);
}

#[tokio::test]
async fn a_date_whose_room_was_taken_is_cancelled_for_good() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    let taken = "UPDATE occurrences SET cancelled_at = starts, room_taken = true WHERE original_start = '2026-12-15T09:00Z'";
    sqlx::query(taken).execute(series.world.db()).await.unwrap();
    assert_eq!(series.app.delete(&series.date("2026-12-15T09:00:00Z")).await.status, 200);
    assert_eq!(series.patch(json!({ "recurrence": { "rrule": "FREQ=WEEKLY;COUNT=4" } })).await.status, 200);
    assert_eq!(series.starts().await, [FOUR[0], FOUR[2], FOUR[3]]);
}

#[tokio::test]
async fn what_is_to_come_is_not_lost_to_a_slip_of_the_year() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    series.world.stand_at("2026-12-02T10:00:00Z");
    let starts = json!({ "starts": "2026-12-01T10:00:00+01:00" });
    let date = series.date("2026-12-15T09:00:00Z");
    let with_rule = json!({ "starts": starts["starts"], "recurrence": { "rrule": "FREQ=WEEKLY;COUNT=4" } });
    for refused in [
        series.app.patch(&format!("{date}/following"), with_rule).await,
        series.patch(starts.clone()).await,
        series.app.patch(&date, starts.clone()).await,
        series.app.patch(&format!("{date}/following"), starts).await,
    ] {
        assert_eq!((refused.status, refused.pointers()), (422, vec!["/starts"]), "{refused:?}");
    }
    assert_eq!(series.starts().await, FOUR);
    // What goes on may end.
    series.world.stand_at("2026-12-08T09:10:00Z");
    let ended = json!({ "starts": "2026-12-08T09:00:00Z", "ends": "2026-12-08T09:09:00Z" });
    let ended = series.app.patch(&series.date("2026-12-08T09:00:00Z"), ended).await;
    assert_eq!((ended.status, &ended.body["state"]), (200, &json!("past")), "{ended:?}");
    // What has begun may begin at another time: what is over stays.
    series.world.stand_at("2026-12-10T10:00:00Z");
    let later = series.patch(json!({ "starts": "2026-12-08T11:00:00+01:00" })).await;
    assert_eq!(later.status, 200, "{later:?}");
    assert_eq!(series.starts().await, [FOUR[0], "2026-12-15T10:00", "2026-12-22T10:00", "2026-12-29T10:00"]);
}

#[tokio::test]
async fn a_series_that_moves_by_its_own_period_loses_nothing() {
    let series = Series::of("FREQ=DAILY;COUNT=5").await;
    series.app.patch(&series.date("2026-12-10T09:00:00Z"), json!({ "title": "Own" })).await;
    series.world.stand_at("2026-12-08T10:00:00Z");
    let moved = series.patch(json!({ "starts": "2026-12-09T10:00:00+01:00" })).await;
    assert_eq!(moved.status, 200, "{moved:?}");
    assert_eq!(
        series.told(&["starts", "title"], "past,upcoming").await,
        [
            "2026-12-08T09:00 Consultation",
            "2026-12-09T09:00 Consultation",
            "2026-12-10T09:00 Own",
            "2026-12-11T09:00 Consultation",
            "2026-12-12T09:00 Consultation",
            "2026-12-13T09:00 Consultation"
        ]
    );
}

#[tokio::test]
async fn what_became_endless_can_be_cancelled() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    let endless = series.patch(json!({ "recurrence": null, "ends": null })).await;
    assert_eq!((endless.status, &endless.body["ends"]), (200, &json!(null)), "{endless:?}");
    series.world.stand_at("2026-12-20T09:00:00Z");
    assert_eq!(series.app.get(&series.path).await.body["state"], "ongoing");
    assert_eq!(series.app.delete(&series.path).await.status, 200);
    assert_eq!(book(&series.app, "room", "2026-12-22T09:00:00Z", "2026-12-22T10:00:00Z").await.status, 201);
}

#[tokio::test]
async fn what_runs_without_an_end_can_still_be_changed_but_not_recur() {
    let series = Series::of("FREQ=WEEKLY;COUNT=4").await;
    series.patch(json!({ "recurrence": null, "ends": null })).await;
    series.world.stand_at("2026-12-20T09:00:00Z");
    assert_eq!(series.patch(json!({ "title": "New" })).await.status, 200);
    let starts = json!("2026-12-22T09:00:00Z");
    let again =
        json!({ "starts": starts, "duration_seconds": 1800, "recurrence": { "rrule": "FREQ=WEEKLY" } });
    assert_eq!(series.patch(again).await.pointers(), ["/ends"]);
}

#[tokio::test]
async fn what_runs_for_a_month_does_not_become_a_series_of_hours() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let booked = book(&app, "room", "2026-11-15T09:00:00Z", "2026-12-15T09:00:00Z").await;
    let path = format!("/v1/appointments/{}", booked.id());
    let series = json!({
        "starts": "2026-12-22T09:00:00Z", "duration_seconds": 3600, "recurrence": { "rrule": "FREQ=WEEKLY;COUNT=3" },
    });
    assert_eq!(app.patch(&path, series).await.pointers(), ["/ends"]);
    let listed = app.get("/v1/occurrences?from=2026-12-01T09:30:00Z").await;
    assert_eq!(listed.body["data"].as_array().map(Vec::len), Some(1), "{listed:?}");
}

#[tokio::test]
async fn what_never_recurred_does_not_become_a_series_by_saying_so() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let booked = book(&app, "room", "2026-12-08T09:00:00Z", "2026-12-08T10:00:00Z").await;
    let path = format!("/v1/appointments/{}", booked.id());
    let changed = app.patch(&path, json!({ "recurrence": null, "title": "Once" })).await;
    assert_eq!((changed.status, &changed.body["recurrence"]), (200, &json!(null)), "{changed:?}");
}
