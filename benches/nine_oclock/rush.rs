//! Rush hour: ten thousand rooms are asked for within one second, while appointment apps and people come, too.
//!
//! The asks come when they come (open loop): each is sent at its moment, whatever became of those before it, and how long it
//! takes is counted from then. On a new installation: no conference was ever opened in it.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use futures_util::future::{try_join, try_join_all};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::json;
use tokio::time::sleep_until;

use crate::asks::{self, BOOKED};
use crate::beside::Beside;
use crate::cluster::Cluster;
use crate::data::{self, Desk};
use crate::figures::{Figures, milliseconds, quantile};
use crate::http::Client;
use crate::load::connect;
use crate::report::Report;
use crate::service::Service;
use crate::{Done, beside};

/// How many rooms are asked for, and in which time.
const ROOMS: u32 = 10_000;
const WITHIN: Duration = Duration::from_secs(1);

/// How many connections there are when it begins: as many conference servers as that. Where all are busy, there are more.
const SERVERS: usize = 1000;

/// How long others have been calling when it begins.
const BEFORE: Duration = Duration::from_secs(2);

/// When Prosody asks again after a 503.
const AGAIN: Duration = Duration::from_secs(3);

/// How long a connection is used again after its last answer; after five seconds the other side closes it.
const KEPT: Duration = Duration::from_secs(4);

/// Nothing may take longer, but for a 503.
const LONGEST: Duration = Duration::from_secs(2);

/// A schedule for it.
pub async fn load(cluster: &Cluster) -> Done<Desk> {
    data::load(cluster, "rush", 2 * u64::from(ROOMS), 1).await
}

pub async fn run(cluster: &Cluster, desk: &Desk, report: &mut Report) -> Done {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
    let settings = [("FRONTDESK_API_REQUESTS_PER_MINUTE", "1000000")];
    let service = Service::frontdesk(cluster, &desk.database, &settings).await?;
    let beside = Beside::prepare(cluster, desk, service.port, ROOMS.into()).await?;
    let memory_before = service.peak_memory()?;
    println!("rush hour: {ROOMS} rooms within {WITHIN:?}, {} other calls meanwhile", beside::CALLS);
    let rush = Rush::new(service.port, desk).await?;
    let (time, others) = try_join(rush.ask_all(), beside.run(service.port)).await?;
    let Asked { mut granted, mut early, wrong } = rush.asked.into_inner();
    if let Some(example) = wrong.first() {
        report.wrong(wrong.len() as u64, &format!("rush/asks, such as {example}"));
    }
    let opened = desk.conferences(cluster).await?;
    if opened != u64::from(ROOMS) {
        report.wrong(1, &format!("rush: {opened} of {ROOMS} rooms are open"));
    }
    if others.ended < rush.begin + time {
        println!("  the other calls ended before the rush did");
    }
    report.measured("rush/asks", SERVERS, Figures::of(&mut granted, time));
    early.sort_unstable();
    report.note(
        "rush",
        json!({
            "rooms": ROOMS,
            "all_open_after_ms": milliseconds(time),
            "longest_ms": milliseconds(quantile(&granted, 100)),
            "over_2_s": granted.iter().filter(|took| **took > LONGEST).count(),
            "early_503s": early.len(),
            "longest_503_ms": milliseconds(quantile(&early, 100)),
            "most_connections": rush.connections.get(),
            "calls_beside_over_2_s": others.over,
            "calls_beside_503s": others.unavailable,
            "memory_before_bytes": memory_before,
            "memory_peak_bytes": service.peak_memory()?,
        }),
    );
    others.report(report);
    Ok(())
}

/// Everybody who asks.
struct Rush<'a> {
    port: u16,
    desk: &'a Desk,
    begin: Instant,
    /// Those that nobody uses just now, and since when.
    free: RefCell<Vec<(Client, Instant)>>,
    connections: Cell<usize>,
    asked: RefCell<Asked>,
}

/// What became of the asks.
#[derive(Default)]
struct Asked {
    granted: Vec<Duration>,
    /// How long it took until they were told to come again.
    early: Vec<Duration>,
    wrong: Vec<String>,
}

impl<'a> Rush<'a> {
    async fn new(port: u16, desk: &'a Desk) -> Done<Self> {
        let free = connect(port, SERVERS).await?.into_iter().map(|client| (client, Instant::now()));
        let (free, begin) = (RefCell::new(free.collect()), Instant::now() + BEFORE);
        Ok(Self { port, desk, begin, free, connections: Cell::new(SERVERS), asked: RefCell::default() })
    }

    /// Asks for each room at its moment; how long it took until all were open.
    async fn ask_all(&self) -> Done<Duration> {
        let write = &asks::write(self.desk, BOOKED);
        let asking = (0..ROOMS).map(|number| async move {
            let mut request = Vec::new();
            write(number.into(), &mut request);
            self.ask(&request, self.begin + WITHIN * number / ROOMS).await
        });
        try_join_all(asking).await?;
        Ok(self.begin.elapsed())
    }

    /// Asks for a room, and again where it is told to, as Prosody does. If the room turns out to be open since the time before,
    /// Prosody reads what it was granted.
    async fn ask(&self, request: &[u8], mut moment: Instant) -> Done {
        let mut is_first = true;
        loop {
            sleep_until(moment.into()).await;
            let mut client = self.client().await?;
            let mut answer = client.ask(request).await?;
            let conflict = answer.body.strip_prefix(r#"{"conflict_id":""#).filter(|_| !is_first);
            if let Some((id, _)) = conflict.and_then(|rest| rest.split_once('"')) {
                let read = asks::read(self.desk, id);
                answer = client.ask(read.as_bytes()).await?;
            }
            let is_granted = asks::is_grant(&answer);
            let is_told_to_come_again = answer.status == 503;
            let told = format!("{}{}", answer.head, answer.body);
            let took = moment.elapsed();
            self.free.borrow_mut().push((client, Instant::now()));
            let asked = &mut *self.asked.borrow_mut();
            if is_granted {
                asked.granted.push(took);
            } else if is_told_to_come_again {
                asked.early.push(took);
                (moment, is_first) = (Instant::now() + AGAIN, false);
                continue;
            } else {
                asked.wrong.push(told);
            }
            return Ok(());
        }
    }

    /// A connection that is free, or else a new one.
    async fn client(&self) -> Done<Client> {
        let free = self.free.borrow_mut().pop();
        if let Some((client, since)) = free
            && since.elapsed() < KEPT
        {
            return Ok(client);
        }
        self.connections.set(self.connections.get() + 1);
        Ok(Client::connect(self.port).await?)
    }
}
