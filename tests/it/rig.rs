//! Real processes for the tests of failures: Frontdesk as an operator runs it, and conference servers
//! that ask all the time and write down what they were told.

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use frontdesk::app::App;
use frontdesk::clock::Clock;
use frontdesk::refusal_log::RefusalLog;
use frontdesk::reservation::wording::Language;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgPool};
use tokio::time::sleep;
use uuid::Uuid;

use crate::world::{self, Reply};

/// How long a process may take to start or stop, on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The master key of [`world::keys`].
pub const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Waits, and lets others go on meanwhile.
pub async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// Tells the process; nothing where it is gone already.
pub fn tell(pid: u32, signal: Signal) {
    _ = kill(Pid::from_raw(i32::try_from(pid).unwrap()), signal);
}

/// Kills the process.
pub fn kill_hard(pid: u32) {
    tell(pid, Signal::SIGKILL);
}

/// A folder in `/tmp`, where another user can get to.
pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("fd-").tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// How Frontdesk is run: in a folder of its own, with nothing of our environment.
pub struct Setup {
    pub folder: tempfile::TempDir,
    variables: HashMap<&'static str, String>,
}

impl Setup {
    /// With a private PostgreSQL.
    pub fn private() -> Self {
        // Where nobody is: commands that look for a service must not find one that runs on this machine anyway.
        let variables = HashMap::from([("FRONTDESK_LISTEN", "127.0.0.1:1".to_owned())]);
        Self { folder: folder(), variables }
    }

    /// With somebody else's PostgreSQL.
    pub fn remote(database: &PgConnectOptions) -> Self {
        let mut setup = Self::private();
        setup.variables.insert("DATABASE_URL", database.to_url_lossy().to_string());
        setup.master_key(MASTER_KEY);
        setup
    }

    /// Changes a setting for the next start.
    pub fn set(&mut self, variable: &'static str, value: &str) {
        self.variables.insert(variable, value.to_owned());
    }

    /// Writes the file of the master keys.
    pub fn master_key(&mut self, key: &str) {
        let file = self.folder.path().join("keys");
        _ = fs::remove_file(&file);
        let mut options = File::options();
        let mut out = options.write(true).create(true).truncate(true).mode(0o600).open(&file).unwrap();
        std::io::Write::write_all(&mut out, key.as_bytes()).unwrap();
        self.set("FRONTDESK_MASTER_KEY_FILE", file.to_str().unwrap());
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.args(arguments).env_clear().env("PATH", path).envs(&self.variables).stdin(Stdio::null());
        command.arg("--data-dir").arg(self.data_dir());
        command
    }

    /// Runs a command to its end, and gives what it prints, or where it fails, what it says of that.
    pub fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let done = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        if done.status.success() { Ok(text(done.stdout)) } else { Err(text(done.stderr)) }
    }

    /// Runs a command that succeeds, and gives what it prints as JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let said = self.run(&[arguments, &["--json"]].concat());
        serde_json::from_str(&said.unwrap_or_else(|error| panic!("{arguments:?}: {error}"))).unwrap()
    }

    /// Runs a command that fails, and gives what it says of that.
    pub fn refused(&self, arguments: &[&str]) -> String {
        self.run(arguments).expect_err("it is refused")
    }

    /// Runs `frontdesk serve` and waits until it listens.
    pub async fn serve(&self) -> Frontdesk {
        let mut frontdesk = self.begin(&[]);
        let began = Instant::now();
        while frontdesk.url.is_empty() {
            if let Some(status) = frontdesk.child.try_wait().unwrap() {
                panic!("serve exited with {status}: {}", frontdesk.said());
            }
            assert!(began.elapsed() < PATIENCE, "serve doesn't listen: {}", frontdesk.said());
            let said = frontdesk.said();
            let url = said.split_once("Frontdesk answers at ").and_then(|(_, url)| url.lines().next());
            if let Some(url) = url.filter(|_| said.ends_with('\n')) {
                url.trim().clone_into(&mut frontdesk.url);
            }
            sleep(Duration::from_millis(20)).await;
        }
        frontdesk
    }

    /// Runs `frontdesk serve` where it must not start, and gives what it says instead.
    pub async fn refusal(&self, arguments: &[&str]) -> String {
        let mut refused = self.begin(arguments);
        let mut status = None;
        eventually("serve refuses to start", async || {
            status = refused.child.try_wait().unwrap();
            status.is_some()
        })
        .await;
        assert_eq!(status.unwrap().code(), Some(1), "{}", refused.said());
        refused.said()
    }

    fn begin(&self, arguments: &[&str]) -> Frontdesk {
        let log = self.folder.path().join(format!("log-{}", Uuid::now_v7().simple()));
        let out = File::create(&log).unwrap();
        let mut serve = self.command(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
        let child = serve.stdout(out.try_clone().unwrap()).stderr(out).spawn().unwrap();
        Frontdesk { child, log, url: String::new() }
    }
}

