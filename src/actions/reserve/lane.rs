//! The lane: asks that come while others are being settled go out together.
//!
//! What an ask costs is mostly round trips and commits of the database, and a hundred asks can share them. So there is one
//! lane: it takes everybody who waits, reads for all of them at once, claims all rooms at once, and turns to those who came
//! meanwhile. It waits for nobody: an ask that comes while it is idle goes out at once, by itself. The busier it is, the larger
//! are the batches, and the cheaper each ask.
//!
//! The lane settles what can be settled at the first go. Whom it leaves, for whatever reason, goes on alone: who lost a race,
//! asks for a room or for a place that somebody else is about to get, has to close a conference first, or was in a batch that
//! failed. So nobody pays for a neighbour with more than time.
//!
//! Here they wait; what becomes of a batch is in [`conduct`].

use std::io;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::conduct::conduct;
use super::queue::Queue;
use super::verdict::{Asked, Settled};
use crate::app::App;
use crate::credential::CredentialHash;
use crate::database::desk::DeskError;
use crate::reservation::TenantName;

/// The most that go out together.
pub(super) const BATCH: usize = 256;

/// The most that wait. They are told at once when there are more, and ask again.
const WAITING: usize = 4096;

/// The longest that anybody waits. Who did is told to ask again, instead of being served when it may be too late.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Where asks wait for the next batch, and what settles them.
#[derive(Debug)]
pub struct Lane {
    waiting: Arc<Waiting>,
    /// The thread ends when this goes.
    _open: oneshot::Sender<()>,
}

#[derive(Debug)]
pub(super) struct Waiting {
    queue: Mutex<Queue<Line, Ticket>>,
    arrival: Notify,
}

/// Who waits behind whom: each tenant of each server that was known when it asked last has a line. Everybody else has one of few, so
/// who makes up names or credentials waits behind himself and some others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Line {
    Known(CredentialHash, Option<TenantName>),
    Strangers(u8),
}

/// How many lines there are for strangers.
const STRANGERS: u8 = 32;

/// An ask that waits. One that is dropped goes on alone.
#[derive(Debug)]
pub(super) struct Ticket {
    pub asked: Arc<Asked>,
    since: Instant,
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

    /// Settles the ask together with others, by the deadline; `is_known` says whether who asks was known when it asked last. `None`
    /// where it is left to go on alone.
    pub(super) async fn settle(
        &self,
        asked: Arc<Asked>,
        is_known: bool,
        deadline: Instant,
    ) -> Result<Option<Settled>, DeskError> {
        let (reply, settled) = oneshot::channel();
        let line = if is_known {
            Line::Known(asked.hash, asked.tenant.clone())
        } else {
            Line::Strangers(asked.hash.as_bytes()[0] % STRANGERS)
        };
        if let Some(turned_away) = self.waiting.put(line, Ticket { asked, since: Instant::now(), reply }) {
            turned_away.reply(Settled::Busy);
        }
        match timeout_at(deadline, settled).await {
            Ok(settled) => Ok(settled.ok()),
            Err(_) => Err(DeskError::Late(None)),
        }
    }
}

impl Waiting {
    fn put(&self, line: Line, ticket: Ticket) -> Option<Ticket> {
        let turned_away = self.queue.lock().unwrap_or_else(PoisonError::into_inner).put(line, ticket);
        self.arrival.notify_one();
        turned_away
    }

    /// The next batch, once there is one.
    pub async fn next(&self) -> Vec<Ticket> {
        loop {
            let mut batch = self.queue.lock().unwrap_or_else(PoisonError::into_inner).take(BATCH);
            if batch.is_empty() {
                self.arrival.notified().await;
                continue;
            }
            // Some were given up while they waited.
            batch.retain(|ticket| !ticket.is_given_up());
            for late in batch.extract_if(.., |ticket| ticket.since.elapsed() > LONGEST_WAIT) {
                late.reply(Settled::Busy);
            }
            if !batch.is_empty() {
                return batch;
            }
        }
    }
}

impl Ticket {
    /// Whether nobody waits for a reply any more.
    pub fn is_given_up(&self) -> bool {
        self.reply.is_closed()
    }

    pub fn reply(self, settled: Settled) {
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::{sleep, timeout};

    use super::*;
    use crate::actions::reserve::conduct::PATIENCE;
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
            let settled = lane.settle(asked(), true, began + PATIENCE).await;
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
    async fn where_too_many_wait_who_makes_up_names_makes_way() {
        let lane = idle(2);
        let settle =
            async |asked, is_known| lane.settle(asked, is_known, Instant::now() + LONGEST_WAIT / 10).await;
        let hash = asked().hash;
        let of_a_made_up = |tenant: &str| {
            let node = format!("[{tenant}]room").parse().unwrap();
            Arc::new(Asked::new(hash, &node, &"me@meet.test".parse().unwrap()))
        };
        let (first, second, known) = tokio::join!(
            settle(of_a_made_up("one"), false),
            settle(of_a_made_up("two"), false),
            settle(asked(), true)
        );
        assert!(matches!(second, Ok(Some(Settled::Busy))), "{second:?}");
        for waits in [first, known] {
            assert!(matches!(waits, Err(DeskError::Late(_))), "{waits:?}");
        }
    }

    #[tokio::test]
    async fn who_gave_up_is_in_no_batch() {
        let lane = idle(9);
        let soon = Instant::now() + Duration::from_millis(1);
        assert!(lane.settle(asked(), true, soon).await.is_err());
        let later = lane.settle(asked(), true, soon + Duration::from_secs(1));
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
    async fn who_waited_for_too_long_is_told_to_ask_again() {
        let lane = idle(9);
        let began = Instant::now();
        let waits = lane.settle(asked(), true, began + 2 * LONGEST_WAIT);
        let next = async {
            sleep(LONGEST_WAIT + Duration::from_millis(10)).await;
            timeout(Duration::from_millis(50), lane.waiting.next()).await
        };
        let (settled, batch) = tokio::join!(waits, next);
        assert!(matches!(settled, Ok(Some(Settled::Busy))), "{settled:?}");
        assert!(batch.is_err(), "nobody is left");
    }

    #[tokio::test]
    async fn who_waits_behind_many_that_gave_up_is_not_forgotten() {
        let lane = idle(4 * BATCH);
        for _ in 0..3 * BATCH {
            assert!(lane.settle(asked(), true, Instant::now()).await.is_err());
        }
        let waits = lane.settle(asked(), true, Instant::now() + PATIENCE);
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
