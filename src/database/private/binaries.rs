//! Which installed PostgreSQL to run.
//!
//! Not in here: installing one; `scripts/install-postgres` does that.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{process::Command, time::timeout};
use tracing::debug;

use super::PrivateDatabaseError;

/// The oldest major version that we run.
pub(super) const OLDEST_MAJOR: u32 = 14;
/// How long a program may take to say its version.
const ANSWER: Duration = Duration::from_secs(10);

/// `initdb` and `postgres` of one installation.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    /// The real folder: each finds the other, and its share files, relative to that.
    folder: PathBuf,
    pub(super) major: u32,
    /// As it says itself, such as `15.18`.
    pub(super) version: String,
}

impl Binaries {
    pub(super) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }
}

/// Finds the installation to run: of the major version `required` where the data exists already, else the newest.
///
/// # Errors
/// Where none fits; the error says which to install.
pub(super) async fn find(required: Option<u32>) -> Result<Binaries, PrivateDatabaseError> {
    let mut installed = Vec::new();
    for folder in candidates().await {
        installed.extend(inspect(folder).await);
    }
    // Stable: of the same version, the one found first.
    installed.sort_by_key(|binaries| std::cmp::Reverse(binaries.major));
    let fitting = fitting(&installed, required)?;
    for binaries in &fitting {
        if has_btree_gist(binaries).await {
            return Ok(binaries.clone());
        }
    }
    let major = fitting.first().map_or(OLDEST_MAJOR, |binaries| binaries.major);
    Err(PrivateDatabaseError::NoBtreeGist { major })
}

/// Those of the required version, or those that are new enough. Never empty.
fn fitting(installed: &[Binaries], required: Option<u32>) -> Result<Vec<Binaries>, PrivateDatabaseError> {
    let Some(newest) = installed.first() else { return Err(PrivateDatabaseError::NoBinaries) };
    let fits = |binaries: &&Binaries| {
        required.map_or(binaries.major >= OLDEST_MAJOR, |major| binaries.major == major)
    };
    let fitting: Vec<_> = installed.iter().filter(fits).cloned().collect();
    match required {
        _ if !fitting.is_empty() => Ok(fitting),
        Some(data) => {
            let mut majors: Vec<_> = installed.iter().map(|binaries| binaries.major).collect();
            majors.dedup();
            Err(PrivateDatabaseError::OtherMajor { data, installed: majors })
        }
        None => Err(PrivateDatabaseError::TooOld { found: newest.major }),
    }
}

/// The real folders that hold both programs, without duplicates, in the order in which we look.
async fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    if let Some(output) = answer(Path::new("pg_config"), &["--bindir"]).await {
        folders.push(PathBuf::from(output.trim()));
    }
    // Debian and its kin; RPMs of postgresql.org; Alpine; Homebrew.
    folders.extend(below("/usr/lib/postgresql", "", "bin"));
    folders.extend(below("/usr", "pgsql-", "bin"));
    folders.extend(below("/usr/libexec", "postgresql", ""));
    folders.extend(below("/opt/homebrew/opt", "postgresql", "bin"));
    folders.extend(below("/usr/local/opt", "postgresql", "bin"));
    folders.push("/usr/local/pgsql/bin".into());

    let mut real = Vec::new();
    for folder in folders {
        let Some(target) = real_folder(&folder) else { continue };
        if !real.contains(&target) {
            real.push(target);
        }
    }
    real
}

/// `parent/{prefix}…/child`, in the order of their names.
fn below(parent: &str, prefix: &str, child: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path().join(child))
        .collect();
    found.sort();
    found
}

/// Where the links in `folder` lead, if both programs are there.
fn real_folder(folder: &Path) -> Option<PathBuf> {
    let initdb = fs::canonicalize(folder.join("initdb")).ok()?;
    let real = initdb.parent()?;
    real.join("postgres").is_file().then(|| real.to_owned())
}

/// Asks the server in `folder` for its version; `None` where it cannot be run.
async fn inspect(folder: PathBuf) -> Option<Binaries> {
    let said = answer(&folder.join("postgres"), &["--version"]).await?;
    let Some((major, version)) = parse_version(&said) else {
        debug!(folder = %folder.display(), "a postgres that doesn't say its version");
        return None;
    };
    Some(Binaries { folder, major, version })
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `postgres (PostgreSQL) 19beta1`
fn parse_version(said: &str) -> Option<(u32, String)> {
    let version = said.split_once("(PostgreSQL)")?.1.split_whitespace().next()?;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    Some((version.get(..digits)?.parse().ok()?, version.to_owned()))
}

/// Whether the extension's files are where this installation looks for them.
///
/// `initdb --show` names the share folder and does nothing else. Where it doesn't, the extension is taken to be there; the
/// migration finds out.
async fn has_btree_gist(binaries: &Binaries) -> bool {
    // It insists on the name of a data folder; it doesn't look there.
    let Some(shown) = answer(&binaries.initdb(), &["--show", "--pgdata=/nonexistent"]).await else {
        return true;
    };
    let Some(share) = shown.lines().find_map(|line| line.strip_prefix("share_path=")) else { return true };
    Path::new(share).join("extension/btree_gist.control").is_file()
}

/// What a program writes, to either output; `None` where it doesn't run, fails or hangs.
async fn answer(program: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(ANSWER, command.output()).await.ok()?.ok()?;
    let text = [output.stdout, output.stderr].concat();
    output.status.success().then(|| String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(majors: &[u32]) -> Vec<Binaries> {
        majors
            .iter()
            .map(|&major| Binaries { folder: PathBuf::new(), major, version: major.to_string() })
            .collect()
    }

    #[test]
    fn versions_are_read_from_what_packages_really_say() {
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(parse_version(debian), Some((15, "15.18".into())));
        assert_eq!(parse_version("postgres (PostgreSQL) 19beta1\n"), Some((19, "19beta1".into())));
        assert_eq!(parse_version("postgres (PostgreSQL) 18devel"), Some((18, "18devel".into())));
        assert_eq!(parse_version("busybox"), None);
    }

    #[test]
    fn a_fresh_folder_gets_what_is_new_enough_and_an_old_one_its_own_version() {
        let majors = |required| {
            fitting(&installed(&[17, 15, 13]), required)
                .map(|fitting| fitting.iter().map(|binaries| binaries.major).collect::<Vec<_>>())
        };
        assert_eq!(majors(None).unwrap(), [17, 15]);
        assert_eq!(majors(Some(15)).unwrap(), [15]);
        assert_eq!(majors(Some(13)).unwrap(), [13]);
    }

    #[test]
    fn another_major_version_is_refused_with_both_versions_named() {
        let error = fitting(&installed(&[17, 15, 15]), Some(16)).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("made by postgresql 16, but only 17, 15 is installed"), "{message}");
    }

    #[test]
    fn without_a_server_the_error_says_how_to_install_one() {
        assert!(fitting(&[], None).unwrap_err().to_string().contains("apt-get install postgresql"));
        assert!(matches!(fitting(&installed(&[13]), None), Err(PrivateDatabaseError::TooOld { found: 13 })));
    }
}
