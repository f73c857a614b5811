//! Pools of connections: one for conference servers, one for everything else, so that neither takes the other's.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, Postgres};
use tokio::time::timeout;

use crate::config::Connections;

/// How long a conference server's request may wait for a connection. Less than its deadline.
const DESK_ACQUIRE: Duration = Duration::from_secs(1);

/// How long everything else may wait for a connection.
const ACQUIRE: Duration = Duration::from_secs(10);

/// How long a connection that is put back may take to say that it is idle, and all of them to be
/// closed. A connection that went silent never does: sqlx would wait for as long as the kernel
/// believes in it, a quarter of an hour, and its place in the pool would be lost.
const SILENCE: Duration = Duration::from_secs(2);

/// A pool of connections.
#[derive(Debug, Clone)]
pub struct Pool(PgPool);

impl Pool {
    /// Connections for requests of conference servers. PostgreSQL itself gives up on a statement
    /// or a lock before the request's deadline, so that nothing is left running.
    ///
    /// Their statements keep one plan: PostgreSQL takes a plan for the very arrays of one ask for
    /// cheaper than one for any, and would spend four times as long on making it, each time, as on
    /// the ask.
    #[must_use]
    pub fn desk(options: PgConnectOptions, connections: Connections) -> Self {
        Self(pool(answering(options, "1500ms", "1000ms"), connections, DESK_ACQUIRE))
    }

    /// Connections for everything else.
    ///
    /// Their statements are planned for the very values each time, in less than half a millisecond: lists have
    /// conditions that may be left out, and tenants of any size. Of a plan for any values PostgreSQL believes that it is
    /// as good, and reads a million rows of others with it to find the few of a small tenant.
    #[must_use]
    pub fn general(options: PgConnectOptions, connections: Connections) -> Self {
        let options = options.application_name("frontdesk").options([
            ("statement_timeout", "30s"),
            ("lock_timeout", "5s"),
            ("plan_cache_mode", "force_custom_plan"),
        ]);
        Self(pool(options, connections, ACQUIRE))
    }

    /// A connection.
    ///
    /// # Errors
    /// Where none is to be had in time.
    pub async fn acquire(&self) -> Result<Pooled, sqlx::Error> {
        // The future holds all that connecting takes, 4 kB, which each request would otherwise have set aside for as long as it lasts.
        Ok(Pooled(Some(Box::pin(self.0.acquire()).await?)))
    }

    /// The pool underneath, which has no patience of its own. For tests.
    #[must_use]
    pub fn as_sqlx(&self) -> &PgPool {
        &self.0
    }

    /// How many connections there are, and how many of them are idle.
    #[must_use]
    pub fn fill(&self) -> (u32, usize) {
        (self.0.size(), self.0.num_idle())
    }

    /// Closes the connections, once what they are doing is done; does not wait for silent ones.
    pub async fn close(&self) {
        _ = timeout(SILENCE, self.0.close()).await;
    }
}

/// A connection out of a [`Pool`]. It goes back by itself.
#[derive(Debug)]
pub struct Pooled(Option<PoolConnection<Postgres>>);

impl Pooled {
    /// Closes the connection, which leaves its place to a new one.
    pub fn discard(mut self) {
        if let Some(mut connection) = self.0.take() {
            connection.close_on_drop();
        }
    }
}

impl Deref for Pooled {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.0.as_mut().expect("it is there until it is dropped")
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        if let Some(mut connection) = self.0.take() {
            tokio::spawn(timeout(SILENCE, connection.return_to_pool()));
        }
    }
}

/// For what many requests of conference servers share. One of them may want a lock that somebody holds: the others don't
/// wait for it for long.
#[must_use]
pub fn shared(options: PgConnectOptions) -> PgConnectOptions {
    answering(options, "800ms", "200ms")
}

/// What answers conference servers finds every row by its key, whatever statistics say: a plan that was good for the few rooms
/// that were open at night would read all that are open, for each ask, at nine o'clock. So the ways of reading a whole table
/// are off.
fn answering(options: PgConnectOptions, statement_timeout: &str, lock_timeout: &str) -> PgConnectOptions {
    options.application_name("frontdesk desk").options([
        ("statement_timeout", statement_timeout),
        ("lock_timeout", lock_timeout),
        ("plan_cache_mode", "force_generic_plan"),
        // To compile a plan takes longer than all that it is ever run for.
        ("jit", "off"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("enable_material", "off"),
    ])
}

fn pool(options: PgConnectOptions, connections: Connections, acquire: Duration) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections.get())
        .acquire_timeout(acquire)
        // A broken connection is found out by its first statement, which is then sent again on
        // another: a round trip before every statement would cost more.
        .test_before_acquire(false)
        .after_connect(|connection, _| Box::pin(must_be_writable(connection)))
        // Slow statements are seen in the metrics; their text is long and always the same.
        .connect_lazy_with(options.disable_statement_logging())
}

/// After a failover the old primary may be back as a standby.
async fn must_be_writable(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let read_only: String =
        sqlx::query_scalar("SHOW transaction_read_only").fetch_one(&mut *connection).await?;
    if read_only == "on" {
        return Err(sqlx::Error::Io(std::io::Error::other("the database is read-only")));
    }
    Ok(())
}

/// Connects once, outside any pool, to a database that can be written to.
///
/// # Errors
/// Where none can be reached within `patience`, or it refuses.
pub async fn connect_writable(
    options: &PgConnectOptions,
    patience: Duration,
) -> Result<PgConnection, sqlx::Error> {
    let connected = async {
        let mut connection = PgConnection::connect_with(&options.clone().disable_statement_logging()).await?;
        must_be_writable(&mut connection).await?;
        Ok(connection)
    };
    timeout(patience, connected).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// Connects once, outside any pool: for the start, and for a look from outside.
///
/// # Errors
/// Where PostgreSQL can't be reached within `patience`, or refuses.
pub async fn connect_once(
    options: &PgConnectOptions,
    patience: Duration,
) -> Result<PgConnection, sqlx::Error> {
    match timeout(patience, PgConnection::connect_with(options)).await {
        Ok(connection) => connection,
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}
