//! What is written into calendars is what takes place. It is nine o'clock on Tuesday, 1 December 2026.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use frontdesk::actions::expand_series::expand_series;
use frontdesk::ical::{self, CalendarFile, Content, Event};
use frontdesk::reservation::Series;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Answer, Client, send};
use crate::world::World;

/// Tuesdays at ten in Berlin, from the 8th on.
pub fn tuesdays(rule: &str) -> Value {
    json!({
        "room": "room", "title": "Consultation", "starts": "2026-12-08T10:00:00+01:00", "duration_seconds": 1800,
        "time_zone": "Europe/Berlin", "recurrence": { "rrule": rule },
    })
}

/// A calendar, read back.
pub fn read(text: &str) -> CalendarFile {
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"), "{text}");
    let file = ical::read(text.as_bytes(), Tz::UTC).unwrap();
    for item in &file.items {
        assert!(item.content.is_ok() && item.notes.is_empty(), "{item:?} in {text}");
    }
    file
}

pub fn events(file: &CalendarFile) -> Vec<&Event> {
    let events = file.items.iter().map(|item| match &item.content {
        Ok(Content::Event(event)) => &**event,
        other => panic!("{other:?}"),
    });
    events.collect()
}

/// When what is in the calendar takes place, in that stretch.
pub fn dates(file: &CalendarFile, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let mut all = Vec::new();
    for event in events(file).into_iter().filter(|event| !event.cancelled) {
        let series = Series { first: event.starts, zone: event.zone, recurrence: event.recurrence.clone() };
        let moved: BTreeSet<_> = event.exceptions.iter().map(|exception| exception.of).collect();
        let dates = series.dates(event.starts, until, 10_000).unwrap();
        assert!(
            moved.iter().all(|of| dates.iter().any(|date| date.starts == *of && !date.excepted)),
            "{event:?}"
        );
        let plain = dates.iter().filter(|date| !date.excepted && !moved.contains(&date.starts));
        all.extend(plain.map(|date| date.starts));
        let there = event.exceptions.iter().filter(|exception| !exception.cancelled);
        all.extend(there.map(|exception| exception.starts));
    }
    all.retain(|starts| (from..until).contains(starts));
    all.sort();
    all
}

/// A series, its calendar file, and the feed of the whole tenant.
struct Written {
    world: World,
    app: Client,
    path: String,
    feed: String,
    sequence: u32,
}

impl Written {
    async fn of(input: Value) -> Self {
        let world = World::new().await;
        let app = Client::of(&world, "acme").await;
        let feed = app.post("/v1/feeds", json!({ "label": "All", "all": true })).await;
        let feed = feed.body["url"].as_str().and_then(|url| url.strip_prefix(&world.url));
        let feed = feed.unwrap_or_else(|| panic!("no feed")).to_owned();
        let booked = app.post("/v1/appointments", input).await;
        assert_eq!(booked.status, 201, "{booked:?}");
        let path = format!("/v1/appointments/{}", booked.id());
        let mut written = Self { world, app, path, feed, sequence: 0 };
        written.check("booked").await;
        written
    }

    async fn file(&self) -> CalendarFile {
        let answer = self.app.get(&format!("{}/calendar", self.path)).await;
        read(answer.body.as_str().unwrap_or_else(|| panic!("{answer:?}")))
    }

    async fn fed(&self) -> CalendarFile {
        read(send(self.app.request(Method::GET, &self.feed)).await.body.as_str().unwrap())
    }

    /// The dates by the API.
    async fn starts(&self) -> Vec<DateTime<Utc>> {
        let all = self.app.get("/v1/occurrences?limit=1000&state=upcoming,ongoing,past").await;
        let all = all.body["data"].as_array().unwrap();
        all.iter().map(|date| date["starts"].as_str().unwrap().parse().unwrap()).collect()
    }

