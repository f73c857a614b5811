//! The file that holds the master keys: read, or made where there is none.
//!
//! Not in here: what the keys do (`seal`).

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use super::{KeyId, MasterKeys, key::random};

/// What is wrong with the master keys. No message holds any of a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read.
    #[error("cannot read the master key file `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The file cannot be made.
    #[error("cannot create the master key file `{}`", path.display())]
    NotCreated {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Everybody on the machine may read the file.
    #[error("the master key file `{}` is readable by everyone: take that right away (chmod o-r)", .0.display())]
    WorldReadable(PathBuf),
    /// A line is not a key.
    #[error("line {0} of the master keys is not 32 bytes in base64")]
    BadLine(usize),
    /// There are no lines with keys.
    #[error("no master key: expected one per line, 32 bytes in base64")]
    NoKey,
}

impl KeyFileError {
    /// Whether there is no such file.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

impl MasterKeys {
    /// Reads the keys from a file, which its group may read but not everyone.
    ///
    /// # Errors
    /// The file cannot be read, is readable by everyone, or is not a list of keys.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        let unreadable = |source| KeyFileError::Unreadable { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(unreadable)?;
        let mode = file.metadata().map_err(unreadable)?.permissions().mode();
        if mode & 0o004 != 0 {
            return Err(KeyFileError::WorldReadable(path.to_owned()));
        }
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text).map_err(unreadable)?;
        Self::parse(&text)
    }

    /// Reads the keys, or makes a file with one new key if there is none. Of
    /// several that do so at once, one makes the file and all read the same key.
    ///
    /// # Errors
    /// As for [`MasterKeys::read`]; or the file cannot be made, or not durably.
    pub fn read_or_create(path: &Path) -> Result<Self, KeyFileError> {
        match Self::read(path) {
            Err(error) if error.is_missing() => {}
            keys => return keys,
        }
        create(path).map_err(|source| KeyFileError::NotCreated { path: path.to_owned(), source })?;
        Self::read(path)
    }
}

/// Makes the file whole and durable before it has its name, so that nobody
/// reads half a key. Finding it made by somebody else is fine.
fn create(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let draft = folder.join(format!(".master-key-{}", KeyId::from(random())));
    let written = write(&draft).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match written {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => removed?,
    }
    File::open(folder)?.sync_all()
}

fn write(draft: &Path) -> io::Result<()> {
    let key = Zeroizing::new(random::<32>());
    let mut line = Zeroizing::new(String::with_capacity(64));
    BASE64_STANDARD.encode_string(key, &mut line);
    line.push('\n');
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(line.as_bytes())?;
    file.sync_all()
}
