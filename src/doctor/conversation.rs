//! The whole conversation with the running service, over the network, as a Prosody holds it.
//!
//! Source: what is sent, and what makes an answer void, was read in `mod_reservations.lua` of
//! jitsi-meet and seen on Prosody 0.12.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, USER_AGENT};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use super::finding::{Check, Findings};
use crate::clock::Clock;
use crate::credential::Credential;
use crate::reservation::BaseUrl;
use crate::telemetry::with_sources;

/// How long Prosody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long Frontdesk may take.
const IN_TIME: Duration = Duration::from_secs(2);

/// How much of an answer is read, in bytes.
const MOST: usize = 64 << 10;

/// How far clocks may be apart. `Date` has whole seconds.
const CLOCKS: TimeDelta = TimeDelta::seconds(2);

/// Who asks, and what for.
#[derive(Debug, Clone)]
pub struct Script {
    /// A credential that may ask.
    pub credential: Credential,
    /// A room that is booked for now, with a password, a lobby and this limit of people.
    pub booked: Booked,
    /// A room that nobody booked.
    pub unknown: String,
}

/// A room that is booked for now.
#[derive(Debug, Clone)]
pub struct Booked {
    /// Its name, as Prosody sends it.
    pub room: String,
    /// The most people in it.
    pub max_occupants: u32,
}

/// A client that asks as Prosody does.
#[derive(Debug)]
pub struct Peer {
    client: Client,
    url: BaseUrl,
    slowest: Duration,
}

struct Reply {
    status: StatusCode,
    body: Value,
    date: Option<DateTime<Utc>>,
}

