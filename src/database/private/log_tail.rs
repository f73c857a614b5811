//! The end of PostgreSQL's log, for the error when a start fails; and tidying the log folder.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::layout::Layout;

/// The most lines that go into an error.
const LINES: usize = 12;
/// The most bytes that are read for them.
const BYTES: u64 = 8 * 1024;
/// Log files are named by the weekday and begun anew when it comes round; a server that was off then would add to it.
const OLDEST_LOG: Duration = Duration::from_hours(6 * 24);

/// Where the log ended before a start, so that an error quotes only what came after.
#[derive(Debug, Default)]
pub(super) struct LogMark {
    newest: Option<PathBuf>,
    length: u64,
}

impl LogMark {
    /// Notes where the newest log file ends.
    pub(super) fn now(layout: &Layout) -> Self {
        let newest = newest_log(&layout.log_dir());
        let length = newest.as_ref().and_then(|log| fs::metadata(log).ok()).map_or(0, |log| log.len());
        Self { newest, length }
    }

    /// What was written since, indented, each line on a new one; empty where there is nothing.
    pub(super) fn tail(&self, layout: &Layout) -> String {
        let mut text = read_end(&layout.start_log(), 0);
        if let Some(log) = newest_log(&layout.log_dir()) {
            let from = if self.newest.as_ref() == Some(&log) { self.length } else { 0 };
            text.push_str(&read_end(&log, from));
        }
        last_lines(&text)
    }
}

/// The last lines of a text, as [`LogMark::tail`] gives them.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let skip = lines.len().saturating_sub(LINES);
    lines.into_iter().skip(skip).fold(String::new(), |tail, line| tail + "\n    " + line)
}

/// Removes logs that are older than a week. Best effort. The time is that of the start log, which is written first.
pub(super) fn remove_old(layout: &Layout) {
    let started = fs::metadata(layout.start_log()).and_then(|log| log.modified()).ok();
    let Some(oldest) = started.and_then(|started| started.checked_sub(OLDEST_LOG)) else { return };
    for (log, modified) in logs(&layout.log_dir()) {
        if modified < oldest {
            let _ = fs::remove_file(log);
        }
    }
}

fn newest_log(folder: &Path) -> Option<PathBuf> {
    logs(folder).max_by_key(|(_, modified)| *modified).map(|(log, _)| log)
}

/// PostgreSQL's own log files, each with the time it was last written.
fn logs(folder: &Path) -> impl Iterator<Item = (PathBuf, SystemTime)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("postgresql-"))
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?.modified().ok()?)))
}

/// At most the last [`BYTES`] of what follows `from`; empty where it cannot be read.
fn read_end(path: &Path, from: u64) -> String {
    let read = || {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(from.max(length.saturating_sub(BYTES))))?;
        let mut bytes = Vec::new();
        file.take(BYTES).read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    };
    read().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_quotes_only_what_was_logged_since_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout { data_dir: folder.path().into(), socket_dir: folder.path().into() };
        fs::create_dir(layout.log_dir()).unwrap();
        let log = layout.log_dir().join("postgresql-Mon.log");
        fs::write(&log, "yesterday\n").unwrap();
        let mark = LogMark::now(&layout);
        fs::write(&log, "yesterday\nFATAL: today\n").unwrap();
        fs::write(layout.start_log(), "first\n\n").unwrap();
        assert_eq!(mark.tail(&layout), "\n    first\n    FATAL: today");
    }

    #[test]
    fn logs_of_more_than_a_week_ago_are_removed_at_a_start() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout { data_dir: folder.path().into(), socket_dir: folder.path().into() };
        fs::create_dir(layout.log_dir()).unwrap();
        let start = File::create(layout.start_log()).unwrap().metadata().unwrap().modified().unwrap();
        let [old, new] = [7, 5].map(|days| {
            let path = layout.log_dir().join(format!("postgresql-{days}.log"));
            File::create(&path).unwrap().set_modified(start - Duration::from_hours(days * 24)).unwrap();
            path
        });
        remove_old(&layout);
        assert!(!old.exists() && new.exists() && layout.start_log().exists());
    }

    #[test]
    fn only_the_last_lines_are_quoted() {
        let text = (0..100).fold(String::new(), |text, n| text + &n.to_string() + "\n");
        let tail = last_lines(&text);
        assert!(tail.starts_with("\n    88\n") && tail.ends_with("\n    99"), "{tail}");
        assert_eq!(last_lines("\n"), "");
    }
}
