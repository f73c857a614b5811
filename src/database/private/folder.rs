//! The data folder: where it is, and whose.
//!
//! Not in here: what is in it (see `layout`), and becoming another user (see `account`).

use std::{
    env,
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    },
    path::{self, Path, PathBuf},
};

use nix::{
    fcntl::OFlag,
    sys::stat::{Mode, umask},
    unistd::{AccessFlags, Uid, access, chdir, geteuid},
};

use super::{FolderError, account::Account, lock};

/// Where root's service keeps its data.
const SYSTEM_FOLDER: &str = "/var/lib/frontdesk";
/// What we are called in a user's folder of program data.
const NAME: &str = "frontdesk";

/// Chooses the data folder, makes it where it is missing (0700), and, as root, becomes the unprivileged user that owns it, for
/// good, and enters it.
///
/// To be called before any thread exists, since it changes the user of the process. `HOME` stays as it is. Returns an absolute
/// path without symbolic links.
///
/// # Errors
/// Where the folder cannot be made or entered, where it is somebody else's, and where there is no user to become.
pub fn settle(data_dir: Option<&Path>) -> Result<PathBuf, FolderError> {
    let wanted = choose(data_dir, geteuid())?;
    let wanted = path::absolute(&wanted).map_err(io("find", &wanted))?;
    if geteuid().is_root() { settle_as_root(&wanted) } else { settle_as_is(&wanted) }
}

/// Where the data folder is or would be; nothing is made.
///
/// # Errors
/// Where there is no home to put it into.
pub fn locate(data_dir: Option<&Path>) -> Result<PathBuf, FolderError> {
    choose(data_dir, geteuid())
}

fn settle_as_is(wanted: &Path) -> Result<PathBuf, FolderError> {
    make(wanted)?;
    let folder = fs::canonicalize(wanted).map_err(io("enter", wanted))?;
    if !folder.is_dir() {
        return Err(FolderError::NotAFolder { path: folder });
    }
    access(&folder, AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK)
        .map_err(io::Error::from)
        .map_err(|source| not_writable(&folder, source))?;
    keep_others_out(&folder)?;
    Ok(folder)
}

/// The folder holds the database and the master key.
fn keep_others_out(folder: &Path) -> Result<(), FolderError> {
    let mode = fs::metadata(folder).map_err(io("look at", folder))?.mode();
    let others = mode & 0o077;
    if others == 0 {
        return Ok(());
    }
    fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(io("close to others", folder))
}

fn settle_as_root(wanted: &Path) -> Result<PathBuf, FolderError> {
    let existing = fs::canonicalize(wanted).ok();
    let account = match &existing {
        Some(folder) => account_of(folder)?,
        None => Account::choose()?,
    };
    // Before anything is made: a folder that the user cannot reach would only lie about.
    let mut above = existing.as_deref().unwrap_or(wanted).ancestors().skip(1);
    if let Some(nearest) = above.find(|folder| folder.exists()) {
        account.try_entering(nearest)?;
    }
    // Root's own mask may be strict, and the user has to get through the folders above.
    let mask = umask(Mode::S_IWGRP | Mode::S_IWOTH);
    let made = make(wanted);
    umask(mask);
    made?;
    let folder = fs::canonicalize(wanted).map_err(io("enter", wanted))?;
    give(&folder, &account)?;
    account.become_for_good()?;
    chdir(&folder).map_err(|_| account.unreachable(&folder))?;
    settle_as_is(&folder)
}

/// The user to become for a folder that exists: its owner, or for one of root's, one of our choice.
fn account_of(folder: &Path) -> Result<Account, FolderError> {
    if !folder.is_dir() {
        return Err(FolderError::NotAFolder { path: folder.to_owned() });
    }
    let owner = owner(folder)?;
    if owner.is_root() {
        return match may_be_given(folder, folder) {
            // Another of us was given it at this very moment, and has begun.
            Err(FolderError::NotOurs { .. }) if !self::owner(folder)?.is_root() => account_of(folder),
            given => given.and_then(|()| Account::choose()),
        };
    }
    Account::of(owner)?
        .ok_or_else(|| FolderError::UnknownOwner { uid: owner.as_raw(), path: folder.to_owned() })
}

