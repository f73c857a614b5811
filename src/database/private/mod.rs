//! The private, durable PostgreSQL of the zero set-up mode.
//!
//! Without a configured database, Frontdesk runs one of its own from the installed binaries, in its data folder:
//!
//! | in the data folder | what it is |
//! |---|---|
//! | `lock` | locked by whoever runs the postmaster; its role and process id |
//! | `pgdata/` | the cluster, renamed into place when `initdb` is done |
//! | `run/` | the socket (or a short folder in `/tmp` where the path is too long for a socket) |
//! | `pglog/` | PostgreSQL's log of the last week, and `start.log` of the last start |
//!
//! Reads as: [`settle`] (the folder and the user) → [`open`] (lock, or connect to the one that runs) → `cluster` (initdb) →
//! `postmaster` (start, wait, stop). `leftovers` deals with what a killed run left behind.
//!
//! Not in here: pools, migrations, and databases that somebody else runs.

use std::{
    future, io,
    path::Path,
    process::ExitStatus,
    time::{Duration, Instant},
};

use sqlx::postgres::PgConnectOptions;
use tokio::time::sleep;
use tracing::{info, instrument};

mod account;
mod binaries;
mod cluster;
mod error;
mod folder;
mod folder_error;
mod layout;
mod leftovers;
mod lock;
mod log_tail;
mod postmaster;
mod readiness;

pub use error::PrivateDatabaseError;
pub use folder::{locate, settle};
pub use folder_error::FolderError;

use layout::Layout;
use lock::{DataLock, Holder};
use postmaster::Postmaster;

/// How often a wait looks again.
const POLL: Duration = Duration::from_millis(100);
/// How long a `serve` waits for a command that uses the folder.
const SERVE_WAITS_FOR_COMMAND: Duration = Duration::from_secs(15);
/// How long a command waits for another command. They take turns: whoever starts the postmaster also stops it, and that
/// must not cut somebody else's connection.
const COMMAND_WAITS_FOR_COMMAND: Duration = Duration::from_mins(1);
/// How long a command waits for a `serve` that holds the folder but doesn't accept connections yet.
const COMMAND_WAITS_FOR_SERVE: Duration = Duration::from_secs(30);

/// What the process that opens the database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The service: at most one per data folder.
    Serve,
    /// A command-line call, which ends soon: uses the running service's database where there is one.
    Command,
}

/// An open private database: either run by this process, or by the `serve` that holds the folder.
///
/// Call [`close`](Self::close) when done. A value that is dropped instead tells its postmaster to stop, but cannot wait for it.
#[derive(Debug)]
pub struct PrivateDatabase {
    layout: Layout,
    // Dropped in this order: the postmaster is told to stop before the lock goes.
    run_here: Option<(Postmaster, DataLock)>,
}

/// Opens the private database in `data_dir`, starting it where nobody runs it yet. The folder is made where it is missing.
///
/// # Errors
/// Refuses to run as root (see [`settle`]), and to run a second `serve` on the same folder. Everything else that can go wrong
/// says what to do about it.
#[instrument(skip_all)]
pub async fn open(data_dir: &Path, role: Role) -> Result<PrivateDatabase, PrivateDatabaseError> {
    let layout = Layout::prepare(data_dir)?;
    let began = Instant::now();
    loop {
        if let Some(lock) = DataLock::try_take(&layout, role)? {
            let postmaster = start(&layout).await?;
            return Ok(PrivateDatabase { layout, run_here: Some((postmaster, lock)) });
        }
        // Who has just taken the lock needs a moment to write down who it is.
        sleep(POLL).await;
        let holder = lock::holder(&layout);
        if let (Some(Holder { role: Role::Serve, pid }), Role::Serve) = (holder, role) {
            return Err(PrivateDatabaseError::AlreadyServing { pid, data_dir: layout.data_dir });
        }
        if let (Some(Holder { role: Role::Serve, .. }), Role::Command) = (holder, role)
            && readiness::accepts_connections(&layout).await
        {
            return Ok(PrivateDatabase { layout, run_here: None });
        }
        if began.elapsed() > patience(role, holder) {
            return Err(PrivateDatabaseError::busy(holder, layout.data_dir));
        }
    }
}

/// How long `role` waits for `holder`.
fn patience(role: Role, holder: Option<Holder>) -> Duration {
    match (role, holder.map(|holder| holder.role)) {
        (Role::Serve, _) => SERVE_WAITS_FOR_COMMAND,
        (Role::Command, Some(Role::Serve) | None) => COMMAND_WAITS_FOR_SERVE,
        (Role::Command, Some(Role::Command)) => COMMAND_WAITS_FOR_COMMAND,
    }
}

/// Starts the postmaster. The caller holds the lock.
async fn start(layout: &Layout) -> Result<Postmaster, PrivateDatabaseError> {
    leftovers::stop_postmaster(layout).await?;
    let binaries = binaries::find(cluster::version(layout)?).await?;
    if cluster::is_missing(layout) {
        cluster::create(layout, &binaries).await?;
    }
    let mut postmaster = Postmaster::spawn(layout, &binaries)?;
    readiness::wait(layout, &mut postmaster).await?;
    info!(pid = postmaster.pid(), version = %binaries.version, "the private PostgreSQL runs");
    Ok(postmaster)
}

impl PrivateDatabase {
    /// How to connect: user `frontdesk`, database `frontdesk`, by the socket.
    #[must_use]
    pub fn connect_options(&self) -> PgConnectOptions {
        self.layout.connect_options()
    }

    /// Waits until the postmaster that this process runs has exited; for ever where another process runs it. May be cancelled
    /// and called again.
    ///
    /// # Errors
    /// When the operating system cannot say how the process ended; it is to be taken for dead then.
    pub async fn died(&mut self) -> io::Result<ExitStatus> {
        match &mut self.run_here {
            Some((postmaster, _lock)) => postmaster.exited().await,
            None => future::pending().await,
        }
    }

    /// Starts the postmaster again after it [`died`](Self::died), with the binaries that are installed now. Does nothing where another
    /// process runs it. After an error it may be called again.
    ///
    /// # Errors
    /// As in [`open`].
    pub async fn restart(&mut self) -> Result<(), PrivateDatabaseError> {
        if let Some((postmaster, _lock)) = &mut self.run_here {
            postmaster.stop().await;
            *postmaster = start(&self.layout).await?;
        }
        Ok(())
    }

    /// Stops the postmaster where this process runs it, in half a minute or so at most, and lets go of the folder.
    pub async fn close(self) {
        if let Some((mut postmaster, lock)) = self.run_here {
            postmaster.stop().await;
            drop(lock);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_wait_longer_for_each_other_than_a_service_waits_for_them() {
        let command = Some(Holder { role: Role::Command, pid: 1 });
        assert!(patience(Role::Command, command) > patience(Role::Serve, command));
    }
}
