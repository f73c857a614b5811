//! Why a room was refused, or when it was opened, for the one who asks later.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::actions::change_tenant::change_tenant;
use frontdesk::actions::sweep::sweep;
use frontdesk::config::RetentionConfig;
use frontdesk::reservation::wording::Language;
use frontdesk::reservation::{ConferenceId, Reason, ServerState};
use frontdesk::store::decisions::{self, Decided, DecidedOutcome, Filter, Kind};
use frontdesk::store::{servers, tenants};
use strum::VariantNames as _;

use crate::rig::Setup;
use crate::world::{Reply, World, nine_o_clock};

/// What the filter lets through of a tenant's, up to a limit.
async fn listed(world: &World, tenant: &str, filter: &Filter, limit: i64) -> Vec<Decided> {
    let mut db = world.app.db.acquire().await.unwrap();
    let tenant = tenants::by_name(&mut db, &tenant.parse().unwrap()).await.unwrap().unwrap();
    decisions::list(&mut db, tenant.id, filter, None, limit).await.unwrap()
}

async fn all(world: &World, filter: &Filter) -> Vec<Decided> {
    listed(world, "acme", filter, 1000).await
}

fn of_room(name: &str) -> Filter {
    Filter { room: Some(name.parse().unwrap()), ..Filter::default() }
}

