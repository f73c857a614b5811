//! Work for a conference server: within a deadline, on its own share of the connections, and
//! carried on over a connection that breaks.

use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::{Instant, sleep, timeout_at};

use super::fault::is_passing;
use super::pools::{Pool, Pooled};
use crate::store::StoreError;

/// How long one request of a conference server may take, all told. Prosody waits 20 s by default
/// and then refuses without a retry; people wait, too. A 503 in two seconds is retried.
pub const DEADLINE: Duration = Duration::from_millis(1800);

/// The pause before the work is begun again.
const PAUSE: Duration = Duration::from_millis(25);

/// Connections for requests of conference servers.
#[derive(Debug, Clone)]
pub struct Desk {
    pool: Pool,
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
    /// A desk on the pool.
    #[must_use]
    pub fn new(pool: Pool) -> Self {
        Self { pool }
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
                Ok(Err(error)) => return Err(DeskError::Store(error)),
                Err(_) => return Err(DeskError::Late(last)),
            }
            if timeout_at(deadline, sleep(PAUSE)).await.is_err() {
                return Err(DeskError::Late(last));
            }
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
