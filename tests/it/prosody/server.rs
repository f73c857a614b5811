//! The process of a Prosody.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use frontdesk::prosody::snippet::{Setup, Target};
use nix::unistd::{User, geteuid};
use tokio::time::sleep;

use crate::rig::{PATIENCE, folder};

/// What the Prosody of the tests serves.
pub const DOMAIN: &str = "meet.test";

/// Whether our guard is loaded where rooms are asked for.
#[derive(Clone, Copy, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Guard {
    Absent,
    /// As it should be: beside `reservations`.
    Beside,
    /// Without `reservations`.
    Alone,
}

/// What the guests' VirtualHost is like.
#[derive(Clone, Copy, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Guests {
    /// As it should be: it loads what the other one loads, with the same settings.
    Checked,
    /// `main_muc` is set for the other one only.
    WithoutMainMuc,
    Unchecked,
}

/// What is not as Jitsi's packages and `frontdesk prosody-config` have it.
#[derive(Clone, Copy, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Amiss {
    Nothing,
    /// `reservations_api_prefix` is not set.
    NoAddress,
    /// Neither `focus_component` nor `muc_mapper_domain_base` is set.
    NoFocus,
    /// There is no `mod_reservations`.
    NoReservations,
    /// Jicofo is an admin of everything, so it makes rooms in the lobbies' component, too.
    AdminEverywhere,
    /// `restrict_room_creation` is off for meetings.
    AnybodyMakesRooms,
}

/// What people need in order to log in.
#[derive(Clone, Copy, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Logins {
    /// Nothing.
    Open,
    /// A token, except for guests.
    ByToken,
    /// The same, and guests wait in a lobby until somebody with a token comes. Guests may bring none, but no wrong one.
    GuestsWait,
    /// The same, where nobody looks at what guests bring.
    AnonymousGuestsWait,
    /// The same, and nobody needs a token (`allow_empty_token`).
    EmptyTokens,
    /// A token that is verified as [`Settings::verifier`] says, except for guests.
    Verified,
}

/// How a Prosody differs from the others.
#[derive(Clone)]
pub struct Settings {
    /// Where Frontdesk is, and what it knows the server by.
    pub frontdesk: String,
    pub credential: String,
    pub guard: Guard,
    pub guests: Guests,
    pub amiss: Amiss,
    pub logins: Logins,
    /// How tokens are verified, as Prosody is told.
    pub verifier: String,
}

/// A Prosody with Jitsi's plugins, in a folder of its own. Killed when dropped.
pub struct Prosody {
    folder: tempfile::TempDir,
    settings: Settings,
    pub port: u16,
    process: Option<Child>,
}

impl Prosody {
    /// What the focus logs in with.
    pub const FOCUS_PASSWORD: &str = "the focus is me";

