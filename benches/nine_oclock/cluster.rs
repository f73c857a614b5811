//! A PostgreSQL of our own, which is thrown away at the end. Its settings are PostgreSQL's own but for the number of
//! connections, and it keeps what it has committed: `fsync` is on, except while data is loaded.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::{Done, binaries};

/// Where it lies: on a disk, where other users can get to, and short enough for a socket's path.
const PLACE: &str = "/var/tmp";

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

const DURABLE: &[&str] = &["fsync=on"];
const LOADING: &[&str] = &[
    "fsync=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=16GB",
    "shared_buffers=1GB",
    "maintenance_work_mem=1GB",
];

pub struct Cluster {
    pub folder: TempDir,
    pub programs: PathBuf,
    pub version: String,
    postmaster: Option<Child>,
}

impl Cluster {
    /// Makes one and starts it, ready to be loaded.
    pub async fn make() -> Done<Self> {
        let (programs, version) = binaries::postgres()?;
        let folder = tempfile::Builder::new().prefix("fd-bench-").tempdir_in(PLACE)?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        give_away(folder.path())?;
        let made = as_its_user(&mut Command::new(programs.join("initdb")))
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--pgdata"])
            .arg(folder.path().join("data"))
            .output()?;
        if !made.status.success() {
            return Err(format!("initdb failed: {}", String::from_utf8_lossy(&made.stderr)).into());
        }
        let mut cluster = Self { folder, programs, version, postmaster: None };
        cluster.start(LOADING).await?;
        Ok(cluster)
    }

    /// From now on, what is committed is on the disk; what was loaded is, too.
    pub async fn make_durable(&mut self) -> Done {
        self.restart(DURABLE).await
    }

    /// More is to be loaded.
    pub async fn make_fast_to_load(&mut self) -> Done {
        self.restart(LOADING).await
    }

    async fn restart(&mut self, settings: &[&str]) -> Done {
        self.stop(Signal::SIGINT);
        Command::new("sync").status()?;
        self.start(settings).await
    }

    async fn start(&mut self, settings: &[&str]) -> Done {
        let log = File::options().create(true).append(true).open(self.folder.path().join("postgres.log"))?;
        let mut command = Command::new(self.programs.join("postgres"));
        as_its_user(&mut command).arg("-D").arg(self.folder.path().join("data"));
        command.arg("-k").arg(self.folder.path()).args([
            "-c",
            "listen_addresses=",
            "-c",
            "max_connections=400",
        ]);
        for setting in settings {
            command.args(["-c", setting]);
        }
        // A Ctrl-C is for us first.
        command.process_group(0).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.postmaster = Some(command.spawn()?);
        let began = Instant::now();
        while let Err(error) = self.connect("postgres").await {
            if began.elapsed() > PATIENCE {
                return Err(format!("PostgreSQL did not start: {error}").into());
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    fn stop(&mut self, signal: Signal) {
        let Some(mut postmaster) = self.postmaster.take() else { return };
        if let Ok(pid) = i32::try_from(postmaster.id()) {
            _ = kill(Pid::from_raw(pid), signal);
        }
        _ = postmaster.wait();
    }

    /// How to reach a database of it.
    pub fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(self.folder.path())
            .username("postgres")
            .database(database)
            .disable_statement_logging()
    }

    /// The same as a URL.
    pub fn url(&self, database: &str) -> String {
        self.options(database).to_url_lossy().into()
    }

    pub async fn connect(&self, database: &str) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect_with(&self.options(database)).await
    }

    pub async fn create_database(&self, name: &str) -> Done {
        let mut db = self.connect("postgres").await?;
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut db).await?;
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Nothing in there is worth a checkpoint any more.
        self.stop(Signal::SIGQUIT);
    }
}

/// The user that PostgreSQL runs as: it doesn't run as root.
fn its_user() -> Option<User> {
    let named = |name| User::from_name(name).ok().flatten();
    geteuid().is_root().then(|| named("postgres").or_else(|| named("nobody"))).flatten()
}

fn as_its_user(command: &mut Command) -> &mut Command {
    if let Some(user) = its_user() {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    // Settings of the caller's own PostgreSQL must not reach this one.
    command.env_clear().envs(std::env::vars().filter(|(name, _)| !name.starts_with("PG"))).current_dir("/")
}

/// Lets PostgreSQL's user have the folder. Frontdesk becomes the same user, where its data folder is that user's.
pub fn give_away(folder: &Path) -> Done {
    if let Some(user) = its_user() {
        chown(folder, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
    }
    Ok(())
}
