//! The log of refusals: written at least every second, never waited for.

use std::time::Duration;

use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{sleep, timeout};

use crate::database::pools;
use crate::store::StoreError;
use crate::store::refusals::{self, RefusalRecord};

/// The most refusals that wait to be written. What comes on top is dropped, and counted.
const WAITING: usize = 8192;

/// The most that are written at once.
const BATCH: usize = 1000;

/// How often they are written.
const PERIOD: Duration = Duration::from_millis(500);

/// How long writing may take: a connection may have gone silent.
const PATIENCE: Duration = Duration::from_secs(10);

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
    ///
    /// The connection is the writer's own: one out of a pool may have been opened by a worker of
    /// the HTTP server, and dies with it before the last refusals are written.
    pub async fn run(mut self, options: PgConnectOptions, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        let mut connection = None;
        let mut batch = Vec::new();
        loop {
            if batch.is_empty() {
                tokio::select! {
                    () = &mut stop => break,
                    _ = self.0.recv_many(&mut batch, BATCH) => {}
                }
            }
            write(&options, &mut connection, &mut batch).await;
            tokio::select! {
                () = &mut stop => break,
                () = sleep(PERIOD) => {}
            }
        }
        self.0.close();
        while !batch.is_empty() || self.0.recv_many(&mut batch, BATCH).await > 0 {
            write(&options, &mut connection, &mut batch).await;
            if !batch.is_empty() {
                sleep(PERIOD).await;
            }
        }
    }
}

/// Writes a batch and empties it. One that can't be written is kept, and the connection is not.
async fn write(
    options: &PgConnectOptions,
    connection: &mut Option<PgConnection>,
    batch: &mut Vec<RefusalRecord>,
) {
    let written = async {
        let mut db = match connection.take() {
            Some(db) => db,
            None => pools::connect_once(options, PATIENCE).await?,
        };
        refusals::insert(&mut db, batch).await?;
        Ok::<_, StoreError>(db)
    };
    match timeout(PATIENCE, written).await {
        Ok(Ok(db)) => {
            *connection = Some(db);
            batch.clear();
        }
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "refusals not written yet");
        }
        Err(_) => tracing::warn!("refusals not written yet: the database does not answer"),
    }
}
