//! The zero set-up mode from outside: `frontdesk serve` and a command, each with a PostgreSQL of its own.
//!
//! Each test has its own data folder, in `/tmp`: as root, the service becomes another user, who must be able to get there.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// A start makes a whole cluster, on a machine that may be busy with other tests.
const START: Duration = Duration::from_secs(90);
const STOP: Duration = Duration::from_secs(45);

/// A folder to put data folders into. What still runs in it is killed in the end.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("fd-").tempdir_in("/tmp").unwrap();
        // As another user, the service makes its data folder in here itself.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn data_dir(&self) -> PathBuf {
        self.0.path().join("data")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for pid in processes_below(self.0.path()) {
            let _ = kill(pid, Signal::SIGKILL);
        }
    }
}

/// A running `frontdesk serve`. Killed when dropped.
struct Serve {
    child: Child,
    said: mpsc::Receiver<String>,
}

impl Serve {
    /// Starts it and waits until it listens: its database is up then.
    fn start(data_dir: &Path) -> Self {
        let mut serve = Self::begin(data_dir);
        serve.wait_until_up();
        serve
    }

    fn begin(data_dir: &Path) -> Self {
        let mut child = frontdesk(data_dir, &["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Read all the time, or the pipe fills up and the service waits.
        let (send, said) = mpsc::channel();
        for pipe in [
            Box::new(child.stdout.take().unwrap()) as Box<dyn Read + Send>,
            Box::new(child.stderr.take().unwrap()),
        ] {
            let send = send.clone();
            thread::spawn(move || {
                BufReader::new(pipe).lines().map_while(Result::ok).for_each(|line| drop(send.send(line)));
            });
        }
        Self { child, said }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }

    fn wait_until_up(&mut self) {
        eventually(START, "the service listens", || {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("serve exited with {status}: {}", self.output());
            }
            listens(self.pid())
        });
    }

    fn wait_for_exit(&mut self, patience: Duration) -> std::process::ExitStatus {
        let mut status = None;
        eventually(patience, "the service exits", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    fn kill_hard(&mut self) {
        kill(self.pid(), Signal::SIGKILL).unwrap();
        self.child.wait().unwrap();
    }

    /// What it has written up to now.
    fn output(&self) -> String {
        thread::sleep(Duration::from_millis(100));
        self.said.try_iter().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn frontdesk(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    command.args(arguments).arg("--data-dir").arg(data_dir).stdin(Stdio::null()).env_remove("DATABASE_URL");
    command
}

fn tenant_list(data_dir: &Path) -> Output {
    frontdesk(data_dir, &["tenant", "list", "--json"]).output().unwrap()
}

fn assert_lists_tenants(output: &Output) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let json = serde_json::from_slice::<serde_json::Value>(&output.stdout);
    assert!(json.is_ok(), "{json:?} {stderr}");
}

fn eventually(patience: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < patience, "not within {patience:?}: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Whether the process has a listening TCP socket. Its port is the system's choice, and only the log tells.
fn listens(pid: Pid) -> bool {
    const LISTEN: &str = "0A";
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let listening: Vec<String> =
        rows.filter(|row| row[3] == LISTEN).map(|row| format!("socket:[{}]", row[9])).collect();
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    let mut targets = descriptors.flatten().filter_map(|fd| fs::read_link(fd.path()).ok());
    targets.any(|target| listening.iter().any(|socket| target == Path::new(socket)))
}

/// Where the running postmaster has its socket, by its own pid file.
fn socket_dir(data_dir: &Path) -> Option<PathBuf> {
    let pid_file = fs::read_to_string(data_dir.join("pgdata/postmaster.pid")).ok()?;
    pid_file.lines().nth(4).map(PathBuf::from)
}

fn postmaster_pid(data_dir: &Path) -> i32 {
    let pid_file = fs::read_to_string(data_dir.join("pgdata/postmaster.pid")).unwrap();
    pid_file.lines().next().unwrap().trim().parse().unwrap()
}

/// The processes whose working folder is `folder` or below. That of the test itself never is.
fn processes_below(folder: &Path) -> Vec<Pid> {
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw));
    pids.filter(|pid| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(folder)))
        .collect()
}

fn assert_nothing_runs_in(place: &Place) {
    eventually(STOP, "no process remains", || processes_below(place.0.path()).is_empty());
}

#[test]
fn serve_makes_its_own_database_and_an_interrupt_stops_everything() {
    let place = Place::new();
    let mut serve = Serve::start(&place.data_dir());
    assert_eq!(fs::metadata(place.data_dir()).unwrap().mode() & 0o777, 0o700);
    assert_ne!(fs::metadata(place.data_dir().join("pgdata")).unwrap().uid(), 0);

    kill(serve.pid(), Signal::SIGINT).unwrap();
    let status = serve.wait_for_exit(STOP);
    assert!(status.success(), "{status}: {}", serve.output());
    assert_nothing_runs_in(&place);
    assert!(!place.data_dir().join("pgdata/postmaster.pid").exists());
}

#[test]
fn a_second_serve_on_the_same_folder_is_refused_and_told_who_runs() {
    let place = Place::new();
    let serve = Serve::start(&place.data_dir());
    let mut second = Serve::begin(&place.data_dir());
    assert!(!second.wait_for_exit(Duration::from_secs(20)).success());
    let said = second.output();
    let expected =
        format!("another frontdesk serve (pid {}) is running on {}", serve.pid(), place.data_dir().display());
    assert!(said.contains(&expected), "{said}");
}

#[test]
fn after_a_kill_the_next_serve_stops_the_old_postmaster_and_recovers() {
    let place = Place::new();
    let mut killed = Serve::start(&place.data_dir());
    let old = postmaster_pid(&place.data_dir());
    killed.kill_hard();

    let _serve = Serve::start(&place.data_dir());
    assert_ne!(postmaster_pid(&place.data_dir()), old);
    assert_lists_tenants(&tenant_list(&place.data_dir()));
}

#[test]
fn a_kill_in_the_middle_of_the_first_start_is_harmless() {
    let place = Place::new();
    for milliseconds in [30, 150, 350, 700] {
        let mut killed = Serve::begin(&place.data_dir());
        thread::sleep(Duration::from_millis(milliseconds));
        killed.kill_hard();
    }
    let _serve = Serve::start(&place.data_dir());
    assert_lists_tenants(&tenant_list(&place.data_dir()));
    let names = fs::read_dir(place.data_dir()).unwrap().flatten().map(|entry| entry.file_name());
    assert!(!names.into_iter().any(|name| name.to_string_lossy().starts_with("pgdata.new-")));
}

#[test]
fn a_command_uses_the_database_of_the_running_serve() {
    let place = Place::new();
    let _serve = Serve::start(&place.data_dir());
    let before = postmaster_pid(&place.data_dir());
    assert_lists_tenants(&tenant_list(&place.data_dir()));
    assert_eq!(postmaster_pid(&place.data_dir()), before);
}

#[test]
fn a_command_without_a_serve_starts_a_database_and_stops_it() {
    let place = Place::new();
    assert_lists_tenants(&tenant_list(&place.data_dir()));
    assert_nothing_runs_in(&place);
    assert!(!place.data_dir().join("pgdata/postmaster.pid").exists());
}

#[test]
fn commands_at_the_same_time_take_turns() {
    let place = Place::new();
    thread::scope(|scope| {
        let calls: Vec<_> = (0..4).map(|_| scope.spawn(|| tenant_list(&place.data_dir()))).collect();
        for call in calls {
            assert_lists_tenants(&call.join().unwrap());
        }
    });
    assert_nothing_runs_in(&place);
}

#[test]
fn a_path_too_long_for_a_socket_works() {
    let place = Place::new();
    let data_dir = place.0.path().join("x".repeat(120)).join("data");
    let serve = Serve::start(&data_dir);
    let socket = socket_dir(&data_dir).unwrap();
    assert!(socket.starts_with("/tmp") && !socket.starts_with(&data_dir), "{}", socket.display());
    assert_eq!(fs::metadata(&socket).unwrap().mode() & 0o777, 0o700);
    assert_lists_tenants(&tenant_list(&data_dir));
    drop(serve);
    drop(place);
    let _ = fs::remove_dir_all(socket);
}

#[test]
fn the_postmaster_does_not_inherit_the_lock() {
    let place = Place::new();
    let _serve = Serve::start(&place.data_dir());
    let descriptors =
        fs::read_dir(format!("/proc/{}/fd", postmaster_pid(&place.data_dir()))).unwrap().flatten();
    let lock = place.data_dir().join("lock");
    let held = descriptors.filter(|fd| fs::read_link(fd.path()).is_ok_and(|target| target == lock)).count();
    assert_eq!(held, 0);
}

#[test]
fn the_journal_is_shown_no_credentials_but_how_to_get_them() {
    let place = Place::new();
    let path = place.0.path().join("journal");
    let journal = File::create(&path).unwrap();
    let numbers = journal.metadata().unwrap();
    let mut serve = frontdesk(&place.data_dir(), &["serve", "--listen", "127.0.0.1:0"])
        .env("JOURNAL_STREAM", format!("{}:{}", numbers.dev(), numbers.ino()))
        .stdout(journal.try_clone().unwrap())
        .stderr(journal)
        .spawn()
        .unwrap();
    let said = || fs::read_to_string(&path).unwrap();
    eventually(START, "the service says what is missing", || {
        assert!(serve.try_wait().unwrap().is_none(), "{}", said());
        said().contains("frontdesk server add")
    });
    assert!(!said().contains("fd_"), "{}", said());
    let tenants = tenant_list(&place.data_dir());
    assert_eq!(
        String::from_utf8_lossy(&tenants.stdout).trim(),
        "[]",
        "nor is anything made that nobody asked for"
    );
    kill(Pid::from_raw(i32::try_from(serve.id()).unwrap()), Signal::SIGTERM).unwrap();
    serve.wait().unwrap();
}
