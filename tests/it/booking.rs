//! What can be booked, and what can't.

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::actions::book::{BookError, book};
use frontdesk::actions::change_tenant::{ChangeTenantError, change_tenant};
use frontdesk::reservation::Moderators;

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
async fn a_lobby_that_nobody_could_open_is_refused() {
    let world = World::new().await;
    world.book_with("room", 0, 60, |booking| booking.lobby = true).await;
    world.policy(|policy| policy.moderators = Moderators::Token).await;
    let mut booking = world.booking("locked", 0, 60);
    booking.lobby = true;
    let refused = book(&world.app, booking.clone()).await;
    assert!(matches!(refused, Err(BookError::Lobby(_))), "{refused:?}");
    booking.password = Some("geheim".parse().unwrap());
    book(&world.app, booking).await.unwrap();

    let acme = "acme".parse().unwrap();
    let refused = change_tenant(&world.app, &acme, None, |policy| policy.unscheduled.lobby = true).await;
    assert!(matches!(refused, Err(ChangeTenantError::Lobby(_))), "{refused:?}");
    let both = change_tenant(&world.app, &acme, None, |policy| {
        policy.moderators = Moderators::Automatic;
        policy.unscheduled.lobby = true;
    });
    both.await.unwrap();
    let refused =
        change_tenant(&world.app, &acme, None, |policy| policy.moderators = Moderators::Token).await;
    assert!(matches!(refused, Err(ChangeTenantError::Lobby(_))), "{refused:?}");
}
