//! Calendar files become appointments. It is nine o'clock on Tuesday, 1 December 2026.

use serde_json::{Value, json};

use super::client::{Answer, Client, send};
use super::series::book;
use crate::world::World;

/// A calendar with these events.
fn calendar(events: &[&str]) -> String {
    let events: Vec<String> =
        events.iter().map(|event| format!("BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n")).collect();
    let events = events.concat();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{events}END:VCALENDAR\r\n")
}

const SINGLE: &str = "UID:single\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261210T090000Z\r\nDTEND:20261210T100000Z\r\n\
    SUMMARY:First\\, visit\r\nORGANIZER;CN=Ada:mailto:ada@example.org\r\nATTENDEE;CN=Bo:mailto:bo@example.org";
const SERIES: &str = "UID:series\r\nDTSTAMP:20261101T000000Z\r\nDTSTART;TZID=Europe/Berlin:20261208T100000\r\n\
    DURATION:PT30M\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\nEXDATE;TZID=Europe/Berlin:20261215T100000\r\nSUMMARY:Series";
const MOVED: &str = "UID:series\r\nRECURRENCE-ID;TZID=Europe/Berlin:20261222T100000\r\nDTSTAMP:20261101T000000Z\r\n\
    DTSTART;TZID=Europe/Berlin:20261223T150000\r\nDURATION:PT1H\r\nSUMMARY:Moved";

struct Importing {
    world: World,
    app: Client,
}

impl Importing {
    async fn new() -> Self {
        let world = World::new().await;
        let app = Client::of(&world, "acme").await;
        Self { world, app }
    }

    async fn send(&self, query: &str, file: &str) -> Answer {
        let path = format!("/v1/calendars/clinic/import?{query}");
        let request = self.app.request(reqwest::Method::POST, &path).header("Content-Type", "text/calendar");
        send(request.body(file.to_owned())).await
    }

