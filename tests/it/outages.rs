//! The database stalls, is locked, read-only or full of what can't be read: every answer comes in time, and
//! Frontdesk recovers by itself.

use std::time::Duration;

use frontdesk::actions::add_server::{Serves, add_server};
use frontdesk::actions::add_tenant::add_tenant;
use frontdesk::actions::book::{Booking, book};
use frontdesk::actions::passwords::share_keys;
use frontdesk::app::App;
use frontdesk::reservation::{Appointment, Policy};
use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::cluster::Cluster;
use crate::rig::{Caller, Frontdesk, Outcome, Setup, db, eventually, hands_on};
use crate::world;

/// How long an answer may take: two seconds, and what a busy machine needs to send it.
const LIMIT: Duration = Duration::from_millis(2300);

/// A migrated database with the tenant `acme`, whose rooms all open, and a conference server's credential.
pub async fn furnish(app: &App) -> String {
    let name = || "acme".parse().unwrap();
    let mut policy = Policy::default();
    policy.unscheduled.allow = true;
    add_tenant(app, name(), policy).await.unwrap();
    let serves = Serves { default: name(), others: Vec::new(), all: false };
    add_server(app, "one".to_owned(), serves).await.unwrap().credential.expose().to_owned()
}

/// Books a room of `acme` from a minute ago for an hour, with a password.
async fn book_now(app: &App, room: &str) -> Appointment {
    let now = app.clock.now();
    let (starts, ends) = (now - chrono::TimeDelta::minutes(1), now + chrono::TimeDelta::hours(1));
    let booking = Booking {
        password: Some("sesame opens".parse().unwrap()),
        ..Booking::of("acme".parse().unwrap(), room.parse().unwrap(), starts, Some(ends))
    };
    book(app, booking).await.unwrap()
}

/// The status of an answer, which has to come in time.
pub fn in_time((reply, took): &Outcome) -> u16 {
    assert!(*took < LIMIT, "took {took:?}: {reply:?}");
    let reply = reply.as_ref().expect("an answer");
    if reply.status >= 400 {
        assert!(!reply.message().is_empty());
    }
    reply.status
}

/// So many asks at once, each for a room of its own; all have to be answered in time.
pub async fn ask_in_time(caller: &Caller, rooms: &str, asks: usize) -> Vec<u16> {
    let names: Vec<String> = (0..asks).map(|n| format!("{rooms}-{n}")).collect();
    join_all(names.iter().map(|name| caller.ask(name))).await.iter().map(in_time).collect()
}

/// Waits until an ask is granted again. All answers have to come in time on the way there, too.
pub async fn recovers(caller: &Caller, room: &str) {
    eventually("a room opens again", async || in_time(&caller.ask(room).await) == 200).await;
}

/// Frontdesk on a database of the test's own in the shared cluster.
async fn on_shared_cluster(change: impl FnOnce(&mut Setup)) -> (App, Setup, Frontdesk, Caller) {
    let (_, options) = world::database().await;
    let app = hands_on(&options);
    let credential = furnish(&app).await;
    let mut setup = Setup::remote(&options);
    change(&mut setup);
    let frontdesk = setup.serve().await;
    let caller = Caller::new(&frontdesk.url, &credential);
    (app, setup, frontdesk, caller)
}

async fn on_own_cluster() -> (Cluster, Setup, Frontdesk, Caller) {
    let cluster = Cluster::start().await;
    frontdesk::database::migrate::run(&mut cluster.connect().await).await.unwrap();
    let credential = furnish(&hands_on(&cluster.options())).await;
    let setup = Setup::remote(&cluster.options());
    let frontdesk = setup.serve().await;
    let caller = Caller::new(&frontdesk.url, &credential);
    (cluster, setup, frontdesk, caller)
}

