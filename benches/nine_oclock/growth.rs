//! Whether it stays as fast while the schedule grows: the same asks in a thousand dates, a hundred thousand and ten million.

use std::ops::Range;
use std::time::Duration;

use crate::asks::{self, BOOKED, UNKNOWN};
use crate::cluster::Cluster;
use crate::data::{self, Desk};
use crate::figures::Figures;
use crate::http::Answer;
use crate::load::{Phases, Question, for_a_while, so_many};
use crate::plan::Plan;
use crate::report::Report;
use crate::service::Service;
use crate::{Done, plans};

const CONNECTIONS: usize = 64;

/// How long refusals are asked for, again and again. The differences are small: where the machine stands still for a moment, it
/// should spoil few of many turns, and not one of three. So grants take as many turns, of some rounds each.
const TURN: Phases = Phases { warm_up: Duration::from_millis(500), measured: Duration::from_secs(2) };

/// How many rooms are granted in one go: all that the smallest schedule has.
const ROOMS: u64 = 1000;

/// Loads the schedules.
pub async fn load(plan: &Plan, cluster: &Cluster) -> Done<Vec<Desk>> {
    let mut desks = Vec::new();
    for (rooms, dates) in plan.schedules() {
        println!("loading {rooms} rooms with {dates} dates each");
        desks.push(data::load(cluster, &format!("growth_{}", rooms * dates), rooms, dates).await?);
    }
    Ok(desks)
}

/// Asks each of them in turn.
pub async fn run(plan: &Plan, cluster: &Cluster, desks: &[Desk], report: &mut Report) -> Done {
    let mut services = Vec::new();
    for desk in desks {
        services.push(Service::frontdesk(cluster, &desk.database, &[]).await?);
    }
    for repeat in 0..plan.repeats() {
        for desk in desks {
            desk.checkpoint(cluster).await?;
        }
        // The first one is a warm-up.
        for turn in 0..=plan.turns() {
            let rounds = plan.rounds();
            let from = (repeat * (plan.turns() + 1) + turn) * rounds;
            for (desk, service) in desks.iter().zip(&services) {
                let name = format!("growth/grants {}", desk.dates);
                let figures = grants(&name, cluster, desk, service, from..from + rounds, report).await?;
                if turn > 0 {
                    report.measured(&name, CONNECTIONS, figures);
                }
            }
        }
        for desk in desks {
            desk.clear(cluster).await?;
        }
        for _ in 0..plan.turns() {
            for (desk, service) in desks.iter().zip(&services) {
                let name = format!("growth/refusals {}", desk.dates);
                let question =
                    Question { write: &asks::write(desk, UNKNOWN), is_right: &asks::is_right(UNKNOWN) };
                let mut tally = for_a_while(service.port, CONNECTIONS, TURN, &question).await?;
                report.measured(&name, CONNECTIONS, tally.figures());
                report.check(&name, &tally);
            }
        }
    }
    match desks.last() {
        Some(largest) => plans::write(cluster, largest).await,
        None => Ok(()),
    }
}

/// Grants a thousand rooms in each of the rounds: others each time, where there are more, from all over the schedule.
async fn grants(
    name: &str,
    cluster: &Cluster,
    desk: &Desk,
    service: &Service,
    rounds: Range<usize>,
    report: &mut Report,
) -> Done<Figures> {
    let write = asks::write(desk, BOOKED);
    let (mut latencies, mut time) = (Vec::new(), Duration::ZERO);
    let step = desk.rooms / ROOMS;
    for round in rounds {
        desk.clear(cluster).await?;
        let first = u64::try_from(round)? % step;
        let write = |number: u64, request: &mut Vec<u8>| write(number * step + first, request);
        let is_right: fn(u64, &Answer<'_>) -> bool = asks::is_right(BOOKED);
        let tally =
            so_many(service.port, CONNECTIONS, ROOMS, &Question { write: &write, is_right: &is_right })
                .await?;
        report.check(name, &tally);
        latencies.extend(tally.latencies);
        time += tally.time;
    }
    Ok(Figures::of(&mut latencies, time))
}
