//! The programs that take part: PostgreSQL's, and Frontdesk's.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Done;

/// The folder of the newest installed `initdb` and `postgres`, and what it says its version is.
pub fn postgres() -> Done<(PathBuf, String)> {
    let mut folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    for (parent, child) in [("/usr/lib/postgresql", "bin"), ("/usr/libexec", ""), ("/usr", "bin")] {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        folders.extend(entries.map(|entry| entry.path().join(child)));
    }
    let mut found: Vec<_> = folders.iter().filter_map(|folder| installed(folder)).collect();
    found.sort();
    let (_, folder, version) =
        found.pop().ok_or("no PostgreSQL server found; scripts/install-postgres installs one")?;
    Ok((folder, version))
}

/// Major version, real folder and version of an installation.
fn installed(folder: &Path) -> Option<(u32, PathBuf, String)> {
    let real = fs::canonicalize(folder.join("initdb")).ok()?.parent()?.to_owned();
    let said = Command::new(real.join("postgres")).arg("--version").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let version = said.split_once("(PostgreSQL)")?.1.split_whitespace().next()?.to_owned();
    let major = version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    Some((major, real, version))
}

/// `pgbench`, beside the server's programs, or else wherever it is.
pub fn pgbench(postgres: &Path) -> PathBuf {
    let beside = postgres.join("pgbench");
    if beside.is_file() { beside } else { "pgbench".into() }
}

/// The Frontdesk that is measured: the one that was built with this program, unless another is named.
pub fn frontdesk() -> PathBuf {
    env::var_os("FRONTDESK_BENCH_BINARY")
        .map_or_else(|| env!("CARGO_BIN_EXE_frontdesk").into(), PathBuf::from)
}
