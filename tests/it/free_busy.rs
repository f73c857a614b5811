//! When a room is booked, and when it is free.

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::reservation::{AppointmentId, FreeBusy, Range};
use frontdesk::store::{free_busy, tenants};

use crate::rig::Setup;
use crate::world::{World, nine_o_clock};

fn minute(minute: i64) -> DateTime<Utc> {
    nine_o_clock() + TimeDelta::minutes(minute)
}

async fn look(world: &World, room: &str, from: i64, until: i64) -> FreeBusy {
    let mut db = world.app.db.acquire().await.unwrap();
    let acme = tenants::by_name(&mut db, &"acme".parse().unwrap()).await.unwrap().unwrap();
    let range = Range::new(minute(from), minute(until)).unwrap();
    free_busy::read(&mut db, acme.id, &room.parse().unwrap(), range).await.unwrap()
}

/// Minutes from nine o'clock.
fn minutes(at: DateTime<Utc>) -> i64 {
    (at - nine_o_clock()).num_minutes()
}

fn busy(found: &FreeBusy) -> Vec<(i64, Option<i64>, AppointmentId)> {
    let booked = found.busy.iter();
    booked.map(|b| (minutes(b.slot.starts()), b.slot.ends().map(minutes), b.appointment)).collect()
}

fn free(found: &FreeBusy) -> Vec<(i64, i64)> {
    found.free.iter().map(|gap| (minutes(gap.starts()), minutes(gap.ends().unwrap()))).collect()
}

#[tokio::test]
async fn bookings_are_listed_whole_and_the_gaps_between_them_within_the_range() {
    let world = World::new().await;
    let whole = |found: &FreeBusy| (busy(found), free(found));
    assert_eq!(whole(&look(&world, "room", 0, 60).await), (vec![], vec![(0, 60)]));

    let first = world.book("room", 0, 60).await.id;
    let second = world.book("room", 60, 90).await.id;
    let third = world.book("room", 120, 150).await.id;
    let cancelled = world.book("room", 90, 100).await;
    world.cancel(&cancelled).await;
    world.book("another", 90, 120).await;
    world.tenant("globex", |_| {}).await;
    let mut foreign = world.booking("room", 90, 120);
    foreign.tenant = "globex".parse().unwrap();
    frontdesk::actions::book::book(&world.app, foreign).await.unwrap();
    let long_ago: Vec<_> = (1..20).map(|n| -n * 60).collect();
    for start in long_ago {
        world.book("room", start, start + 10).await;
    }

    let all = vec![(0, Some(60), first), (60, Some(90), second), (120, Some(150), third)];
    assert_eq!(
        whole(&look(&world, "ROOM", -10, 160).await),
        (all.clone(), vec![(-10, 0), (90, 120), (150, 160)])
    );
    assert_eq!(whole(&look(&world, "room", 30, 130).await), (all.clone(), vec![(90, 120)]));
    assert_eq!(whole(&look(&world, "room", 10, 50).await), (vec![all[0]], vec![]));
    assert_eq!(whole(&look(&world, "room", 60, 120).await), (vec![all[1]], vec![(90, 120)]));
    assert_eq!(whole(&look(&world, "room", 90, 120).await), (vec![], vec![(90, 120)]));
    assert_eq!(whole(&look(&world, "room", 100, 300).await), (vec![all[2]], vec![(100, 120), (150, 300)]));
}

#[tokio::test]
async fn a_room_without_an_end_is_busy_for_the_rest() {
    let world = World::new().await;
    let first = world.book("room", 0, 60).await.id;
    let endless = world.book_with("room", 90, 100, |booking| booking.ends = None).await.id;
    let found = look(&world, "room", 30, 200).await;
    assert_eq!(busy(&found), [(0, Some(60), first), (90, None, endless)]);
    assert_eq!(free(&found), [(60, 90)]);
    let year = 366 * 24 * 60;
    let found = look(&world, "room", year, 2 * year).await;
    assert_eq!((busy(&found), free(&found)), (vec![(90, None, endless)], vec![]));
    assert_eq!(free(&look(&world, "room", 60, 90).await), [(60, 90)]);
}

#[tokio::test]
async fn a_room_that_is_open_without_a_booking_can_be_booked() {
    let world = World::new().await;
    let one = world.server("one").await;
    world.policy(|policy| policy.unscheduled.allow = true).await;
    assert_eq!(world.ask(&one, "room").await.status, 200);
    assert_eq!(free(&look(&world, "room", 0, 60).await), [(0, 60)]);
    world.book("room", 0, 60).await;
    assert_eq!(free(&look(&world, "room", 0, 60).await), []);
}

#[tokio::test]
async fn the_command_line_says_when_a_room_is_free() {
    let world = World::new().await;
    let booked = world.book("Grüße Raum", 0, 60).await;
    let setup = Setup::remote(&world.options);
    let run = |from: &str, until: &str| {
        let room = ["room", "free-busy", "--json", "--room", "gr%c3%bc%c3%9fe%20raum"];
        let done =
            setup.command(&[&room[..], &["--from", from, "--until", until]].concat()).output().unwrap();
        let said = if done.status.success() { done.stdout } else { done.stderr };
        (done.status.success(), String::from_utf8(said).unwrap())
    };
    let (done, said) = run("2026-12-01T09:30:00Z", "2026-12-01T12:00:00+01:00");
    assert!(done, "{said}");
    let found: serde_json::Value = serde_json::from_str(&said).unwrap();
    let wanted = serde_json::json!({
        "room": "grüße raum",
        "from": "2026-12-01T09:30:00Z",
        "until": "2026-12-01T11:00:00Z",
        "busy": [{
            "starts": "2026-12-01T09:00:00Z", "ends": "2026-12-01T10:00:00Z", "appointment": booked.id,
        }],
        "free": [{ "starts": "2026-12-01T10:00:00Z", "ends": "2026-12-01T11:00:00Z" }],
    });
    assert_eq!(found, wanted);
    let (done, said) = run("2026-12-01T09:30:00Z", "2026-12-01T09:30:00Z");
    assert!(!done && said.contains("the range has to end after it starts"), "{said}");
    let (done, said) = run("2026-12-01T09:30:00Z", "2027-12-02T09:30:00.001Z");
    assert!(!done && said.contains("longer than 366 days"), "{said}");
    assert!(run("2026-12-01T09:30:00Z", "2027-12-02T09:30:00Z").0);
}
