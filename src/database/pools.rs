//! The two pools: one for conference servers, one for everything else, so that neither starves
//! the other.

use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::config::Connections;

/// How long a conference server's request may wait for a connection. Less than its deadline.
const DESK_ACQUIRE: Duration = Duration::from_secs(1);

/// How long everything else may wait for a connection.
const ACQUIRE: Duration = Duration::from_secs(10);

/// Connections for requests of conference servers. PostgreSQL itself gives up on a statement or a
/// lock before the request's deadline, so that nothing is left running.
#[must_use]
pub fn desk(options: PgConnectOptions, connections: Connections) -> PgPool {
    let options = options
        .application_name("frontdesk desk")
        .options([("statement_timeout", "1500ms"), ("lock_timeout", "1000ms")]);
    pool(options, connections, DESK_ACQUIRE)
}

/// Connections for everything else.
#[must_use]
pub fn general(options: PgConnectOptions, connections: Connections) -> PgPool {
    let options = options
        .application_name("frontdesk")
        .options([("statement_timeout", "30s"), ("lock_timeout", "10s")]);
    pool(options, connections, ACQUIRE)
}

fn pool(options: PgConnectOptions, connections: Connections, acquire: Duration) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections.get())
        .acquire_timeout(acquire)
        // A broken connection is found out by its first statement, which is then sent again on
        // another: a round trip before every statement would cost more.
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move {
                // After a failover the old primary may be back as a standby.
                let read_only: String =
                    sqlx::query_scalar("SHOW transaction_read_only").fetch_one(&mut *connection).await?;
                if read_only == "on" {
                    return Err(sqlx::Error::Io(std::io::Error::other("the database is read-only")));
                }
                Ok(())
            })
        })
        .connect_lazy_with(options)
}

/// Connects once, outside any pool: for the start, and for a look from outside.
///
/// # Errors
/// Where PostgreSQL can't be reached within `patience`, or refuses.
pub async fn connect_once(
    options: &PgConnectOptions,
    patience: Duration,
) -> Result<sqlx::PgConnection, sqlx::Error> {
    match tokio::time::timeout(patience, sqlx::PgConnection::connect_with(options)).await {
        Ok(connection) => connection,
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}
