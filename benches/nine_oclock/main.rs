//! Nine o'clock: everybody comes at once. How many asks Frontdesk answers, how fast, and against what.
//!
//! Everything runs on this machine: a throw-away PostgreSQL that keeps what it says it keeps (`cluster`), Frontdesk as an
//! operator runs it (`service`), what it is measured against (`pgbench`, `constant`, `naive`), and whoever asks
//! (`http`, `load`). `docs/performance.md` says what is measured, and what came out.
//!
//! Not in here: what takes microseconds (`benches/pure.rs`).

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program that reports")]

mod asks;
mod beside;
mod binaries;
mod cluster;
mod constant;
mod contest;
mod data;
mod docs;
mod figures;
mod growth;
mod http;
mod load;
mod machine;
mod naive;
mod pgbench;
mod picture;
mod plan;
mod plans;
mod report;
mod rush;
mod service;
mod start;
mod targets;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use crate::cluster::Cluster;
use crate::plan::{Part, Plan};
use crate::report::Report;

/// What may go wrong ends the run.
type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["constant", port] => constant::serve(port),
        ["naive", port, url] => naive::serve(port, url),
        ["docs", ..] => docs::write(),
        _ => Plan::parse(&arguments).and_then(|plan| on_one_thread(run(&plan))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nine_oclock: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One thread: who asks shares the cores with who answers.
fn on_one_thread(run: impl Future<Output = Done>) -> Done {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        // Whatever runs is dropped then, and with it every process that it started.
        tokio::select! {
            done = run => done,
            _ = interrupt.recv() => Err("interrupted".into()),
            _ = terminate.recv() => Err("told to stop".into()),
        }
    })
}

async fn run(plan: &Plan) -> Done {
    let mut cluster = Cluster::make().await?;
    let mut report = Report::new(&cluster.version);
    if plan.has(Part::Grants) || plan.has(Part::Refusals) {
        let desk = data::load(&cluster, "nine", plan::ROOMS, 1).await?;
        cluster.make_durable().await?;
        contest::run(plan, &cluster, &desk, &mut report).await?;
    }
    if plan.has(Part::Rush) {
        cluster.make_fast_to_load().await?;
        let desk = rush::load(&cluster).await?;
        cluster.make_durable().await?;
        rush::run(&cluster, &desk, &mut report).await?;
    }
    if plan.has(Part::Growth) {
        cluster.make_fast_to_load().await?;
        let desks = growth::load(plan, &cluster).await?;
        cluster.make_durable().await?;
        growth::run(plan, &cluster, &desks, &mut report).await?;
    }
    if plan.has(Part::Start) {
        start::run(&cluster, &mut report).await?;
    }
    if plan.has(Part::Build) {
        start::build(plan, &mut report)?;
    }
    report.close()
}
