//! PostgreSQL and Frontdesk are killed while conference servers ask. No acknowledged grant or release is lost, and no room is
//! ever open twice, or locked.
//!
//! `KILLS=30` makes for a longer run.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::time::sleep;
use uuid::Uuid;

use crate::cluster::Cluster;
use crate::outages::furnish;
use crate::rig::{Caller, Outcome, PATIENCE, Setup, db, eventually, hands_on, kill_hard, row_id};
use crate::world;

/// How many rooms are asked for at once.
const LANES: usize = 12;

/// How often things are killed.
fn kills() -> u32 {
    std::env::var("KILLS").map_or(5, |kills| kills.parse().expect("KILLS is a number"))
}

/// What conference servers were told.
#[derive(Default)]
struct Ledger {
    /// Rooms that are open, with the conference's id.
    open: Vec<(String, String)>,
    /// Conferences that were released.
    released: Vec<String>,
    /// Answers with 503, and requests without an answer.
    failures: usize,
    /// The longest time that an answer took.
    slowest: Duration,
}

/// One conference server that opens room after room, and closes and opens every third once more. As Prosody does, it asks
/// again after a failure, and reads the conference after a conflict.
struct Lane<'a> {
    caller: &'a Caller,
    stop: &'a AtomicBool,
    /// How many rooms all of them opened.
    opened: &'a AtomicUsize,
    ledger: Ledger,
}

impl Lane<'_> {
    async fn run(mut self, name: String) -> Ledger {
        for n in 0.. {
            let room = format!("{name}-{n}");
            let Some(mut id) = self.open(&room).await else { break };
            if n % 3 == 0 {
                if !self.release(&id).await {
                    break;
                }
                self.ledger.released.push(id.clone());
                let Some(again) = self.open(&room).await else { break };
                assert_ne!(again, id);
                id = again;
            }
            self.ledger.open.push((room, id));
            self.opened.fetch_add(1, Ordering::Relaxed);
        }
        self.ledger
    }

    fn note(&mut self, took: Duration) {
        self.ledger.slowest = self.ledger.slowest.max(took);
    }

    async fn pause(&mut self) -> bool {
        self.ledger.failures += 1;
        sleep(Duration::from_millis(50)).await;
        !self.stop.load(Ordering::Relaxed)
    }

    /// The id under which the room is open; `None` where the test ended before there was an answer.
    async fn open(&mut self, room: &str) -> Option<String> {
        let mut failed = false;
        while !self.stop.load(Ordering::Relaxed) {
            let (reply, took) = self.caller.ask(room).await;
            match reply.as_ref().map(|reply| reply.status) {
                Some(200) => {
                    self.note(took);
                    return Some(reply.unwrap().id().to_owned());
                }
                Some(409) => {
                    assert!(failed, "{room} is open, though nobody was told so");
                    let id = reply.unwrap().body["conflict_id"].as_str().unwrap().to_owned();
                    if self.reads(&id).await {
                        return Some(id);
                    }
                }
                Some(503) | None => {
                    self.note(took);
                    reply.inspect(|reply| assert!(!reply.message().is_empty()));
                    failed = true;
                    self.pause().await;
                }
                Some(_) => panic!("{room}: {reply:?}"),
            }
        }
        None
    }

    async fn reads(&mut self, id: &str) -> bool {
        self.insist(200, async |caller| caller.get(id).await).await
    }

    async fn release(&mut self, id: &str) -> bool {
        self.insist(204, async |caller| caller.delete(id).await).await
    }

    /// Requests until the answer has the status. `false` where it is time to stop.
    async fn insist(&mut self, status: u16, request: impl AsyncFn(&Caller) -> Outcome) -> bool {
        loop {
            let (reply, _) = request(self.caller).await;
            match reply.as_ref().map(|reply| reply.status) {
                Some(answered) if answered == status => return true,
                Some(503) | None if self.pause().await => {}
                Some(503) | None => return false,
                Some(_) => panic!("{reply:?}"),
            }
        }
    }
}

