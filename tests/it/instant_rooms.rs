//! Rooms whose name says when they open.

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::actions::change_tenant::change_tenant;
use frontdesk::actions::dry_run::dry_run;
use frontdesk::actions::instant_room::{MakeError, instant_room};
use frontdesk::reservation::{InstantRoomError, ServerState, TenantId};
use frontdesk::seal::MasterKeys;
use frontdesk::store::conferences::{self, Filter};
use frontdesk::store::tenants;
use frontdesk::view::{ConferenceView, ForecastView};
use serde_json::{Value, json};

use crate::rig::MASTER_KEY;
use crate::world::{Reply, World, nine_o_clock};

const OTHER_KEY: &str = "HxwdGhsYGRYXFBUSExARDg8MDQoLCAkGBwQFAgMAAQA=";

async fn id(world: &World, tenant: &str) -> TenantId {
    let mut db = world.app.db.acquire().await.unwrap();
    tenants::by_name(&mut db, &tenant.parse().unwrap()).await.unwrap().unwrap().id
}

/// A new room of `acme`, from `opens` to `closes` in minutes from nine o'clock.
async fn make(world: &World, opens: i64, closes: i64) -> String {
    let (at, length) = (nine_o_clock() + TimeDelta::minutes(opens), TimeDelta::minutes(closes - opens));
    let acme = id(world, "acme").await;
    let (name, window) =
        instant_room(&world.app, &mut world.app.db.acquire().await.unwrap(), acme, at, length).await.unwrap();
    assert_eq!((window.opens(), window.closes()), (at, at + length));
    name.as_str().to_owned()
}

async fn desk() -> (World, String, String) {
    let world = World::new().await;
    let (one, two) = (world.server("one").await, world.server("two").await);
    (world, one, two)
}

/// An answer in short: `until 10:00:00`, or the sentence for people with its code.
fn told(reply: &Reply) -> String {
    match reply.status {
        200 => {
            let opened: DateTime<Utc> = reply.body["start_time"].as_str().unwrap().parse().unwrap();
            let ends = opened + TimeDelta::seconds(reply.body["duration"].as_i64().unwrap());
            format!("until {}", ends.format("%H:%M:%S"))
        }
        409 => "open already".to_owned(),
        _ => format!("{}: {}", reply.reason(), reply.message()),
    }
}

/// Asks at a time of day; a room that opens is left again at once.
async fn at(world: &World, server: &str, room: &str, time: &str) -> String {
    world.stand_at(&format!("2026-12-01T{time}Z"));
    let reply = world.ask(server, room).await;
    if reply.status == 200 {
        assert_eq!(world.delete(server, reply.id()).await.status, 204);
    }
    told(&reply)
}

const UNKNOWN: &str = "unknown_room: No meeting is scheduled in this room.";

#[tokio::test]
async fn an_instant_room_opens_ninety_seconds_before_what_people_are_told_and_closes_at_its_end() {
    let (world, one, _) = desk().await;
    let room = make(&world, 60, 120).await;
    for (time, expected) in [
        ("09:00:00", "too_early: This room opens at 10:00 UTC."),
        ("09:58:29.999", "too_early: This room opens at 10:00 UTC."),
        ("09:58:30", "until 11:00:00"),
        ("10:30:00", "until 11:00:00"),
        ("10:59:59", "until 11:00:00"),
        ("10:59:59.001", "over: This meeting is over."),
        ("11:00:00", "over: This meeting is over."),
        ("23:00:00", "over: This meeting is over."),
    ] {
        assert_eq!(at(&world, &one, &room, time).await, expected, "at {time}");
    }
}

#[tokio::test]
async fn it_has_the_tenants_limits_and_neither_lobby_nor_password() {
    let (world, one, _) = desk().await;
    world
        .policy(|policy| {
            policy.max_occupants = Some(7);
            policy.max_duration = Some(TimeDelta::minutes(20));
            policy.unscheduled.lobby = true;
        })
        .await;
    let room = make(&world, 0, 60).await;
    let opened = world.ask(&one, &room).await;
    assert_eq!(told(&opened), "until 09:20:00");
    assert_eq!(opened.body["max_occupants"], 7);
    assert_eq!((&opened.body["lobby"], &opened.body["password"]), (&Value::Null, &Value::Null));
    assert_eq!(opened.body["name"], room.as_str());
    assert_eq!(at(&world, &one, &room, "09:20:00").await, "until 09:40:00", "each opening has its time");
    assert_eq!(at(&world, &one, &room, "09:50:00").await, "until 10:00:00");
}