/// A running `frontdesk serve`. Killed when dropped.
pub struct Frontdesk {
    child: Child,
    log: PathBuf,
    pub url: String,
}

impl Frontdesk {
    /// What it has written up to now.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// The end of that, without what it says of single requests.
    pub fn last_said(&self) -> String {
        let said = self.said();
        let lines: Vec<_> = said.lines().filter(|line| !line.contains(" request{")).collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub async fn terminate(&mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        tell(self.child.id(), Signal::SIGTERM);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, began.elapsed());
            }
            assert!(began.elapsed() < PATIENCE, "serve doesn't stop; it said {}", self.last_said());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// One sample of the metrics.
    pub async fn metric(&self, name: &str) -> f64 {
        let text = reqwest::get(format!("{}/metrics", self.url)).await.unwrap().text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }
}

impl Drop for Frontdesk {
    /// Gently first: one that is killed leaves its PostgreSQL behind.
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// To set things up in a database without a running Frontdesk.
pub fn hands_on(options: &PgConnectOptions) -> App {
    let (log, _) = RefusalLog::new();
    App::new(options.clone(), &world::pools(), world::keys(), Clock::system(), Language::En, log)
}

/// Its database, for looking and for meddling.
pub fn db(app: &App) -> &PgPool {
    app.db.as_sqlx()
}

/// A conference server, or many that share a credential.
#[derive(Clone)]
pub struct Caller {
    pub client: reqwest::Client,
    pub credential: String,
    url: Arc<RwLock<String>>,
}

/// What came of a request: an answer, or none; and how long that took.
pub type Outcome = (Option<Reply>, Duration);

impl Caller {
    pub fn new(url: &str, credential: &str) -> Self {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
        Self { client, credential: credential.to_owned(), url: Arc::new(RwLock::new(url.to_owned())) }
    }

    /// Frontdesk was started again, and has another port now.
    pub fn moved_to(&self, url: &str) {
        url.clone_into(&mut self.url.write().unwrap());
    }

    pub fn url(&self) -> String {
        self.url.read().unwrap().clone()
    }

    pub async fn ask(&self, room: &str) -> Outcome {
        let form = [("name", room), ("mail_owner", "someone@meet.test")];
        self.send(self.client.post(format!("{}/conference", self.url())).form(&form)).await
    }

    pub async fn get(&self, id: &str) -> Outcome {
        self.send(self.client.get(format!("{}/conference/{id}", self.url()))).await
    }

    pub async fn delete(&self, id: &str) -> Outcome {
        self.send(self.client.delete(format!("{}/conference/{id}", self.url()))).await
    }

    /// The status of `/livez` and the like; 0 for none.
    pub async fn health(&self, path: &str) -> (u16, Duration) {
        let began = Instant::now();
        let answer = self.client.get(format!("{}{path}", self.url())).send().await;
        (answer.map_or(0, |answer| answer.status().as_u16()), began.elapsed())
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Outcome {
        let began = Instant::now();
        let answered = async {
            let response = request.bearer_auth(&self.credential).send().await?;
            let status = response.status().as_u16();
            let bytes = response.bytes().await?;
            let body = if bytes.is_empty() { b"null" } else { &bytes[..] };
            Ok::<_, reqwest::Error>(Reply { status, body: serde_json::from_slice(body).unwrap() })
        };
        let reply = answered.await.ok();
        (reply, began.elapsed())
    }
}

/// The row of the conference that `id` names.
pub fn row_id(id: &str) -> Uuid {
    Uuid::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(id).unwrap()[16..]).unwrap()
}