    /// Imports the events. Gives what became of each.
    async fn import(&self, query: &str, events: &[&str]) -> Vec<Value> {
        let answer = self.send(query, &calendar(events)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["events"].as_array().unwrap().clone()
    }

    async fn outcomes(&self, query: &str, events: &[&str]) -> Vec<String> {
        let outcome = |event: &Value| event["outcome"].as_str().unwrap().to_owned();
        self.import(query, events).await.iter().map(outcome).collect()
    }

    /// The dates there are: start, title and state.
    async fn dates(&self) -> Vec<String> {
        let listed = self.app.get("/v1/occurrences?limit=1000&state=upcoming,ongoing,past,cancelled").await;
        let tell = |date: &Value| {
            ["starts", "title", "state"]
                .map(|field| date[field].as_str().unwrap_or("-").replace(":00Z", ""))
                .join(" ")
        };
        listed.body["data"].as_array().unwrap().iter().map(tell).collect()
    }
}

#[tokio::test]
async fn answer_tokens_and_recording_are_no_business_of_a_calendar() {
    let importing = Importing::new().await;
    let imported = importing.import("", &[SINGLE]).await;
    let path = format!("/v1/appointments/{}", imported[0]["appointment"].as_str().unwrap());
    importing.app.patch(&path, json!({ "answer_token": true, "recording": true })).await;
    let renamed = SINGLE.replace("First", "Second");
    assert_eq!(importing.outcomes("", &[&renamed]).await, ["changed"]);
    let shown = importing.app.get(&path).await;
    let said = ["title", "answer_token", "recording"].map(|field| shown.body[field].clone());
    assert_eq!(said, [json!("Second, visit"), json!(true), json!(true)]);
}

#[tokio::test]
async fn events_become_appointments_with_their_people_and_exceptions() {
    let importing = Importing::new().await;
    let events = importing.import("", &[SINGLE, SERIES, MOVED]).await;
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(
        importing.dates().await,
        [
            "2026-12-08T09:00 Series upcoming",
            "2026-12-10T09:00 First, visit upcoming",
            "2026-12-15T09:00 Series cancelled",
            "2026-12-23T14:00 Moved upcoming",
            "2026-12-29T09:00 Series upcoming"
        ]
    );
    let path = format!("/v1/appointments/{}", events[0]["appointment"].as_str().unwrap());
    let people = importing.app.get(&path).await.body["participants"].clone();
    let told: Vec<_> = people.as_array().unwrap().iter().map(|one| (&one["role"], &one["email"])).collect();
    assert_eq!(
        told,
        [(&json!("host"), &json!("ada@example.org")), (&json!("participant"), &json!("bo@example.org"))]
    );
    let series = format!("/v1/appointments/{}", events[1]["appointment"].as_str().unwrap());
    let series = importing.app.get(&series).await.body;
    assert_eq!(series["time_zone"], "Europe/Berlin");
    assert_eq!(series["recurrence"]["exdates"], json!(["2026-12-15T09:00:00Z"]));
}

#[tokio::test]
async fn the_same_file_again_changes_nothing() {
    let importing = Importing::new().await;
    assert_eq!(importing.outcomes("", &[SINGLE, SERIES, MOVED]).await, ["booked", "booked"]);
    let (dates, listed) = (importing.dates().await, importing.app.get("/v1/appointments").await.body);
    assert_eq!(importing.outcomes("", &[SINGLE, SERIES, MOVED]).await, ["unchanged", "unchanged"]);
    assert_eq!((importing.dates().await, importing.app.get("/v1/appointments").await.body), (dates, listed));
}

#[tokio::test]
async fn what_changes_in_the_calendar_changes_here() {
    let importing = Importing::new().await;
    importing.import("", &[SINGLE, SERIES, MOVED]).await;
    let later = SERIES
        .replace("T100000\r\nDURATION", "T110000\r\nDURATION")
        .replace("EXDATE;TZID=Europe/Berlin:20261215T100000", "EXDATE;TZID=Europe/Berlin:20261229T110000");
    let single = SINGLE.replace("SUMMARY:First\\, visit", "SUMMARY:Second");
    assert_eq!(importing.outcomes("", &[&single, &later]).await, ["changed", "changed"]);
    assert_eq!(
        importing.dates().await,
        [
            "2026-12-08T10:00 Series upcoming",
            "2026-12-10T09:00 Second upcoming",
            "2026-12-15T10:00 Series upcoming",
            "2026-12-22T10:00 Series upcoming",
            "2026-12-29T10:00 Series cancelled"
        ]
    );
}

#[tokio::test]
async fn a_series_that_has_begun_goes_on_and_keeps_its_past() {
    let importing = Importing::new().await;
    importing.import("", &[SERIES, MOVED]).await;
    importing.world.stand_at("2026-12-23T16:00:00Z");
    let later = SERIES
        .replace("T100000\r\nDURATION", "T110000\r\nDURATION")
        .replace("COUNT=4", "COUNT=6")
        .replace("SUMMARY:Series", "SUMMARY:Later");
    assert_eq!(
        importing.outcomes("", &[&later, &MOVED.replace("22T100000", "22T110000")]).await,
        ["changed"]
    );
    assert_eq!(
        importing.dates().await,
        [
            "2026-12-08T09:00 Series past",
            "2026-12-15T09:00 Series cancelled",
            "2026-12-23T14:00 Moved past",
            "2026-12-29T10:00 Later upcoming",
            "2027-01-05T10:00 Later upcoming",
            "2027-01-12T10:00 Later upcoming"
        ]
    );
    let again = later.replace("SUMMARY:Later", "SUMMARY:Again");
    assert_eq!(
        importing.outcomes("", &[&again, &MOVED.replace("22T100000", "22T110000")]).await,
        ["changed"],
        "its first date is over"
    );
}

#[tokio::test]
async fn a_file_that_was_written_anew_changes_nothing_that_was_changed_here() {
    let importing = Importing::new().await;
    let written = |now| {
        SINGLE
            .replace("20261101T000000Z", &format!("20261201T09{now}00Z\r\nLAST-MODIFIED:20261201T09{now}00Z"))
    };
    importing.import("", &[&written("00")]).await;
    let listed = importing.app.get("/v1/appointments").await;
    let path = format!("/v1/appointments/{}", listed.body["data"][0]["id"].as_str().unwrap());
    importing.app.patch(&path, json!({ "title": "Ours" })).await;
    assert_eq!(importing.outcomes("", &[&written("10")]).await, ["unchanged"]);
    assert_eq!(importing.app.get(&path).await.body["title"], "Ours");
}

#[tokio::test]
async fn an_older_version_does_not_come_back() {
    let importing = Importing::new().await;
    let newer = SINGLE.replace("SUMMARY:First", "SEQUENCE:2\r\nSUMMARY:Newer");
    importing.import("", &[&newer]).await;
    assert_eq!(importing.outcomes("", &[SINGLE]).await, ["outdated"]);
    assert_eq!(importing.dates().await, ["2026-12-10T09:00 Newer, visit upcoming"]);
}

#[tokio::test]
async fn a_cancelled_event_is_cancelled_and_may_come_back() {
    let importing = Importing::new().await;
    importing.import("", &[SINGLE]).await;
    let cancelled = format!("{SINGLE}\r\nSEQUENCE:1\r\nSTATUS:CANCELLED");
    assert_eq!(importing.outcomes("", &[&cancelled]).await, ["cancelled"]);
    assert_eq!(importing.dates().await, ["2026-12-10T09:00 First, visit cancelled"]);
    assert_eq!(importing.outcomes("", &[&format!("{SINGLE}\r\nSEQUENCE:2")]).await, ["booked"]);
    assert_eq!(importing.dates().await.len(), 2);
}

#[tokio::test]
async fn what_a_complete_calendar_has_no_more_is_cancelled() {
    let importing = Importing::new().await;
    importing.import("complete=true", &[SINGLE, SERIES]).await;
    assert_eq!(importing.outcomes("", &[SINGLE]).await, ["unchanged"]);
    let events = importing.import("complete=true", &[SINGLE]).await;
    assert_eq!(
        (&events[1]["uid"], &events[1]["outcome"]),
        (&json!("series"), &json!("cancelled")),
        "{events:?}"
    );
    assert_eq!(events[1]["line"], Value::Null);
    let left: Vec<String> =
        importing.dates().await.into_iter().filter(|date| date.ends_with("upcoming")).collect();
    assert_eq!(left, ["2026-12-10T09:00 First, visit upcoming"]);
    assert_eq!(importing.outcomes("complete=true", &[SINGLE, SERIES]).await, ["unchanged", "booked"]);
    let left: Vec<String> =
        importing.dates().await.into_iter().filter(|date| date.ends_with("upcoming")).collect();
    assert_eq!(left.len(), 4, "all are back: {left:?}");
    let events = importing.import("complete=true", &[SINGLE]).await;
    assert_eq!(events[1]["outcome"], "cancelled", "{events:?}");
    let broken = importing.send("complete=true", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n").await;
    assert_eq!((broken.status, broken.code()), (422, "unreadable_calendar"), "{broken:?}");
    assert_eq!(importing.outcomes("complete=true", &[SINGLE]).await, ["unchanged"]);
}

#[tokio::test]
async fn the_room_is_that_of_the_address_or_the_one_that_is_asked_for() {
    let importing = Importing::new().await;
    importing
        .world
        .policy(|policy| policy.meeting_url = Some("https://meet.example.org/vc".parse().unwrap()))
        .await;
    let with_address =
        format!("{SINGLE}\r\nLOCATION:https://meet.example.org/vc/Gr%C3%BC%C3%9Fe%20Raum?x=1#config");
    importing.import("", &[&with_address]).await;
    let listed = importing.app.get("/v1/appointments").await.body;
    assert_eq!(listed["data"][0]["room"], "Grüße Raum");
    importing.import("room=board%20room", &[SERIES]).await;
    let listed = importing.app.get("/v1/occurrences?room=Board%20Room").await.body;
    assert_eq!(listed["data"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn what_can_t_be_booked_is_told_and_keeps_nothing_else_away() {
    let importing = Importing::new().await;
    let taken = book(&importing.app, "room", "2026-12-29T09:10:00Z", "2026-12-29T09:20:00Z").await;
    let all_day = "UID:day\r\nDTSTART;VALUE=DATE:20261210\r\nSUMMARY:Day";
    let far = SINGLE.replace("UID:single", "UID:far").replace("2026121", "2036121");
    let hourly = SERIES.replace("UID:series", "UID:hourly").replace("WEEKLY", "HOURLY");
    let endless = "UID:endless\r\nDTSTART:20261211T090000Z";
    let over = SINGLE.replace("UID:single", "UID:over").replace("2026121", "2025121");
    let events =
        importing.import("room=room", &[SERIES, all_day, &far, &hourly, endless, &over, SINGLE]).await;
    let outcomes: Vec<_> = events.iter().map(|event| event["outcome"].as_str().unwrap()).collect();
    assert_eq!(
        outcomes,
        ["refused", "refused", "refused", "refused", "refused", "over", "booked"],
        "{events:?}"
    );
    for (place, part) in [(0, taken.id().as_str()), (1, "DTSTART"), (2, "until"), (3, "HOURLY"), (4, "end")] {
        let detail = events[place]["detail"].as_str().unwrap();
        assert!(detail.contains(part), "{detail}");
    }
    assert_eq!(importing.dates().await.len(), 2);
}

#[tokio::test]
async fn events_that_change_places_find_theirs() {
    let importing = Importing::new().await;
    let one =
        |hour: u8| format!("UID:one\r\nDTSTART:20261210T{hour:02}0000Z\r\nDURATION:PT1H\r\nSUMMARY:One");
    let other =
        |hour: u8| format!("UID:other\r\nDTSTART:20261210T{hour:02}0000Z\r\nDURATION:PT1H\r\nSUMMARY:Other");
    importing.import("room=room", &[&one(9), &other(10)]).await;
    assert_eq!(importing.outcomes("room=room", &[&one(10), &other(11)]).await, ["changed", "changed"]);
    assert_eq!(importing.dates().await, ["2026-12-10T10:00 One upcoming", "2026-12-10T11:00 Other upcoming"]);
}

#[tokio::test]
async fn a_date_that_has_moved_away_does_not_meet_what_is_in_its_place() {
    let importing = Importing::new().await;
    book(&importing.app, "room", "2026-12-22T09:00:00Z", "2026-12-22T09:30:00Z").await;
    assert_eq!(importing.outcomes("room=room", &[SERIES, MOVED]).await, ["booked"]);
    let mut later = SERIES.replace("SUMMARY:Series", "SUMMARY:Changed");
    later.push_str("\r\nSEQUENCE:1");
    assert_eq!(importing.outcomes("room=room", &[&later, MOVED]).await, ["changed"]);
    assert_eq!(importing.outcomes("room=room", &[&SERIES.replace("Series", "Again")]).await, ["outdated"]);
}

#[tokio::test]
async fn a_first_date_that_the_rule_does_not_name_is_one_all_the_same() {
    let importing = Importing::new().await;
    let odd = "UID:odd\r\nDTSTART:20261209T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3\r\nSUMMARY:Odd";
    assert_eq!(importing.outcomes("", &[odd]).await, ["booked"]);
    assert_eq!(
        importing.dates().await,
        ["2026-12-09T09:00 Odd upcoming", "2026-12-14T09:00 Odd upcoming", "2026-12-21T09:00 Odd upcoming"]
    );
    assert_eq!(importing.outcomes("", &[&odd.replace("SUMMARY:Odd", "SUMMARY:New")]).await, ["changed"]);
    assert_eq!(importing.dates().await.len(), 3);
}

#[tokio::test]
async fn dates_of_a_known_event_are_changed_without_it() {
    let importing = Importing::new().await;
    let lost = importing.import("", &[MOVED]).await;
    assert!(lost[0]["detail"].as_str().unwrap().contains("never imported"), "{lost:?}");
    importing.import("", &[SERIES]).await;
    let cancelled = MOVED.replace("22T100000", "29T100000").replace("SUMMARY:Moved", "STATUS:CANCELLED");
    assert_eq!(importing.outcomes("", &[MOVED, &cancelled]).await, ["changed"]);
    let upcoming: Vec<String> =
        importing.dates().await.into_iter().filter(|date| date.ends_with("upcoming")).collect();
    assert_eq!(upcoming, ["2026-12-08T09:00 Series upcoming", "2026-12-23T14:00 Moved upcoming"]);
}

#[tokio::test]
async fn two_who_import_at_once_book_everything_once() {
    let importing = Importing::new().await;
    let events: Vec<String> = (0..10).map(|n| SINGLE.replace("UID:single", &format!("UID:{n}"))).collect();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let (one, other) = tokio::join!(importing.outcomes("", &events), importing.outcomes("", &events));
    let booked = one.iter().chain(&other).filter(|outcome| *outcome == "booked").count();
    assert_eq!((booked, importing.dates().await.len()), (10, 10), "{one:?} {other:?}");
}

#[tokio::test]
async fn only_a_calendar_file_is_taken() {
    let importing = Importing::new().await;
    let request = importing.app.request(reqwest::Method::POST, "/v1/calendars/clinic/import");
    let refused = send(request.json(&json!({}))).await;
    assert_eq!((refused.status, refused.code()), (415, "unsupported_media_type"), "{refused:?}");
    let large = importing.send("", &"x".repeat(5 * 1024 * 1024 + 1)).await;
    assert_eq!((large.status, large.code()), (413, "body_too_large"));
    let many = importing.send("", &calendar(&vec!["UID:x"; 10_001])).await;
    assert_eq!((many.status, many.code()), (422, "unreadable_calendar"));
}

#[tokio::test]
async fn files_of_the_programs_that_people_use_are_imported_and_found_again() {
    let importing = Importing::new().await;
    importing.world.stand_at("2026-10-01T00:00:00Z");
    for (name, file) in [
        ("google", include_str!("../../calendars/google.ics")),
        ("apple", include_str!("../../calendars/apple.ics")),
        ("outlook", include_str!("../../calendars/outlook.ics")),
    ] {
        let first = importing.send("", file).await;
        assert_eq!(first.status, 200, "{name}: {first:?}");
        let outcomes = |answer: &Answer| -> Vec<String> {
            let events = answer.body["events"].as_array().unwrap();
            events.iter().map(|event| event["outcome"].as_str().unwrap().to_owned()).collect()
        };
        assert!(outcomes(&first).iter().all(|one| one == "booked" || one == "refused"), "{name}: {first:?}");
        assert!(outcomes(&first).contains(&"booked".to_owned()), "{name}: {first:?}");
        let again = outcomes(&importing.send("", file).await);
        assert_eq!(
            again,
            outcomes(&first).iter().map(|one| one.replace("booked", "unchanged")).collect::<Vec<_>>()
        );
    }
    // Nine and a half in Vienna, before and after the clocks change; one date is excepted, and one moved.
    let seminar: Vec<String> =
        importing.dates().await.into_iter().filter(|date| date.contains("Seminar")).collect();
    assert_eq!(seminar[0], "2026-10-20T07:30 Seminar, weekly upcoming");
    assert!(seminar.contains(&"2026-11-11T13:00 Seminar, moved upcoming".to_owned()), "{seminar:?}");
    assert_eq!(seminar.last().unwrap(), "2026-12-15T08:30 Seminar, weekly upcoming");
    let cancelled = importing.send("", include_str!("../../calendars/outlook-cancel.ics")).await;
    // It is about other events, of which only one date was ever said anything.
    let outcomes = [&cancelled.body["events"][0]["outcome"], &cancelled.body["events"][1]["outcome"]];
    assert_eq!(outcomes, [&json!("refused"), &json!("over")], "{cancelled:?}");
}

#[tokio::test]
async fn single_dates_in_a_file_bring_no_cancelled_ones_back() {
    let importing = Importing::new().await;
    let events = importing.import("", &[SERIES]).await;
    let id = events[0]["appointment"].as_str().unwrap();
    let following = format!("/v1/appointments/{id}/occurrences/2026-12-29T09:00:00Z/following");
    assert_eq!(importing.app.delete(&following).await.status, 200);
    assert_eq!(importing.outcomes("", &[MOVED]).await, ["changed"]);
    let upcoming: Vec<String> =
        importing.dates().await.into_iter().filter(|date| date.ends_with("upcoming")).collect();
    assert_eq!(upcoming, ["2026-12-08T09:00 Series upcoming", "2026-12-23T14:00 Moved upcoming"]);
    let long = MOVED.replace("DURATION:PT1H", "DURATION:P36000D").replace("22T", "08T");
    let refused = importing.import("", &[&long]).await;
    assert!(refused[0]["detail"].as_str().unwrap().contains("within 7 days"), "{refused:?}");
}
