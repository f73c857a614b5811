//! What a killed run left behind: a postmaster that lives on, half-made clusters, stale pid files.
//!
//! A process belongs to a cluster when it is one of PostgreSQL's programs and its working folder is the cluster's. A pid file
//! alone proves nothing, since the system reuses process ids. Callers hold the lock on the data folder.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::Path,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, geteuid},
};
use tokio::time::sleep;
use tracing::{info, warn};

use super::{PrivateDatabaseError, layout::Layout};

/// How long the process that writes the log may outlive its postmaster before we say anything.
const LINGERING: Duration = Duration::from_millis(200);
/// For a fast shutdown: ends every session, then writes a checkpoint.
const FAST_SHUTDOWN: Duration = Duration::from_secs(30);
/// For an immediate one. PostgreSQL itself kills what hasn't ended after 5 s.
const IMMEDIATE_SHUTDOWN: Duration = Duration::from_secs(10);
/// How often we look whether they are gone.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Stops whatever still runs on the cluster, and clears away pid files that PostgreSQL couldn't make sense of.
///
/// # Errors
/// Where processes remain: the cluster must not be started then.
pub(super) async fn stop_postmaster(layout: &Layout) -> Result<(), PrivateDatabaseError> {
    let pgdata = layout.pgdata();
    if !gone(&pgdata, LINGERING).await {
        let found = processes_in(&pgdata);
        warn!(pids = ?raw(&found), "stopping the PostgreSQL that an earlier run left behind");
        // The postmaster, or, where that is gone, its orphans. Its children must not get what is meant for it.
        for pid in &found {
            if parent_of(*pid).is_none_or(|parent| !found.contains(&parent)) {
                send(*pid, Signal::SIGINT);
            }
        }
        if !gone(&pgdata, FAST_SHUTDOWN).await {
            for pid in processes_in(&pgdata) {
                send(pid, Signal::SIGQUIT);
            }
            if !gone(&pgdata, IMMEDIATE_SHUTDOWN).await {
                let pids = raw(&processes_in(&pgdata));
                return Err(PrivateDatabaseError::StillRunning { pgdata, pids });
            }
        }
    }
    // Two postmasters would ruin the cluster, so in doubt there is none.
    if let Some(pid) =
        read_pid(&pgdata.join("postmaster.pid")).map(Pid::from_raw).filter(|pid| is_hidden(*pid))
    {
        return Err(PrivateDatabaseError::StillRunning { pgdata, pids: raw(&[pid]) });
    }
    for file in [pgdata.join("postmaster.pid"), layout.socket_lock()] {
        let unreadable = file.exists() && read_pid(&file).is_none();
        if unreadable {
            // Written halfway, as when the disk was full: PostgreSQL refuses to start over such a file.
            info!(file = %file.display(), "removing an unreadable pid file");
            fs::remove_file(&file).map_err(PrivateDatabaseError::io("remove", &file))?;
        }
    }
    Ok(())
}

/// The process id in a pid file of the cluster. After [`stop_postmaster`] it is stale, whoever has that number now; `None`
/// also where the system has no `/proc`, so that we cannot know.
pub(super) fn stale_pid(layout: &Layout) -> Option<i32> {
    Path::new("/proc/self/stat").exists().then_some(())?;
    read_pid(&layout.pgdata().join("postmaster.pid")).or_else(|| read_pid(&layout.socket_lock()))
}

/// Removes a cluster that `initdb` didn't finish, with the programs that still work on it.
///
/// # Errors
/// Where the folder cannot be removed.
pub(super) async fn remove_unfinished(folder: &Path) -> Result<(), PrivateDatabaseError> {
    for pid in processes_in(folder) {
        send(pid, Signal::SIGKILL);
    }
    if !gone(folder, IMMEDIATE_SHUTDOWN).await {
        let pids = raw(&processes_in(folder));
        return Err(PrivateDatabaseError::StillRunning { pgdata: folder.to_owned(), pids });
    }
    fs::remove_dir_all(folder).map_err(PrivateDatabaseError::io("remove", folder))
}

