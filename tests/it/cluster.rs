//! A PostgreSQL of a test's own.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::{User, geteuid};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::time::sleep;

use crate::rig::{PATIENCE, folder, tell};

/// A PostgreSQL of the test's own, to be stalled and killed. What it acknowledged survives that.
pub struct Cluster {
    folder: tempfile::TempDir,
    port: u16,
    settings: &'static [&'static str],
    postmaster: Option<Child>,
}

impl Cluster {
    /// Makes one and starts it.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same, with more settings.
    pub async fn start_with(settings: &'static [&'static str]) -> Self {
        let folder = folder();
        if let Some(user) = other_user() {
            chown(folder.path(), Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
        }
        let mut initdb = program("initdb");
        initdb.arg("-D").arg(folder.path().join("data"));
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        let made = initdb.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut cluster = Self { folder, port, settings, postmaster: None };
        cluster.restart().await;
        cluster
    }

    pub fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username("postgres")
            .database("postgres")
    }

    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect_with(&self.options()).await.unwrap()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.path().join("log")).unwrap()).into_owned()
    }

    /// Kills the postmaster; its children notice, and end.
    pub fn kill(&mut self) {
        let mut postmaster = self.postmaster.take().unwrap();
        postmaster.kill().unwrap();
        postmaster.wait().unwrap();
    }

    /// Starts it, again and again while the old one's children still hold its memory.
    pub async fn restart(&mut self) {
        let began = Instant::now();
        loop {
            let log = File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
            let mut postgres = program("postgres");
            postgres.arg("-D").arg(self.folder.path().join("data")).arg("-k").arg(self.folder.path());
            postgres.arg("-p").arg(self.port.to_string());
            let usual = ["listen_addresses=127.0.0.1", "fsync=off", "autovacuum=off", "timezone=UTC"];
            for setting in usual.iter().chain(self.settings) {
                postgres.arg("-c").arg(setting);
            }
            let mut postmaster = postgres.process_group(0).stderr(log).spawn().unwrap();
            while postmaster.try_wait().unwrap().is_none() {
                if PgConnection::connect_with(&self.options()).await.is_ok() {
                    self.postmaster = Some(postmaster);
                    return;
                }
                assert!(began.elapsed() < PATIENCE, "the cluster doesn't start");
                sleep(Duration::from_millis(50)).await;
            }
            assert!(began.elapsed() < PATIENCE, "the cluster doesn't start");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Stops every process of it where it stands: connections stay, and nobody answers.
    pub fn stall(&self) {
        self.signal_all(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal_all(Signal::SIGCONT);
    }

    fn signal_all(&self, signal: Signal) {
        let Some(postmaster) = &self.postmaster else { return };
        tell(postmaster.id(), signal);
        children_of(postmaster.id()).for_each(|pid| tell(pid, signal));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.resume();
        if let Some(mut postmaster) = self.postmaster.take() {
            tell(postmaster.id(), Signal::SIGQUIT);
            _ = postmaster.wait();
        }
    }
}

fn children_of(parent: u32) -> impl Iterator<Item = u32> {
    let pids = fs::read_dir("/proc").unwrap().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(move |pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        after_name.split_whitespace().nth(1) == Some(&parent.to_string())
    })
}

/// PostgreSQL doesn't run as root.
fn other_user() -> Option<User> {
    let candidates = ["postgres", "nobody"];
    geteuid()
        .is_root()
        .then(|| candidates.iter().find_map(|name| User::from_name(name).unwrap()).expect("a user to become"))
}

/// One of PostgreSQL's programs, ready to run.
fn program(name: &str) -> Command {
    let bindir = std::env::var("PG_BINDIR").expect("run the tests with `make test`, or set PG_BINDIR");
    let mut command = Command::new(Path::new(&bindir).join(name));
    command.current_dir("/").env_clear().env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null());
    if let Some(user) = other_user() {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command
}