    /// That file and feed have the dates that there are, and the file the version that follows.
    async fn check(&mut self, what: &str) {
        let (early, until) = (DateTime::UNIX_EPOCH, self.world.clock.now() + TimeDelta::days(700));
        let mut starts = self.starts().await;
        starts.retain(|at| *at < until);
        let file = self.file().await;
        assert_eq!(dates(&file, early, until), starts, "the file once {what}: {file:#?}");
        let sequence = events(&file).iter().map(|event| event.version.sequence).max().unwrap();
        assert!(sequence >= self.sequence, "{what}: {sequence} after {}", self.sequence);
        self.sequence = sequence;
        let from = self.world.clock.now() - TimeDelta::days(30);
        starts.retain(|at| *at >= from);
        let fed = self.fed().await;
        assert_eq!(dates(&fed, from, until), starts, "the feed once {what}: {fed:#?}");
    }

    async fn done(&mut self, what: &str, answer: Answer) {
        assert_eq!(answer.status, 200, "{what}: {answer:?}");
        let before = self.sequence;
        self.check(what).await;
        assert!(self.sequence > before, "{what}: SEQUENCE is still {before}");
    }

    fn date(&self, original_start: &str) -> String {
        format!("{}/occurrences/{original_start}", self.path)
    }
}

#[tokio::test]
async fn an_appointment_is_a_file_with_all_that_people_may_know() {
    let world = World::new().await;
    world.policy(|policy| policy.meeting_url = Some("https://meet.example.org".parse().unwrap())).await;
    let app = Client::of(&world, "acme").await;
    let booked = app
        .post(
            "/v1/appointments",
            json!({
                "room": "Grüße Raum", "starts": "2026-12-01T10:00:00Z", "ends": "2026-12-01T11:00:00Z",
                "time_zone": "Europe/Berlin", "description": "Bring, please;\nyour papers", "password": "hunter2",
                "metadata": { "note": "hunter3" },
                "participants": [
                    { "role": "participant", "name": "Bob", "email": "bob@example.org" },
                    { "role": "host", "name": "Nobody" },
                    { "role": "host", "name": "Lovelace, Ada", "email": "ada@example.org" },
                ],
            }),
        )
        .await;
    let path = format!("/v1/appointments/{}/calendar", booked.id());
    let answer = app.get(&path).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/calendar; charset=utf-8"));
    assert_eq!(
        answer.header("content-disposition"),
        format!("attachment; filename=\"appointment-{}.ics\"", booked.id())
    );
    let text = answer.body.as_str().unwrap();
    assert!(!text.contains("hunter"), "{text}");
    let file = read(text);
    let [event] = events(&file)[..] else { panic!("{file:?}") };
    assert_eq!(event.version.uid.as_str(), format!("{}@frontdesk", booked.id()));
    assert_eq!((event.version.sequence, event.length), (0, Some(TimeDelta::hours(1))));
    assert_eq!(event.zone, Tz::Europe__Berlin);
    let details = &event.details;
    assert_eq!(details.title.as_ref().unwrap().as_str(), "Grüße Raum");
    assert_eq!(details.description.as_ref().unwrap().as_str(), "Bring, please;\nyour papers");
    let url = "https://meet.example.org/Gr%C3%BC%C3%9Fe%20Raum";
    assert_eq!((details.location.as_deref(), &details.urls), (Some(url), &vec![url.to_owned()]));
    let organizer = details.organizer.as_ref().unwrap();
    assert_eq!(organizer.email.as_ref().unwrap().as_str(), "ada@example.org");
    let others: Vec<_> = details.attendees.iter().map(|one| one.name.as_ref().unwrap().as_str()).collect();
    assert_eq!(others, ["Bob"]);

    let tag = answer.header("etag");
    let again = send(app.request(Method::GET, &path).header("If-None-Match", tag));
    assert!(tag.starts_with('"'), "{tag}");
    let again = app_raw(again).await;
    assert_eq!((again.0, again.1.as_str()), (304, tag));
    assert_eq!(app.delete(&format!("/v1/appointments/{}", booked.id())).await.status, 200);
    let cancelled = read(app.get(&path).await.body.as_str().unwrap());
    let [event] = events(&cancelled)[..] else { panic!("{cancelled:?}") };
    assert_eq!((event.cancelled, event.version.sequence), (true, 1));
}

