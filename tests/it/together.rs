//! Asks that come at the same time go out together, and nobody pays for a neighbour.

use std::time::Duration;

use frontdesk::credential::{Credential, CredentialKind};
use frontdesk::store::desk::Asker;
use futures_util::future::join_all;
use sqlx::PgConnection;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::world::{Reply, World};

/// Keeps everybody from reading; the lane's first batch waits for it, and who comes meanwhile waits for that.
async fn hold_reads(db: &mut PgConnection) {
    sqlx::query("LOCK TABLE desk_revision IN ACCESS EXCLUSIVE MODE").execute(db).await.unwrap();
}

/// Asks for all the rooms while the lane is busy with another ask, so that they go out together.
async fn ask_together(world: &World, server: &str, rooms: &[String]) -> Vec<Reply> {
    // The lane's connection is there.
    world.ask(server, "nobody-booked-this").await;
    let mut hold = world.db().begin().await.unwrap();
    hold_reads(&mut hold).await;
    let asks = join_all(rooms.iter().map(|room| world.ask(server, room)));
    let first = world.ask(server, "nobody-booked-this-either");
    let release = async {
        sleep(Duration::from_millis(120)).await;
        hold.rollback().await.unwrap();
    };
    let asks = async {
        sleep(Duration::from_millis(20)).await;
        asks.await
    };
    tokio::join!(first, asks, release).1
}

/// A metric's value.
pub async fn metric(world: &World, name: &str) -> String {
    let text = reqwest::get(format!("{}/metrics", world.url)).await.unwrap().text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
}

/// Books that many rooms for now.
pub async fn books(world: &World, rooms: usize) -> Vec<String> {
    let mut names = Vec::new();
    for n in 0..rooms {
        let name = format!("room-{n}");
        world.book(&name, 0, 60).await;
        names.push(name);
    }
    names
}

/// The status of each reply.
pub fn statuses(replies: &[Reply]) -> Vec<u16> {
    replies.iter().map(|reply| reply.status).collect()
}

#[tokio::test]
async fn asks_that_come_while_others_are_answered_go_out_together() {
    let world = World::new().await;
    let server = world.server("one").await;
    let rooms = books(&world, 30).await;
    let replies = ask_together(&world, &server, &rooms).await;
    assert_eq!(statuses(&replies), [200; 30]);
    // The one before, the one that was held up, and all the others.
    assert_eq!(metric(&world, "frontdesk_batch_asks_count").await, "3");
    assert_eq!(metric(&world, "frontdesk_batch_asks_sum").await, "32.0");
    assert_eq!(metric(&world, "frontdesk_asks_alone_total").await, "0");
}

#[tokio::test]
async fn each_of_many_gets_its_own_answer() {
    let world = World::new().await;
    let server = world.server("one").await;
    let mut rooms = books(&world, 4).await;
    world.book("later", 120, 180).await;
    assert_eq!(world.ask(&server, "room-0").await.status, 200);
    rooms.extend(["later", "unbooked", "[nobody]room", "room-1", "bad\u{7}name"].map(str::to_owned));
    let replies = ask_together(&world, &server, &rooms).await;
    assert_eq!(statuses(&replies[..1]), [409]);
    // One of the two that ask for the same room has it; to the other it is open already.
    let mut twice = [replies[1].status, replies[7].status];
    twice.sort_unstable();
    assert_eq!(twice, [200, 409]);
    assert_eq!(statuses(&replies[2..4]), [200; 2]);
    let reasons: Vec<_> = [4, 5, 6, 8].map(|n| replies[n].reason().to_owned()).into();
    assert_eq!(reasons, ["too_early", "unknown_room", "tenant_unknown", "bad_name"]);
    for (reply, room) in replies[2..4].iter().zip(&rooms[2..4]) {
        assert_eq!(reply.body["name"], room.as_str());
    }
}

#[tokio::test]
async fn of_two_servers_and_a_stranger_each_is_answered_as_itself() {
    let world = World::new().await;
    let (one, two) = (world.server("one").await, world.server("two").await);
    let stranger = two.replace("fd_server_", "fd_server_x").chars().take(two.len()).collect::<String>();
    world.book("room", 0, 60).await;
    world.ask(&one, "nobody-booked-this").await;
    let mut hold = world.db().begin().await.unwrap();
    hold_reads(&mut hold).await;
    let release = async {
        sleep(Duration::from_millis(120)).await;
        hold.rollback().await.unwrap();
    };
    let after = async |server: &str, room: &str| {
        sleep(Duration::from_millis(20)).await;
        world.ask(server, room).await
    };
    let (_, one, two, stranger, ()) = tokio::join!(
        world.ask(&one, "nobody-booked-this"),
        after(&one, "room"),
        after(&two, "nobody-booked-this"),
        after(&stranger, "room"),
        release
    );
    assert_eq!((one.status, two.status, stranger.status), (200, 404, 401));
}

