//! Waiting until the cluster accepts connections and the database is there.
//!
//! By really connecting: a pid file or a socket says nothing about crash recovery.

use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::time::{sleep, timeout};
use tracing::info;

use super::{PrivateDatabaseError, layout::Layout, postmaster::Postmaster};

/// How long a server may say nothing. One that says that it is starting up may take its time.
const SILENCE: Duration = Duration::from_mins(1);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(5);
/// How often we try.
const TRY_AGAIN: Duration = Duration::from_millis(50);
/// How often we say that a recovery is under way.
const SAY_AGAIN: Duration = Duration::from_secs(10);

/// SQLSTATE `cannot_connect_now`: starting up, recovering, shutting down.
const CANNOT_CONNECT_NOW: &str = "57P03";
/// SQLSTATE `invalid_catalog_name`: no such database.
const NO_SUCH_DATABASE: &str = "3D000";
/// SQLSTATE `duplicate_database`.
const DUPLICATE_DATABASE: &str = "42P04";

/// Whether the database can be connected to right now.
pub(super) async fn accepts_connections(layout: &Layout) -> bool {
    connect(&layout.connect_options()).await.is_ok()
}

/// Waits until the database can be connected to, and creates it where it is missing.
///
/// # Errors
/// When the postmaster exits, or stays silent for a minute, or the database cannot be created.
pub(super) async fn wait(layout: &Layout, postmaster: &mut Postmaster) -> Result<(), PrivateDatabaseError> {
    let mut heard = Instant::now();
    let mut said = Instant::now();
    loop {
        let failure = match connect(&layout.connect_options()).await {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        if let Some(status) = postmaster.status() {
            return Err(PrivateDatabaseError::Exited { status, output: postmaster.log(layout) });
        }
        match failure.as_ref().and_then(sqlstate).as_deref() {
            Some(NO_SUCH_DATABASE) => create_database(layout).await?,
            Some(CANNOT_CONNECT_NOW) => {
                heard = Instant::now();
                if said.elapsed() > SAY_AGAIN {
                    said = Instant::now();
                    info!("the private PostgreSQL is still starting up, as it does after a crash");
                }
            }
            _ => {}
        }
        if heard.elapsed() > SILENCE {
            postmaster.stop().await;
            let output = postmaster.log(layout);
            return Err(PrivateDatabaseError::NotReady { seconds: SILENCE.as_secs(), output, last: failure });
        }
        sleep(TRY_AGAIN).await;
    }
}

/// A run that is killed in here leaves either no database or a whole one.
async fn create_database(layout: &Layout) -> Result<(), PrivateDatabaseError> {
    let create = async {
        let mut connection =
            PgConnection::connect_with(&layout.connect_options().database("postgres")).await?;
        sqlx::raw_sql("CREATE DATABASE frontdesk").execute(&mut connection).await?;
        connection.close().await
    };
    match timeout(SILENCE, create).await {
        Ok(Err(error)) if sqlstate(&error).as_deref() != Some(DUPLICATE_DATABASE) => {
            Err(PrivateDatabaseError::CreateDatabase(error))
        }
        // Too slow is the caller's to judge, who tries to connect again.
        _ => Ok(()),
    }
}

/// One attempt; the error is `None` when it took too long.
async fn connect(options: &PgConnectOptions) -> Result<(), Option<sqlx::Error>> {
    let attempt = async { PgConnection::connect_with(options).await?.close().await };
    timeout(ATTEMPT, attempt).await.map_err(|_elapsed| None)?.map_err(Some)
}

fn sqlstate(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(Cow::into_owned)
}
