//! Who else comes at nine: apps that try what a room would do (dry runs), and people who click on their join links.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, TimeDelta};
use frontdesk::clock::Clock;
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use crate::Done;
use crate::asks::{BOOKED, UNKNOWN};
use crate::cluster::Cluster;
use crate::data::{self, Desk, room};
use crate::figures::Figures;
use crate::http::{Answer, Client};
use crate::load::connect;
use crate::report::Report;

/// How many calls there are, one half dry runs and the other clicks, and over how many connections.
pub const CALLS: u64 = 50_000;
const CONNECTIONS: usize = 64;

/// How many links are clicked.
const LINKS: u64 = 400;

/// All of it is this tenant's, and so is every eighth room.
const TENANT: &str = "tenant-0";
const MEETING_URL: &str = "https://meet.example.org/tenant-0";

/// Who comes.
pub struct Beside {
    credential: String,
    /// The paths of links.
    links: Vec<String>,
    /// The first room that nobody else asks for.
    first: u64,
}

/// What they were told.
pub struct Others {
    dry_runs: Vec<Duration>,
    clicks: Vec<Duration>,
    time: Duration,
    pub ended: Instant,
    wrong: Vec<String>,
    /// How many were told to come again.
    pub unavailable: u64,
    /// How many of the others waited for more than two seconds.
    pub over: usize,
}

impl Beside {
    /// Makes an app, and appointments with links. Rooms before `first` are left alone.
    pub async fn prepare(cluster: &Cluster, desk: &Desk, port: u16, first: u64) -> Done<Self> {
        data::command(cluster, &desk.database, &["tenant", "set", TENANT, "--meeting-url", MEETING_URL])?;
        let app = data::command(cluster, &desk.database, &["app", "add", "timetable", "--tenant", TENANT])?;
        let credential = app["credential"].as_str().ok_or("the app has no credential")?.to_owned();
        let mut beside = Self { credential, links: Vec::new(), first };
        let mut client = Client::connect(port).await?;
        let now = Clock::system().now();
        for _ in 0..LINKS {
            let booking = json!({
                "starts": (now - TimeDelta::minutes(5)).to_rfc3339_opts(SecondsFormat::Secs, true),
                "duration_seconds": 12 * 60 * 60,
                "participants": [{ "role": "host", "name": "Dr. Ada" }],
            });
            let request = beside.request("POST", "/v1/appointments", &booking.to_string());
            let answer = client.ask(request.as_bytes()).await?;
            let booked: Value = serde_json::from_str(answer.body)?;
            let link =
                booked["participants"][0]["join_url"].as_str().and_then(|url| url.split_once("/join/"));
            let (_, code) = link.ok_or_else(|| format!("no link: {}", answer.body))?;
            beside.links.push(format!("/join/{code}"));
        }
        Ok(beside)
    }

    /// Calls until all calls are answered.
    pub async fn run(&self, port: u16) -> Done<Others> {
        let mut clients = connect(port, CONNECTIONS).await?;
        let next = Cell::new(0);
        let began = Instant::now();
        let others = RefCell::new(Others {
            dry_runs: Vec::new(),
            clicks: Vec::new(),
            time: Duration::ZERO,
            ended: began,
            wrong: Vec::new(),
            unavailable: 0,
            over: 0,
        });
        let (next, noted) = (&next, &others);
        try_join_all(clients.iter_mut().map(|client| async move {
            while next.get() < CALLS {
                let number = next.replace(next.get() + 1);
                let call = self.call(number);
                let asked = Instant::now();
                let answer = client.ask(call.request.as_bytes()).await?;
                noted.borrow_mut().note(&call, &answer, asked.elapsed());
            }
            Ok::<_, std::io::Error>(())
        }))
        .await?;
        let mut others = others.into_inner();
        (others.time, others.ended) = (began.elapsed(), Instant::now());
        Ok(others)
    }

    /// The call of that number.
    fn call(&self, number: u64) -> Call {
        if number % 2 == 1 {
            let link = &self.links[usize::try_from(number / 2 % LINKS).unwrap_or_default()];
            let request = format!(
                "GET {link} HTTP/1.1\r\nhost: frontdesk\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\n\r\n"
            );
            return Call { request, expected: Expected::Entrance };
        }
        // Every eighth room is this tenant's.
        let place = self.first.next_multiple_of(8) + number / 2 % 1000 * 8;
        let yesterday = Clock::system().now() - TimeDelta::days(1);
        let (kind, body, verdict) = match number / 2 % 3 {
            0 => (BOOKED, json!({}), r#""decision":"granted""#),
            1 => (UNKNOWN, json!({}), r#""reason":"unknown_room""#),
            _ => {
                let at = yesterday.to_rfc3339_opts(SecondsFormat::Secs, true);
                (BOOKED, json!({ "at": at }), r#""reason":"too_early""#)
            }
        };
        let path = format!("/v1/rooms/{}/decision", room(kind, place));
        Call { request: self.request("POST", &path, &body.to_string()), expected: Expected::Verdict(verdict) }
    }

    fn request(&self, method: &str, path: &str, body: &str) -> String {
        format!(
            "{method} {path} HTTP/1.1\r\nhost: frontdesk\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.credential,
            body.len()
        )
    }
}

struct Call {
    request: String,
    expected: Expected,
}

enum Expected {
    /// The dry run says so.
    Verdict(&'static str),
    /// The way into the room, with a token.
    Entrance,
}

impl Others {
    fn note(&mut self, call: &Call, answer: &Answer<'_>, took: Duration) {
        let (latencies, is_right) = match call.expected {
            Expected::Verdict(verdict) => {
                (&mut self.dry_runs, answer.status == 200 && answer.body.contains(verdict))
            }
            Expected::Entrance => {
                let place = answer.header("location").unwrap_or_default();
                let leads_in = place.starts_with(MEETING_URL) && place.contains("jwt=");
                (&mut self.clicks, answer.status == 303 && leads_in)
            }
        };
        if answer.status == 503 {
            self.unavailable += 1;
            return;
        }
        latencies.push(took);
        self.over += usize::from(took > Duration::from_secs(2));
        if !is_right {
            self.wrong.push(format!("{}{}", answer.head, answer.body));
        }
    }

    pub fn report(mut self, report: &mut Report) {
        for (name, latencies) in [("rush/dry runs", &mut self.dry_runs), ("rush/clicks", &mut self.clicks)] {
            report.measured(name, CONNECTIONS / 2, Figures::of(latencies, self.time));
        }
        if let Some(example) = self.wrong.first() {
            report.wrong(self.wrong.len() as u64, &format!("calls beside the rush, such as {example}"));
        }
    }
}