#[tokio::test]
async fn no_name_but_one_that_we_made_opens_anything() {
    let (world, one, _) = desk().await;
    let room = make(&world, 0, 60).await;
    for place in [0, 5, 9, 20, 47] {
        let mut forged = room.clone();
        forged.replace_range(place..=place, if &room[place..=place] == "b" { "c" } else { "b" });
        assert_eq!(told(&world.ask(&one, &forged).await), UNKNOWN, "{place}");
    }
    assert_eq!(told(&world.ask(&one, &room[1..]).await), UNKNOWN);
    assert_eq!(told(&world.ask(&one, &format!("{room}a")).await), UNKNOWN);
    assert_eq!(world.open_rows().await, 0);
    assert_eq!(told(&world.ask(&one, &format!("[acme]{room}")).await), "until 10:00:00");
}

#[tokio::test]
async fn its_window_holds_also_where_rooms_open_that_nobody_booked() {
    let (world, one, _) = desk().await;
    world.policy(|policy| policy.unscheduled.allow = true).await;
    let room = make(&world, 60, 120).await;
    assert_eq!(at(&world, &one, &room, "09:00:00").await, "too_early: This room opens at 10:00 UTC.");
    assert_eq!(at(&world, &one, &room, "11:00:00").await, "over: This meeting is over.");
    assert_eq!(at(&world, &one, &room[1..], "11:00:00").await, "until 13:00:00");
}

#[tokio::test]
async fn a_room_is_open_on_one_server_and_taken_over_from_one_that_is_gone() {
    let (world, one, two) = desk().await;
    let room = make(&world, 0, 60).await;
    let first = world.ask(&one, &room).await;
    assert_eq!(told(&first), "until 10:00:00");
    world.advance(TimeDelta::minutes(1));
    let again = world.ask(&one, &room).await;
    assert_eq!((again.status, again.body["conflict_id"].as_str()), (409, Some(first.id())));
    assert_eq!(world.ask(&two, &room).await.reason(), "live_elsewhere");
    world.server_is("one", ServerState::Lost).await;
    let second = world.ask(&two, &room).await;
    assert_eq!(told(&second), "until 10:00:00");
    assert_ne!(first.id(), second.id());
    assert_eq!(world.delete(&two, second.id()).await.status, 204);
    assert_eq!(world.ask(&one, &room).await.reason(), "server_drained");
    assert_eq!(world.open_rows().await, 0);
}

#[tokio::test]
async fn another_spelling_keeps_nobody_out_of_it() {
    let (world, one, two) = desk().await;
    let room = make(&world, 0, 60).await;
    let odd = format!("%{:02x}{}", room.as_bytes()[0], &room[1..]);
    assert_eq!(told(&world.ask(&one, &odd).await), "until 10:00:00");
    assert_eq!(told(&world.ask(&two, &room).await), "until 10:00:00");
    assert_eq!(world.ask(&one, &room.to_uppercase()).await.reason(), "live_elsewhere");
    assert_eq!(world.open_rows().await, 1);
}

#[tokio::test]
async fn a_booking_of_its_name_comes_first_and_a_cancelled_one_shuts_it() {
    let (world, one, _) = desk().await;
    let room = make(&world, 0, 120).await;
    assert_eq!(told(&world.ask(&one, &room).await), "until 11:00:00");
    let booked = world.book_with(&room, 30, 60, |booking| booking.max_occupants = Some(3)).await;
    world.stand_at("2026-12-01T09:30:00Z");
    let reply = world.ask(&one, &room).await;
    assert_eq!((told(&reply), &reply.body["max_occupants"]), ("until 10:10:00".to_owned(), &json!(3)));
    world.cancel(&booked).await;
    assert_eq!(world.ask(&one, &room).await.reason(), "cancelled");
    assert_eq!(at(&world, &one, &room, "10:09:59").await, "cancelled: This meeting was cancelled.");
    assert_eq!(at(&world, &one, &room, "10:10:00").await, "until 11:00:00");
}

#[tokio::test]
async fn it_makes_way_for_the_next_booking_of_its_name() {
    let (world, one, _) = desk().await;
    let room = make(&world, 30, 120).await;
    world.book(&room, 60, 90).await;
    for (time, expected) in [
        ("09:00:00", "too_early: This room opens at 09:30 UTC."),
        ("09:30:00", "until 09:48:30"),
        ("09:48:29.500", "over: This meeting is over. The room opens again at 09:50 UTC."),
        ("09:48:30", "until 10:40:00"),
        ("10:40:00", "until 11:00:00"),
    ] {
        assert_eq!(at(&world, &one, &room, time).await, expected, "at {time}");
    }
}

