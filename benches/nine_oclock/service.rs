//! What answers: Frontdesk, started as an operator would, and the two that it is measured against.

use std::env;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::sleep;

use crate::cluster::{Cluster, give_away};
use crate::http::Client;
use crate::{Done, binaries};

/// How long it may take until it answers.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Service {
    child: Child,
    pub port: u16,
    /// How long after its start it answered.
    pub ready_after: Duration,
}

impl Service {
    /// `frontdesk serve` on that database, with the settings that come with it, and a log of JSON lines in a file.
    pub async fn frontdesk(cluster: &Cluster, database: &str, settings: &[(&str, &str)]) -> Done<Self> {
        let port = free_port()?;
        let log = File::create(cluster.folder.path().join(format!("{database}.log")))?;
        let mut command = frontdesk(cluster, database)?;
        command.arg("serve").env("FRONTDESK_LISTEN", format!("127.0.0.1:{port}"));
        command.env("FRONTDESK_LOG_FORMAT", "json").envs(settings.iter().copied());
        command.stdout(log.try_clone()?).stderr(log);
        Self::start(command, port).await
    }

    /// `frontdesk serve` with a PostgreSQL of its own.
    pub async fn with_own_database(cluster: &Cluster) -> Done<Self> {
        let port = free_port()?;
        let folder = cluster.folder.path().join("own");
        make(&folder)?;
        let log = File::options().create(true).append(true).open(cluster.folder.path().join("own.log"))?;
        let mut command = bare(&folder);
        command.arg("serve").env("FRONTDESK_LISTEN", format!("127.0.0.1:{port}"));
        command.stdout(log.try_clone()?).stderr(log);
        Self::start(command, port).await
    }

    /// This program in another role.
    pub async fn of_ours(role: &str, arguments: &[&str]) -> Done<Self> {
        let port = free_port()?;
        let mut command = Command::new(env::current_exe()?);
        command.arg(role).arg(port.to_string()).args(arguments);
        Self::start(command, port).await
    }

    async fn start(mut command: Command, port: u16) -> Done<Self> {
        let began = Instant::now();
        let child = command.stdin(Stdio::null()).spawn()?;
        let mut service = Self { child, port, ready_after: Duration::ZERO };
        while !service.is_ready().await {
            if let Some(status) = service.child.try_wait()? {
                return Err(format!("{command:?} ended with {status}").into());
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("{command:?} does not answer").into());
            }
            sleep(Duration::from_millis(2)).await;
        }
        service.ready_after = began.elapsed();
        Ok(service)
    }

    async fn is_ready(&self) -> bool {
        let Ok(mut client) = Client::connect(self.port).await else { return false };
        let answer = client.ask(b"GET /readyz HTTP/1.1\r\nhost: frontdesk\r\n\r\n").await;
        answer.is_ok_and(|answer| answer.status == 200)
    }

    /// The most memory that it ever had, in bytes.
    pub fn peak_memory(&self) -> Done<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        _ = self.child.wait();
    }
}

/// A command of Frontdesk's on that database.
pub fn frontdesk(cluster: &Cluster, database: &str) -> Done<Command> {
    let folder = cluster.folder.path().join("frontdesk");
    make(&folder)?;
    let mut command = bare(&folder);
    command.env("DATABASE_URL", cluster.url(database));
    Ok(command)
}

/// Frontdesk with that data folder, and with nothing of our environment.
fn bare(folder: &Path) -> Command {
    let mut command = Command::new(binaries::frontdesk());
    command.env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
    command.env("FRONTDESK_DATA_DIR", folder);
    command
}

fn make(folder: &Path) -> Done {
    if !folder.exists() {
        fs::create_dir(folder)?;
        give_away(folder)?;
    }
    Ok(())
}

fn free_port() -> Done<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