#[tokio::test]
async fn a_room_without_an_end_is_an_event_without_one() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let booked = app
        .post("/v1/appointments", json!({ "room": "room", "starts": "2026-12-01T10:00:00Z", "ends": null }))
        .await;
    let text = app.get(&format!("/v1/appointments/{}/calendar", booked.id())).await.body;
    let text = text.as_str().unwrap();
    assert!(!text.contains("DTEND") && text.contains("LOCATION:room"), "{text}");
}

#[tokio::test]
async fn whatever_becomes_of_a_series_its_calendars_have_the_dates_that_there_are() {
    for rule in
        ["FREQ=WEEKLY", "FREQ=WEEKLY;COUNT=30", "FREQ=WEEKLY;UNTIL=20270901T000000Z", "FREQ=DAILY;BYDAY=TU"]
    {
        let mut input = tuesdays(rule);
        input["recurrence"]["exdates"] = json!(["2026-12-22T09:00:00Z"]);
        input["recurrence"]["rdates"] = json!(["2026-12-10T09:00:00Z"]);
        let mut written = Written::of(input).await;
        let change = written.date("2026-12-15T09:00:00Z");
        let changed =
            written.app.patch(&change, json!({ "starts": "2026-12-16T13:00:00Z", "title": "Moved" })).await;
        written.done("moved one", changed).await;
        let file = written.file().await;
        let exception = &events(&file)[0].exceptions[0];
        assert_eq!(exception.details.title.as_ref().unwrap().as_str(), "Moved");
        let changed = written.app.delete(&written.date("2026-12-29T09:00:00Z")).await;
        written.done("cancelled one", changed).await;
        let file = written.file().await;
        assert!(events(&file)[0].exceptions.iter().any(|exception| exception.cancelled), "{file:?}");
        let changed = written
            .app
            .patch(&written.date("2027-01-05T09:00:00Z"), json!({ "ends": "2027-01-05T11:00:00Z" }))
            .await;
        written.done("made one longer", changed).await;
        let following = format!("{}/following", written.date("2027-01-12T09:00:00Z"));
        let changed = written.app.patch(&following, json!({ "starts": "2027-01-12T14:00:00Z" })).await;
        written.done("moved a date and all that follow", changed).await;
        written.world.stand_at("2027-02-20T12:00:00Z");
        expand_series(&written.world.app).await.unwrap();
        written.check("some weeks went by").await;
        let changed = written.app.patch(&written.path, json!({ "title": "Anew" })).await;
        written.done("called otherwise", changed).await;
        let shown = written.app.get(&written.path).await;
        let starts: DateTime<Utc> = shown.body["starts"].as_str().unwrap().parse().unwrap();
        let changed =
            written.app.patch(&written.path, json!({ "starts": starts + TimeDelta::hours(3) })).await;
        written.done("moved", changed).await;
        let next =
            written.starts().await.into_iter().filter(|at| *at > written.world.clock.now()).nth(6).unwrap();
        let following = format!("{}/following", written.date(&next.format("%Y-%m-%dT%H:%M:%SZ").to_string()));
        let changed = written.app.delete(&following).await;
        written.done("ended", changed).await;
        let cancelled = written.app.delete(&written.path).await;
        written.done("cancelled", cancelled).await;
        let file = written.file().await;
        assert!(events(&file)[0].cancelled, "{file:?}");
    }
}

#[tokio::test]
async fn what_was_over_when_a_series_was_booked_did_not_take_place() {
    let mut input = tuesdays("FREQ=WEEKLY");
    input["starts"] = json!("2026-10-06T10:00:00+02:00");
    let mut written = Written::of(input).await;
    let following = format!("{}/following", written.date("2027-02-02T09:00:00Z"));
    let changed = written.app.delete(&following).await;
    written.done("ended", changed).await;
}

/// Status and `ETag` of an answer that may have no body.
async fn app_raw(answer: impl Future<Output = Answer>) -> (u16, String) {
    let answer = answer.await;
    (answer.status, answer.header("etag").to_owned())
}
