//! End to end: a real Prosody with Jitsi's plugins and our guard, a real Frontdesk, and clients over WebSocket. Only Jicofo
//! is played. `make test-prosody` runs these; what the files say about Prosody was seen on 0.12.

mod client;
mod doors;
mod focus;
mod guard;
mod lifetime;
mod outages;
mod rooms;
mod server;
mod several;
mod spellings;
mod tap;
mod token_to_open;
mod tokens;
mod verdicts;
mod xml;

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use frontdesk::actions::add_server::{Serves, add_server};
use frontdesk::actions::add_tenant::add_tenant;
use frontdesk::actions::book::{Booking, book};
use frontdesk::actions::cancel::cancel;
use frontdesk::app::App;
use frontdesk::reservation::{Appointment, Policy};
use frontdesk::store::servers;
use tokio::time::sleep;

use self::client::Client;
use self::focus::Focus;
use self::server::{Amiss, DOMAIN, Guard, Guests, Logins, Prosody, Settings};
use self::tap::Tap;
use crate::rig::{Frontdesk, PATIENCE, Setup, db, hands_on};
use crate::world;

/// A Jitsi that asks a Frontdesk: one of each, and a tap on the wire between them.
struct Meet {
    app: App,
    setup: Setup,
    frontdesk: Frontdesk,
    tap: Tap,
    prosody: Prosody,
    focus: Focus,
}

impl Meet {
    /// As README.md has it, with the guard, and guests are checked, too.
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With `change` to Prosody's settings.
    async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::prepared(async |_, _| {}, |_, settings| change(settings)).await
    }

    /// The same, with what is to be done before Frontdesk starts. `change` is told where Frontdesk serves the keys that
    /// Prosody verifies with.
    async fn prepared(
        prepare: impl AsyncFnOnce(&App, &mut Setup),
        change: impl FnOnce(&str, &mut Settings),
    ) -> Self {
        let (_, options) = world::database().await;
        let app = hands_on(&options);
        for tenant in ["main", "acme"] {
            add_tenant(&app, tenant.parse().unwrap(), Policy::default()).await.unwrap();
        }
        let credential = add_conference_server(&app, "one").await;
        let server = servers::by_name(&mut app.db.acquire().await.unwrap(), "one").await.unwrap().unwrap();
        let mut setup = Setup::remote(&options);
        prepare(&app, &mut setup).await;
        let frontdesk = setup.serve().await;
        let tap = Tap::to(&frontdesk.url).await;
        let mut settings = Settings {
            frontdesk: tap.url.clone(),
            credential,
            guard: Guard::Beside,
            guests: Guests::Checked,
            amiss: Amiss::Nothing,
            logins: Logins::Open,
            verifier: String::new(),
        };
        change(&format!("{}/keys/{}", frontdesk.url, server.server.id), &mut settings);
        let prosody = Prosody::start(settings).await;
        let focus = Focus::start(&prosody).await;
        Self { app, setup, frontdesk, tap, prosody, focus }
    }

    /// Books a room of `main` from a minute ago for an hour.
    async fn book(&self, room: &str) -> Appointment {
        self.book_with(room, |_| {}).await
    }

    /// Books a room, with `change` to what is booked.
    async fn book_with(&self, room: &str, change: impl FnOnce(&mut Booking)) -> Appointment {
        let now = self.app.clock.now();
        let (starts, ends) = (now - TimeDelta::minutes(1), now + TimeDelta::hours(1));
        let mut booking = Booking::of("main".parse().unwrap(), room.parse().unwrap(), starts, Some(ends));
        change(&mut booking);
        book(&self.app, booking).await.unwrap()
    }

    async fn cancel(&self, appointment: &Appointment) {
        cancel(&self.app, &"main".parse().unwrap(), appointment.id).await.unwrap();
    }

    /// Somebody with an account, as far as Prosody's module cares.
    async fn client(&self) -> Client {
        Client::anonymous(self.prosody.port, DOMAIN).await
    }

    async fn guest(&self) -> Client {
        Client::anonymous(self.prosody.port, &format!("guest.{DOMAIN}")).await
    }

    /// How many conferences are open to Frontdesk.
    async fn open(&self) -> i64 {
        let open = "SELECT count(*) FROM conferences WHERE closed_at IS NULL";
        sqlx::query_scalar(open).fetch_one(db(&self.app)).await.unwrap()
    }

    /// Waits until Frontdesk was asked and has answered just so: `POST 200`.
    async fn eventually_asked(&self, summary: &[&str]) {
        let began = Instant::now();
        while self.tap.summary() != summary {
            assert!(began.elapsed() < PATIENCE, "not {summary:?} but {:?}", self.tap.summary());
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Adds a conference server, and gives its credential.
async fn add_conference_server(app: &App, name: &str) -> String {
    let serves =
        Serves { default: "main".parse().unwrap(), others: vec!["acme".parse().unwrap()], all: false };
    add_server(app, name.to_owned(), serves).await.unwrap().credential.expose().to_owned()
}