/// Gives the account a folder of root's. By its descriptor: nobody can put another folder in its place meanwhile.
fn give(folder: &Path, account: &Account) -> Result<(), FolderError> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
    let opened =
        OpenOptions::new().read(true).custom_flags(flags.bits()).open(folder).map_err(io("open", folder))?;
    let metadata = opened.metadata().map_err(io("look at", folder))?;
    if metadata.uid() != 0 {
        return Ok(());
    }
    if let Err(error) = may_be_given(Path::new(&format!("/proc/self/fd/{}", opened.as_raw_fd())), folder) {
        // As above.
        let given = opened.metadata().map_err(io("look at", folder))?.uid() != 0;
        return if given { Ok(()) } else { Err(error) };
    }
    let (uid, gid) = (account.uid.as_raw(), account.gid.as_raw());
    fchown(&opened, Some(uid), Some(gid)).map_err(io("change the owner of", folder))
}

/// A folder of root's is given away only when it is empty or was ours before. `name` is what the error calls it.
fn may_be_given(folder: &Path, name: &Path) -> Result<(), FolderError> {
    if is_empty(folder).map_err(io("list", name))? || is_ours(folder) {
        return Ok(());
    }
    Err(FolderError::NotOurs { path: name.to_owned() })
}

fn owner(folder: &Path) -> Result<Uid, FolderError> {
    let metadata = fs::metadata(folder).map_err(io("look at", folder))?;
    Ok(Uid::from_raw(metadata.uid()))
}

fn choose(given: Option<&Path>, us: Uid) -> Result<PathBuf, FolderError> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    if us.is_root() {
        return Ok(SYSTEM_FOLDER.into());
    }
    // The XDG specification: a relative one is to be ignored.
    let xdg = env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = || env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(".local/share"));
    xdg.or_else(home).map(|folder| folder.join(NAME)).ok_or(FolderError::NoHome)
}

/// Makes the folder where nothing is there, and those above it.
fn make(folder: &Path) -> Result<(), FolderError> {
    if let Some(parent) = folder.parent() {
        DirBuilder::new().recursive(true).mode(0o755).create(parent).map_err(io("make", parent))?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(io("make", folder)(error)),
        _ => Ok(()),
    }
}

fn is_empty(folder: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(folder)?.next().is_none())
}

/// Whether the folder was ours before. A mere name doesn't prove it: there are a `/var/lock` and a `/var/lib/dpkg/lock`.
fn is_ours(folder: &Path) -> bool {
    // In a folder that others may write to, anybody can have put it there.
    let private = fs::metadata(folder).is_ok_and(|metadata| metadata.mode() & 0o022 == 0);
    let content = |name: &str| {
        let path = folder.join(name);
        let is_file =
            fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file() && metadata.len() < 100);
        (private && is_file).then(|| fs::read_to_string(path).ok()).flatten()
    };
    content("pgdata/PG_VERSION").is_some()
        || content("lock").is_some_and(|content| lock::is_lock_content(&content))
}

fn not_writable(folder: &Path, source: io::Error) -> FolderError {
    FolderError::NotWritable { uid: geteuid().as_raw(), path: folder.to_owned(), source }
}

/// For `map_err`: what we wanted to do, with which path.
fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError + use<> {
    let path = path.to_owned();
    move |source| FolderError::Io { action, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_keeps_its_data_where_services_do_and_a_given_folder_comes_first() {
        assert_eq!(choose(None, Uid::from_raw(0)).unwrap(), Path::new(SYSTEM_FOLDER));
        assert_eq!(choose(Some(Path::new("x")), Uid::from_raw(0)).unwrap(), Path::new("x"));
    }

    #[test]
    fn a_folder_with_somebody_elses_lock_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_empty(folder.path()).unwrap());
        fs::write(folder.path().join("lock"), "").unwrap();
        assert!(!is_empty(folder.path()).unwrap());
        assert!(!is_ours(folder.path()));
        fs::write(folder.path().join("lock"), "serve 7\n").unwrap();
        assert!(is_ours(folder.path()));
        fs::set_permissions(folder.path(), Permissions::from_mode(0o1777)).unwrap();
        assert!(!is_ours(folder.path()), "anybody may have written that");
    }

    #[test]
    fn a_folder_with_a_cluster_is_ours() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("pgdata")).unwrap();
        assert!(!is_ours(folder.path()));
        fs::write(folder.path().join("pgdata/PG_VERSION"), "15\n").unwrap();
        assert!(is_ours(folder.path()));
    }

    #[test]
    fn a_missing_folder_is_made_for_us_alone_and_its_parents_for_all() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        make(&folder).unwrap();
        make(&folder).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&parent.path().join("a")) & 0o700, 0o700);
    }
}
