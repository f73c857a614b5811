//! What can go wrong with the private database, in the operator's words.

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitStatus,
};

use super::{Role, lock::Holder};

/// Why the private database cannot be opened.
#[expect(missing_docs, reason = "the fields are what the message says they are")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateDatabaseError {
    /// PostgreSQL refuses root, and so do we: `settle` comes first.
    #[error("postgresql doesn't run as root: start frontdesk as another user")]
    Root,

    /// A file or folder that should be ours could not be used.
    #[error("cannot {action} `{}`", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },

    /// Another `serve` runs on the folder.
    #[error("another frontdesk serve (pid {pid}) is running on {}", data_dir.display())]
    AlreadyServing { pid: i32, data_dir: PathBuf },

    /// A command used the folder for longer than we wait.
    #[error("another frontdesk command (pid {pid}) is still using {}: try again when it is done", data_dir.display())]
    CommandBusy { pid: i32, data_dir: PathBuf },

    /// A `serve` holds the folder, but its database didn't accept connections for as long as we wait.
    #[error("the frontdesk serve (pid {pid}) on {} doesn't accept database connections: see its log", data_dir.display())]
    ServeNotReady { pid: i32, data_dir: PathBuf },

    /// The lock is held, and its file doesn't say by whom.
    #[error("`{}` is locked by a process that doesn't say who it is", data_dir.join("lock").display())]
    LockedByUnknown { data_dir: PathBuf },

    /// The socket folder in `/tmp` was made by somebody else.
    #[error("`{}` must be a folder of ours with mode 0700, and isn't: remove it, or choose a data folder with a shorter path", path.display())]
    SocketFolderNotOurs { path: PathBuf },

    /// No PostgreSQL server is installed.
    #[error(
        "no postgresql server found: install one (debian, ubuntu: `apt-get install postgresql`; fedora: `dnf install postgresql-server postgresql-contrib`; alpine: `apk add postgresql postgresql-contrib`; macos: `brew install postgresql@17`), or set DATABASE_URL"
    )]
    NoBinaries,

    /// Only versions that are too old are installed.
    #[error("postgresql {found} is too old: install version {minimum} or later, or set DATABASE_URL", minimum = super::binaries::OLDEST_MAJOR)]
    TooOld { found: u32 },

    /// The cluster was made by a major version that is not installed.
    #[error(
        "the data was made by postgresql {data}, but only {} is installed: install postgresql {data} again (debian: `apt-get install postgresql-{data}`), or move the data with `pg_upgrade`, or with `pg_dump` and `pg_restore`",
        list(installed)
    )]
    OtherMajor { data: u32, installed: Vec<u32> },

    /// The contrib extension that the schema needs is not installed.
    #[error(
        "postgresql {major} lacks the extension btree_gist: install its contrib package (debian: `apt-get install postgresql-{major}`; fedora, alpine: `postgresql-contrib`; pgdg rpm: `postgresql{major}-contrib`)"
    )]
    NoBtreeGist { major: u32 },

    /// There is a `pgdata` that PostgreSQL didn't make, or not completely.
    #[error("`{}` is not a postgresql data folder: it has no readable PG_VERSION", pgdata.display())]
    NotACluster { pgdata: PathBuf },

    /// `pgdata` belongs to another user, as after a copy made by root.
    #[error("`{}` belongs to user id {owner}, but frontdesk runs as user id {us}: `chown -R {us} {}`", pgdata.display(), pgdata.display())]
    ForeignCluster { pgdata: PathBuf, owner: u32, us: u32 },

    /// `pgdata` may be read by others, which PostgreSQL refuses.
    #[error("`{}` has mode {mode:04o}, and postgresql wants 0700: `chmod 0700 {}`", pgdata.display(), pgdata.display())]
    LoosePermissions { pgdata: PathBuf, mode: u32 },

    /// `initdb` failed.
    #[error("initdb failed ({status}){output}")]
    Initdb { status: ExitStatus, output: String },

    /// `initdb` didn't end.
    #[error("initdb took longer than {seconds} s")]
    InitdbTooSlow { seconds: u64 },

    /// The postmaster exited while it started.
    #[error("postgresql exited while it started ({status}){output}")]
    Exited { status: ExitStatus, output: String },

    /// The postmaster runs, but cannot be reached.
    #[error("postgresql started, but accepted no connection within {seconds} s{output}")]
    NotReady {
        seconds: u64,
        output: String,
        #[source]
        last: Option<sqlx::Error>,
    },

    /// The database `frontdesk` could not be created.
    #[error("cannot create the database `frontdesk`")]
    CreateDatabase(#[source] sqlx::Error),

    /// Processes of an earlier run could not be stopped.
    #[error("processes of an earlier run still use `{}`: {pids:?}", pgdata.display())]
    StillRunning { pgdata: PathBuf, pids: Vec<i32> },
}

impl PrivateDatabaseError {
    /// The folder was in use for longer than we wait.
    pub(super) fn busy(holder: Option<Holder>, data_dir: PathBuf) -> Self {
        match holder {
            Some(Holder { role: Role::Serve, pid }) => Self::ServeNotReady { pid, data_dir },
            Some(Holder { role: Role::Command, pid }) => Self::CommandBusy { pid, data_dir },
            None => Self::LockedByUnknown { data_dir },
        }
    }

    /// For `map_err`: what we wanted to do, with which path.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

/// `15, 16`
fn list(majors: &[u32]) -> String {
    majors.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}
