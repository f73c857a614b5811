//! The lane: asks that come while others are being settled go out together.
//!
//! What an ask costs is mostly round trips and commits of the database, and a hundred asks can share them. So there is one
//! lane: it takes everybody who waits, settles them with one read and one claim, and turns to those who came meanwhile. It
//! waits for nobody: an ask that comes while it is idle goes out at once, by itself. The busier it is, the larger are the
//! batches, and the cheaper each ask.
//!
//! The lane settles what can be settled at the first go. Whom it leaves, for whatever reason, goes on alone: who lost a race,
//! asks for a room or for a place that somebody in the same batch gets, has to close a conference first, or was in a batch that
//! failed. So nobody pays for a neighbour with more than time.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tokio::runtime::Builder;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::queue::Queue;
use super::verdict::{Asked, Candidate, Settled, Verdict};
use crate::app::App;
use crate::credential::CredentialHash;
use crate::database::desk::DeskError;
use crate::reservation::{TenantId, TenantName};
use crate::store::StoreError;
use crate::store::claim::claim;
use crate::store::desk::read;

/// The most that go out together.
const BATCH: usize = 256;

/// The most that wait. They are told at once when there are more, and ask again.
const WAITING: usize = 4096;

/// How long a batch may take. Less than an ask may, so that who was in one from the start has time to go on alone.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where asks wait for the next batch, and what settles them.
#[derive(Debug)]
pub struct Lane {
    waiting: Arc<Waiting>,
    /// The thread ends when this goes.
    _open: oneshot::Sender<()>,
}

#[derive(Debug)]
struct Waiting {
    /// A line for each tenant of each server.
    queue: Mutex<Queue<(CredentialHash, Option<TenantName>), Ticket>>,
    arrival: Notify,
}

/// An ask that waits. One that is dropped goes on alone.
#[derive(Debug)]
struct Ticket {
    asked: Arc<Asked>,
    reply: oneshot::Sender<Settled>,
}

impl Lane {
    /// Opens a lane; it is closed when it is dropped.
    ///
    /// It has a thread of its own: handing a batch from one thread to the next would take longer than an ask.
    ///
    /// # Errors
    /// Where the system has no more threads or files.
    pub fn open(app: Arc<App>) -> io::Result<Self> {
        let waiting = Arc::new(Waiting { queue: Mutex::new(Queue::of(WAITING)), arrival: Notify::new() });
        let (open, closed) = oneshot::channel();
        let theirs = Arc::clone(&waiting);
        let conducting = keep_going(move || conduct(Arc::clone(&app), Arc::clone(&theirs)));
        let (begun, beginning) = mpsc::channel();
        thread::Builder::new().name("lane".to_owned()).spawn(move || {
            match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => {
                    _ = begun.send(Ok(()));
                    runtime.block_on(async {
                        tokio::select! {
                            () = conducting => {}
                            _ = closed => {}
                        }
                    });
                }
                Err(error) => _ = begun.send(Err(error)),
            }
        })?;
        beginning.recv().map_err(io::Error::other)??;
        Ok(Self { waiting, _open: open })
    }

    /// Settles the ask together with others, by the deadline. `None` where it is left to go on alone.
    pub(super) async fn settle(
        &self,
        asked: Arc<Asked>,
        deadline: Instant,
    ) -> Result<Option<Settled>, DeskError> {
        let (reply, settled) = oneshot::channel();
        let line = (asked.hash, asked.tenant.clone());
        if let Some(turned_away) = self.waiting.put(line, Ticket { asked, reply }) {
            turned_away.reply(Settled::Busy);
        }
        match timeout_at(deadline, settled).await {
            Ok(settled) => Ok(settled.ok()),
            Err(_) => Err(DeskError::Late(None)),
        }
    }
}

impl Waiting {
    fn put(&self, line: (CredentialHash, Option<TenantName>), ticket: Ticket) -> Option<Ticket> {
        let turned_away = self.queue.lock().unwrap_or_else(PoisonError::into_inner).put(line, ticket);
        self.arrival.notify_one();
        turned_away
    }

    /// The next batch, once there is one.
    async fn next(&self) -> Vec<Ticket> {
        loop {
            let mut batch = self.queue.lock().unwrap_or_else(PoisonError::into_inner).take(BATCH);
            if batch.is_empty() {
                self.arrival.notified().await;
                continue;
            }
            // Some were given up while they waited.
            batch.retain(|ticket| !ticket.reply.is_closed());
            if !batch.is_empty() {
                return batch;
            }
        }
    }
}

impl Ticket {
    fn reply(self, settled: Settled) {
        // Whoever asked may have given up.
        _ = self.reply.send(settled);
    }
}

/// Has batch after batch settled, whatever happens to one of them.
async fn keep_going<F: Future<Output = ()> + Send + 'static>(conduct: impl Fn() -> F) {
    loop {
        // Not detached: when the lane is closed, it ends, too.
        let mut conductor = JoinSet::new();
        conductor.spawn(conduct());
        if let Some(Err(error)) = conductor.join_next().await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the lane broke down; going on with the next batch"
            );
        }
    }
}

/// Settles batch after batch.
async fn conduct(app: Arc<App>, waiting: Arc<Waiting>) {
    let mut shared = app.desk.shared();
    loop {
        let batch = waiting.next().await;
        let asks = batch.len();
        app.metrics.batch(asks);
        let settled = shared
            .run(PATIENCE, async |db: &mut PgConnection| settle(&app, db, batch, app.clock.now()).await);
        if let Err(error) = settled.await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                asks,
                "a batch of asks failed; each goes on alone"
            );
        }
    }
}

