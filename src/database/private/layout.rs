//! Where things are in the data folder.
//!
//! Not in here: what is in them.

use std::{
    ffi::OsStr,
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use nix::unistd::geteuid;
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::PrivateDatabaseError;

/// Also the number in the socket's name; nothing listens on TCP.
pub(super) const PORT: u16 = 5432;
/// The superuser, and the database.
pub(super) const NAME: &str = "frontdesk";
/// The longest path of a unix socket in bytes (`sun_path` less its NUL).
const LONGEST_SOCKET_PATH: usize = 107;

/// The places in one data folder.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Absolute, without symbolic links.
    pub(super) data_dir: PathBuf,
    /// The folder of the socket.
    pub(super) socket_dir: PathBuf,
}

impl Layout {
    /// Makes the folders that are missing.
    ///
    /// # Errors
    /// As root, where a folder cannot be made, and where a short socket folder isn't ours.
    pub(super) fn prepare(data_dir: &Path) -> Result<Self, PrivateDatabaseError> {
        if geteuid().is_root() {
            return Err(PrivateDatabaseError::Root);
        }
        let io = PrivateDatabaseError::io;
        own_folder(data_dir).map_err(io("make the data folder", data_dir))?;
        let data_dir = fs::canonicalize(data_dir).map_err(io("enter the data folder", data_dir))?;

        let socket_dir = socket_dir(&data_dir);
        own_folder(&socket_dir).map_err(io("make the socket's folder", &socket_dir))?;
        let found = fs::symlink_metadata(&socket_dir).map_err(io("look at", &socket_dir))?;
        if !found.is_dir() || found.uid() != geteuid().as_raw() {
            return Err(PrivateDatabaseError::SocketFolderNotOurs { path: socket_dir });
        }
        if found.mode() & 0o777 != 0o700 {
            if !socket_dir.starts_with(&data_dir) {
                return Err(PrivateDatabaseError::SocketFolderNotOurs { path: socket_dir });
            }
            fs::set_permissions(&socket_dir, Permissions::from_mode(0o700))
                .map_err(io("protect", &socket_dir))?;
        }

        let layout = Self { data_dir, socket_dir };
        let log_dir = layout.log_dir();
        own_folder(&log_dir).map_err(io("make the log folder", &log_dir))?;
        Ok(layout)
    }

    pub(super) fn pgdata(&self) -> PathBuf {
        self.data_dir.join("pgdata")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.data_dir.join("lock")
    }

    pub(super) fn log_dir(&self) -> PathBuf {
        self.data_dir.join("pglog")
    }

    /// What the postmaster says before its own log begins. Written anew at each start.
    pub(super) fn start_log(&self) -> PathBuf {
        self.log_dir().join("start.log")
    }

    /// The lock file that PostgreSQL puts beside its socket.
    pub(super) fn socket_lock(&self) -> PathBuf {
        self.socket_dir.join(format!(".s.PGSQL.{PORT}.lock"))
    }

    pub(super) fn connect_options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket_dir)
            .port(PORT)
            .username(NAME)
            .database(NAME)
            .ssl_mode(PgSslMode::Disable)
    }
}

/// Makes a 0700 folder; one that exists is left as it is.
fn own_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// `run` in the data folder, or, where that is too long for a socket, a folder in `/tmp` that every process finds again.
fn socket_dir(data_dir: &Path) -> PathBuf {
    let inside = data_dir.join("run");
    if fits_a_socket(&inside) {
        return inside;
    }
    let hash = Sha256::digest(data_dir.as_os_str().as_bytes());
    let name = hash.iter().take(8).fold(String::from("frontdesk-"), |name, byte| format!("{name}{byte:02x}"));
    Path::new("/tmp").join(name)
}

fn fits_a_socket(folder: &Path) -> bool {
    let socket = folder.join(OsStr::new(&format!(".s.PGSQL.{PORT}")));
    socket.as_os_str().len() <= LONGEST_SOCKET_PATH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_is_in_the_data_folder_when_its_path_has_107_bytes() {
        let rest = "/run/.s.PGSQL.5432".len();
        let fits = PathBuf::from(format!("/{}", "x".repeat(106 - rest)));
        let too_long = PathBuf::from(format!("/{}", "x".repeat(107 - rest)));
        assert_eq!(socket_dir(&fits), fits.join("run"));
        assert!(socket_dir(&too_long).starts_with("/tmp"));
    }

    #[test]
    fn a_long_path_gives_the_same_short_folder_each_time_and_another_path_another() {
        let one = PathBuf::from(format!("/{}", "x".repeat(200)));
        let two = PathBuf::from(format!("/{}", "y".repeat(200)));
        assert_eq!(socket_dir(&one), socket_dir(&one));
        assert_ne!(socket_dir(&one), socket_dir(&two));
        assert_eq!(socket_dir(&one).as_os_str().len(), "/tmp/frontdesk-".len() + 16);
    }
}
