//! Conferences as operators and apps look at them: lists, pages, and closing by hand.

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::actions::close_conference::{CloseError, close_conference, close_conference_in};
use frontdesk::reservation::{CloseReason, ConferenceId, TenantId};
use frontdesk::store::conferences::{self, ConferenceRecord, Filter, State};
use frontdesk::store::tenants;
use frontdesk::view::Handle;
use sqlx::Connection as _;

use crate::world::{Reply, World, nine_o_clock};

fn minute(minute: i64) -> DateTime<Utc> {
    nine_o_clock() + TimeDelta::minutes(minute)
}

fn id(reply: &Reply) -> ConferenceId {
    reply.id().parse::<Handle>().unwrap().id
}

async fn acme(world: &World) -> TenantId {
    let mut db = world.app.db.acquire().await.unwrap();
    tenants::by_name(&mut db, &"acme".parse().unwrap()).await.unwrap().unwrap().id
}

async fn listed(world: &World, filter: &Filter) -> Vec<ConferenceRecord> {
    let acme = acme(world).await;
    let mut db = world.app.db.acquire().await.unwrap();
    conferences::list(&mut db, acme, filter, None, 1000, world.clock.now()).await.unwrap()
}

fn of_room(name: &str) -> Filter {
    Filter { room: Some(name.parse().unwrap()), ..Filter::default() }
}

#[tokio::test]
async fn conferences_are_listed_by_state_room_time_and_appointment() {
    let world = World::new().await;
    let one = world.server("one").await;
    world.policy(|policy| policy.grace = TimeDelta::zero()).await;
    let open = async |room: &str| {
        let reply = world.ask(&one, room).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply
    };
    world.book("short", 0, 30).await;
    let long = world.book("long", 0, 120).await;
    open("short").await;
    let left = open("long").await;
    world.advance(TimeDelta::minutes(20));
    world.delete(&one, left.id()).await;
    world.advance(TimeDelta::minutes(20));
    open("long").await;
    // `short` is at its end, and nobody has tidied it up.
    assert_eq!(world.open_rows().await, 2);

    let every = Filter::default;
    let live = || Filter { state: State::Live, ..every() };
    let past = || Filter { state: State::Past, ..every() };
    let between =
        |from: i64, until: i64| Filter { from: Some(minute(from)), until: Some(minute(until)), ..every() };
    let booked = || Filter { appointment: Some(long.id), ..every() };
    let rooms: &[(Filter, &[(&str, i64)])] = &[
        (every(), &[("long", 40), ("long", 0), ("short", 0)]),
        (live(), &[("long", 40)]),
        (past(), &[("long", 0), ("short", 0)]),
        (of_room("SHORT"), &[("short", 0)]),
        (Filter { state: State::Live, ..of_room("short") }, &[]),
        (Filter { state: State::Past, ..of_room("long") }, &[("long", 0)]),
        (of_room("long"), &[("long", 40), ("long", 0)]),
        (booked(), &[("long", 40), ("long", 0)]),
        (Filter { state: State::Past, ..booked() }, &[("long", 0)]),
        (Filter { state: State::Live, ..booked() }, &[("long", 40)]),
        (Filter { room: Some("short".parse().unwrap()), ..booked() }, &[]),
        (Filter { appointment: Some(frontdesk::reservation::AppointmentId::new()), ..every() }, &[]),
        // The first stay in `long` was over at 20, `short` at 30.
        (between(19, 25), &[("long", 0), ("short", 0)]),
        (between(20, 25), &[("short", 0)]),
        (between(29, 40), &[("short", 0)]),
        (between(30, 40), &[]),
        (between(30, 41), &[("long", 40)]),
        (between(-10, 0), &[]),
        (Filter { room: Some("long".parse().unwrap()), ..between(0, 1) }, &[("long", 0)]),
        (Filter { state: State::Live, ..between(200, 300) }, &[]),
    ];
    for (filter, wanted) in rooms {
        let mut found: Vec<_> = listed(&world, filter)
            .await
            .iter()
            .map(|record| (record.conference.room.to_string(), record.conference.opened_at))
            .collect();
        found.sort_by(|one, next| next.1.cmp(&one.1).then(one.0.cmp(&next.0)));
        let wanted: Vec<_> = wanted.iter().map(|(room, at)| ((*room).to_owned(), minute(*at))).collect();
        assert_eq!(found, wanted, "{filter:?}");
    }

    let acme = acme(&world).await;
    let mut db = world.app.db.acquire().await.unwrap();
    let found = conferences::by_id(&mut db, acme, id(&left)).await.unwrap().unwrap();
    assert_eq!((found.conference.id, found.server_name.as_str()), (id(&left), "one"));
    assert_eq!(found.closed, Some((minute(20), CloseReason::Released)));
    assert!(conferences::by_id(&mut db, TenantId::new(), id(&left)).await.unwrap().is_none());
    assert!(conferences::by_id(&mut db, acme, ConferenceId::new()).await.unwrap().is_none());
}

