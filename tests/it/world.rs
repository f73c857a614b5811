//! A running Frontdesk with a database of its own and a clock that stands still.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::actions::add_server::{Serves, add_server};
use frontdesk::actions::add_tenant::add_tenant;
use frontdesk::actions::book::{Booking, book};
use frontdesk::actions::change_server::change_server;
use frontdesk::actions::passwords::share_keys;
use frontdesk::app::App;
use frontdesk::clock::Clock;
use frontdesk::config::{Config, DatabaseConfig, SigningKeysConfig};
use frontdesk::database::migrate;
use frontdesk::refusal_log::RefusalLog;
use frontdesk::reservation::wording::Language;
use frontdesk::reservation::{AliasId, AliasKind, Appointment, Policy, ServerState, TenantName};
use frontdesk::seal::MasterKeys;
use frontdesk::server;
use frontdesk::store::aliases::{self, AliasRecord};
use frontdesk::store::sealed::SealedColumn;
use frontdesk::store::tenants;
use futures_util::future::join_all;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use tokio::sync::{OnceCell, oneshot};
use uuid::Uuid;

/// The migrated database that every test's own is copied from.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// When the clock of a world stands at first.
pub fn nine_o_clock() -> DateTime<Utc> {
    "2026-12-01T09:00:00Z".parse().unwrap()
}

/// A running Frontdesk.
pub struct World {
    pub app: Data<App>,
    pub clock: Clock,
    pub url: String,
    pub options: PgConnectOptions,
    client: reqwest::Client,
    server: ServerHandle,
    stop_writing: Option<oneshot::Sender<()>>,
    /// The database that goes when this goes; a replica has none of its own.
    database: Option<String>,
}

/// An answer, as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
}

impl Reply {
    /// The refusal's code.
    pub fn reason(&self) -> &str {
        self.body["reason"].as_str().unwrap_or_else(|| panic!("no reason in {self:?}"))
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_else(|| panic!("no message in {self:?}"))
    }

    /// The conference's id.
    pub fn id(&self) -> &str {
        self.body["id"].as_str().unwrap_or_else(|| panic!("no id in {self:?}"))
    }
}

fn admin() -> PgConnectOptions {
    let url =
        std::env::var("TEST_DATABASE_URL").expect("run the tests with `make test`, or set TEST_DATABASE_URL");
    url.parse().expect("TEST_DATABASE_URL is a PostgreSQL URL")
}

async fn execute(sql: String) {
    let mut db = PgConnection::connect_with(&admin()).await.unwrap();
    sqlx::query(AssertSqlSafe(sql)).execute(&mut db).await.unwrap();
}