#[tokio::test]
async fn rooms_of_every_master_key_open_and_those_of_a_key_that_is_gone_do_not() {
    let (world, one, _) = desk().await;
    let room = make(&world, 0, 60).await;
    let rotated = MasterKeys::parse(&format!("{OTHER_KEY}\n{MASTER_KEY}")).unwrap();
    let rotated = World::with_keys(&world, rotated);
    assert_eq!(at(&rotated, &one, &room, "09:00:00").await, "until 10:00:00");
    let newer = make(&rotated, 0, 60).await;
    assert_eq!(told(&world.ask(&one, &newer).await), UNKNOWN, "this replica lacks the key");
    let removed = World::with_keys(&world, MasterKeys::parse(OTHER_KEY).unwrap());
    assert_eq!(told(&removed.ask(&one, &room).await), UNKNOWN);
    assert_eq!(told(&removed.ask(&one, &newer).await), "until 10:00:00");
    // The keys were noted: who lacks one makes no room that others would not know.
    let made = instant_room(
        &removed.app,
        &mut removed.app.db.acquire().await.unwrap(),
        id(&world, "acme").await,
        nine_o_clock(),
        TimeDelta::hours(1),
    )
    .await;
    assert!(matches!(made, Err(MakeError::Keys(_))), "{made:?}");
}

#[tokio::test]
async fn a_room_is_its_tenants_alone() {
    let (world, one, _) = desk().await;
    world.tenant("globex", |_| {}).await;
    let room = make(&world, 0, 60).await;
    let globex = world.server_for("globex", "globex", &[], false).await;
    assert_eq!(told(&world.ask(&globex, &room).await), UNKNOWN);
    let foreign = world.ask(&globex, &format!("[acme]{room}")).await;
    assert_eq!(foreign.reason(), "not_your_tenant");
    let both = world.server_for("both", "globex", &["acme"], false).await;
    assert_eq!(told(&world.ask(&both, &format!("[acme]{room}")).await), "until 10:00:00");
    assert_eq!(world.ask(&one, &format!("[acme]{room}")).await.reason(), "live_elsewhere");
}

#[tokio::test]
async fn what_holds_for_all_rooms_holds_for_these() {
    let (world, one, _) = desk().await;
    let (first, second) = (make(&world, 0, 60).await, make(&world, 0, 60).await);
    assert_ne!(first, second);
    world.policy(|policy| policy.capacity = Some(1)).await;
    assert_eq!(told(&world.ask(&one, &first).await), "until 10:00:00");
    assert_eq!(world.ask(&one, &second).await.reason(), "capacity");
    world.policy(|policy| policy.capacity = None).await;
    world.server_is("one", ServerState::Drained).await;
    assert_eq!(world.ask(&one, &second).await.reason(), "server_drained");
    world.server_is("one", ServerState::Active).await;
    change_tenant(&world.app, &"acme".parse().unwrap(), Some(false), |_| {}).await.unwrap();
    assert_eq!(world.ask(&one, &second).await.reason(), "tenant_disabled");
}

#[tokio::test]
async fn who_looks_is_told_what_it_was_granted_for() {
    let (world, one, _) = desk().await;
    let room = make(&world, 60, 120).await;
    let forecast = async |minute: i64| {
        let at = nine_o_clock() + TimeDelta::minutes(minute);
        let acme = "acme".parse().unwrap();
        let forecast =
            dry_run(&world.app, Some(&acme), None, &room.parse().unwrap(), Some(at)).await.unwrap();
        serde_json::to_value(ForecastView::from(&forecast)).unwrap()
    };
    let early = forecast(0).await;
    assert_eq!((&early["reason"], &early["opens_at"]), (&json!("too_early"), &json!("2026-12-01T10:00:00Z")));
    let granted = forecast(60).await;
    assert_eq!((&granted["basis"], &granted["scheduled"]), (&json!("instant_room"), &json!(false)));
    assert_eq!(
        (&granted["ends_at"], &granted["decision"]),
        (&json!("2026-12-01T11:00:00Z"), &json!("granted"))
    );
    assert_eq!(forecast(120).await["reason"], "over");

    world.stand_at("2026-12-01T10:00:00Z");
    assert_eq!(told(&world.ask(&one, &room).await), "until 11:00:00");
    let mut db = world.app.db.acquire().await.unwrap();
    let acme = id(&world, "acme").await;
    let open =
        conferences::list(&mut db, acme, &Filter::default(), None, 10, world.clock.now()).await.unwrap();
    let shown = serde_json::to_value(ConferenceView::new(&"acme".parse().unwrap(), &open[0])).unwrap();
    assert_eq!((&shown["room"], &shown["appointment"]), (&json!(room), &Value::Null));
}

#[tokio::test]
async fn a_window_that_no_name_can_say_makes_no_room() {
    let (world, ..) = desk().await;
    let acme = id(&world, "acme").await;
    let made = instant_room(
        &world.app,
        &mut world.app.db.acquire().await.unwrap(),
        acme,
        nine_o_clock(),
        TimeDelta::hours(25),
    )
    .await;
    assert!(matches!(made, Err(MakeError::Window(InstantRoomError::Length))), "{made:?}");
}
