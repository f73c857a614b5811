//! Becoming the unprivileged user that owns the data folder, for good.

#[cfg(not(target_vendor = "apple"))]
use std::ffi::CString;
use std::{io, path::Path};

use nix::unistd::{Gid, Uid, User, chdir, geteuid, getgid, getuid, setegid, seteuid, setgid, setuid};

use super::FolderError;

/// Whom root becomes where the data folder doesn't say: the first that exists.
const CANDIDATES: [&str; 3] = ["frontdesk", "postgres", "nobody"];
const ROOT: Uid = Uid::from_raw(0);

/// A user of this system, other than root.
#[derive(Debug)]
pub(super) struct Account {
    name: String,
    pub(super) uid: Uid,
    pub(super) gid: Gid,
}

impl Account {
    /// The first candidate that exists.
    ///
    /// # Errors
    /// Where none does.
    pub(super) fn choose() -> Result<Self, FolderError> {
        let existing = CANDIDATES.iter().find_map(|name| User::from_name(name).ok().flatten());
        if let Some(shared) = existing.as_ref().filter(|user| user.name != CANDIDATES[0]) {
            tracing::warn!(
                user = shared.name,
                "running as a user that other programs share; `useradd --system frontdesk` gives us one of our own"
            );
        }
        existing
            .map(Self::from)
            .filter(|account| !account.uid.is_root())
            .ok_or_else(|| FolderError::NobodyToBecome { candidates: CANDIDATES.join(", ") })
    }

    /// The account of a user id; `None` where there is none.
    ///
    /// # Errors
    /// When the system's user database cannot be read.
    pub(super) fn of(uid: Uid) -> Result<Option<Self>, FolderError> {
        let user = User::from_uid(uid);
        user.map(|user| user.map(Self::from))
            .map_err(|error| FolderError::CannotBecome { user: uid.to_string(), source: error.into() })
    }

    /// Whether the user could enter a folder, tried out as that user. Afterwards the process is root again, but with the user's groups.
    ///
    /// # Errors
    /// Where it couldn't.
    pub(super) fn try_entering(&self, folder: &Path) -> Result<(), FolderError> {
        self.take_groups()?;
        setegid(self.gid)
            .and_then(|()| seteuid(self.uid))
            .map_err(|error| self.cannot_become(error.into()))?;
        let entered = chdir(folder);
        seteuid(ROOT)
            .and_then(|()| setegid(Gid::from_raw(0)))
            .map_err(|error| self.cannot_become(error.into()))?;
        entered.map_err(|_| self.unreachable(folder))
    }

    /// Becomes the user, with its groups and nothing of root's, and makes sure that there is no way back.
    ///
    /// # Errors
    /// When the system doesn't let us, or would let us back.
    pub(super) fn become_for_good(&self) -> Result<(), FolderError> {
        self.take_groups()?;
        setgid(self.gid).and_then(|()| setuid(self.uid)).map_err(|error| self.cannot_become(error.into()))?;
        let is_user = getuid() == self.uid && geteuid() == self.uid && getgid() == self.gid;
        if !is_user || setuid(ROOT).is_ok() || seteuid(ROOT).is_ok() {
            return Err(FolderError::RootRemains { user: self.name.clone() });
        }
        Ok(())
    }

    pub(super) fn unreachable(&self, folder: &Path) -> FolderError {
        FolderError::Unreachable { user: self.name.clone(), path: folder.to_owned() }
    }

    #[cfg(not(target_vendor = "apple"))]
    fn take_groups(&self) -> Result<(), FolderError> {
        let name = CString::new(self.name.as_str()).map_err(|error| self.cannot_become(error.into()))?;
        nix::unistd::initgroups(&name, self.gid).map_err(|error| self.cannot_become(error.into()))
    }

    /// There is no safe way known here.
    #[cfg(target_vendor = "apple")]
    fn take_groups(&self) -> Result<(), FolderError> {
        Err(self.cannot_become(io::ErrorKind::Unsupported.into()))
    }

    fn cannot_become(&self, source: io::Error) -> FolderError {
        FolderError::CannotBecome { user: self.name.clone(), source }
    }
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self { name: user.name, uid: user.uid, gid: user.gid }
    }
}