/// Lets conference servers ask until `meanwhile` is done, and gives what they were told.
#[expect(clippy::print_stdout, reason = "figures, shown with --nocapture")]
async fn under_load<T>(caller: &Caller, meanwhile: impl Future<Output = T>) -> (Ledger, T) {
    let (stop, opened) = (AtomicBool::new(false), AtomicUsize::new(0));
    let lanes = (0..LANES).map(|lane| {
        let ledger = Ledger::default();
        Lane { caller, stop: &stop, opened: &opened, ledger }.run(format!("lane-{lane}"))
    });
    let meanwhile = async {
        let done = meanwhile.await;
        // However slow the machine is.
        eventually("there were some asks", async || opened.load(Ordering::Relaxed) > 2 * LANES).await;
        stop.store(true, Ordering::Relaxed);
        done
    };
    let (ledgers, done) = tokio::join!(join_all(lanes), meanwhile);
    let mut all = Ledger::default();
    for ledger in ledgers {
        all.open.extend(ledger.open);
        all.released.extend(ledger.released);
        all.failures += ledger.failures;
        all.slowest = all.slowest.max(ledger.slowest);
    }
    println!(
        "{} open, {} released, {} failures, slowest {:?}",
        all.open.len(),
        all.released.len(),
        all.failures,
        all.slowest
    );
    (all, done)
}

/// Holds the database and Frontdesk against what conference servers were told.
async fn hold_against(ledger: &Ledger, options: &PgConnectOptions, caller: &Caller) {
    assert!(ledger.open.len() > LANES && ledger.released.len() > LANES / 3, "hardly any asks");
    assert!(ledger.slowest < Duration::from_millis(2500), "{:?}", ledger.slowest);
    let mut db = Err(sqlx::Error::PoolClosed);
    eventually("the database is back", async || {
        db = PgConnection::connect_with(options).await;
        db.is_ok()
    })
    .await;
    let mut db = db.unwrap();
    let rows: Vec<(Uuid, String, Option<String>)> =
        sqlx::query_as("SELECT id, room, close_reason FROM conferences").fetch_all(&mut db).await.unwrap();
    for (room, id) in &ledger.open {
        let open: Vec<Uuid> =
            rows.iter().filter(|row| row.1 == *room && row.2.is_none()).map(|row| row.0).collect();
        assert_eq!(open, [row_id(id)], "{room}");
    }
    for id in &ledger.released {
        let row = rows.iter().find(|row| row.0 == row_id(id));
        assert_eq!(row.and_then(|row| row.2.as_deref()), Some("released"), "{id}");
    }
    // No room is locked: it can be read, closed, and opened once more.
    for (room, id) in ledger.open.iter().rev().take(10) {
        let conflict = caller.ask(room).await.0.unwrap();
        assert_eq!((conflict.status, &conflict.body["conflict_id"]), (409, &id.as_str().into()), "{room}");
        assert_eq!(caller.get(id).await.0.unwrap().status, 200);
        assert_eq!(caller.delete(id).await.0.unwrap().status, 204);
        assert_eq!(caller.ask(room).await.0.unwrap().status, 200);
    }
}

async fn opens_again(caller: &Caller) {
    let mut n = 0;
    eventually("a room opens again", async || {
        n += 1;
        caller.ask(&format!("again-{}-{n}", Uuid::now_v7())).await.0.is_some_and(|reply| reply.status == 200)
    })
    .await;
}

/// A time that nobody can foresee, so that a kill comes in the middle of anything.
async fn a_while() {
    let random = u64::from(Uuid::new_v4().as_bytes()[0]);
    sleep(Duration::from_millis(150 + 2 * random)).await;
}

#[tokio::test]
async fn a_killed_postgresql_loses_no_grant_and_frontdesk_goes_on_when_it_is_back() {
    let mut cluster = Cluster::start().await;
    let options = cluster.options();
    frontdesk::database::migrate::run(&mut cluster.connect().await).await.unwrap();
    let credential = furnish(&hands_on(&options)).await;
    let setup = Setup::remote(&options);
    let frontdesk = setup.serve().await;
    let caller = Caller::new(&frontdesk.url, &credential);
    let (ledger, ()) = under_load(&caller, async {
        for _ in 0..kills().div_ceil(2) {
            a_while().await;
            cluster.kill();
            a_while().await;
            cluster.restart().await;
            opens_again(&caller).await;
        }
    })
    .await;
    hold_against(&ledger, &options, &caller).await;
}

#[tokio::test]
async fn a_killed_private_postgresql_is_started_again_and_loses_no_grant() {
    let setup = Setup::private();
    let frontdesk = setup.serve().await;
    let said = frontdesk.said();
    let credential = said.split_whitespace().find(|word| word.starts_with("fd_server_")).unwrap();
    let set = setup.command(&["tenant", "set", "main", "--unscheduled", "allow"]).output().unwrap();
    assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    let pid_file = || fs::read_to_string(setup.data_dir().join("pgdata/postmaster.pid")).unwrap_or_default();
    let postmaster = || pid_file().lines().next().and_then(|pid| pid.parse::<u32>().ok());
    let socket = pid_file().lines().nth(4).unwrap().to_owned();

    let caller = Caller::new(&frontdesk.url, credential);
    let (ledger, ()) = under_load(&caller, async {
        for _ in 0..kills().div_ceil(2) {
            a_while().await;
            let old = postmaster();
            kill_hard(old.unwrap());
            eventually("another one runs", async || postmaster().is_some_and(|new| Some(new) != old)).await;
            opens_again(&caller).await;
        }
    })
    .await;
    let options =
        PgConnectOptions::new_without_pgpass().socket(socket).username("frontdesk").database("frontdesk");
    hold_against(&ledger, &options, &caller).await;
}

