//! Whom a dry run asks as, where nobody is named.

use chrono::TimeDelta;
use frontdesk::actions::dry_run::{Forecast, dry_run};
use frontdesk::reservation::{Decision, ServerState};
use frontdesk::view::ForecastView;

use crate::world::World;

async fn forecast(world: &World, tenant: &str, room: &str, after: i64) -> Forecast {
    let at = world.clock.now() + TimeDelta::minutes(after);
    let tenant = tenant.parse().unwrap();
    dry_run(&world.app, Some(&tenant), None, &room.parse().unwrap(), Some(at)).await.unwrap()
}

fn refused(forecast: &Forecast) -> &'static str {
    match &forecast.decision {
        Decision::Refuse(refusal) => refusal.reason.code(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_dry_run_asks_as_the_server_that_has_the_room_open() {
    let world = World::new().await;
    world.tenant("globex", |policy| policy.unscheduled.allow = true).await;
    let one = world.server("one").await;
    let two = world.server_for("two", "acme", &["globex"], false).await;
    world.book("room", 0, 60).await;
    assert_eq!(forecast(&world, "acme", "room", 0).await.server, "one", "nobody has it open");
    world.advance(TimeDelta::minutes(1));
    assert_eq!(world.ask(&two, "room").await.status, 200);
    assert_eq!(world.ask(&two, "[globex]open").await.status, 200);

    for name in ["room", "[acme]room"] {
        let held = forecast(&world, "acme", name, 0).await;
        assert_eq!(held.server, "two", "{name}");
    }
    let held = forecast(&world, "acme", "room", 1).await;
    assert!(matches!(held.decision, Decision::Conflict(_)), "{:?}", held.decision);
    let view = serde_json::to_value(ForecastView::from(&held)).unwrap();
    assert_eq!((&view["decision"], &view["server"]), (&"conflict".into(), &"two".into()));
    let before = forecast(&world, "acme", "room", -1).await;
    assert_eq!(before.server, "one", "before it was opened");
    assert!(matches!(before.decision, Decision::Grant(_)), "{:?}", before.decision);
    let over = forecast(&world, "acme", "room", 120).await;
    assert_eq!((over.server.as_str(), refused(&over)), ("one", "over"));
    let foreign = forecast(&world, "globex", "[acme]room", 0).await;
    assert_eq!(foreign.server, "two");
    let named = forecast(&world, "acme", "[globex]open", 0).await;
    assert_eq!(named.server, "two", "the room is that of the tenant that it names");
    assert_eq!(forecast(&world, "acme", "open", 0).await.server, "one", "another tenant's room");
    for odd in ["[nobody]room", "%00"] {
        assert_eq!(forecast(&world, "acme", odd, 0).await.server, "one", "{odd}");
    }

    let explicit = |server: &'static str| {
        let world = &world;
        async move {
            let acme = "acme".parse().unwrap();
            dry_run(&world.app, Some(&acme), Some(server), &"room".parse().unwrap(), None).await.unwrap()
        }
    };
    let asked = explicit("one").await;
    assert_eq!((asked.server.as_str(), refused(&asked)), ("one", "live_elsewhere"));

    // A server that is being taken out of service still has its rooms; a revoked one asks for nothing.
    world.server_is("two", ServerState::Drained).await;
    assert_eq!(forecast(&world, "acme", "room", 0).await.server, "two");
    world.server_is("two", ServerState::Revoked).await;
    world.advance(TimeDelta::minutes(1));
    let taken = forecast(&world, "acme", "room", 0).await;
    assert_eq!(taken.server, "one");
    assert!(matches!(taken.decision, Decision::Grant(_)), "{:?}", taken.decision);
    assert_eq!(world.ask(&one, "room").await.status, 200);
}