#[tokio::test]
async fn who_has_to_wait_for_a_lock_keeps_nobody_waiting_who_has_not() {
    let world = World::new().await;
    let server = world.server("one").await;
    let rooms = books(&world, 8).await;
    world.connect(&server).await;
    let mut hold = world.db().begin().await.unwrap();
    sqlx::query("SELECT FROM occurrences WHERE room = 'room-3' FOR UPDATE")
        .execute(&mut *hold)
        .await
        .unwrap();
    let began = Instant::now();
    let ask = async |room: &String| (world.ask(&server, room).await.status, began.elapsed());
    let release = async {
        sleep(Duration::from_secs(1)).await;
        hold.rollback().await.unwrap();
    };
    let (answers, ()) = tokio::join!(join_all(rooms.iter().map(ask)), release);
    for (n, (status, took)) in answers.iter().enumerate() {
        assert_eq!(*status, 200, "room-{n}");
        assert_eq!(*took > Duration::from_millis(950), n == 3, "room-{n} took {took:?}");
    }
}

#[tokio::test]
async fn what_can_t_be_read_about_one_fails_no_other() {
    let world = World::new().await;
    world.tenant("odd", |_| {}).await;
    let server = world.server_for("one", "acme", &[], true).await;
    sqlx::query("UPDATE tenants SET time_zone = 'Middle/Earth' WHERE name = 'odd'")
        .execute(world.db())
        .await
        .unwrap();
    let mut rooms = books(&world, 8).await;
    rooms.push("[odd]room".to_owned());
    let replies = ask_together(&world, &server, &rooms).await;
    assert_eq!(statuses(&replies), [200, 200, 200, 200, 200, 200, 200, 200, 503]);
    assert_eq!(metric(&world, "frontdesk_asks_alone_total").await, "1");
}

#[tokio::test]
async fn many_at_once_open_no_more_rooms_than_the_tenant_s_capacity() {
    let world = World::new().await;
    let server = world.server("one").await;
    let rooms = books(&world, 12).await;
    world.policy(|policy| policy.capacity = Some(5)).await;
    let replies = ask_together(&world, &server, &rooms).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 5);
    assert!(replies.iter().all(|reply| reply.status == 200 || reply.reason() == "capacity"), "{replies:?}");
    assert_eq!(world.open_rows().await, 5);
}

#[tokio::test]
async fn who_was_answered_is_known_and_whom_he_makes_up_is_not() {
    let world = World::new().await;
    let server = world.server("one").await;
    let stranger = Credential::generate(CredentialKind::Server).unwrap();
    let hash = |credential: &str| Credential::parse(CredentialKind::Server, credential).unwrap().hash();
    let known = |credential: &str, tenant: Option<&str>| {
        let tenant = tenant.map(|name| name.parse().unwrap());
        world.app.standings.know(Asker::Credential(hash(credential)), tenant.as_ref())
    };
    assert!(!known(&server, None));
    for room in ["room", "[acme]room", "[made-up]room"] {
        world.ask(&server, room).await;
        world.ask(stranger.expose(), room).await;
    }
    assert!(known(&server, None) && known(&server, Some("acme")));
    assert!(!known(&server, Some("made-up")));
    assert!(!known(stranger.expose(), None));
}

