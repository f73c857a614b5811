//! The horizon moves on, and later dates of series come within it.

use chrono::TimeDelta;
use frontdesk::actions::book::{BookError, Booking, book};
use frontdesk::actions::cancel::cancel;
use frontdesk::actions::expand_series::{Expanded, expand_series};
use frontdesk::reservation::{Appointment, Recurrence};
use futures_util::future::join_all;

use crate::world::{World, nine_o_clock};

/// A world that books 96 days ahead. Dates are placed a 24th of that further: four days.
async fn world() -> World {
    let world = World::new().await;
    world.policy(|policy| policy.horizon = TimeDelta::days(96)).await;
    world
}

fn recurring(world: &World, room: &str, minutes: i64, rule: &str) -> Booking {
    let recurrence = Recurrence { rule: Some(rule.parse().unwrap()), ..Recurrence::default() };
    Booking { recurrence: Some(recurrence), ..world.booking(room, minutes, minutes + 60) }
}

async fn booked(world: &World, booking: Booking) -> Appointment {
    book(&world.app, booking).await.unwrap()
}

/// How many dates there are, and how many of them are cancelled.
async fn dates(world: &World) -> (i64, i64) {
    sqlx::query_as("SELECT count(*), count(cancelled_at) FROM occurrences")
        .fetch_one(world.db())
        .await
        .unwrap()
}

#[tokio::test]
async fn dates_are_placed_when_the_horizon_comes_near_and_not_before() {
    let world = world().await;
    let series = booked(&world, recurring(&world, "room", 60, "FREQ=DAILY")).await;
    assert_eq!(dates(&world).await, (100, 0));
    assert_eq!(expand_series(&world.app).await.unwrap(), Expanded::default());
    world.advance(TimeDelta::days(4) + TimeDelta::seconds(1));
    assert_eq!(expand_series(&world.app).await.unwrap(), Expanded { series: 1, dates: 4, taken: 0 });
    assert_eq!(expand_series(&world.app).await.unwrap(), Expanded::default());
    assert_eq!(dates(&world).await, (104, 0));
    cancel(&world.app, &"acme".parse().unwrap(), series.id).await.unwrap();
    world.advance(TimeDelta::days(50));
    assert_eq!(expand_series(&world.app).await.unwrap(), Expanded::default());
}

#[tokio::test]
async fn a_series_that_ends_is_looked_at_no_more() {
    let world = world().await;
    booked(&world, recurring(&world, "room", 60, "FREQ=DAILY;COUNT=101")).await;
    booked(&world, recurring(&world, "short", 60, "FREQ=DAILY;COUNT=3")).await;
    world.advance(TimeDelta::days(30));
    assert_eq!(expand_series(&world.app).await.unwrap(), Expanded { series: 1, dates: 1, taken: 0 });
    let ends: Vec<(Option<bool>, bool)> = sqlx::query_as(
        "SELECT last_ends = (SELECT max(ends) FROM occurrences o WHERE o.appointment_id = a.id), expanded_until IS NULL
         FROM appointments a",
    )
    .fetch_all(world.db())
    .await
    .unwrap();
    assert_eq!(ends, [(Some(true), true); 2]);
}

#[tokio::test]
async fn a_longer_horizon_is_filled() {
    let world = world().await;
    for n in 0..30 {
        booked(&world, recurring(&world, &format!("room-{n}"), 60, "FREQ=DAILY")).await;
    }
    world.policy(|policy| policy.horizon = TimeDelta::days(960)).await;
    let expanded = expand_series(&world.app).await.unwrap();
    assert_eq!(expanded, Expanded { series: 30, dates: 30 * 900, taken: 0 });
    assert_eq!(dates(&world).await, (30_000, 0));
}

#[tokio::test]
async fn replicas_that_do_it_at_once_place_each_date_once() {
    let world = world().await;
    for n in 0..250 {
        booked(&world, recurring(&world, &format!("room-{n}"), 60, "FREQ=WEEKLY")).await;
    }
    let (before, _) = dates(&world).await;
    world.advance(TimeDelta::days(70));
    let replicas: Vec<World> = (0..4).map(|_| World::replica_of(&world)).collect();
    let done = join_all(replicas.iter().map(|replica| expand_series(&replica.app))).await;
    let done: Vec<Expanded> = done.into_iter().map(Result::unwrap).collect();
    assert_eq!(done.iter().map(|done| done.series).sum::<usize>(), 250, "{done:?}");
    assert_eq!(done.iter().map(|done| done.dates).sum::<usize>(), 2500, "{done:?}");
    assert!(done.iter().filter(|done| done.series > 0).count() > 1, "{done:?}");
    assert_eq!(dates(&world).await, (before + 2500, 0));
}

#[tokio::test]
async fn who_books_beyond_what_is_placed_meets_the_series_all_the_same() {
    let world = world().await;
    let series = booked(&world, recurring(&world, "room", 60, "FREQ=DAILY")).await;
    // Nobody has moved the horizon on for half a year.
    world.advance(TimeDelta::days(180));
    let minutes = TimeDelta::days(200).num_minutes() + 90;
    let single = book(&world.app, world.booking("room", minutes, minutes + 5)).await;
    assert!(matches!(single, Err(BookError::Taken { by: Some(by) }) if by == series.id), "{single:?}");
    let other = book(&world.app, recurring(&world, "room", minutes, "FREQ=MONTHLY")).await;
    let Err(BookError::TakenDates { conflicts, .. }) = other else { panic!("{other:?}") };
    assert_eq!(conflicts[0].by, Some(series.id));
    let free = TimeDelta::days(200).num_minutes() + 120;
    assert!(book(&world.app, world.booking("room", free, free + 5)).await.is_ok());
}

#[tokio::test]
async fn a_date_that_finds_its_room_taken_is_noted_and_named() {
    let world = world().await;
    let first = booked(&world, recurring(&world, "room", 0, "FREQ=YEARLY")).await;
    // A year on the weekdays are others: the two meet beyond all that can be seen now.
    let second = booked(&world, recurring(&world, "room", 24 * 60, "FREQ=WEEKLY;COUNT=60")).await;
    world.advance(TimeDelta::days(300));
    let expanded = expand_series(&world.app).await.unwrap();
    assert_eq!(expanded.taken, 1, "{expanded:?}");
    let noted: Vec<(uuid::Uuid, chrono::DateTime<chrono::Utc>)> = sqlx::query_as(
        "SELECT appointment_id, starts FROM occurrences WHERE room_taken AND cancelled_at IS NOT NULL",
    )
    .fetch_all(world.db())
    .await
    .unwrap();
    assert_eq!(noted.len(), 1);
    assert!([first.id.into(), second.id.into()].contains(&noted[0].0));
    assert_eq!(noted[0].1, nine_o_clock() + TimeDelta::days(365));
}

#[tokio::test]
async fn more_dates_than_are_placed_at_once_come_one_turn_after_the_other() {
    let world = world().await;
    let twice = recurring(&world, "room", 60, "FREQ=DAILY;BYHOUR=10,14");
    booked(&world, twice).await;
    world.policy(|policy| policy.horizon = TimeDelta::days(2400)).await;
    let expanded = expand_series(&world.app).await.unwrap();
    assert_eq!((expanded.series, expanded.dates), (2, 4800));
    assert_eq!(dates(&world).await, (5000, 0));
}
