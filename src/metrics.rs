//! What is counted and timed. A room, a person or a tenant is never a label.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Seconds: fine around a healthy answer, and up to the deadline of two.
const LATENCIES: [f64; 11] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0];

/// Asks: up to the most that are settled together.
const BATCHES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// How an ask ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AskLabels {
    outcome: &'static str,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolLabels {
    pool: &'static str,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KeyLabels {
    state: &'static str,
}

/// How an ask ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The room opened.
    Granted,
    /// It was open already, on the server that asked.
    Conflict,
    /// It may not open, for this reason.
    Refused(&'static str),
    /// Nobody known asked.
    Unauthorized,
    /// There was no answer to be had in time: 503.
    Unavailable,
}

impl Outcome {
    /// Its name, such as `granted`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Conflict => "conflict",
            Self::Refused(_) => "refused",
            Self::Unauthorized => "unauthorized",
            Self::Unavailable => "unavailable",
        }
    }

    /// The reason of a refusal.
    #[must_use]
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Refused(reason) => Some(reason),
            Self::Granted | Self::Conflict | Self::Unauthorized | Self::Unavailable => None,
        }
    }
}

/// The service's metrics.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    asks: Family<AskLabels, Counter>,
    ask_seconds: Family<OutcomeLabels, Histogram>,
    batch_asks: Histogram,
    /// Asks that were not settled together with others, but alone.
    pub asks_alone: Counter,
    pool: Family<PoolLabels, Gauge>,
    /// Conferences that are open and not over, of all tenants.
    pub live_conferences: Gauge,
    /// Rooms taken from a server that held them.
    pub take_overs: Counter,
    /// Conferences that servers said are empty.
    pub releases: Counter,
    /// Refusals that found no place in the log's buffer.
    pub refusals_dropped: Counter,
    /// Passwords that could not be unsealed: a master key is missing, or somebody tampered.
    pub unseal_failures: Counter,
    /// Answers without the room token that they were to carry.
    pub answer_tokens_missing: Counter,
    /// Dates of series that came within the horizon.
    pub series_dates: Counter,
    /// Those of them whose room was taken by then.
    pub series_dates_without_room: Counter,
    /// Who came by join links, by what they found.
    join_visits: Family<OutcomeLabels, Counter>,
    /// How often keys were read to be served.
    pub key_set_reads: Counter,
    /// Since how many seconds the deployment's own key signs.
    pub signing_key_age: Gauge,
    signing_keys: Family<KeyLabels, Gauge>,
    /// How far the database's clock is ahead of ours, in seconds.
    pub database_clock_offset: Gauge<f64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let asks = Family::default();
        let ask_seconds = Family::new_with_constructor(latencies as fn() -> Histogram);
        let batch_asks = Histogram::new(BATCHES);
        let asks_alone = Counter::default();
        let pool = Family::default();
        let live_conferences = Gauge::default();
        let take_overs = Counter::default();
        let releases = Counter::default();
        let refusals_dropped = Counter::default();
        let unseal_failures = Counter::default();
        let answer_tokens_missing = Counter::default();
        let series_dates = Counter::default();
        let series_dates_without_room = Counter::default();
        let join_visits = Family::default();
        let key_set_reads = Counter::default();
        let signing_key_age = Gauge::default();
        let signing_keys = Family::default();
        let database_clock_offset = Gauge::default();

        let mut registry = Registry::with_prefix("frontdesk");
        registry.register("asks", "Asks of conference servers, by how they ended", asks.clone());
        registry.register_with_unit(
            "ask_duration",
            "Time to answer an ask",
            Unit::Seconds,
            ask_seconds.clone(),
        );
        registry.register("batch_asks", "Asks that were read together, each time", batch_asks.clone());
        registry.register(
            "asks_alone",
            "Asks that could not be settled together with others, and went on alone",
            asks_alone.clone(),
        );
        registry.register("pool_connections", "Connections to PostgreSQL", pool.clone());
        registry.register(
            "live_conferences",
            "Conferences open now, of all replicas",
            live_conferences.clone(),
        );
        registry.register("take_overs", "Rooms taken from the server that held them", take_overs.clone());
        registry.register("releases", "Conferences that servers said are empty", releases.clone());
        registry.register(
            "refusals_dropped",
            "Refusals that found no place in the log",
            refusals_dropped.clone(),
        );
        registry.register("unseal_failures", "Passwords that could not be unsealed", unseal_failures.clone());
        registry.register(
            "answer_tokens_missing",
            "Answers without the room token that they were to carry",
            answer_tokens_missing.clone(),
        );
        registry.register(
            "join_visits",
            "Visits by join links: what people found there",
            Family::clone(&join_visits),
        );
        registry.register(
            "series_dates",
            "Dates of series that came within the horizon",
            series_dates.clone(),
        );
        registry.register(
            "series_dates_without_room",
            "Dates of series whose room was taken when they came within the horizon",
            series_dates_without_room.clone(),
        );
        registry.register("key_set_reads", "How often keys were read to be served", key_set_reads.clone());
        registry.register("signing_keys", "Keys for room tokens, of all owners", signing_keys.clone());
        registry.register_with_unit(
            "signing_key_age",
            "How long the deployment's own key has signed",
            Unit::Seconds,
            signing_key_age.clone(),
        );
        registry.register_with_unit(
            "database_clock_offset",
            "How far the database's clock is ahead of ours",
            Unit::Seconds,
            database_clock_offset.clone(),
        );
        Self {
            registry,
            asks,
            ask_seconds,
            batch_asks,
            asks_alone,
            pool,
            live_conferences,
            take_overs,
            releases,
            refusals_dropped,
            unseal_failures,
            answer_tokens_missing,
            series_dates,
            series_dates_without_room,
            join_visits,
            key_set_reads,
            signing_key_age,
            signing_keys,
            database_clock_offset,
        }
    }
}

fn latencies() -> Histogram {
    Histogram::new(LATENCIES)
}

impl Metrics {
    /// Notes how an ask ended, and how long that took.
    pub fn ask(&self, outcome: Outcome, took: Duration) {
        let labels = OutcomeLabels { outcome: outcome.name() };
        self.ask_seconds.get_or_create(&labels).observe(took.as_secs_f64());
        self.asks
            .get_or_create(&AskLabels {
                outcome: outcome.name(),
                reason: outcome.reason().unwrap_or_default(),
            })
            .inc();
    }

    /// Notes how many asks are read together.
    pub fn batch(&self, asks: usize) {
        self.batch_asks.observe(u32::try_from(asks).map_or(f64::MAX, f64::from));
    }

    /// Notes how many connections a pool has, and how many of them are idle.
    pub fn pool(&self, pool: &'static str, (size, idle): (u32, usize)) {
        let idle = i64::try_from(idle).unwrap_or(i64::MAX);
        let busy = i64::from(size) - idle;
        self.pool.get_or_create(&PoolLabels { pool, state: "idle" }).set(idle);
        self.pool.get_or_create(&PoolLabels { pool, state: "busy" }).set(busy.max(0));
    }

    /// Counts somebody who came by a join link, by what they found: a state of the page, or `entered`.
    pub fn join_visit(&self, outcome: &'static str) {
        self.join_visits.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Notes how many signing keys are in a state.
    pub fn signing_keys(&self, state: &'static str, count: i64) {
        self.signing_keys.get_or_create(&KeyLabels { state }).set(count);
    }

    /// All metrics in the OpenMetrics text format.
    ///
    /// # Errors
    /// Where the text can't be built.
    pub fn render(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
