//! How long it takes until Frontdesk answers, with a database of its own that is there already; and what it weighs.

use std::fs;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::figures::{median, milliseconds};
use crate::machine::commit;
use crate::plan::Plan;
use crate::report::{Report, folder};
use crate::service::Service;
use crate::{Done, binaries};

const STARTS: usize = 5;

/// From the start of the program to the first `GET /readyz` that is answered with 200: the median of some starts.
pub async fn run(cluster: &Cluster, report: &mut Report) -> Done {
    // The first one makes the cluster.
    drop(Service::with_own_database(cluster).await?);
    let mut times = Vec::new();
    for _ in 0..STARTS {
        times.push(milliseconds(Service::with_own_database(cluster).await?.ready_after));
    }
    report.note("start_ms", median(times));
    report.note("binary_bytes", fs::metadata(binaries::frontdesk())?.len());
    Ok(())
}

/// How long the program takes to be built where nothing is built yet. Once: later runs tell the same.
pub fn build(plan: &Plan, report: &mut Report) -> Done {
    let kept = folder()?.join("cold-build.json");
    if let Ok(text) = fs::read_to_string(&kept) {
        report.note("cold_build", serde_json::from_str::<Value>(&text)?);
        return Ok(());
    }
    if plan.skips_cold_build() {
        return Ok(());
    }
    let target = folder()?.join("cold");
    _ = fs::remove_dir_all(&target);
    println!("building Frontdesk from nothing");
    let began = Instant::now();
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--profile", "dist", "--bin", "frontdesk"])
        .env("CARGO_TARGET_DIR", &target)
        .status()?;
    if !status.success() {
        return Err(format!("cargo build ended with {status}").into());
    }
    let result = json!({ "seconds": began.elapsed().as_secs(), "commit": commit() });
    fs::write(kept, result.to_string())?;
    fs::remove_dir_all(target)?;
    report.note("cold_build", result);
    Ok(())
}