/// A new, migrated database.
pub async fn database() -> (String, PgConnectOptions) {
    let template = TEMPLATE.get_or_init(async || {
        let name = format!("template_{}", Uuid::now_v7().simple());
        execute(format!("CREATE DATABASE {name}")).await;
        let mut db = PgConnection::connect_with(&admin().database(&name)).await.unwrap();
        migrate::run(&mut db).await.unwrap();
        db.close().await.unwrap();
        name
    });
    let template = template.await;
    let name = format!("test_{}", Uuid::now_v7().simple());
    execute(format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    let options = admin().database(&name);
    (name, options)
}

/// A new database with nothing in it.
pub async fn empty_database() -> PgConnectOptions {
    let name = format!("empty_{}", Uuid::now_v7().simple());
    execute(format!("CREATE DATABASE {name}")).await;
    admin().database(&name)
}

/// The configuration of pools that tests use.
pub fn pools() -> DatabaseConfig {
    config().database
}

/// The configuration that tests use.
pub fn config() -> Config {
    let env = [
        ("FRONTDESK_DATABASE_DESK_CONNECTIONS", "8"),
        ("FRONTDESK_DATABASE_CONNECTIONS", "4"),
        ("FRONTDESK_API_REQUESTS_PER_MINUTE", "100000"),
        ("FRONTDESK_API_ALLOWED_ORIGINS", "https://app.example.org"),
    ];
    let env = env.map(|(name, value)| (name.into(), value.into()));
    frontdesk::config::load(&frontdesk::config::Overrides::default(), env.into_iter()).unwrap()
}

/// A master key that tests use.
pub fn keys() -> MasterKeys {
    MasterKeys::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
}

impl World {
    /// A Frontdesk at nine o'clock, with the tenant `acme` and nothing else.
    pub async fn new() -> Self {
        let (database, options) = database().await;
        let clock = Clock::standing_at(nine_o_clock());
        let world = Self::on(Some(database), options, clock, keys(), SigningKeysConfig::default());
        world.tenant("acme", |_| {}).await;
        world
    }

    /// The same with the system's clock, where keys sign and are kept for so long.
    pub async fn rotating(signing_keys: SigningKeysConfig) -> Self {
        let (database, options) = database().await;
        let world = Self::on(Some(database), options, Clock::system(), keys(), signing_keys);
        world.tenant("acme", |_| {}).await;
        world
    }

    /// Another replica: with the database and the clock of `world`, which has to outlive it.
    pub fn replica_of(world: &Self) -> Self {
        Self::with_keys(world, keys())
    }

    /// Such a replica, with these master keys.
    pub fn with_keys(world: &Self, keys: MasterKeys) -> Self {
        Self::on(None, world.options.clone(), world.clock.clone(), keys, world.app.signing_keys)
    }

    fn on(
        database: Option<String>,
        options: PgConnectOptions,
        clock: Clock,
        keys: MasterKeys,
        signing_keys: SigningKeysConfig,
    ) -> Self {
        let (log, writer) = RefusalLog::new();
        let app = App::new(options.clone(), &pools(), keys, clock.clone(), Language::En, log);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Data::new(app.rotating(signing_keys).reached_at(url.parse().ok(), None));
        let serving =
            server::serve(app.clone(), listener, None, &config().api, Duration::from_secs(1)).unwrap();
        let server = serving.handle();
        tokio::spawn(serving);
        let (stop_writing, stopped) = oneshot::channel();
        tokio::spawn(writer.run(options.clone(), async { _ = stopped.await }));
        let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
        Self { app, clock, url, options, client, server, stop_writing: Some(stop_writing), database }
    }

    /// Adds a tenant.
    pub async fn tenant(&self, name: &str, change: impl FnOnce(&mut Policy)) {
        let mut policy = Policy::default();
        change(&mut policy);
        add_tenant(&self.app, name.parse().unwrap(), policy).await.unwrap();
    }

    /// Changes the policy of `acme`.
    pub async fn policy(&self, change: impl Fn(&mut Policy)) {
        let name: TenantName = "acme".parse().unwrap();
        frontdesk::actions::change_tenant::change_tenant(&self.app, &name, None, change).await.unwrap();
    }

    /// Adds a conference server whose default tenant is `acme`, and gives its credential.
    pub async fn server(&self, name: &str) -> String {
        let serves = Serves { default: "acme".parse().unwrap(), others: Vec::new(), all: false };
        add_server(&self.app, name.to_owned(), serves).await.unwrap().credential.expose().to_owned()
    }

    /// Adds a conference server that may ask for several tenants, and gives its credential.
    pub async fn server_for(&self, name: &str, default: &str, others: &[&str], all: bool) -> String {
        let others = others.iter().map(|name| name.parse().unwrap()).collect();
        let serves = Serves { default: default.parse().unwrap(), others, all };
        add_server(&self.app, name.to_owned(), serves).await.unwrap().credential.expose().to_owned()
    }

    /// Says what a server is good for.
    pub async fn server_is(&self, name: &str, state: ServerState) {
        change_server(&self.app, name, state).await.unwrap();
    }

    /// A booking of a room of `acme` from `starts` to `ends`, in minutes from nine o'clock.
    #[expect(clippy::unused_self, reason = "reads like the other verbs of a world")]
    pub fn booking(&self, room: &str, starts: i64, ends: i64) -> Booking {
        let at = |minutes| nine_o_clock() + TimeDelta::minutes(minutes);
        Booking::of("acme".parse().unwrap(), room.parse().unwrap(), at(starts), Some(at(ends)))
    }

    /// Books a room of `acme` from `starts` to `ends`, in minutes from nine o'clock.
    pub async fn book(&self, room: &str, starts: i64, ends: i64) -> Appointment {
        book(&self.app, self.booking(room, starts, ends)).await.unwrap()
    }

    /// Books a room of `acme`, with `change` to what is booked.
    pub async fn book_with(
        &self,
        room: &str,
        starts: i64,
        ends: i64,
        change: impl FnOnce(&mut Booking),
    ) -> Appointment {
        let mut booking = self.booking(room, starts, ends);
        change(&mut booking);
        book(&self.app, booking).await.unwrap()
    }

    /// Gives an appointment of `acme` an alias, which is asked for with tokens under that secret.
    pub async fn alias(&self, appointment: &Appointment, secret: &str) -> AliasId {
        let mut db = self.db().begin().await.unwrap();
        let tenant = tenants::by_name(&mut db, &"acme".parse().unwrap()).await.unwrap().unwrap().id;
        let keys = &self.app.keys;
        share_keys(&mut db, keys).await.unwrap();
        let context = SealedColumn::AliasSecret.context(tenant.into(), appointment.id.into());
        let alias = AliasRecord {
            id: AliasId::of(Uuid::now_v7().as_u64_pair().1),
            tenant,
            appointment: appointment.id,
            kind: AliasKind::Conference,
            secret: keys.seal(&context, secret.as_bytes()),
        };
        assert!(aliases::insert(&mut db, &alias).await.unwrap());
        db.commit().await.unwrap();
        alias.id
    }

    /// Cancels an appointment of `acme`.
    pub async fn cancel(&self, appointment: &Appointment) {
        let name = "acme".parse().unwrap();
        frontdesk::actions::cancel::cancel(&self.app, &name, appointment.id).await.unwrap();
    }

    /// Puts the clock to a moment, such as `2026-12-01T09:48:30Z`.
    pub fn stand_at(&self, moment: &str) {
        self.clock.advance(moment.parse::<DateTime<Utc>>().unwrap() - self.clock.now());
    }

    /// Lets time pass.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// Asks as a conference server does.
    pub async fn ask(&self, credential: &str, name: &str) -> Reply {
        let form =
            [("name", name), ("mail_owner", "someone@meet.test"), ("start_time", "2026-12-01T09:00:00.000Z")];
        let request =
            self.client.post(format!("{}/conference", self.url)).bearer_auth(credential).form(&form);
        reply(request).await
    }

    /// Asks as a conference server does on a busy machine: again where there was no answer in time.
    pub async fn ask_again(&self, credential: &str, name: &str) -> Reply {
        let mut reply = self.ask(credential, name).await;
        for _ in 0..12 {
            if reply.status != 503 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
            reply = self.ask(credential, name).await;
            // The grant whose answer was late: Prosody reads it then.
            if reply.status == 409 {
                return self.get(credential, reply.body["conflict_id"].as_str().unwrap()).await;
            }
        }
        reply
    }

    /// Has the desk's connections made, as they are on a machine that has been busy: each takes a while.
    pub async fn connect(&self, credential: &str) {
        let nobody = "A".repeat(43);
        join_all((0..40).map(|_| self.get(credential, &nobody))).await;
        self.ask(credential, "nobody-booked-this").await;
    }

    /// Reads a conference.
    pub async fn get(&self, credential: &str, id: &str) -> Reply {
        reply(self.client.get(format!("{}/conference/{id}", self.url)).bearer_auth(credential)).await
    }

    /// Releases a conference.
    pub async fn delete(&self, credential: &str, id: &str) -> Reply {
        reply(self.client.delete(format!("{}/conference/{id}", self.url)).bearer_auth(credential)).await
    }

    /// The database, for looking and for meddling.
    pub fn db(&self) -> &PgPool {
        self.app.db.as_sqlx()
    }

    /// How many conferences have open rows.
    pub async fn open_rows(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM conferences WHERE closed_at IS NULL")
            .fetch_one(self.db())
            .await
            .unwrap()
    }
}

/// Sends a request and reads what comes back; an empty body is null.
pub async fn reply(request: reqwest::RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.bytes().await.unwrap();
    let body = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("not JSON: {bytes:?}"))
    };
    Reply { status, body }
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.stop_writing.take());
        // It is told at once, and stops when this thread is free.
        drop(self.server.stop(false));
        let Some(database) = self.database.take() else { return };
        // Not waited for. PostgreSQL drops no database before every session that is just logging in has got a word in, and
        // such a session of ours needs this very thread: it would be the minute of `authentication_timeout`.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(execute(format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)")));
        });
    }
}