#[tokio::test]
async fn while_postgresql_hangs_every_answer_comes_in_time_and_then_all_is_well_again() {
    let (cluster, _setup, _frontdesk, caller) = on_own_cluster().await;
    assert_eq!(ask_in_time(&caller, "before", 40).await, [200; 40]);

    cluster.stall();
    for rooms in ["stalled", "still-stalled"] {
        let (asked, gone, live, ready) = tokio::join!(
            ask_in_time(&caller, rooms, 40),
            caller.delete("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            caller.health("/livez"),
            caller.health("/readyz"),
        );
        assert_eq!(asked, [503; 40]);
        assert_eq!(in_time(&gone), 503);
        assert!(live.0 == 200 && live.1 < Duration::from_secs(1), "{live:?}");
        assert!(ready.0 == 503 && ready.1 < LIMIT, "{ready:?}");
    }
    cluster.resume();
    recovers(&caller, "after").await;
    eventually("it is ready again", async || caller.health("/readyz").await.0 == 200).await;
    for n in 0..4 {
        assert_eq!(ask_in_time(&caller, &format!("after-{n}"), 40).await, [200; 40]);
    }
}

#[tokio::test]
async fn a_stop_while_postgresql_hangs_comes_to_an_end() {
    let (cluster, _setup, mut frontdesk, caller) = on_own_cluster().await;
    assert_eq!(ask_in_time(&caller, "before", 20).await, [200; 20]);
    // The first is written at once, the second half a second later.
    assert_eq!(ask_in_time(&caller, "[nobody]room", 2).await, [404; 2]);
    cluster.stall();
    tokio::join!(ask_in_time(&caller, "stalled", 20), caller.health("/readyz"));
    let (status, took) = frontdesk.terminate().await;
    assert!(status.success(), "{status}: {}", frontdesk.last_said());
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[tokio::test]
async fn with_the_table_locked_and_all_connections_busy_every_answer_comes_in_time() {
    let (app, _setup, _frontdesk, caller) =
        on_shared_cluster(|setup| setup.set("FRONTDESK_DATABASE_DESK_CONNECTIONS", "2")).await;
    let mut lock = app.db.as_sqlx().begin().await.unwrap();
    sqlx::query("LOCK TABLE conferences IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await.unwrap();
    assert_eq!(ask_in_time(&caller, "locked", 30).await, [503; 30]);
    assert_eq!(caller.health("/livez").await.0, 200);
    lock.rollback().await.unwrap();
    recovers(&caller, "after").await;
    assert_eq!(ask_in_time(&caller, "after", 30).await, [200; 30]);
}

/// Turns the database into what a demoted primary looks like, or back. `db` itself was connected before, and stays writable.
async fn set_read_only(db: &mut PgConnection, read_only: bool) {
    let database: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&mut *db).await.unwrap();
    let sql = format!("ALTER DATABASE {database} SET default_transaction_read_only = {read_only}");
    sqlx::query(AssertSqlSafe(sql)).execute(&mut *db).await.unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .execute(&mut *db)
    .await
    .unwrap();
}

#[tokio::test]
async fn a_primary_that_became_read_only_opens_nothing_until_it_is_writable_again() {
    let (app, _setup, _frontdesk, caller) = on_shared_cluster(|_| {}).await;
    assert_eq!(in_time(&caller.ask("before").await), 200);
    let mut db = app.db.acquire().await.unwrap();
    set_read_only(&mut db, true).await;
    assert_eq!(ask_in_time(&caller, "read-only", 20).await, [503; 20]);
    set_read_only(&mut db, false).await;
    recovers(&caller, "after").await;
    assert_eq!(ask_in_time(&caller, "after", 20).await, [200; 20]);
}

#[tokio::test]
async fn a_password_that_cannot_be_unsealed_opens_nothing_and_is_counted() {
    let (app, _setup, frontdesk, caller) = on_shared_cluster(|_| {}).await;
    let broken = book_now(&app, "broken").await;
    book_now(&app, "whole").await;
    let meddle = "UPDATE occurrences SET password = set_byte(password, 40, 255 - get_byte(password, 40))
                  WHERE appointment_id = $1";
    sqlx::query(meddle).bind(uuid::Uuid::from(broken.id)).execute(db(&app)).await.unwrap();
    assert_eq!(in_time(&caller.ask("broken").await), 503);
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM conferences").fetch_one(db(&app)).await.unwrap();
    assert_eq!(rows, 0);
    assert!((frontdesk.metric("frontdesk_unseal_failures_total").await - 1.0).abs() < f64::EPSILON);
    let (whole, _) = caller.ask("whole").await;
    assert_eq!(whole.unwrap().body["password"], "sesame opens");
}

#[tokio::test]
async fn a_replica_with_other_master_keys_does_not_start_and_names_the_one_it_misses() {
    let (app, mut setup, _frontdesk, _caller) = on_shared_cluster(|_| {}).await;
    // The first password makes the key that seals it the database's own.
    share_keys(&mut app.db.acquire().await.unwrap(), &app.keys).await.unwrap();
    setup.master_key("/////////////////////////////////////////w8=");
    let said = setup.refusal(&[]).await;
    assert!(said.contains(&format!("`{}`", app.keys.first_id())), "{said}");
}

#[tokio::test]
async fn an_old_schema_is_refused_by_a_start_that_must_not_migrate() {
    let (_, options) = world::database().await;
    let mut db = PgConnection::connect_with(&options).await.unwrap();
    sqlx::query("DELETE FROM _sqlx_migrations").execute(&mut db).await.unwrap();
    let setup = Setup::remote(&options);
    let said = setup.refusal(&["--no-migrate"]).await;
    assert!(said.contains("older than this program"), "{said}");
    db.close().await.unwrap();
}
