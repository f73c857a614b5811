//! The lock on the data folder, held by whoever runs the postmaster.
//!
//! An advisory lock on the open file (`flock`): it goes when the process goes, however it goes, and a postmaster doesn't
//! inherit it, because files are opened close-on-exec.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    process,
};

use super::{PrivateDatabaseError, Role, layout::Layout};

/// What the file says while nobody holds it.
const FREE: &str = "free\n";

/// The lock; dropping it gives the folder free.
#[derive(Debug)]
pub(super) struct DataLock {
    file: File,
}

/// Who holds the lock, by its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) role: Role,
    pub(super) pid: i32,
}

impl DataLock {
    /// Takes the lock and writes down who has it; `None` where somebody else has it.
    ///
    /// # Errors
    /// When the file cannot be opened, locked or written.
    pub(super) fn try_take(layout: &Layout, role: Role) -> Result<Option<Self>, PrivateDatabaseError> {
        let path = layout.lock();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(PrivateDatabaseError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(source)) => return Err(PrivateDatabaseError::io("lock", &path)(source)),
        }
        let word = match role {
            Role::Serve => "serve",
            Role::Command => "command",
        };
        write(&file, &format!("{word} {}\n", process::id()))
            .map_err(PrivateDatabaseError::io("write", &path))?;
        Ok(Some(Self { file }))
    }
}

impl Drop for DataLock {
    fn drop(&mut self) {
        // What stays in the file is only ever believed while the file is locked.
        let _ = write(&self.file, FREE);
    }
}

/// Replaces the content. The file is never empty in between, so that a reader finds the old holder or the new one.
fn write(file: &File, content: &str) -> io::Result<()> {
    file.write_all_at(content.as_bytes(), 0)?;
    file.set_len(content.len() as u64)
}

/// Who wrote last; to be believed only while the lock is taken.
pub(super) fn holder(layout: &Layout) -> Option<Holder> {
    parse(&std::fs::read_to_string(layout.lock()).ok()?)
}

/// Whether this is what a lock file of ours holds.
pub(super) fn is_lock_content(content: &str) -> bool {
    content == FREE || parse(content).is_some()
}

fn parse(content: &str) -> Option<Holder> {
    let (word, pid) = content.lines().next()?.split_once(' ')?;
    let role = match word {
        "serve" => Role::Serve,
        "command" => Role::Command,
        _ => return None,
    };
    Some(Holder { role, pid: pid.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(folder: &tempfile::TempDir) -> Layout {
        Layout { data_dir: folder.path().into(), socket_dir: folder.path().into() }
    }

    #[test]
    fn the_second_gets_no_lock_and_reads_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let layout = layout(&folder);
        let first = DataLock::try_take(&layout, Role::Serve).unwrap();
        assert!(first.is_some());
        assert!(DataLock::try_take(&layout, Role::Command).unwrap().is_none());
        let me = i32::try_from(process::id()).unwrap();
        assert_eq!(holder(&layout), Some(Holder { role: Role::Serve, pid: me }));
    }

    #[test]
    fn a_lock_that_was_given_back_names_nobody_and_can_be_taken() {
        let folder = tempfile::tempdir().unwrap();
        let layout = layout(&folder);
        drop(DataLock::try_take(&layout, Role::Serve).unwrap());
        assert_eq!(holder(&layout), None);
        assert!(DataLock::try_take(&layout, Role::Command).unwrap().is_some());
    }

    #[test]
    fn lock_files_of_other_programs_are_not_taken_for_ours() {
        assert!(is_lock_content("serve 12\n"));
        assert!(is_lock_content("free\n"));
        assert!(!is_lock_content(""));
        assert!(!is_lock_content("12\n"));
        assert!(!is_lock_content("serve twelve\n"));
    }
}
