//! What it was measured on.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use serde::Serialize;

/// The machine, and what runs on it.
#[derive(Debug, Serialize)]
pub struct Machine {
    pub processor: String,
    pub cores: usize,
    pub memory_gib: u64,
    pub kernel: String,
    pub postgresql: String,
}

impl Machine {
    /// This one. What can't be told is left empty.
    pub fn this(postgresql: &str) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_once(':').map_or_else(String::new, |(_, value)| value.trim().to_owned())
        };
        let memory = field(&read("/proc/meminfo"), "MemTotal");
        let kib: u64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
        Self {
            processor: field(&read("/proc/cpuinfo"), "model name"),
            cores: available_parallelism().map_or(0, usize::from),
            memory_gib: kib.div_ceil(1024 * 1024),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            postgresql: postgresql.to_owned(),
        }
    }

    /// In a line.
    pub fn told(&self) -> String {
        let Self { processor, cores, memory_gib, kernel, postgresql } = self;
        format!("{processor}, {cores} cores, {memory_gib} GiB, Linux {kernel}, PostgreSQL {postgresql}")
    }
}

/// What is measured, as git calls it.
pub fn commit() -> String {
    let git = |arguments: &[&str]| Command::new("git").args(arguments).output().ok();
    let said = git(&["describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"]);
    said.map_or_else(String::new, |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
