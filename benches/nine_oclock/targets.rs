//! What was wanted, and whether it is so. What is missed is told, and ends nothing.

use std::fmt;

use serde::Serialize;

use crate::figures::median;
use crate::report::Report;

/// Something that was wanted. Both numbers are in the unit that its name says.
#[derive(Debug, Serialize)]
pub struct Target {
    what: &'static str,
    found: f64,
    #[serde(flatten)]
    wanted: Wanted,
    is_met: bool,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    AtLeast(f64),
    AtMost(f64),
}

use Wanted::{AtLeast, AtMost};

/// Of all that was measured in this run.
pub fn judge(report: &Report) -> Vec<Target> {
    let rate = |one: &str, at: usize, other: &str| report.ratio((one, at), (other, at), |f| f.rps);
    let grants = |at| rate("grants/frontdesk", at, "grants/pgbench");
    let refusals = |at| rate("refusals/frontdesk", at, "refusals/pgbench");
    let p99 = report.ratio(("grants/frontdesk", 64), ("grants/pgbench", 64), |f| f.p99_ms);
    let widest = report.ratio(("grants/frontdesk", 256), ("grants/frontdesk", 64), |f| f.rps);
    let number = |name: &str| report.notes.get(name)?.as_f64();
    let in_rush = |name: &str| report.notes.get("rush")?.get(name)?.as_f64();
    let per_connection = || {
        let more = in_rush("memory_peak_bytes")? - in_rush("memory_before_bytes")?;
        Some(more / in_rush("most_connections")? / 1024.0)
    };
    let mebibytes = |bytes: f64| bytes / 1024.0 / 1024.0;
    [
        ("grants, 1 at once: rate over pgbench's", grants(1), AtLeast(0.6)),
        ("grants, 16 at once: rate over pgbench's", grants(16), AtLeast(1.0)),
        ("grants, 64 at once: rate over pgbench's", grants(64), AtLeast(3.0)),
        ("grants, 64 at once: p99 over pgbench's", p99, AtMost(0.25)),
        ("grants, 64 at once: rate over pgbench's best at any concurrency", over_best(report), AtLeast(1.8)),
        ("grants, 256 at once: rate over that of 64 at once", widest, AtLeast(1.0)),
        ("refusals, 16 at once: rate over pgbench's", refusals(16), AtLeast(0.5)),
        ("refusals, 64 at once: rate over pgbench's", refusals(64), AtLeast(1.5)),
        (
            "refusals, 64 at once: rate over the constant handler's",
            rate("refusals/frontdesk", 64, "refusals/constant"),
            AtLeast(0.55),
        ),
        ("memory under load, MiB", number("memory_under_load_bytes").map(mebibytes), AtMost(32.0)),
        (
            "growth: lowest rate of grants over that in a thousand dates",
            growth(report, "grants"),
            AtLeast(0.85),
        ),
        (
            "growth: lowest rate of refusals over that in a thousand dates",
            growth(report, "refusals"),
            AtLeast(0.85),
        ),
        ("rush hour: asks over 2 s that were no 503", in_rush("over_2_s"), AtMost(0.0)),
        ("rush hour: other calls over 2 s that were no 503", in_rush("calls_beside_over_2_s"), AtMost(0.0)),
        ("rush hour: memory for each connection, KiB", per_connection(), AtMost(64.0)),
        ("start with a cluster that is there, ms", number("start_ms"), AtMost(1000.0)),
    ]
    .into_iter()
    .filter_map(|(what, found, wanted)| Some(Target::new(what, found?, wanted)))
    .collect()
}

/// Frontdesk's rate at 64 over the best of pgbench's, each repeat by itself.
fn over_best(report: &Report) -> Option<f64> {
    let ours = report.measured.get(&("grants/frontdesk".to_owned(), 64))?;
    let theirs: Vec<_> = report
        .measured
        .iter()
        .filter(|((name, _), _)| name == "grants/pgbench")
        .map(|(_, all)| all)
        .collect();
    let best = |repeat: usize| {
        theirs.iter().filter_map(|all| all.get(repeat)).map(|figures| figures.rps).max_by(f64::total_cmp)
    };
    let each: Option<Vec<_>> =
        ours.iter().enumerate().map(|(repeat, figures)| Some(figures.rps / best(repeat)?)).collect();
    each.map(median)
}

/// The lowest rate of the larger schedules over that of the smallest, each repeat by itself.
fn growth(report: &Report, part: &str) -> Option<f64> {
    let dates = |name: &str| name.strip_prefix(&format!("growth/{part} "))?.parse::<u64>().ok();
    let mut sizes: Vec<_> =
        report.measured.keys().filter_map(|key| Some((dates(&key.0)?, (key.0.as_str(), key.1)))).collect();
    sizes.sort_unstable();
    let ((_, smallest), larger) = sizes.split_first()?;
    larger.iter().filter_map(|(_, size)| report.ratio(*size, *smallest, |f| f.rps)).min_by(f64::total_cmp)
}

impl Target {
    fn new(what: &'static str, found: f64, wanted: Wanted) -> Self {
        let is_met = match wanted {
            AtLeast(bound) => found >= bound,
            AtMost(bound) => found <= bound,
        };
        Self { what, found, wanted, is_met }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_met { "met   " } else { "MISSED" };
        let (word, bound) = match self.wanted {
            AtLeast(bound) => ("at least", bound),
            AtMost(bound) => ("at most", bound),
        };
        write!(f, "{verdict}  {}: {:.2}, wanted {word} {bound}", self.what, self.found)
    }
}
