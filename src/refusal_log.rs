//! The log of refusals: written at least every second, never waited for.

use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{MissedTickBehavior, interval};

use crate::store::refusals::{self, RefusalRecord};

/// The most refusals that wait to be written. What comes on top is dropped, and counted.
const WAITING: usize = 8192;

/// The most that are written at once.
const BATCH: usize = 1000;

/// How often they are written.
const PERIOD: Duration = Duration::from_millis(500);

/// Where refusals are put down.
#[derive(Debug, Clone)]
pub struct RefusalLog(Sender<RefusalRecord>);

/// What writes them; ends when the last [`RefusalLog`] is gone and all is written.
#[derive(Debug)]
pub struct RefusalWriter(Receiver<RefusalRecord>);

impl RefusalLog {
    /// A log with its writer.
    #[must_use]
    pub fn new() -> (Self, RefusalWriter) {
        let (sender, receiver) = channel(WAITING);
        (Self(sender), RefusalWriter(receiver))
    }

    /// Puts a refusal down. `false` where it had to be dropped.
    #[must_use]
    pub fn put(&self, refusal: RefusalRecord) -> bool {
        match self.0.try_send(refusal) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => false,
        }
    }
}

impl RefusalWriter {
    /// Writes until the log is gone. While the database is away, refusals wait.
    pub async fn run(mut self, db: PgPool) {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::new();
        loop {
            let room = BATCH - batch.len();
            let closed = room > 0 && self.0.recv_many(&mut batch, room).await == 0;
            if !batch.is_empty() {
                match write(&db, &batch).await {
                    Ok(()) => batch.clear(),
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "refusals not written");
                        if closed {
                            return;
                        }
                    }
                }
            } else if closed {
                return;
            }
            if !closed {
                ticks.tick().await;
            }
        }
    }
}

async fn write(db: &PgPool, batch: &[RefusalRecord]) -> Result<(), crate::store::StoreError> {
    refusals::insert(&mut *db.acquire().await?, batch).await
}