impl Peer {
    /// One that asks the service at `url`.
    ///
    /// # Errors
    /// Where TLS can't be set up.
    pub fn new(url: BaseUrl) -> Result<Self, reqwest::Error> {
        // One connection per request, no proxy and no redirect: so does Prosody.
        let client = Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self { client, url, slowest: Duration::ZERO })
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        credential: Option<&str>,
        form: Option<String>,
    ) -> Result<Reply, reqwest::Error> {
        let mut request =
            self.client.request(method, format!("{}{path}", self.url)).header(USER_AGENT, "Prosody (doctor)");
        if let Some(credential) = credential {
            request = request.header(AUTHORIZATION, format!("Bearer {credential}"));
        }
        if let Some(form) = form {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        }
        let began = Instant::now();
        let answer = request.send().await?;
        let status = answer.status();
        let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()).map(|date| date.to_utc());
        let mut answer = answer;
        let mut body = Vec::new();
        while body.len() < MOST
            && let Some(part) = answer.chunk().await?
        {
            body.extend_from_slice(&part);
        }
        self.slowest = self.slowest.max(began.elapsed());
        Ok(Reply { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null), date })
    }

    async fn ask(
        &mut self,
        credential: &str,
        room: &str,
        now: DateTime<Utc>,
    ) -> Result<Reply, reqwest::Error> {
        let time = now.format("%Y-%m-%dT%H%%3a%M%%3a%S%.3fZ");
        let form = format!("name={room}&mail_owner=doctor%40frontdesk.invalid&start_time={time}");
        self.send(Method::POST, "/conference", Some(credential), Some(form)).await
    }

    /// Whether the service is there and ready. Without it, nothing else can be asked.
    pub async fn reach(&mut self, clock: &Clock, found: &mut Findings<'_>) -> bool {
        let before = clock.now();
        let alive = match self.send(Method::GET, "/livez", None, None).await {
            Ok(alive) => alive,
            Err(error) => {
                found.error(
                    Check::Service,
                    format!("the service can't be reached from here: {}", with_sources(&error)),
                    "start `frontdesk serve`; where only Prosody can reach that address, run the doctor there, or name another address with --url",
                );
                return false;
            }
        };
        if let Some(theirs) = alive.date {
            let apart = (theirs - (before + (clock.now() - before) / 2)).abs();
            found.require(
                Check::Clock,
                apart <= CLOCKS,
                "the service's clock agrees with this machine's",
                &format!("the clocks of the service and of this machine are {} s apart", apart.num_seconds()),
                "let both follow a time server: rooms open and end by them",
            );
        }
        match self.send(Method::GET, "/readyz", None, None).await {
            Ok(ready) if ready.status == StatusCode::OK => found.ok(Check::Ready, "the service is ready"),
            // A proxy may well pass /conference only.
            Ok(ready) if ready.status == StatusCode::NOT_FOUND || ready.status == StatusCode::FORBIDDEN => {
                found.skipped(
                    Check::Ready,
                    format!("/readyz is not to be seen at this address ({})", ready.status),
                );
            }
            Ok(ready) => found.error(
                Check::Ready,
                format!("the service says that it is not ready ({})", ready.status),
                "see its log; its database may be away",
            ),
            Err(error) => found.error(Check::Ready, with_sources(&error), "see the service's log"),
        }
        true
    }

    /// Whether the service knows the credential: a look at a conference that can't exist.
    pub async fn knows(&mut self, credential: &Credential, found: &mut Findings<'_>) {
        let path = format!("/conference/{}", "A".repeat(43));
        match self.send(Method::GET, &path, Some(credential.expose()), None).await {
            Ok(reply) if reply.status == StatusCode::NOT_FOUND && reply.body["message"].is_string() => {
                found.ok(Check::Credential, "the service knows the credential");
            }
            Ok(reply) if reply.status == StatusCode::UNAUTHORIZED => found.error(
                Check::Credential,
                "the service doesn't know the credential, or a proxy between takes the Authorization header away",
                "`frontdesk server add-credential NAME` makes another; a proxy has to pass Authorization on",
            ),
            Ok(reply) if reply.status.is_server_error() && reply.body["message"].is_string() => found.error(
                Check::Service,
                format!("the service has no answer: {}", described(&reply)),
                "its database may be away; see its log",
            ),
            Ok(reply) => found.error(
                Check::Credential,
                format!("what answers there is not Frontdesk ({})", reply.status),
                "reservations_api_prefix is Frontdesk's address, without /conference",
            ),
            Err(_) => found.skipped(Check::Credential, "the service can't be reached, so it can't be asked whether it knows it"),
        }
    }

    /// Ask, refusal, 409, GET, DELETE, and the room opens again.
    ///
    /// # Errors
    /// Where an answer doesn't come.
    pub async fn play(
        &mut self,
        script: &Script,
        now: DateTime<Utc>,
        found: &mut Findings<'_>,
    ) -> Result<(), reqwest::Error> {
        let remedy = "what answers there is not this Frontdesk, or a proxy changes its answers; compare with the service's own address";
        let credential = script.credential.expose();
        let booked = &script.booked;

        let refused = self.ask(credential, &script.unknown, now).await?;
        let told = refused.status == StatusCode::NOT_FOUND && refused.body["message"].is_string();
        found.require(
            Check::Refusal,
            told,
            "a room that nobody booked is refused with a sentence",
            &format!("a room that nobody booked is answered {}", described(&refused)),
            remedy,
        );

        let granted = self.ask(credential, &booked.room, now).await?;
        let first = match understood(&granted, booked) {
            Ok(id) => id,
            Err(problem) => {
                found.error(Check::Grant, format!("a booked room is not granted: {problem}"), remedy);
                return Ok(());
            }
        };
        found.ok(Check::Grant, "a booked room is granted with its password, lobby and limit");

        let again = self.ask(credential, &booked.room, now).await?;
        let names_it = again.status == StatusCode::CONFLICT && again.body["conflict_id"] == first.as_str();
        found.require(
            Check::Conflict,
            names_it,
            "asked again, as after a crash, the answer names the conference that is open",
            &format!("asked again, the answer is {}", described(&again)),
            remedy,
        );

        let read = self.send(Method::GET, &format!("/conference/{first}"), Some(credential), None).await?;
        found.require(
            Check::Read,
            understood(&read, booked).as_ref() == Ok(&first) && read.body == granted.body,
            "read again, it has the same terms and the same end",
            &format!("read again, it is answered {}", described(&read)),
            remedy,
        );

        let released =
            self.send(Method::DELETE, &format!("/conference/{first}"), Some(credential), None).await?;
        let reopened = self.ask(credential, &booked.room, now).await?;
        let second = understood(&reopened, booked);
        found.require(
            Check::Release,
            released.status.is_success() && second.as_ref().is_ok_and(|second| *second != first),
            "when everybody has left, the room is free again",
            &format!("after a release ({}), the room is answered {}", released.status, described(&reopened)),
            remedy,
        );
        if let Ok(second) = second {
            self.send(Method::DELETE, &format!("/conference/{second}"), Some(credential), None).await?;
        }

        found.require(
            Check::AnswerTime,
            self.slowest < IN_TIME,
            &format!("the slowest answer took {} ms", self.slowest.as_millis()),
            &format!(
                "the slowest answer took {} ms; Frontdesk's own limit is 2000",
                self.slowest.as_millis()
            ),
            "look at the network and a proxy between",
        );
        Ok(())
    }
}

/// An answer in short; nothing of a password.
fn described(reply: &Reply) -> String {
    let words = ["message", "reason"].iter().filter_map(|name| reply.body[*name].as_str());
    std::iter::once(reply.status.to_string()).chain(words.map(str::to_owned)).collect::<Vec<_>>().join(", ")
}

/// The id of a conference, if Prosody's module understands the answer and would apply all of it.
fn understood(reply: &Reply, booked: &Booked) -> Result<String, String> {
    let body = &reply.body;
    if reply.status != StatusCode::OK {
        return Err(described(reply));
    }
    let text = |field: &str| body[field].as_str().unwrap_or_default();
    let id = text("id");
    let in_a_path = |c: u8| c.is_ascii_alphanumeric() || b"-_".contains(&c);
    let fields = [
        ("id", !id.is_empty() && id.bytes().all(in_a_path)),
        ("name", text("name") == booked.room),
        ("mail_owner", body["mail_owner"].is_string()),
        ("start_time", DateTime::parse_from_rfc3339(text("start_time")).is_ok()),
        ("duration", body["duration"].as_i64().is_some_and(|seconds| seconds > 0)),
        ("max_occupants", body["max_occupants"].as_u64() == Some(booked.max_occupants.into())),
        ("lobby", body["lobby"] == true),
        ("password", !text("password").is_empty()),
    ];
    match fields.iter().find(|(_, fine)| !fine) {
        Some((field, _)) => Err(format!("`{field}` is not as Prosody needs it")),
        None => Ok(id.to_owned()),
    }
}
