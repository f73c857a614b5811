//! Work for a conference server: within a deadline, on its own share of the connections, and
//! carried on over a connection that breaks.

use std::time::Duration;

use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tokio::time::{Instant, sleep, timeout_at};

use super::fault::is_passing;
use super::pools::{Pool, Pooled, connect_writable};
use crate::store::StoreError;

/// How long one request of a conference server may take, all told. Prosody waits 20 s by default
/// and then refuses without a retry; people wait, too. A 503 in two seconds is retried.
pub const DEADLINE: Duration = Duration::from_millis(1800);

/// How long it may take to connect for work that many share.
const CONNECT: Duration = Duration::from_millis(700);

/// How long plans are kept at least, and for how many requests. PostgreSQL would keep them for ever, perhaps from when a table was empty:
/// any index is as good as any other then, and with the wrong one each request reads all rows of its tenant.
const KEPT: Duration = Duration::from_secs(1);
const KEPT_FOR: usize = 16;

/// The pause before the work is begun again.
const PAUSE: Duration = Duration::from_millis(25);

/// Connections for requests of conference servers.
#[derive(Debug, Clone)]
pub struct Desk {
    pool: Pool,
    shared: PgConnectOptions,
}

/// Why the work was not done.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The deadline passed.
    #[error("the database did not answer in time")]
    Late(#[source] Option<StoreError>),
    /// The database failed in a way that won't pass by itself.
    #[error(transparent)]
    Store(StoreError),
}

impl Desk {
    /// A desk on the pool. Those connections that are not in it are made with the options.
    #[must_use]
    pub fn new(pool: Pool, shared: PgConnectOptions) -> Self {
        Self { pool, shared }
    }

    /// A connection for work that many requests share.
    #[must_use]
    pub fn shared(&self) -> Shared {
        Shared { options: self.shared.clone(), connection: None, planned: Instant::now(), served: 0 }
    }

    /// The pool, to be watched.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Does the work; from the beginning again, on another connection, where the database fails in
    /// passing. So the work has to bear being repeated, even where it was done and only the answer
    /// was lost.
    ///
    /// # Errors
    /// Where the deadline passes, or the database fails for good.
    pub async fn run<T>(
        &self,
        deadline: Instant,
        mut work: impl AsyncFnMut(&mut PgConnection) -> Result<T, StoreError>,
    ) -> Result<T, DeskError> {
        let mut last = None;
        loop {
            let mut begun = false;
            let attempt = async {
                let mut lease = Lease(Some(self.pool.acquire().await?));
                begun = true;
                let done = work(lease.connection()?).await?;
                lease.give_back();
                Ok::<T, StoreError>(done)
            };
            match timeout_at(deadline, attempt).await {
                Ok(Ok(done)) => return Ok(done),
                // An idle connection that broke unnoticed, perhaps one of many: on to the next.
                Ok(Err(StoreError::Database(error @ sqlx::Error::Io(_)))) if begun => {
                    last = Some(StoreError::Database(error));
                    continue;
                }
                Ok(Err(StoreError::Database(error))) if is_passing(&error) => {
                    last = Some(StoreError::Database(error));
                }
                Ok(Err(error @ StoreError::Outdated)) => last = Some(error),
                Ok(Err(error)) => return Err(DeskError::Store(error)),
                Err(_) => return Err(DeskError::Late(last)),
            }
            if timeout_at(deadline, sleep(PAUSE)).await.is_err() {
                return Err(DeskError::Late(last));
            }
        }
    }
}

/// A connection that is kept for work that many requests share. Not one out of a pool, which makes a round trip whenever a
/// connection is given back.
#[derive(Debug)]
pub struct Shared {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    /// When it last made plans anew, and for how many requests it had them since.
    planned: Instant,
    served: usize,
}

impl Shared {
    /// Connects before there is work, which then need not wait for it. Where it fails, the first work tries again, and tells why.
    pub async fn connect(&mut self) {
        self.connection = self.take().await.ok();
    }

    async fn take(&mut self) -> Result<PgConnection, sqlx::Error> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => connect_writable(&self.options, CONNECT).await,
        }
    }

    /// Does the work of so many requests, by the deadline, and once: where it fails, each of the requests can still be served by itself.
    ///
    /// # Errors
    /// Where it takes too long, or the database fails. Then the next work gets another connection, for nobody knows what this
    /// one is in the middle of.
    pub async fn run<T>(
        &mut self,
        requests: usize,
        deadline: Instant,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, StoreError>,
    ) -> Result<T, DeskError> {
        let attempt = async {
            let mut connection = self.take().await?;
            self.served += requests;
            if self.served >= KEPT_FOR && self.planned.elapsed() >= KEPT {
                (self.planned, self.served) = (Instant::now(), 0);
                sqlx::raw_sql("DISCARD PLANS").execute(&mut connection).await?;
            }
            let done = work(&mut connection).await?;
            self.connection = Some(connection);
            Ok(done)
        };
        match timeout_at(deadline, attempt).await {
            Ok(done) => done.map_err(DeskError::Store),
            Err(_) => Err(DeskError::Late(None)),
        }
    }
}

/// A connection that is closed unless it is given back: after a failure, or when the work is cut
/// off, nobody knows what it is in the middle of.
struct Lease(Option<Pooled>);

impl Lease {
    fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.0.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    fn give_back(mut self) {
        self.0 = None;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            connection.discard();
        }
    }
}
