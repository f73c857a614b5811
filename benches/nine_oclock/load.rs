//! Whoever asks, without a pause: each connection asks again as soon as it was answered.

use std::cell::Cell;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use crate::Done;
use crate::figures::Figures;
use crate::http::{Answer, Client};

/// What is asked, and how the answer must be.
pub struct Question<'a> {
    /// Writes the request of that number.
    pub write: &'a dyn Fn(u64, &mut Vec<u8>),
    /// Whether that is the right answer to it.
    pub is_right: &'a dyn Fn(u64, &Answer<'_>) -> bool,
}

/// How long.
#[derive(Debug, Clone, Copy)]
pub struct Phases {
    pub warm_up: Duration,
    pub measured: Duration,
}

/// What came of it.
pub struct Tally {
    /// How long each took that was measured.
    pub latencies: Vec<Duration>,
    /// How long it was measured.
    pub time: Duration,
    /// How many were asked, before it was measured, too.
    pub asked: u64,
    /// How many answers were wrong, and one of them.
    pub wrong: u64,
    pub example: Option<String>,
}

impl Tally {
    pub fn figures(&mut self) -> Figures {
        Figures::of(&mut self.latencies, self.time)
    }
}

/// Asks over so many connections at once, for so long.
pub async fn for_a_while(
    port: u16,
    connections: usize,
    phases: Phases,
    question: &Question<'_>,
) -> Done<Tally> {
    let mut clients = connect(port, connections).await?;
    let begin = Instant::now() + phases.warm_up;
    let end = begin + phases.measured;
    let mut tally = ask(&mut clients, question, |_, at| at < end, |at| at >= begin).await?;
    tally.time = phases.measured;
    Ok(tally)
}

/// Asks so many questions over so many connections at once.
pub async fn so_many(port: u16, connections: usize, questions: u64, question: &Question<'_>) -> Done<Tally> {
    let mut clients = connect(port, connections).await?;
    let begin = Instant::now();
    let mut tally = ask(&mut clients, question, |number, _| number < questions, |_| true).await?;
    tally.time = begin.elapsed();
    tally.asked = questions;
    Ok(tally)
}

/// So many connections.
pub async fn connect(port: u16, connections: usize) -> Done<Vec<Client>> {
    Ok(try_join_all((0..connections).map(|_| Client::connect(port))).await?)
}

async fn ask(
    clients: &mut [Client],
    question: &Question<'_>,
    goes_on: impl Fn(u64, Instant) -> bool,
    counts: impl Fn(Instant) -> bool,
) -> Done<Tally> {
    let next = Cell::new(0);
    let wrong = Cell::new(0);
    let example = Cell::new(None);
    let (goes_on, counts, next, wrong, example) = (&goes_on, &counts, &next, &wrong, &example);
    let asking = clients.iter_mut().map(|client| async move {
        let (mut request, mut latencies) = (Vec::new(), Vec::new());
        loop {
            let (number, asked) = (next.get(), Instant::now());
            if !goes_on(number, asked) {
                return Ok::<_, std::io::Error>(latencies);
            }
            next.set(number + 1);
            request.clear();
            (question.write)(number, &mut request);
            let answer = client.ask(&request).await?;
            if !(question.is_right)(number, &answer) {
                wrong.set(wrong.get() + 1);
                example.set(Some(format!("{}{}", answer.head, answer.body)));
            }
            if counts(asked) {
                latencies.push(asked.elapsed());
            }
        }
    });
    let latencies = try_join_all(asking).await?.concat();
    let (asked, wrong, example) = (next.get(), wrong.get(), example.take());
    Ok(Tally { latencies, time: Duration::ZERO, asked, wrong, example })
}
