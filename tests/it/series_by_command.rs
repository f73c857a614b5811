//! Appointments that recur, on the command line.

use chrono::{DateTime, Days, NaiveTime, SecondsFormat, TimeDelta, Utc};
use frontdesk::clock::Clock;
use serde_json::{Value, json};

use crate::rig::Setup;
use crate::world::World;

/// Commands on a tenant of their own. They go by the system's clock.
struct Desk {
    _world: World,
    setup: Setup,
}

/// Nine o'clock in UTC, so many days ahead.
fn nine(days: u64) -> DateTime<Utc> {
    let day = Clock::system().now().date_naive().checked_add_days(Days::new(days)).unwrap();
    day.and_time(NaiveTime::from_hms_opt(9, 0, 0).unwrap()).and_utc()
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn at_nine(days: u64) -> String {
    text(nine(days))
}

fn nines<const N: usize>(days: [u64; N]) -> Vec<String> {
    days.map(at_nine).to_vec()
}

impl Desk {
    async fn new() -> Self {
        let world = World::new().await;
        let setup = Setup::remote(&world.options);
        Self { _world: world, setup }
    }

    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        self.setup.run(&[&["appointment"], arguments].concat())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        self.setup.json(&[&["appointment"], arguments].concat())
    }

    fn refused(&self, arguments: &[&str]) -> String {
        self.run(arguments).expect_err("it is refused")
    }

    /// Books half an hour at nine, four times in as many weeks from the seventh day on.
    fn book(&self) -> String {
        let added = self.json(&[
            "add",
            "--room",
            "room",
            "--starts",
            &at_nine(7),
            "--duration",
            "30m",
            "--time-zone",
            "UTC",
            "--host",
            "ada@example.org",
            "--rrule",
            "FREQ=WEEKLY;COUNT=4",
        ]);
        added["id"].as_str().unwrap().to_owned()
    }

    fn told(&self, arguments: &[&str], field: &str) -> Vec<String> {
        let all = self.json(arguments);
        let tell = |one: &Value| one[field].as_str().unwrap_or_default().to_owned();
        all.as_array().unwrap().iter().map(tell).collect()
    }

    fn starts(&self, id: &str) -> Vec<String> {
        self.told(&["dates", id], "starts")
    }
}

#[tokio::test]
async fn what_recurs_is_booked_and_shown_with_its_rule_and_its_dates() {
    let desk = Desk::new().await;
    let starts = nine(7);
    let added = desk.json(&[
        "add",
        "--starts",
        &text(starts),
        "--duration",
        "1h",
        "--time-zone",
        "UTC",
        "--rrule",
        "rrule:freq=daily;count=3",
        "--rdate",
        &text(starts + TimeDelta::days(9)),
        "--rdate",
        &text(starts + TimeDelta::days(5)),
        "--exdate",
        &text(starts + TimeDelta::days(1)),
    ]);
    let recurrence = json!({
        "rrule": "FREQ=DAILY;COUNT=3", "rdates": nines([12, 16]), "exdates": nines([8]),
        "first_starts": at_nine(7), "last_ends": text(nine(16) + TimeDelta::hours(1)),
    });
    assert_eq!(added["recurrence"], recurrence);
    let id = added["id"].as_str().unwrap();
    assert_eq!(desk.json(&["show", id])["recurrence"], recurrence);
    assert_eq!(desk.json(&["list"])[0]["recurrence"], recurrence);
    for shown in [desk.run(&["show", id]).unwrap(), desk.run(&["list"]).unwrap()] {
        let line = shown.lines().find(|line| line.starts_with("recurrence ")).unwrap();
        assert!(line.contains("rrule FREQ=DAILY;COUNT=3 rdates "), "{shown}");
    }
    desk.book();
    assert_eq!(desk.starts(id), nines([7, 9, 12, 16]), "and none of another");
    assert_eq!(desk.told(&["dates", id, "--state", "cancelled"], "starts"), nines([8]));
    let few = ["dates", id, "--from", &at_nine(9), "--until", &at_nine(16), "--limit", "1"];
    assert_eq!(desk.told(&few, "starts"), nines([9]));
    assert_eq!(desk.told(&few[..6], "starts"), nines([9, 12]));
}

