//! Grants and refusals, at several concurrencies, of all contenders in turn.

use crate::asks::{self, BOOKED, UNKNOWN};
use crate::cluster::Cluster;
use crate::data::Desk;
use crate::figures::Figures;
use crate::load::{Phases, Question, for_a_while};
use crate::plan::{Part, Plan};
use crate::report::Report;
use crate::service::Service;
use crate::{Done, pgbench};

/// How many ask at once.
pub const CONCURRENCIES: [usize; 4] = [1, 16, 64, 256];

/// Where pgbench may be at its best besides.
const BETWEEN: [usize; 4] = [4, 8, 32, 128];

/// Runs all of it, everything in turn, again and again.
pub async fn run(plan: &Plan, cluster: &Cluster, desk: &Desk, report: &mut Report) -> Done {
    let frontdesk = Service::frontdesk(cluster, &desk.database, &[]).await?;
    let naive = Service::of_ours("naive", &[&cluster.url(&desk.database)]).await?;
    let constant = Service::of_ours("constant", &[]).await?;
    let arena = Arena { cluster, desk, phases: plan.phases() };
    for repeat in 1..=plan.repeats() {
        for concurrency in CONCURRENCIES {
            if plan.has(Part::Grants) {
                println!("grants, {concurrency} at once, {repeat} of {}", plan.repeats());
                arena.pgbench("grants", BOOKED, concurrency, report).await?;
                arena.ask(&frontdesk, "grants/frontdesk", BOOKED, concurrency, report).await?;
                arena.ask(&naive, "grants/naive", BOOKED, concurrency, report).await?;
            }
            if plan.has(Part::Refusals) {
                println!("refusals, {concurrency} at once, {repeat} of {}", plan.repeats());
                arena.pgbench("refusals", UNKNOWN, concurrency, report).await?;
                arena.ask(&frontdesk, "refusals/frontdesk", UNKNOWN, concurrency, report).await?;
                arena.ask(&constant, "refusals/constant", UNKNOWN, concurrency, report).await?;
                arena.ask(&naive, "refusals/naive", UNKNOWN, concurrency, report).await?;
            }
        }
        if plan.has(Part::Grants) {
            for concurrency in BETWEEN {
                arena.pgbench("grants", BOOKED, concurrency, report).await?;
            }
        }
    }
    report.note("memory_under_load_bytes", frontdesk.peak_memory()?);
    Ok(())
}

struct Arena<'a> {
    cluster: &'a Cluster,
    desk: &'a Desk,
    phases: Phases,
}

impl Arena<'_> {
    /// With one thread of pgbench's or with two, whichever does better.
    async fn pgbench(&self, part: &str, kind: &str, clients: usize, report: &mut Report) -> Done {
        let name = format!("{part}/pgbench");
        let mut better: Option<Figures> = None;
        for threads in 1..=clients.min(2) {
            self.desk.clear(self.cluster).await?;
            self.desk.checkpoint(self.cluster).await?;
            let tally = pgbench::run(self.cluster, self.desk, kind, (clients, threads), self.phases).await?;
            self.count(&name, kind, tally.calls, report).await?;
            better = better.filter(|found| found.rps > tally.figures.rps).or(Some(tally.figures));
        }
        if let Some(figures) = better {
            report.measured(&name, clients, figures);
        }
        Ok(())
    }

    async fn ask(
        &self,
        service: &Service,
        name: &str,
        kind: &str,
        connections: usize,
        report: &mut Report,
    ) -> Done {
        self.desk.clear(self.cluster).await?;
        self.desk.checkpoint(self.cluster).await?;
        let question = Question { write: &asks::write(self.desk, kind), is_right: &asks::is_right(kind) };
        let mut tally = for_a_while(service.port, connections, self.phases, &question).await?;
        report.measured(name, connections, tally.figures());
        report.check(name, &tally);
        self.count(name, kind, tally.asked, report).await
    }

    /// Whether there are as many conferences as were granted.
    async fn count(&self, name: &str, kind: &str, asked: u64, report: &mut Report) -> Done {
        if kind == BOOKED && asked > self.desk.rooms {
            return Err(format!("{name}: there were only {} rooms", self.desk.rooms).into());
        }
        let granted = if kind == BOOKED { asked } else { 0 };
        let found = self.desk.conferences(self.cluster).await?;
        if found != granted {
            report.wrong(1, &format!("{name}: {found} conferences, and {granted} grants"));
        }
        Ok(())
    }
}
