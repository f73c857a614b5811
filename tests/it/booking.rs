//! What can be booked, and what can't.

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::actions::book::{BookError, book};
use serde_json::Value;

use crate::rig::Setup;
use crate::world::World;

#[tokio::test]
async fn a_room_is_booked_once_at_a_time_and_who_has_it_is_named() {
    let world = World::new().await;
    world.tenant("globex", |_| {}).await;
    let first = world.book("Grüße Raum", 0, 60).await;
    for (starts, ends) in [(0, 60), (59, 90), (-30, 1), (20, 30), (-60, 120)] {
        let refused = book(&world.app, world.booking("gr%c3%bc%c3%9fe%20RAUM", starts, ends)).await;
        assert!(
            matches!(refused, Err(BookError::Taken { by: Some(id) }) if id == first.id),
            "{starts}: {refused:?}"
        );
    }
    let mut endless = world.booking("grüße raum", -30, 0);
    endless.ends = None;
    assert!(
        matches!(book(&world.app, endless).await, Err(BookError::Taken { by: Some(id) }) if id == first.id)
    );
    let mut elsewhere = world.booking("Grüße Raum", 0, 60);
    elsewhere.tenant = "globex".parse().unwrap();
    book(&world.app, elsewhere).await.unwrap();
    world.book("Grüße Raum", 60, 90).await;
    world.book("Grüße Raum", -30, 0).await;
    world.cancel(&first).await;
    world.book("Grüße Raum", 10, 20).await;
}

#[tokio::test]
async fn nothing_is_booked_beyond_the_horizon_or_backwards() {
    let world = World::new().await;
    world.policy(|policy| policy.horizon = TimeDelta::days(1)).await;
    let day = 24 * 60;
    world.book("room", day, day + 60).await;
    let refused = book(&world.app, world.booking("later", day + 1, day + 60)).await;
    let horizon: DateTime<Utc> = "2026-12-02T09:00:00Z".parse().unwrap();
    assert!(matches!(refused, Err(BookError::BeyondHorizon { until }) if until == horizon), "{refused:?}");
    for ends in [0, -1] {
        let refused = book(&world.app, world.booking("backwards", 0, ends)).await;
        assert!(matches!(refused, Err(BookError::EndsTooSoon)), "{refused:?}");
    }
}

#[tokio::test]
async fn the_command_line_replaces_everybody_and_knows_again_who_was_expected() {
    let world = World::new().await;
    let setup = Setup::remote(&world.options);
    let run = |arguments: &[&str]| {
        let done = setup.command(&[&["appointment", "--json"], arguments].concat()).output().unwrap();
        let said = if done.status.success() { done.stdout } else { done.stderr };
        (done.status.success(), String::from_utf8(said).unwrap())
    };
    let people = |(done, said): (bool, String)| {
        assert!(done, "{said}");
        let appointment: Value = serde_json::from_str(&said).unwrap();
        let everybody = appointment["participants"].as_array().unwrap().clone();
        let text = |one: &Value, field: &str| one[field].as_str().unwrap_or_default().to_owned();
        everybody.iter().map(|one| ["role", "name", "email", "id"].map(|field| text(one, field))).collect()
    };
    let (_, said) = run(&[
        "add",
        "--starts",
        "2026-12-01T10:00:00Z",
        "--no-end",
        "--host",
        "Ada <ada@example.org>",
        "--participant",
        "bob@example.org",
        "--participant",
        "Carol",
    ]);
    let id = serde_json::from_str::<Value>(&said).unwrap()["id"].as_str().unwrap().to_owned();
    let before: Vec<[String; 4]> = people((true, said));
    assert_eq!(before.len(), 3);

    let title = people(run(&["change", &id, "--title", "Talk"]));
    assert_eq!(title, before, "nobody was named, so everybody stays");
    let changed = people(run(&[
        "change",
        &id,
        "--host",
        "bob@example.org",
        "--participant",
        "Dan",
        "--observer",
        "ada@example.org",
    ]));
    let of = |role: &str, name: &str, email: &str| [role, name, email].map(str::to_owned);
    let without_ids: Vec<_> = changed.iter().map(|one| [0, 1, 2].map(|field| one[field].clone())).collect();
    let wanted = [
        of("host", "", "bob@example.org"),
        of("participant", "Dan", ""),
        of("observer", "", "ada@example.org"),
    ];
    assert_eq!(without_ids, wanted);
    assert_eq!([&changed[0][3], &changed[2][3]], [&before[1][3], &before[0][3]], "they keep their ids");

    let (done, said) = run(&["change", &id, "--no-participants", "--host", "Ada"]);
    assert!(!done && said.contains("cannot be used with"), "{said}");
    assert_eq!(people(run(&["change", &id, "--no-participants"])), Vec::<[String; 4]>::new());
}
