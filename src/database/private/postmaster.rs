//! The running postmaster: starting it, and stopping it.

use std::{
    env,
    ffi::OsString,
    fs::OpenOptions,
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    process::{Child, Command},
    time::timeout,
};
use tracing::{info, warn};

use super::{
    PrivateDatabaseError,
    binaries::Binaries,
    layout::{Layout, PORT},
    leftovers,
    log_tail::{self, LogMark},
};

/// How long the shutdown may take that ends every session and writes a checkpoint.
const FAST_SHUTDOWN: Duration = Duration::from_secs(25);
/// How long the one may take that doesn't, and leaves the rest to crash recovery.
const IMMEDIATE_SHUTDOWN: Duration = Duration::from_secs(10);
/// What the programs need from our environment. Nothing else: `PG…` would change what they do, and they have no business with
/// our secrets.
const KEPT_ENVIRONMENT: [&str; 2] = ["PATH", "LD_LIBRARY_PATH"];

/// What an operator may not change in `postgresql.conf`, because Frontdesk's promises rest on it. Sizes and the like may.
const SETTINGS: [&str; 18] = [
    // Nothing but the socket.
    "listen_addresses=",
    "unix_socket_permissions=0700",
    // What was acknowledged stays.
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    // A week of logs. No values in them: no parameters, no DETAIL lines (which quote rows).
    "logging_collector=on",
    "log_destination=stderr",
    "log_filename=postgresql-%a.log",
    "log_truncate_on_rotation=on",
    "log_rotation_age=1d",
    "log_rotation_size=0",
    "log_error_verbosity=terse",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
    "log_statement=none",
    "timezone=UTC",
    "log_timezone=UTC",
    // Compiled statements gain nothing here, and fail where memory can't be made executable (`MemoryDenyWriteExecute=`).
    "jit=off",
];

/// The postmaster, as a child of this process. Dropping it tells it to stop.
#[derive(Debug)]
pub(super) struct Postmaster {
    child: Child,
    log_mark: LogMark,
}

impl Postmaster {
    /// Starts the postmaster; it is not ready yet. In a process group of its own, so that Ctrl-C reaches only Frontdesk.
    ///
    /// # Errors
    /// Where the program cannot be run.
    pub(super) fn spawn(layout: &Layout, binaries: &Binaries) -> Result<Self, PrivateDatabaseError> {
        let io = PrivateDatabaseError::io;
        let log_mark = LogMark::now(layout);
        let start_log = layout.start_log();
        let stderr = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&start_log)
            .map_err(io("write", &start_log))?;
        log_tail::remove_old(layout);

        let mut command = Command::new(binaries.postgres());
        clean_environment(&mut command, layout);
        if let Some(pid) = leftovers::stale_pid(layout) {
            // The number may be in use again by a stranger's process, which PostgreSQL would take for a running postmaster.
            // This is how `pg_ctl` names a process that isn't one; all other checks stay in force.
            command.env("PG_GRANDPARENT_PID", pid.to_string());
        }
        command.arg("-D").arg(layout.pgdata());
        for setting in SETTINGS {
            command.arg("-c").arg(setting);
        }
        command
            .arg("-c")
            .arg(setting("unix_socket_directories", &quoted(&layout.socket_dir)))
            .arg("-c")
            .arg(setting("log_directory", layout.log_dir().as_os_str()))
            .arg("-p")
            .arg(PORT.to_string())
            .current_dir(layout.pgdata())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .process_group(0);
        let child = command.spawn().map_err(io("run", &binaries.postgres()))?;
        Ok(Self { child, log_mark })
    }

    /// `None` when it has exited and we know of it.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until it has exited. May be cancelled and called again.
    pub(super) async fn exited(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// How it ended, if it did.
    pub(super) fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// What it has logged since it was started.
    pub(super) fn log(&self, layout: &Layout) -> String {
        self.log_mark.tail(layout)
    }

    /// Stops it: cleanly, or, when that takes too long, at once, which loses nothing but time at the next start.
    pub(super) async fn stop(&mut self) {
        for (signal, patience) in [(Signal::SIGINT, FAST_SHUTDOWN), (Signal::SIGQUIT, IMMEDIATE_SHUTDOWN)] {
            self.signal(signal);
            match timeout(patience, self.exited()).await {
                Ok(Ok(status)) => {
                    info!(%status, "the private PostgreSQL has stopped");
                    return;
                }
                Ok(Err(error)) => warn!(%error, "cannot wait for the private PostgreSQL"),
                Err(_elapsed) => warn!(%signal, "the private PostgreSQL doesn't stop"),
            }
        }
    }

    /// Does nothing once it has exited and we know of it: the process id may be somebody else's then.
    fn signal(&self, signal: Signal) {
        let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) else { return };
        if let Err(error) = kill(Pid::from_raw(pid), signal) {
            warn!(%signal, %error, "cannot signal the private PostgreSQL");
        }
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        if self.status().is_none() {
            self.signal(Signal::SIGINT);
        }
    }
}

/// What PostgreSQL's programs get to see of our environment.
pub(super) fn clean_environment(command: &mut Command, layout: &Layout) {
    command.env_clear().env("HOME", &layout.data_dir).env("LC_ALL", "C").env("TZ", "UTC");
    for name in KEPT_ENVIRONMENT {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
}

/// A path as an element of one of PostgreSQL's lists.
fn quoted(path: &Path) -> OsString {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let mut quoted = vec![b'"'];
    for &byte in path.as_os_str().as_bytes() {
        quoted.extend(if byte == b'"' { vec![b'"', b'"'] } else { vec![byte] });
    }
    quoted.push(b'"');
    OsString::from_vec(quoted)
}

fn setting(name: &str, value: &std::ffi::OsStr) -> OsString {
    let mut setting = OsString::from(name);
    setting.push("=");
    setting.push(value);
    setting
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_commas_and_quotes_stays_one_element_of_the_list() {
        assert_eq!(quoted(Path::new("/a, \"b\"/run")), OsString::from("\"/a, \"\"b\"\"/run\""));
    }

    #[test]
    fn programs_see_nothing_of_our_environment_but_where_programs_are() {
        let layout = Layout { data_dir: "/data".into(), socket_dir: "/data/run".into() };
        let mut command = Command::new("true");
        command.env("PGDATA", "/elsewhere");
        clean_environment(&mut command, &layout);
        let names: Vec<_> = command.as_std().get_envs().map(|(name, _)| name.to_owned()).collect();
        assert!(!names.contains(&"PGDATA".into()));
        assert!(names.contains(&"HOME".into()) && names.contains(&"PATH".into()));
    }
}
