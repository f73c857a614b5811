//! What can be wrong with the data folder, in the operator's words.

use std::{io, path::PathBuf};

/// Why there is no data folder to work in.
#[expect(missing_docs, reason = "the fields are what the message says they are")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// Neither a home folder nor a folder was given.
    #[error("cannot tell where to keep the data: there is no home folder; name a folder with --data-dir")]
    NoHome,

    /// Something the operating system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },

    /// The path leads to a file.
    #[error("`{}` is not a folder", path.display())]
    NotAFolder { path: PathBuf },

    /// The folder holds something else, so we don't give it away.
    #[error("`{}` belongs to root and holds files that are not frontdesk's: choose another data folder, or an empty one", path.display())]
    NotOurs { path: PathBuf },

    /// The folder is on a path that the user we become cannot go.
    #[error("user `{user}`, as which frontdesk runs, cannot enter `{}`: choose a data folder elsewhere, such as /var/lib/frontdesk", path.display())]
    Unreachable { user: String, path: PathBuf },

    /// The folder belongs to someone, or to nobody we know, and we may not write to it.
    #[error("user id {uid}, as which frontdesk runs, may not write to `{}`: choose another data folder with --data-dir", path.display())]
    NotWritable { uid: u32, path: PathBuf, source: io::Error },

    /// The folder's owner has no account.
    #[error("`{}` belongs to user id {uid}, which has no account here: `chown` it to the user that frontdesk should run as", path.display())]
    UnknownOwner { uid: u32, path: PathBuf },

    /// There is nobody to become.
    #[error(
        "frontdesk doesn't run as root, and none of the users {candidates} exists: create the user frontdesk (`useradd --system frontdesk`), or start it as another user"
    )]
    NobodyToBecome { candidates: String },

    /// The system refused to change the user.
    #[error("cannot become user `{user}`: start frontdesk as an ordinary user instead")]
    CannotBecome { user: String, source: io::Error },

    /// We could become root again, which must never be.
    #[error(
        "became user `{user}`, but could still become root again: start frontdesk as an ordinary user instead"
    )]
    RootRemains { user: String },
}