/// Settles those of the batch who can be at the first go.
async fn settle(
    app: &App,
    db: &mut PgConnection,
    batch: Vec<Ticket>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let look_ups: Vec<_> = batch.iter().map(|ticket| ticket.asked.look_up()).collect();
    let found = read(db, &app.standings, &look_ups, now).await?;
    let mut candidates = Vec::new();
    for (ticket, found) in batch.into_iter().zip(found) {
        // What can't be read about one, or changed meanwhile, is read again when it goes on alone.
        let Ok(found) = found else { continue };
        match ticket.asked.judge(app, found, now) {
            Verdict::Settled(settled) => ticket.reply(settled),
            Verdict::Claim(candidate) => candidates.push((ticket, candidate)),
            Verdict::Close(_) => {}
        }
    }
    let (going, left) = without_rivals(candidates);
    if going.is_empty() {
        return Ok(());
    }
    let claims: Vec<_> = going.iter().map(|(ticket, candidate)| ticket.asked.claim(candidate)).collect();
    let claimed = claim(db, &claims).await?;
    for (ticket, candidate) in going {
        if let Some(settled) = ticket.asked.claimed(app, *candidate, &claimed) {
            ticket.reply(settled);
        }
    }
    // Not before: now they see what came of the others.
    drop(left);
    Ok(())
}

type Going = (Ticket, Box<Candidate>);

/// Those that can all be claimed: each room once, and no more than the tenant has places for. And the others.
fn without_rivals(mut candidates: Vec<Going>) -> (Vec<Going>, Vec<Going>) {
    candidates.sort_by(|(_, one), (_, other)| one.room().cmp(&other.room()));
    let mut going: Vec<Going> = Vec::with_capacity(candidates.len());
    let mut left = Vec::new();
    let mut promised: HashMap<TenantId, u32> = HashMap::new();
    for (ticket, candidate) in candidates {
        let promised = promised.entry(candidate.room().0).or_default();
        let again = going.last().is_some_and(|(_, last)| last.room() == candidate.room());
        if again || candidate.places.is_some_and(|places| *promised >= places) {
            left.push((ticket, candidate));
        } else {
            *promised += 1;
            going.push((ticket, candidate));
        }
    }
    (going, left)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::timeout;

    use super::*;
    use crate::credential::{Credential, CredentialKind};

    fn asked() -> Arc<Asked> {
        let hash = Credential::generate(CredentialKind::Server).unwrap().hash();
        Arc::new(Asked::new(hash, &"room".parse().unwrap(), &"me@meet.test".parse().unwrap()))
    }

    /// A lane in which nothing is ever settled.
    fn idle(most: usize) -> Lane {
        let waiting = Waiting { queue: Mutex::new(Queue::of(most)), arrival: Notify::new() };
        Lane { waiting: Arc::new(waiting), _open: oneshot::channel().0 }
    }

    #[tokio::test]
    async fn where_too_many_wait_one_is_told_at_once_and_the_others_at_their_deadline() {
        let lane = idle(2);
        let began = Instant::now();
        let settle = async || {
            let settled = lane.settle(asked(), began + PATIENCE).await;
            (settled, began.elapsed())
        };
        let (first, second, third) = tokio::join!(settle(), settle(), settle());
        for (settled, took) in [first, second] {
            assert!(matches!(settled, Err(DeskError::Late(_))), "{settled:?}");
            assert!(took >= PATIENCE, "{took:?}");
        }
        let (settled, took) = third;
        assert!(matches!(settled, Ok(Some(Settled::Busy))), "{settled:?}");
        assert!(took < PATIENCE, "{took:?}");
    }

    #[tokio::test]
    async fn who_gave_up_is_in_no_batch() {
        let lane = idle(9);
        let soon = Instant::now() + Duration::from_millis(1);
        assert!(lane.settle(asked(), soon).await.is_err());
        let later = lane.settle(asked(), soon + Duration::from_secs(1));
        let (settled, batch) = tokio::join!(later, async {
            let batch = lane.waiting.next().await;
            let asks = batch.len();
            drop(batch);
            asks
        });
        assert_eq!(batch, 1);
        assert!(matches!(settled, Ok(None)), "whom a batch drops goes on alone: {settled:?}");
    }

    #[tokio::test]
    async fn who_waits_behind_many_that_gave_up_is_not_forgotten() {
        let lane = idle(4 * BATCH);
        for _ in 0..3 * BATCH {
            assert!(lane.settle(asked(), Instant::now()).await.is_err());
        }
        let waits = lane.settle(asked(), Instant::now() + PATIENCE);
        let (settled, ()) =
            tokio::join!(waits, async { drop(timeout(PATIENCE, lane.waiting.next()).await.unwrap()) });
        assert!(matches!(settled, Ok(None)), "{settled:?}");
    }

    #[tokio::test]
    async fn a_lane_that_breaks_down_goes_on() {
        let begun = Arc::new(AtomicUsize::new(0));
        let (again, seen) = oneshot::channel();
        let again = Arc::new(Mutex::new(Some(again)));
        let conduct = {
            let begun = Arc::clone(&begun);
            move || {
                let (begun, again) = (Arc::clone(&begun), Arc::clone(&again));
                async move {
                    assert!(begun.fetch_add(1, Ordering::SeqCst) > 0, "the first one breaks");
                    _ = again.lock().unwrap().take().unwrap().send(());
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            () = keep_going(conduct) => unreachable!("it goes on for ever"),
            seen = seen => seen.unwrap(),
        }
        assert_eq!(begun.load(Ordering::SeqCst), 2);
    }
}