#[tokio::test]
async fn a_killed_frontdesk_loses_no_grant_and_leaves_no_room_locked() {
    let (_, options) = world::database().await;
    let credential = furnish(&hands_on(&options)).await;
    let setup = Setup::remote(&options);
    let mut frontdesk = setup.serve().await;
    let caller = Caller::new(&frontdesk.url, &credential);
    let (ledger, ()) = under_load(&caller, async {
        for _ in 0..kills() {
            a_while().await;
            frontdesk.kill();
            frontdesk = setup.serve().await;
            caller.moved_to(&frontdesk.url);
            opens_again(&caller).await;
        }
    })
    .await;
    hold_against(&ledger, &options, &caller).await;
}

#[tokio::test]
async fn a_stop_under_load_finishes_what_runs_and_writes_every_refusal_down() {
    let (_, options) = world::database().await;
    let app = hands_on(&options);
    let credential = furnish(&app).await;
    let mut frontdesk = Setup::remote(&options).serve().await;
    let caller = Caller::new(&frontdesk.url, &credential);
    // So that they can't be written before the stop.
    let mut lock = app.db.as_sqlx().begin().await.unwrap();
    sqlx::query("LOCK TABLE refusals IN SHARE MODE").execute(&mut *lock).await.unwrap();
    let stop = AtomicBool::new(false);
    let refused = AtomicI64::new(0);
    let asking = join_all((0..LANES).map(async |_| {
        while !stop.load(Ordering::Relaxed) {
            match caller.ask("[nobody]room").await.0 {
                Some(reply) => {
                    assert_eq!((reply.status, reply.reason()), (404, "tenant_unknown"));
                    refused.fetch_add(1, Ordering::Relaxed);
                }
                None => break,
            }
        }
    }));
    let stopped = async {
        eventually("many are refused", async || refused.load(Ordering::Relaxed) > 50).await;
        let unlock = async {
            sleep(Duration::from_millis(500)).await;
            lock.rollback().await.unwrap();
        };
        let (stopped, ()) = tokio::join!(frontdesk.terminate(), unlock);
        stop.store(true, Ordering::Relaxed);
        stopped
    };
    let (_, (status, took)) = tokio::join!(asking, stopped);
    assert!(status.success() && took < Duration::from_secs(5), "{status} after {took:?}");
    let refused = refused.into_inner();
    let written: i64 = sqlx::query_scalar("SELECT count(*) FROM refusals").fetch_one(db(&app)).await.unwrap();
    assert!(
        (refused..=refused + i64::try_from(LANES).unwrap()).contains(&written),
        "{refused} refused, {written} written"
    );
}

#[tokio::test]
async fn asks_that_wait_when_a_stop_comes_are_answered() {
    let (_, options) = world::database().await;
    let app = hands_on(&options);
    let credential = furnish(&app).await;
    let mut frontdesk = Setup::remote(&options).serve().await;
    let caller = Caller::new(&frontdesk.url, &credential);
    let mut lock = app.db.as_sqlx().begin().await.unwrap();
    sqlx::query("LOCK TABLE conferences IN SHARE MODE").execute(&mut *lock).await.unwrap();
    let rooms: Vec<String> = (0..LANES).map(|n| format!("room-{n}")).collect();
    let asks = join_all(rooms.iter().map(|room| caller.ask(room)));
    let stop = async {
        sleep(Duration::from_millis(300)).await;
        let began = Instant::now();
        let unlock = async {
            sleep(Duration::from_millis(300)).await;
            lock.rollback().await.unwrap();
        };
        let ((status, _), ()) = tokio::join!(frontdesk.terminate(), unlock);
        assert!(status.success() && began.elapsed() < PATIENCE, "{status}");
    };
    let (replies, ()) = tokio::join!(asks, stop);
    let statuses: Vec<_> = replies.into_iter().map(|(reply, _)| reply.map(|reply| reply.status)).collect();
    assert_eq!(statuses, [Some(200); LANES]);
}