#[tokio::test]
async fn a_preview_tells_what_is_in_the_way_and_books_nothing() {
    let desk = Desk::new().await;
    let id = desk.book();
    let starts = text(nine(7) + TimeDelta::minutes(15));
    let common =
        ["preview", "--room", "ROOM", "--starts", &starts, "--duration", "30m", "--time-zone", "UTC"];
    let preview = [&common[..], &["--rrule", "FREQ=DAILY;INTERVAL=5", "--limit", "2"]].concat();
    let [first, second] = [7, 12].map(|days| nine(days) + TimeDelta::minutes(15));
    let date = |starts: DateTime<Utc>, taken_by: Option<&str>| {
        let ends = text(starts + TimeDelta::minutes(30));
        json!({ "starts": text(starts), "ends": ends, "excepted": false, "taken_by": taken_by })
    };
    let told = desk.json(&preview);
    assert_eq!(told["dates"], json!([date(first, Some(&id)), date(second, None)]));
    assert_eq!(told["more"], true);
    let lines = desk.run(&preview).unwrap();
    let lines: Vec<&str> = lines.lines().take(2).map(str::trim_end).collect();
    let line = |starts: DateTime<Utc>| {
        format!("starts {} ends {} excepted false", text(starts), text(starts + TimeDelta::minutes(30)))
    };
    assert_eq!(
        lines,
        [format!("dates  {} taken_by {id}", line(first)), format!("       {}", line(second))],
        "a line for each"
    );
    let said = desk.refused(&[&common[..], &["--rrule", "FREQ=DAILY;UNTIL=20200101"]].concat());
    assert!(said.contains("the rule does not name the start"), "{said}");
    assert_eq!(desk.json(&["list"]).as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn one_date_is_changed_and_cancelled_alone() {
    let desk = Desk::new().await;
    let id = desk.book();
    let later = text(nine(15) + TimeDelta::hours(4));
    let date = at_nine(14);
    let change = ["change", &id, "--date", &date, "--starts", &later, "--password", "own", "--revision", "1"];
    let changed = desk.json(&change);
    let ends = text(nine(15) + TimeDelta::minutes(270));
    let fields = ["original_start", "starts", "ends", "password", "own", "revision"];
    assert_eq!(
        fields.map(|field| changed[field].clone()),
        [json!(date), json!(later), json!(ends), json!("own"), json!(["time", "password"]), json!(2)]
    );
    assert!(desk.refused(&change).contains("it is at revision 2"));
    assert_eq!(desk.starts(&id), [at_nine(7), later, at_nine(21), at_nine(28)]);
    let shown = desk.json(&["show", &id, "--date", &date, "--with-password"]);
    assert_eq!((&shown["password"], &shown["has_password"]), (&json!("own"), &json!(true)));
    assert!(desk.json(&["show", &id, "--date", &date]).get("password").is_none());
    assert!(desk.json(&["show", &id, "--with-password"])["password"].is_null(), "it is the date's own");

    let cancelled = desk.json(&["cancel", &id, "--date", &date]);
    assert_eq!((&cancelled["original_start"], &cancelled["state"]), (&json!(date), &json!("cancelled")));
    assert_eq!(desk.starts(&id), nines([7, 21, 28]));
    let said = desk.refused(&["change", &id, "--date", &date, "--title", "x"]);
    assert!(said.contains("this date is cancelled"), "{said}");
    let said = desk.refused(&["cancel", &id, "--date", &at_nine(15)]);
    assert!(said.contains("the appointment has no date that was first to start at"), "{said}");
}

#[tokio::test]
async fn a_date_and_all_that_follow_are_changed_and_cancelled() {
    let desk = Desk::new().await;
    let id = desk.book();
    let changed =
        desk.json(&["change", &id, "--date", &at_nine(14), "--and-following", "--starts", &at_nine(15)]);
    assert_eq!((&changed["id"], &changed["starts"]), (&json!(id), &json!(at_nine(15))));
    assert_eq!(desk.starts(&id), nines([7, 15, 22, 29]));
    let ended = desk.json(&["cancel", &id, "--date", &at_nine(22), "--and-following"]);
    assert_eq!((&ended["id"], &ended["cancelled_at"]), (&json!(id), &Value::Null));
    let last_ends = text(nine(15) + TimeDelta::minutes(30));
    assert_eq!(ended["recurrence"]["last_ends"], last_ends, "what is cancelled is not its last date");
    assert_eq!(desk.starts(&id), nines([7, 15]));
    for verb in ["change", "cancel"] {
        let said = desk.refused(&[verb, &id, "--and-following"]);
        assert!(said.contains("--date <TIME>"), "{said}");
    }
    assert_eq!(desk.json(&["cancel", &id])["state"], "cancelled");
}

#[tokio::test]
async fn how_it_recurs_is_changed() {
    let desk = Desk::new().await;
    let id = desk.book();
    let exdates = ["change", &id, "--exdate", &at_nine(14), "--exdate", &at_nine(21)];
    assert_eq!(desk.json(&exdates)["recurrence"]["exdates"], json!(nines([14, 21])));
    assert_eq!(desk.starts(&id), nines([7, 28]));
    desk.json(&["change", &id, "--no-exdates"]);
    assert_eq!(desk.starts(&id), nines([7, 14, 21, 28]));
    desk.json(&["change", &id, "--rrule", "FREQ=DAILY;COUNT=2", "--rdate", &at_nine(10)]);
    assert_eq!(desk.starts(&id), nines([7, 8, 10]));
    desk.json(&["change", &id, "--rrule", "none"]);
    assert_eq!(desk.starts(&id), nines([7, 10]));
    desk.json(&["change", &id, "--no-rdates", "--rrule", "FREQ=WEEKLY;COUNT=2"]);
    assert_eq!(desk.starts(&id), nines([7, 14]));
    desk.json(&["change", &id, "--title", "Still"]);
    assert_eq!(desk.starts(&id), nines([7, 14]));
    desk.json(&["change", &id, "--no-recurrence"]);
    assert_eq!(desk.starts(&id), nines([7]));
    for flags in [
        &["--no-recurrence", "--rrule", "FREQ=DAILY"][..],
        &["--no-recurrence", "--no-exdates"],
        &["--no-rdates", "--rdate", "2026-12-01T09:00:00Z"],
        &["--no-exdates", "--exdate", "2026-12-01T09:00:00Z"],
    ] {
        let said = desk.refused(&[&["change", &id][..], flags].concat());
        assert!(said.contains("cannot be used with"), "{said}");
    }
    let said = desk.refused(&["change", &id, "--rrule", "FREQ=HOURLY"]);
    assert!(said.contains("a rule recurs daily, weekly, monthly or yearly, and not `HOURLY`"), "{said}");
}

#[tokio::test]
async fn what_does_not_recur_any_more_takes_place_once_more() {
    let desk = Desk::new().await;
    let first = Clock::system().now() - TimeDelta::hours(77);
    let added =
        desk.json(&["add", "--starts", &text(first), "--duration", "1h", "--rrule", "FREQ=DAILY;COUNT=9"]);
    let id = added["id"].as_str().unwrap();
    assert_eq!(desk.json(&["show", id])["state"], "ongoing");
    desk.json(&["change", id, "--no-recurrence"]);
    assert_eq!(desk.starts(id), [text(first + TimeDelta::days(4))]);
    assert_eq!(desk.json(&["show", id])["state"], "upcoming");
}

#[tokio::test]
async fn exceptions_of_what_takes_place_once_are_refused() {
    let desk = Desk::new().await;
    let starts = at_nine(7);
    let said = desk.refused(&["add", "--starts", &starts, "--duration", "1h", "--exdate", &starts]);
    assert!(said.contains("--rrule <RULE>"), "{said}");
    assert_eq!(desk.json(&["list"]), json!([]));
}

#[tokio::test]
async fn the_calendar_has_the_dates_of_all_appointments() {
    let desk = Desk::new().await;
    let id = desk.book();
    desk.json(&["add", "--room", "other", "--starts", &at_nine(10), "--duration", "30m"]);
    assert_eq!(desk.told(&["calendar"], "starts"), nines([7, 10, 14, 21, 28]));
    assert_eq!(desk.told(&["calendar", "--room", "OTHER"], "starts"), nines([10]));
    assert_eq!(desk.told(&["calendar", "--host", "ADA@example.org"], "starts"), nines([7, 14, 21, 28]));
    let range = ["calendar", "--from", &at_nine(10), "--until", &at_nine(21)];
    assert_eq!(desk.told(&range, "starts"), nines([10, 14]));
    desk.json(&["cancel", &id, "--date", &at_nine(14)]);
    assert_eq!(desk.told(&range, "starts"), nines([10]));
    assert_eq!(desk.told(&["calendar", "--state", "cancelled"], "appointment"), [id]);
    let said = desk.refused(&["calendar", "--from", &at_nine(2), "--until", &at_nine(1)]);
    assert!(said.contains("`--until` is before `--from`"), "{said}");
}

#[tokio::test]
async fn what_recurs_is_imported() {
    let desk = Desk::new().await;
    let file = desk.setup.folder.path().join("term.json");
    let import = |rule: &str| {
        let weekly = json!({
            "room": "room", "starts": at_nine(7), "duration_seconds": 1800, "time_zone": "UTC",
            "recurrence": { "rrule": rule, "exdates": [at_nine(14)] },
        });
        let once = json!({ "room": "other", "starts": at_nine(7), "duration_seconds": 1800 });
        std::fs::write(&file, json!({ "appointments": [once, weekly] }).to_string()).unwrap();
        desk.run(&["import", file.to_str().unwrap(), "--json"])
    };
    let said = import("FREQ=HOURLY").expect_err("it is refused");
    assert!(said.contains("/appointments/1/recurrence/rrule: a rule recurs daily"), "{said}");
    assert_eq!(desk.json(&["list"]), json!([]));
    let booked: Value = serde_json::from_str(&import("FREQ=WEEKLY;COUNT=3").unwrap()).unwrap();
    assert_eq!(booked[1]["recurrence"]["rrule"], "FREQ=WEEKLY;COUNT=3");
    assert_eq!(desk.starts(booked[1]["id"].as_str().unwrap()), nines([7, 21]));
}