async fn gone(folder: &Path, patience: Duration) -> bool {
    let began = Instant::now();
    while !processes_in(folder).is_empty() {
        if began.elapsed() > patience {
            return false;
        }
        sleep(LOOK_AGAIN).await;
    }
    true
}

/// The processes of PostgreSQL that work in `folder`. Others' processes can't be looked into, and are not ours.
fn processes_in(folder: &Path) -> Vec<Pid> {
    let Ok(folder) = fs::metadata(folder) else { return Vec::new() };
    let here = |pid: &Pid| {
        fs::metadata(format!("/proc/{pid}/cwd"))
            .is_ok_and(|cwd| (cwd.dev(), cwd.ino()) == (folder.dev(), folder.ino()))
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw));
    pids.filter(|pid| is_postgres(*pid) && here(pid)).collect()
}

/// Whether it is a PostgreSQL of our own user that we are kept from looking into, as by `PrivateUsers=` of systemd. One of
/// another user's has only our old process id.
fn is_hidden(pid: Pid) -> bool {
    let is_ours =
        fs::metadata(format!("/proc/{pid}")).is_ok_and(|process| process.uid() == geteuid().as_raw());
    let cwd = fs::metadata(format!("/proc/{pid}/cwd"));
    is_ours && is_postgres(pid) && cwd.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

/// By the name it was started with, which also holds after its file was replaced by an upgrade.
fn is_postgres(pid: Pid) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm"))
        .is_ok_and(|name| matches!(name.trim_end(), "postgres" | "postmaster" | "initdb"))
}

/// From `pid (name) state ppid …`; the name may hold anything.
fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    after_name.split_whitespace().nth(1)?.parse().ok().map(Pid::from_raw)
}

/// The first line of a pid file.
fn read_pid(file: &Path) -> Option<i32> {
    let content = fs::read_to_string(file).ok()?;
    // PostgreSQL writes its process id negated while it runs without a postmaster.
    let pid: i32 = content.lines().next()?.trim().parse().ok()?;
    (pid != 0).then_some(pid.saturating_abs())
}

fn raw(pids: &[Pid]) -> Vec<i32> {
    pids.iter().map(|pid| pid.as_raw()).collect()
}

/// A process that is gone already is what we want.
fn send(pid: Pid, signal: Signal) {
    if let Err(error) = kill(pid, signal)
        && error != nix::Error::ESRCH
    {
        let error = io::Error::from(error);
        warn!(%pid, %signal, %error, "cannot signal a process of our cluster");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_of_another_program_is_not_ours_even_in_our_folder() {
        let here = std::env::current_dir().unwrap();
        assert!(!processes_in(&here).contains(&nix::unistd::getpid()));
    }

    #[test]
    fn the_parent_is_read_behind_a_name_with_anything_in_it() {
        assert_eq!(parent_of(nix::unistd::getpid()), Some(nix::unistd::getppid()));
    }

    #[test]
    fn a_pid_file_that_was_written_halfway_names_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("postmaster.pid");
        for (content, pid) in
            [("", None), ("12x", None), ("0", None), ("12\n/data\n", Some(12)), ("-12\n", Some(12))]
        {
            fs::write(&file, content).unwrap();
            assert_eq!(read_pid(&file), pid, "{content:?}");
        }
    }

    #[tokio::test]
    async fn a_pid_file_of_a_foreign_process_is_left_to_postgresql_and_the_process_alone() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout { data_dir: folder.path().into(), socket_dir: folder.path().into() };
        fs::create_dir(layout.pgdata()).unwrap();
        let mut stranger = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        fs::write(layout.pgdata().join("postmaster.pid"), format!("{}\n", stranger.id())).unwrap();
        stop_postmaster(&layout).await.unwrap();
        assert!(stranger.try_wait().unwrap().is_none());
        assert_eq!(stale_pid(&layout), i32::try_from(stranger.id()).ok());
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }
}
