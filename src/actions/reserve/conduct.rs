//! How the lane settles batch after batch: they are read one after the other, and claimed one after the other.
//!
//! Each has a connection of its own: while some rooms are claimed, others are read and decided about, and all of those are claimed
//! together next. So the database does not wait for us where somebody waits for it. Where as many as fit into one claim are decided
//! about, reading waits for it.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgConnection;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::Instant;

use super::lane::{BATCH, Ticket, Waiting};
use super::promises::{Promise, Promises};
use super::verdict::{Candidate, Verdict};
use crate::app::App;
use crate::database::desk::DeskError;
use crate::store::claim::claim;
use crate::store::desk::read;

/// How long a batch may take from the moment it is read. Less than an ask may, so that who was in one from the start has time to
/// go on alone.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// How much of that is left to be claimed at least. Who waited for other claims for longer goes on alone at once.
const CLAIM: Duration = Duration::from_millis(500);

/// Who is to open a room.
struct Going {
    ticket: Ticket,
    candidate: Box<Candidate>,
    /// `None` where the tenant has no place for it beside others who are about to get one.
    promise: Option<Promise>,
    /// When it has to be open.
    until: Instant,
}

/// Has everybody who waits settled, for ever.
pub(super) async fn conduct(app: Arc<App>, waiting: Arc<Waiting>) {
    let (decided, next) = mpsc::channel(BATCH);
    tokio::join!(look(&app, &waiting, decided), open(&app, next));
}

/// Reads the next batch and decides about it. Whoever gets no room is told so.
async fn look(app: &App, waiting: &Waiting, decided: Sender<Going>) {
    let (mut reading, promises) = (app.desk.shared(), Promises::default());
    reading.connect().await;
    loop {
        let batch = waiting.next().await;
        let (asks, now, until) = (batch.len(), app.clock.now(), Instant::now() + PATIENCE);
        app.metrics.batch(asks);
        let look_ups: Vec<_> = batch.iter().map(|ticket| ticket.asked.look_up()).collect();
        let mut promised = promises.made();
        let work = async |db: &mut PgConnection| read(db, &app.standings, &look_ups, now).await;
        let found = reading.run(asks, until, work).await.unwrap_or_else(|error| {
            failed("read", &error, asks);
            Vec::new()
        });
        let mut going = Vec::new();
        for (ticket, found) in batch.into_iter().zip(found) {
            // What can't be read about one, or changed meanwhile, is read again when it goes on alone.
            let Ok(found) = found else { continue };
            match ticket.asked.judge(app, found, now) {
                Verdict::Settled(settled) => ticket.reply(settled),
                Verdict::Close(_) => {}
                Verdict::Claim(candidate) => {
                    let tenant = candidate.room().0;
                    let taken = promised.entry(tenant).or_default();
                    let promise = candidate.places.is_none_or(|places| *taken < places).then(|| {
                        *taken += 1;
                        promises.make(tenant)
                    });
                    going.push(Going { ticket, candidate, promise, until });
                }
            }
        }
        if let Ok(places) = decided.reserve_many(going.len()).await {
            for (place, one) in places.zip(going) {
                place.send(one);
            }
        }
    }
}

/// Claims the rooms of all that were decided about since it did so last.
async fn open(app: &App, mut next: Receiver<Going>) {
    let mut claiming = app.desk.shared();
    claiming.connect().await;
    let mut batch = Vec::new();
    while next.recv_many(&mut batch, BATCH).await > 0 {
        let latest = Instant::now() + CLAIM;
        batch.retain(|one| one.until >= latest && !one.ticket.is_given_up());
        let until = batch.iter().map(|one| one.until).min().unwrap_or(latest);
        let (going, left) = without_rivals(mem::take(&mut batch));
        if !going.is_empty() {
            let claims: Vec<_> = going.iter().map(|one| one.ticket.asked.claim(&one.candidate)).collect();
            let work = async |db: &mut PgConnection| claim(db, &claims).await;
            match claiming.run(claims.len(), until, work).await {
                Err(error) => failed("claim", &error, going.len()),
                Ok(claimed) => {
                    for Going { ticket, candidate, .. } in going {
                        if let Some(settled) = ticket.asked.claimed(app, *candidate, &claimed) {
                            ticket.reply(settled);
                        }
                    }
                }
            }
        }
        // Not before: now they see what came of the others.
        drop(left);
    }
}

/// Those that can all be claimed, each room once and only where there is a place for it; and the others.
fn without_rivals(mut batch: Vec<Going>) -> (Vec<Going>, Vec<Going>) {
    batch.sort_by(|one, other| one.candidate.room().cmp(&other.candidate.room()));
    let mut going: Vec<Going> = Vec::with_capacity(batch.len());
    let mut left = Vec::new();
    for one in batch {
        let again = going.last().is_some_and(|last| last.candidate.room() == one.candidate.room());
        let list = if again || one.promise.is_none() { &mut left } else { &mut going };
        list.push(one);
    }
    (going, left)
}

fn failed(step: &str, error: &DeskError, asks: usize) {
    tracing::warn!(
        step,
        error = error as &dyn std::error::Error,
        asks,
        "a batch of asks failed; each goes on alone"
    );
}