/// Waits until that many refusals of all tenants are written down.
async fn written(world: &World, count: i64) {
    let begun = Instant::now();
    loop {
        let rows: i64 =
            sqlx::query_scalar("SELECT count(*) FROM refusals").fetch_one(world.db()).await.unwrap();
        if rows == count {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{rows} of {count} refusals were written");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The names of the rooms, as they were asked for.
fn nodes(decided: &[Decided]) -> Vec<&str> {
    decided.iter().map(|decided| &*decided.node).collect()
}

fn refused(decided: &Decided) -> (&str, &str) {
    match &decided.outcome {
        DecidedOutcome::Refused { reason, message } => (reason, message.as_deref().unwrap_or("")),
        DecidedOutcome::Granted { .. } => panic!("{decided:?} was granted"),
    }
}

#[tokio::test]
async fn every_refusal_is_found_by_its_room_with_the_sentence_that_people_saw() {
    let world = World::new().await;
    world
        .policy(|policy| {
            policy.language = Language::De;
            policy.time_zone = chrono_tz::Europe::Berlin;
        })
        .await;
    world.tenant("globex", |policy| policy.language = Language::En).await;
    world.tenant("foreign", |_| {}).await;
    let one = world.server_for("one", "acme", &["globex"], false).await;
    let two = world.server("two").await;
    let drained = world.server("drained").await;
    world.server_is("drained", ServerState::Drained).await;
    for room in ["live", "grün"] {
        world.book(room, 0, 60).await;
    }
    assert_eq!(world.ask(&two, "live").await.status, 200);
    assert_eq!(world.ask(&one, "gr%c3%bcn").await.status, 200);
    world.book("later", 60, 120).await;
    world.book("past", -60, -30).await;
    world.book("drained", 0, 60).await;
    let gone = world.book("gone", 0, 60).await;
    world.cancel(&gone).await;
    let globex = "globex".parse().unwrap();
    change_tenant(&world.app, &globex, Some(false), |_| {}).await.unwrap();

    // Who asks, what for, the tenant whose log it is in, and the room.
    let long = "x".repeat(1000) + &"%41".repeat(7);
    let asks = [
        (&one, "nowhere", "acme", Some("nowhere")),
        (&one, "later", "acme", Some("later")),
        (&one, "past", "acme", Some("past")),
        (&one, "gone", "acme", Some("gone")),
        (&one, "[nobody]x", "acme", Some("x")),
        (&one, "[globex]y", "globex", Some("y")),
        (&one, "[foreign]z", "acme", Some("z")),
        (&one, "live", "acme", Some("live")),
        (&one, "grün", "acme", Some("grün")),
        (&drained, "drained", "acme", Some("drained")),
        (&one, "straße", "acme", Some("straße")),
        (&one, "[no tenant]Gr%c3%bc%c3%9fe%20Raum", "acme", Some("grüße raum")),
        (&one, "%f0%9f%8e%89", "acme", Some("🎉")),
        (&one, "%ff%fe", "acme", Some("%ff%fe")),
        (&one, "100%", "acme", Some("100%")),
        (&one, "o'clock", "acme", Some("o'clock")),
        (&one, &long, "acme", Some(&("x".repeat(1000) + "aaaaaaa"))),
        (&one, "%20", "acme", None),
        (&one, "a\0b", "acme", None),
        (&one, "[a\0b]c", "acme", Some("c")),
        (&one, "%00", "acme", None),
    ];
    let mut told: Vec<(Reply, &str, Option<&str>, String)> = Vec::new();
    for (server, name, tenant, room) in asks {
        told.push((world.ask(server, name).await, tenant, room, name.replace('\0', "\u{fffd}")));
    }
    world.policy(|policy| policy.capacity = Some(2)).await;
    world.book("full", 0, 60).await;
    told.push((world.ask(&one, "full").await, "acme", Some("full"), "full".to_owned()));
    written(&world, i64::try_from(told.len()).unwrap()).await;

    let unfiltered = all(&world, &Filter::default()).await;
    for (reply, tenant, room, name) in &told {
        let found = match room {
            Some(room) => {
                let filter = Filter { kind: Some(Kind::Refused), ..of_room(room) };
                listed(&world, tenant, &filter, 1000).await
            }
            None => unfiltered.iter().filter(|decided| decided.node == *name).cloned().collect(),
        };
        let [found] = &found[..] else { panic!("{name}: {found:?}") };
        assert_eq!(refused(found), (reply.reason(), reply.message()), "{name}");
        let keyed = (found.room.as_ref().map(ToString::to_string), &found.node, found.at);
        assert_eq!(keyed, (room.map(str::to_owned), name, nine_o_clock()));
        let server = if name == "drained" { "drained" } else { "one" };
        assert_eq!(found.server.as_deref(), Some(server));
    }
    let seen: BTreeSet<&str> = told.iter().map(|(reply, ..)| reply.reason()).collect();
    let mut every: BTreeSet<&str> = Reason::VARIANTS.iter().copied().collect();
    every.remove("occurrence_cancelled");
    assert_eq!(seen, every);
    let at = |name: &str| told.iter().find(|told| told.3 == name).unwrap().0.message();
    assert_eq!(at("later"), "Dieser Raum öffnet um 10:50 CET.");
    assert_eq!(at("[globex]y"), "The rooms of this organisation are switched off.");
}

#[tokio::test]
async fn grants_and_refusals_are_one_list_which_can_be_narrowed() {
    let world = World::new().await;
    world.tenant("globex", |_| {}).await;
    let one = world.server_for("one", "acme", &["globex"], false).await;
    let two = world.server("two").await;
    let booked = world.book("standup", 10, 60).await;
    let at = |minute: i64| nine_o_clock() + TimeDelta::minutes(minute);
    let wait = async |minute: i64| world.advance(at(minute) - world.clock.now());
    world.policy(|policy| policy.early_open = TimeDelta::minutes(2)).await;
    world.ask(&one, "standup").await;
    world.ask(&one, "[globex]standup").await;
    wait(10).await;
    let first = world.ask(&one, "standup").await;
    assert_eq!(first.status, 200, "{first:?}");
    wait(20).await;
    world.ask(&two, "standup").await;
    world.ask(&two, "elsewhere").await;
    assert_eq!(world.ask(&one, "standup").await.status, 409);
    wait(30).await;
    world.delete(&one, first.id()).await;
    assert_eq!(world.ask(&two, "standup").await.status, 200);
    written(&world, 4).await;

    let standup = all(&world, &of_room("STANDUP")).await;
    let seen: Vec<_> = standup
        .iter()
        .map(|decided| {
            let what = match &decided.outcome {
                DecidedOutcome::Granted { conference, appointment, ends_at } => {
                    assert_eq!(ConferenceId::from(decided.id), *conference);
                    assert_eq!((*appointment, *ends_at), (Some(booked.id), at(70)));
                    "granted"
                }
                DecidedOutcome::Refused { reason, .. } => reason,
            };
            (decided.at, what, decided.server.as_deref().unwrap())
        })
        .collect();
    assert_eq!(
        seen,
        [
            (at(30), "granted", "two"),
            (at(20), "live_elsewhere", "two"),
            (at(10), "granted", "one"),
            (at(0), "too_early", "one")
        ]
    );
    assert_eq!(nodes(&listed(&world, "globex", &Filter::default(), 10).await), ["[globex]standup"]);
    assert_eq!(all(&world, &Filter::default()).await.len(), 5);
    assert_eq!(all(&world, &of_room("nowhere")).await, []);

    let two = servers::by_name(&mut world.app.db.acquire().await.unwrap(), "two").await.unwrap().unwrap();
    let every = Filter::default;
    let narrowed = [
        (Filter { kind: Some(Kind::Granted), ..every() }, vec![30, 10]),
        (Filter { kind: Some(Kind::Refused), ..of_room("standup") }, vec![20, 0]),
        (Filter { kind: Some(Kind::Granted), ..of_room("standup") }, vec![30, 10]),
        (Filter { reason: Some("live_elsewhere".parse().unwrap()), ..every() }, vec![20]),
        (Filter { reason: Some("too_early".parse().unwrap()), ..of_room("standup") }, vec![0]),
        (Filter { reason: Some("over".parse().unwrap()), ..every() }, vec![]),
        (Filter { server: Some(two.server.id), ..every() }, vec![30, 20, 20]),
        (Filter { server: Some(two.server.id), ..of_room("standup") }, vec![30, 20]),
        (Filter { from: Some(at(10)), until: Some(at(20)), ..every() }, vec![10]),
        (Filter { from: Some(at(20)), ..of_room("standup") }, vec![30, 20]),
        (Filter { until: Some(at(20)), ..of_room("standup") }, vec![10, 0]),
        (Filter { from: Some(at(20)), until: Some(at(20)), ..every() }, vec![]),
    ];
    for (filter, minutes) in narrowed {
        let times: Vec<DateTime<Utc>> = all(&world, &filter).await.iter().map(|found| found.at).collect();
        assert_eq!(times, minutes.into_iter().map(at).collect::<Vec<_>>(), "{filter:?}");
    }
}

#[tokio::test]
async fn pages_lose_and_repeat_nothing_also_where_all_of_it_was_at_once() {
    let world = World::new().await;
    let one = world.server("one").await;
    world.book("room", 0, 60).await;
    world.policy(|policy| policy.early_open = TimeDelta::zero()).await;
    for moment in 0..3 {
        for n in 0..4 {
            let opened = world.ask(&one, "room").await;
            assert_eq!(opened.status, 200);
            world.ask(&one, "[nobody]room").await;
            world.ask(&one, &format!("nowhere-{n}")).await;
            if (moment, n) != (2, 3) {
                world.delete(&one, opened.id()).await;
            }
        }
        world.advance(TimeDelta::milliseconds(1));
    }
    written(&world, 24).await;
    let mut db = world.app.db.acquire().await.unwrap();
    let acme = tenants::by_name(&mut db, &"acme".parse().unwrap()).await.unwrap().unwrap();
    for (filter, count) in [(Filter::default(), 36), (of_room("room"), 24)] {
        let whole = all(&world, &filter).await;
        assert_eq!(whole.len(), count);
        assert!(whole.is_sorted_by(|one, next| (one.at, one.id) > (next.at, next.id)));
        for limit in [1, 2, 5, 7, 12, 36] {
            let (mut paged, mut after) = (Vec::new(), None);
            loop {
                let page = decisions::list(&mut db, acme.id, &filter, after, limit).await.unwrap();
                assert!(page.len() <= usize::try_from(limit).unwrap());
                let Some(last) = page.last() else { break };
                after = Some(last.cursor());
                paged.extend(page);
            }
            assert_eq!(paged, whole, "in pages of {limit}");
        }
    }
    // What comes while somebody turns the pages is on none of the later ones.
    let first = decisions::list(&mut db, acme.id, &Filter::default(), None, 10).await.unwrap();
    let whole = all(&world, &Filter::default()).await;
    world.ask(&one, "nowhere").await;
    written(&world, 25).await;
    let after = first.last().map(Decided::cursor);
    let rest = decisions::list(&mut db, acme.id, &Filter::default(), after, 100).await.unwrap();
    assert_eq!([first, rest].concat(), whole);
}

#[tokio::test]
async fn decisions_go_with_the_retention_of_what_they_are_made_of() {
    let world = World::new().await;
    let one = world.server("one").await;
    world.book("room", 0, 60).await;
    let opened = world.ask(&one, "room").await;
    world.delete(&one, opened.id()).await;
    world.ask(&one, "nowhere").await;
    written(&world, 1).await;
    let day = Duration::from_hours(24);
    let kept = RetentionConfig { conferences: 2 * day, refusals: day };
    for (days, left) in [(1, vec!["nowhere", "room"]), (2, vec!["room"]), (3, vec![])] {
        sweep(&world.app, kept).await.unwrap();
        assert_eq!(nodes(&all(&world, &Filter::default()).await), left, "on day {days}");
        world.advance(TimeDelta::days(1) + TimeDelta::milliseconds(1));
    }
}

#[tokio::test]
async fn what_an_earlier_version_wrote_is_listed_without_room_and_sentence() {
    let world = World::new().await;
    let one = world.server("one").await;
    world.ask(&one, "nowhere").await;
    written(&world, 1).await;
    sqlx::query(
        "UPDATE refusals SET room = NULL, message = NULL, reason = 'from_the_future', server_id = id",
    )
    .execute(world.db())
    .await
    .unwrap();
    let found = all(&world, &Filter::default()).await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (refused(&found[0]), &found[0].room, &found[0].server),
        (("from_the_future", ""), &None, &None)
    );
}

#[tokio::test]
async fn the_command_line_says_why_a_room_was_refused() {
    let world = World::new().await;
    let one = world.server("one").await;
    world.book("room", 0, 60).await;
    world.ask(&one, "room").await;
    world.ask(&one, "[nobody]room").await;
    world.ask(&one, "nowhere").await;
    written(&world, 2).await;
    let setup = Setup::remote(&world.options);
    let run = |arguments: &[&str]| {
        let done = setup.command(&[&["decision", "list", "--json"], arguments].concat()).output().unwrap();
        let said = String::from_utf8(if done.status.success() { done.stdout } else { done.stderr }).unwrap();
        (done.status.success(), said)
    };
    let (done, said) = run(&["--room", "ROOM", "--refused"]);
    assert!(done, "{said}");
    let found: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(found.as_array().unwrap().len(), 1);
    let found = &found[0];
    assert_eq!(
        (&found["decision"], &found["reason"], &found["message"], &found["node"], &found["server"]),
        (
            &"refused".into(),
            &"tenant_unknown".into(),
            &"There is no such organisation here.".into(),
            &"[nobody]room".into(),
            &"one".into()
        )
    );
    let moment = "2026-12-01T09:00:00Z";
    for (arguments, count) in [
        (&["--granted"][..], 1),
        (&["--limit", "2"], 2),
        (&["--reason", "unknown_room", "--server", "one"], 1),
        (&["--from", moment], 3),
        (&["--until", moment], 0),
    ] {
        let (done, said) = run(arguments);
        assert!(done, "{said}");
        let found: Vec<serde_json::Value> = serde_json::from_str(&said).unwrap();
        assert_eq!(found.len(), count, "{arguments:?}");
    }
    for (arguments, complaint) in [
        (&["--granted", "--refused"][..], "cannot be used with"),
        (&["--granted", "--reason", "over"], "cannot be used with"),
        (&["--reason", "bad_luck"], "there is no such reason"),
        (&["--server", "nobody's"], "there is no conference server `nobody's`"),
        (&["--room", "%00"], "control character"),
    ] {
        let (done, said) = run(arguments);
        assert!(!done && said.contains(complaint), "{arguments:?}: {said}");
    }
}
