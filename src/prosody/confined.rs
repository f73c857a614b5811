//! Prosody's configuration, evaluated in a process of its own.
//!
//! Where Prosody runs in a container, its configuration is as trustworthy as that container. So the
//! process that runs it is an unprivileged one, has none of our secrets in its environment, reads no
//! files but those that lie with the configuration, and is stopped where it takes too long or too much.

use std::env;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Group, alarm, geteuid};

use super::config::{ProsodyConfig, ProsodyConfigError};

/// The command that runs in the other process.
pub const COMMAND: &str = "evaluate-prosody-config";

/// How long it may run, by the clock and on a processor, in seconds.
const PATIENCE: u32 = 10;
const PROCESSOR: u64 = 5;

/// How much memory it may have, in bytes, and how much it may say.
const MEMORY: u64 = 1 << 30;
const OUTPUT: u64 = 64 << 20;

/// Whoever a file of root's is evaluated as.
const NOBODY: u32 = 65534;

/// Evaluates the configuration in another process: as the file's owner, and never as root.
///
/// # Errors
/// Where it can't be read or evaluated, or was stopped.
pub fn read(path: &Path) -> Result<ProsodyConfig, ProsodyConfigError> {
    let unreadable = |source| ProsodyConfigError::Unreadable { path: path.to_owned(), source };
    let path = fs::canonicalize(path).map_err(unreadable)?;
    // This program, also where the other user can't get to its folder.
    let mut command = Command::new("/proc/self/exe");
    let is_secret = |name: &str| {
        ["FRONTDESK_", "DATABASE_URL", "PG"].iter().any(|start| name.starts_with(start))
            || ["SECRET", "PASSWORD", "TOKEN", "KEY", "CREDENTIAL"].iter().any(|part| name.contains(part))
    };
    let harmless = env::vars_os().filter(|(name, _)| !is_secret(&name.to_string_lossy()));
    command.arg(COMMAND).arg(&path).env_clear().envs(harmless).current_dir("/").stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    if geteuid().is_root() {
        let file = fs::metadata(&path).map_err(unreadable)?;
        let prosody =
            || Group::from_name("prosody").ok().flatten().map_or(NOBODY, |group| group.gid.as_raw());
        command.uid(if file.uid() == 0 { NOBODY } else { file.uid() });
        command.gid(if file.gid() == 0 { prosody() } else { file.gid() });
    }
    let mut child = command.spawn().map_err(unreadable)?;
    let mut said = Vec::new();
    if let Some(out) = child.stdout.take() {
        out.take(OUTPUT).read_to_end(&mut said).map_err(unreadable)?;
    }
    let status = child.wait().map_err(unreadable)?;
    match serde_json::from_slice::<Result<ProsodyConfig, String>>(&said) {
        Ok(Ok(config)) => Ok(config),
        Ok(Err(problem)) => Err(ProsodyConfigError::Evaluation(problem)),
        Err(_) => Err(ProsodyConfigError::Stopped(status)),
    }
}

/// In the other process: the evaluated configuration, or what is wrong with it, as JSON.
#[must_use]
pub fn evaluate(path: &Path) -> String {
    alarm::set(PATIENCE);
    for (resource, most) in [
        (Resource::RLIMIT_CPU, PROCESSOR),
        (Resource::RLIMIT_AS, MEMORY),
        (Resource::RLIMIT_FSIZE, 0),
        (Resource::RLIMIT_CORE, 0),
    ] {
        if let Err(error) = setrlimit(resource, most, most) {
            return serde_json::to_string(&Err::<(), _>(error.to_string())).unwrap_or_default();
        }
    }
    let evaluated = ProsodyConfig::read(path).map_err(|error| match error {
        ProsodyConfigError::Evaluation(problem) => problem,
        ProsodyConfigError::Unreadable { source, .. } => source.to_string(),
        ProsodyConfigError::Stopped(status) => status.to_string(),
    });
    serde_json::to_string(&evaluated).unwrap_or_default()
}