#[tokio::test]
async fn pages_of_conferences_lose_and_repeat_nothing() {
    let world = World::new().await;
    let one = world.server("one").await;
    let booked = world.book("room", 0, 60).await;
    world.policy(|policy| policy.unscheduled.allow = true).await;
    for moment in 0..3 {
        for n in 0..4 {
            let opened = world.ask(&one, "room").await;
            assert_eq!(opened.status, 200);
            assert_eq!(world.ask(&one, &format!("open-{moment}-{n}")).await.status, 200);
            if (moment, n) != (2, 3) {
                world.delete(&one, opened.id()).await;
            }
        }
        world.advance(TimeDelta::milliseconds(1));
    }
    let acme = acme(&world).await;
    let mut db = world.app.db.acquire().await.unwrap();
    let filters = [
        (Filter::default(), 24),
        (of_room("room"), 12),
        (Filter { appointment: Some(booked.id), ..Filter::default() }, 12),
        (Filter { state: State::Live, ..Filter::default() }, 13),
        (Filter { state: State::Past, ..Filter::default() }, 11),
    ];
    for (filter, count) in filters {
        let ids = |records: &[ConferenceRecord]| -> Vec<ConferenceId> {
            records.iter().map(|record| record.conference.id).collect()
        };
        let whole = listed(&world, &filter).await;
        assert_eq!(whole.len(), count);
        let place = |record: &ConferenceRecord| (record.conference.opened_at, record.conference.id);
        assert!(whole.is_sorted_by(|one, next| place(one) > place(next)), "{filter:?}");
        for limit in [1, 3, 4, 24] {
            let (mut paged, mut after) = (Vec::new(), None);
            loop {
                let now = world.clock.now();
                let page = conferences::list(&mut db, acme, &filter, after, limit, now).await.unwrap();
                let Some(last) = page.last() else { break };
                after = Some(last.cursor());
                paged.extend(ids(&page));
            }
            assert_eq!(paged, ids(&whole), "{filter:?} in pages of {limit}");
        }
    }
}

#[tokio::test]
async fn a_room_that_was_closed_by_hand_is_decided_anew_at_the_next_ask() {
    let world = World::new().await;
    let one = world.server("one").await;
    let two = world.server("two").await;
    let booked = world.book("room", 0, 60).await;
    let name = "acme".parse().unwrap();
    let first = world.ask(&one, "room").await;
    assert_eq!(world.ask(&two, "room").await.reason(), "live_elsewhere");
    world.advance(TimeDelta::minutes(1));
    let closed = close_conference(&world.app, &name, id(&first)).await.unwrap();
    assert_eq!(closed.closed, Some((minute(1), CloseReason::ClosedByHand)));
    assert_eq!(world.get(&one, first.id()).await.status, 404);
    assert_eq!(world.open_rows().await, 0);

    let second = world.ask(&two, "room").await;
    assert_eq!(second.status, 200, "the booking stands: {second:?}");
    assert_ne!(second.id(), first.id());
    world.advance(TimeDelta::minutes(1));
    let again = close_conference(&world.app, &name, id(&first)).await.unwrap();
    assert_eq!(again.closed, Some((minute(1), CloseReason::ClosedByHand)), "it stays as it was");
    assert_eq!(world.get(&two, second.id()).await.status, 200, "the other one is not touched");
    assert_eq!(world.delete(&one, first.id()).await.status, 204, "its server may still say that it is empty");

    world.cancel(&booked).await;
    close_conference(&world.app, &name, id(&second)).await.unwrap();
    assert_eq!(world.ask(&two, "room").await.reason(), "cancelled");

    let unknown = close_conference(&world.app, &name, ConferenceId::new()).await;
    assert!(matches!(unknown, Err(CloseError::Unknown(_))), "{unknown:?}");
    world.tenant("globex", |_| {}).await;
    let foreign = close_conference(&world.app, &"globex".parse().unwrap(), id(&second)).await;
    assert!(matches!(foreign, Err(CloseError::Unknown(_))), "{foreign:?}");
    let nobody = close_conference(&world.app, &"nobody".parse().unwrap(), id(&second)).await;
    assert!(matches!(nobody, Err(CloseError::UnknownTenant(_))), "{nobody:?}");
}

#[tokio::test]
async fn closing_is_part_of_the_transaction_that_it_is_done_in() {
    let world = World::new().await;
    let one = world.server("one").await;
    world.book("room", 0, 60).await;
    let opened = world.ask(&one, "room").await;
    let name = "acme".parse().unwrap();
    let mut db = world.app.db.acquire().await.unwrap();
    for keep in [false, true] {
        let mut transaction = db.begin().await.unwrap();
        let closed =
            close_conference_in(&world.app, &mut transaction, &name, id(&opened)).await.unwrap().closed;
        assert!(closed.is_some());
        assert_eq!(world.open_rows().await, 1, "nobody else sees it yet");
        if keep {
            transaction.commit().await.unwrap();
        } else {
            transaction.rollback().await.unwrap();
            assert_eq!(world.get(&one, opened.id()).await.status, 200);
        }
    }
    assert_eq!(world.open_rows().await, 0);
}
