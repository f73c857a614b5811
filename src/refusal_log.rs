//! The log of refusals: written at least every second, never waited for.

use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{sleep, timeout};

use crate::database::pools::Pool;
use crate::store::StoreError;
use crate::store::refusals::{self, RefusalRecord};

/// The most refusals that wait to be written. What comes on top is dropped, and counted.
const WAITING: usize = 8192;

/// The most that are written at once.
const BATCH: usize = 1000;

/// How often they are written.
const PERIOD: Duration = Duration::from_millis(500);

/// How long writing may take: a connection may have gone silent.
const PATIENCE: Duration = Duration::from_secs(40);

/// Where refusals are put down.
#[derive(Debug, Clone)]
pub struct RefusalLog(Sender<RefusalRecord>);

/// What writes them.
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
    /// Writes until `stop`, and then what is left. While the database is away, refusals wait.
    pub async fn run(mut self, db: Pool, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        let mut batch = Vec::new();
        loop {
            if batch.is_empty() {
                tokio::select! {
                    () = &mut stop => break,
                    _ = self.0.recv_many(&mut batch, BATCH) => {}
                }
            }
            write(&db, &mut batch).await;
            tokio::select! {
                () = &mut stop => break,
                () = sleep(PERIOD) => {}
            }
        }
        self.0.close();
        while !batch.is_empty() || self.0.recv_many(&mut batch, BATCH).await > 0 {
            write(&db, &mut batch).await;
            if !batch.is_empty() {
                return;
            }
        }
    }
}

/// Writes a batch and empties it; one that can't be written is kept.
async fn write(db: &Pool, batch: &mut Vec<RefusalRecord>) {
    let written = async { refusals::insert(&mut *db.acquire().await?, batch).await };
    let written = timeout(PATIENCE, written).await;
    match written.unwrap_or(Err(StoreError::Database(sqlx::Error::PoolTimedOut))) {
        Ok(()) => batch.clear(),
        Err(error) => {
            let error: &StoreError = &error;
            tracing::warn!(error = error as &dyn std::error::Error, "refusals not written yet");
        }
    }
}