    /// Sets one up and starts it.
    pub async fn start(settings: Settings) -> Self {
        let plugins = std::env::var("JITSI_PLUGINS").expect("run this with `make test-prosody`");
        let folder = folder();
        // Copied, for the other user may not get to where they are.
        copy(Path::new(&plugins), &folder.path().join("jitsi-plugins"));
        copy(Path::new("prosody"), &folder.path().join("own-plugins"));
        if matches!(settings.amiss, Amiss::NoReservations) {
            fs::remove_file(folder.path().join("jitsi-plugins/mod_reservations.lua")).unwrap();
        }
        fs::copy("tests/it/prosody/prosody.cfg.lua", folder.path().join("prosody.cfg.lua")).unwrap();
        let snippet = Setup {
            target: Target::Debian,
            host: DOMAIN,
            url: &settings.frontdesk.parse().unwrap(),
            server: None,
            credential: Some(&settings.credential),
            tokens: None,
        };
        fs::write(folder.path().join("frontdesk.cfg.lua"), snippet.render()).unwrap();
        fs::write(folder.path().join("verifier.cfg.lua"), &settings.verifier).unwrap();
        let data = folder.path().join("data");
        let certificates = folder.path().join("certs");
        for made in [folder.path(), &data, &certificates] {
            _ = fs::create_dir(made);
            if let Some(user) = other_user() {
                chown(made, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
            }
        }
        let mut prosody = Self { folder, settings, port: 0, process: None };
        let auth = format!("auth.{DOMAIN}");
        prosody.register("focus", Self::FOCUS_PASSWORD);
        // The proxy has to see that the focus is there.
        prosody.control(&[
            "mod_roster_command",
            "subscribe",
            &format!("focus.{DOMAIN}"),
            &format!("focus@{auth}"),
        ]);
        prosody.restart().await;
        prosody
    }

    /// Starts it, on another port.
    pub async fn restart(&mut self) {
        let began = Instant::now();
        while !self.begin().await {
            assert!(began.elapsed() < PATIENCE, "Prosody doesn't start: {}", self.said());
        }
    }

    /// Whether it came to listen. A free port may have been taken by somebody else meanwhile.
    async fn begin(&mut self) -> bool {
        self.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let mut prosody = self.command("prosody");
        prosody.arg("-F").stdout(log.try_clone().unwrap()).stderr(log);
        self.process = Some(prosody.spawn().expect("prosody is installed"));
        let listens = format!("Activated service 'http' on [127.0.0.1]:{}", self.port);
        let began = Instant::now();
        while began.elapsed() < PATIENCE && self.process.as_mut().unwrap().try_wait().unwrap().is_none() {
            let said = self.said();
            // The last host of the configuration that it activates answers from then on.
            if said.contains(&listens) && self.answers().await {
                return true;
            }
            if said.contains(&format!("Failed to open server port {}", self.port)) {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
        self.kill();
        false
    }

    async fn answers(&self) -> bool {
        let address = format!("http://127.0.0.1:{}/xmpp-websocket", self.port);
        reqwest::get(address).await.is_ok_and(|answer| answer.status().is_success())
    }

    /// Kills it hard.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What it has logged.
    pub fn said(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// Gives Jicofo, a bridge or a recorder an account.
    pub fn register(&self, user: &str, password: &str) {
        self.control(&["register", user, &format!("auth.{DOMAIN}"), password]);
    }

    fn control(&self, arguments: &[&str]) {
        let done = self.command("prosodyctl").args(arguments).output().expect("prosodyctl is installed");
        assert!(done.status.success(), "{done:?}");
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir("/")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            // Debian keeps some of the libraries in the folders of older Luas only.
            .env("LUA_PATH_5_4", "/usr/share/lua/5.3/?.lua;/usr/share/lua/5.2/?.lua;;")
            .env("TEST_FOLDER", self.folder.path())
            .env("TEST_PORT", self.port.to_string())
            .env("TEST_GUARD", <&str>::from(self.settings.guard))
            .env("TEST_GUESTS", <&str>::from(self.settings.guests))
            .env("TEST_AMISS", <&str>::from(self.settings.amiss))
            .env("TEST_LOGINS", <&str>::from(self.settings.logins))
            .arg("--config")
            .arg(self.folder.path().join("prosody.cfg.lua"))
            .stdin(Stdio::null());
        if let Some(user) = other_user() {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }
}

impl Drop for Prosody {
    fn drop(&mut self) {
        if std::thread::panicking() {
            _ = writeln!(std::io::stderr(), "Prosody said:\n{}", self.said());
        }
        self.kill();
    }
}

/// Prosody doesn't run as root.
fn other_user() -> Option<User> {
    let candidates = ["prosody", "nobody"];
    geteuid()
        .is_root()
        .then(|| candidates.iter().find_map(|name| User::from_name(name).unwrap()).expect("a user to become"))
}

/// Copies the Lua files of a folder, and of the folders in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())).flatten() {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &target);
        } else if source.extension() == Some(OsStr::new("lua")) {
            fs::copy(source, target).unwrap();
        }
    }
}