#[tokio::test]
async fn whatever_changes_who_may_ask_renews_the_revision_of_the_desk_and_nothing_else_does() {
    let world = World::new().await;
    world.server("one").await;
    world.book("room", 0, 60).await;
    let revision = async || {
        let row = sqlx::query_scalar::<_, Uuid>("SELECT revision FROM desk_revision");
        row.fetch_one(world.db()).await.unwrap()
    };
    let mut before = revision().await;
    for (change, renews) in [
        ("UPDATE appointments SET lobby = true", false),
        ("BEGIN; UPDATE tenants SET grace_s = 1; ROLLBACK", false),
        ("BEGIN; UPDATE tenants SET grace_s = 1; UPDATE conference_servers SET name = 'two'; COMMIT", true),
        (
            "BEGIN; SAVEPOINT s; UPDATE tenants SET grace_s = 2; ROLLBACK TO s; UPDATE tenants SET grace_s = 3; COMMIT",
            true,
        ),
        ("BEGIN; SET LOCAL search_path = pg_catalog; UPDATE public.tenants SET grace_s = 4; COMMIT", true),
        ("TRUNCATE server_credentials", true),
    ] {
        sqlx::raw_sql(change).execute(world.db()).await.unwrap();
        let after = revision().await;
        assert_eq!(after != before, renews, "{change}");
        before = after;
    }
    sqlx::raw_sql("DELETE FROM desk_revision").execute(world.db()).await.unwrap();
    sqlx::raw_sql("UPDATE tenants SET grace_s = 5").execute(world.db()).await.unwrap();
    assert_ne!(revision().await, before, "it is made again where it was lost");
}

/// How many rows were read by the index that has all conferences of a tenant.
async fn rows_read_by_opening(world: &World, server: &str) -> i64 {
    // Sessions tell what they read after a second at the earliest.
    sleep(Duration::from_millis(1100)).await;
    world.ask(server, "nobody-booked-this").await;
    sqlx::query_scalar(
        "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'conferences_by_opening'",
    )
    .fetch_one(world.db())
    .await
    .unwrap()
}

#[tokio::test]
async fn plans_that_were_made_while_nothing_was_open_are_made_anew() {
    let world = World::new().await;
    let server = world.server("one").await;
    sqlx::query("VACUUM ANALYZE conferences").execute(world.db()).await.unwrap();
    world.ask(&server, "nobody-booked-this").await;
    sqlx::query(
        "INSERT INTO conferences (tenant_id, id, room, node, server_id, mail_owner, usual, opened_at, ends_at, lobby)
         SELECT t.id, gen_random_uuid(), 'open-' || n, 'open-' || n, s.id, '', true, t.created_at, t.created_at + interval '1 h', false
         FROM tenants t, conference_servers s, generate_series(1, 5000) n",
    )
    .execute(world.db())
    .await
    .unwrap();
    sleep(Duration::from_secs(1)).await;
    // However few ask at a time.
    for n in 0..20 {
        world.ask(&server, &format!("nobody-booked-{n}")).await;
    }
    let before = rows_read_by_opening(&world, &server).await;
    let rooms: Vec<_> = (0..30).map(|n| format!("nobody-booked-{n}")).collect();
    ask_together(&world, &server, &rooms).await;
    let read = rows_read_by_opening(&world, &server).await - before;
    assert!(read < 5000, "{read} rows were read");
}

#[tokio::test]
async fn what_somebody_changes_by_hand_holds_at_once() {
    let world = World::new().await;
    world.tenant("other", |_| {}).await;
    let server = world.server_for("one", "acme", &["other"], false).await;
    world.book("room", 0, 60).await;
    assert_eq!(world.ask(&server, "[other]room").await.reason(), "unknown_room");
    assert_eq!(world.ask(&server, "nobody-booked-this").await.reason(), "unknown_room");
    for (change, room, found) in [
        (
            "UPDATE tenants SET disabled_at = created_at WHERE name = 'other'",
            "[other]room",
            "tenant_disabled",
        ),
        ("DELETE FROM conference_server_tenants", "[other]room", "not_your_tenant"),
        ("UPDATE conference_servers SET state = 'drained'", "room", "server_drained"),
        ("UPDATE conference_servers SET state = 'active'", "room", "granted"),
        ("UPDATE server_credentials SET revoked_at = created_at", "room", "unauthorized"),
    ] {
        sqlx::query(change).execute(world.db()).await.unwrap();
        let reply = world.ask(&server, room).await;
        let answer = match reply.status {
            200 => "granted",
            401 => "unauthorized",
            _ => reply.reason(),
        };
        assert_eq!(answer, found, "{change}");
    }
}

#[tokio::test]
async fn an_answer_given_after_the_lane_broke_its_connection_is_as_good() {
    let world = World::new().await;
    let server = world.server("one").await;
    let rooms = books(&world, 3).await;
    for room in &rooms {
        assert_eq!(world.ask(&server, room).await.status, 200);
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'frontdesk desk'",
        )
        .execute(world.db())
        .await
        .unwrap();
    }
    assert_eq!(world.open_rows().await, 3);
}
