//! What PostgreSQL does by itself: `pgbench` calls the best function that we know for one ask (`reference.sql`).

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use crate::cluster::Cluster;
use crate::data::Desk;
use crate::figures::Figures;
use crate::load::Phases;
use crate::{Done, binaries};

/// Each call asks for another room, and the clients share them out.
const SCRIPT: &str = "\
\\set i :i + 1
\\set number :i * :clients + :client_id
\\set tenant :number % 8
\\set room :number * 2654435761 % 4294967296
SELECT ask(:credential, :tenant, :kind, :room, 'abc@meet.test');
";

/// How long each of its connections may take to be there, which is part of its time.
const CONNECTING: Duration = Duration::from_millis(10);

/// What came of it.
pub struct Tally {
    pub figures: Figures,
    /// How many calls there were, before it was measured, too.
    pub calls: u64,
}

/// Calls the function for rooms of that kind, by so many clients at once, which so many threads of pgbench's own look after.
pub async fn run(
    cluster: &Cluster,
    desk: &Desk,
    kind: &str,
    (clients, threads): (usize, usize),
    phases: Phases,
) -> Done<Tally> {
    let folder = tempfile::tempdir()?;
    let script = folder.path().join("ask.sql");
    fs::write(&script, SCRIPT)?;
    let mut command = Command::new(binaries::pgbench(&cluster.programs));
    command.args(["--no-vacuum", "--protocol=prepared", "--log", "--username=postgres"]);
    command.arg("--log-prefix").arg(folder.path().join("log")).arg("--file").arg(&script);
    command.arg("--host").arg(cluster.folder.path());
    command.args(["--client", &clients.to_string(), "--jobs", &threads.to_string()]);
    let time = CONNECTING * u32::try_from(clients)? + phases.warm_up + phases.measured;
    command.args(["--time", &time.as_secs_f64().ceil().to_string()]);
    let variables = [
        ("i", "-1"),
        ("clients", &clients.to_string()),
        ("kind", kind),
        ("credential", &desk.credential_hash()),
    ];
    for (name, value) in variables {
        command.arg(format!("--define={name}={value}"));
    }
    // One plan for any ask, as on the connections of Frontdesk's desk.
    command.env("PGOPTIONS", "-c plan_cache_mode=force_generic_plan");
    let output = command.arg(&desk.database).kill_on_drop(true).output().await?;
    let (said, noted) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    if !output.status.success() {
        return Err(format!("pgbench: {noted}").into());
    }
    let calls =
        said.lines().find_map(|line| line.strip_prefix("number of transactions actually processed: "));
    let mut latencies = latencies(folder.path(), phases.measured)?;
    let figures = Figures::of(&mut latencies, phases.measured);
    Ok(Tally { figures, calls: calls.ok_or("pgbench counted nothing")?.trim().parse()? })
}

/// How long each call of the last seconds took, from its log: `client call microseconds script second microsecond`.
fn latencies(folder: &Path, measured: Duration) -> Done<Vec<Duration>> {
    let mut calls = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            continue;
        }
        for line in fs::read_to_string(path)?.lines() {
            let fields: Vec<u64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
            let &[_, _, took, _, second, microsecond] = &fields[..] else {
                return Err(format!("pgbench logged `{line}`").into());
            };
            calls.push((second * 1_000_000 + microsecond, Duration::from_micros(took)));
        }
    }
    let last = calls.iter().map(|(at, _)| *at).max().ok_or("pgbench logged nothing")?;
    let begin = last.saturating_sub(u64::try_from(measured.as_micros())?);
    Ok(calls.into_iter().filter(|(at, _)| *at > begin).map(|(_, took)| took).collect())
}
