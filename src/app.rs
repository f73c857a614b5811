//! What every action works with.

mod opened_keys;
mod shares;

use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use moka::sync::Cache;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::Semaphore;

pub use self::opened_keys::OpenedKeys;
pub use self::shares::{Place, Shares};
use crate::clock::Clock;
use crate::config::{Connections, DatabaseConfig, SigningKeysConfig};
use crate::credential::CredentialHash;
use crate::database::desk::Desk;
use crate::database::pools::{self, Pool};
use crate::metrics::Metrics;
use crate::refusal_log::RefusalLog;
use crate::reservation::wording::Language;
use crate::reservation::{AppId, BaseUrl};
use crate::seal::{MasterKeys, Tag};
use crate::store::desk::Standings;

/// What every action works with. One for the whole process.
#[derive(Debug)]
pub struct App {
    /// What time it is.
    pub clock: Clock,
    /// What passwords are sealed under.
    pub keys: MasterKeys,
    /// What room tokens were signed with a moment ago.
    pub opened_keys: OpenedKeys,
    /// Connections for conference servers.
    pub desk: Desk,
    /// Connections for everything else.
    pub db: Pool,
    /// The connection that tells whether the database can be reached, however busy the others are.
    pub readiness: Pool,
    /// How servers that asked a moment ago stand to tenants.
    pub standings: Standings,
    /// Credentials that were not known a moment ago.
    pub unknown: Unknown<CredentialHash>,
    /// Apps that tokens named a moment ago, and that were not there.
    pub unknown_apps: Unknown<AppId>,
    /// Where wrong credentials came from a moment ago.
    pub strangers: Strangers,
    /// Where refusals are put down.
    pub refusals: RefusalLog,
    /// Networks from which too many codes of join links came a moment ago that there are not.
    pub guessers: Unknown<Tag>,
    /// Places for the requests of each tenant's apps: but for what is imported, at most half of the connections are in one tenant's
    /// hands.
    pub shares: Shares,
    /// Places for calendars that a tenant's apps import, each of which may take a minute: for at most a quarter of them.
    pub imports: Shares,
    /// Places for people who come by join links: at most half of the connections are in their hands.
    pub visitors: Semaphore,
    /// Places for the calendar files that people fetch: each may take a while, and some memory.
    pub calendars: Semaphore,
    /// What is counted.
    pub metrics: Metrics,
    /// The language of messages that belong to no tenant.
    pub language: Language,
    /// Proxies that say for whom they ask.
    pub trusted_proxies: Vec<IpNet>,
    /// Under which address others reach this service, as far as an operator has said so.
    pub public_url: Option<BaseUrl>,
    /// Under which address this host reaches it, where nobody else does.
    pub local_url: Option<BaseUrl>,
    /// How long keys sign, and how long verifiers may keep them.
    pub signing_keys: SigningKeysConfig,
}

impl App {
    /// An app on the database. Connects when the first connection is needed.
    #[must_use]
    pub fn new(
        options: PgConnectOptions,
        config: &DatabaseConfig,
        keys: MasterKeys,
        clock: Clock,
        language: Language,
        refusals: RefusalLog,
    ) -> Self {
        Self {
            clock,
            keys,
            opened_keys: OpenedKeys::default(),
            desk: Desk::new(
                Pool::desk(options.clone(), config.desk_connections),
                pools::shared(options.clone()),
            ),
            readiness: Pool::general(options.clone(), Connections::ONE),
            db: Pool::general(options, config.connections),
            standings: Standings::default(),
            unknown: Unknown::default(),
            unknown_apps: Unknown::default(),
            strangers: Strangers::default(),
            guessers: Unknown::default(),
            shares: Shares::of(half(config.connections)),
            imports: Shares::of((half(config.connections) / 2).clamp(1, 2)),
            visitors: Semaphore::new(half(config.connections)),
            calendars: Semaphore::new(2),
            refusals,
            metrics: Metrics::default(),
            language,
            trusted_proxies: Vec::new(),
            public_url: None,
            local_url: None,
            signing_keys: SigningKeysConfig::default(),
        }
    }

    /// The same, behind these proxies.
    #[must_use]
    pub fn behind(mut self, proxies: &[IpNet]) -> Self {
        self.trusted_proxies = proxies.to_vec();
        self
    }

    /// The same, where others reach it under that address, or else this host under this one.
    #[must_use]
    pub fn reached_at(mut self, public_url: Option<BaseUrl>, local_url: Option<BaseUrl>) -> Self {
        self.public_url = public_url;
        self.local_url = local_url;
        self
    }

    /// What links begin with: nothing, where nobody knows the address.
    #[must_use]
    pub fn base(&self) -> String {
        self.public_url.as_ref().or(self.local_url.as_ref()).map(ToString::to_string).unwrap_or_default()
    }

    /// The same, with keys that sign and are kept for so long.
    #[must_use]
    pub fn rotating(mut self, signing_keys: SigningKeysConfig) -> Self {
        self.signing_keys = signing_keys;
        self
    }

    /// Closes all connections, once what they are doing is done.
    pub async fn close(&self) {
        tokio::join!(self.desk.pool().close(), self.db.close(), self.readiness.close());
    }
}

/// Half of the connections, and one at least.
fn half(connections: Connections) -> usize {
    usize::try_from(connections.get() / 2).unwrap_or(1).max(1)
}

/// Who was not known a moment ago: who keeps asking with the same costs no look-up.
///
/// Known ones are looked up at each ask, so that a revocation holds at once, on every replica.
/// A new credential or app can't be in here: it was random until it was made.
#[derive(Debug)]
pub struct Unknown<K: Copy + Hash + Eq + Send + Sync + 'static>(Cache<K, ()>);

impl<K: Copy + Hash + Eq + Send + Sync + 'static> Default for Unknown<K> {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(1024).time_to_live(Duration::from_secs(10)).build())
    }
}

impl<K: Copy + Hash + Eq + Send + Sync + 'static> Unknown<K> {
    /// Whether it was not known a moment ago.
    #[must_use]
    pub fn contains(&self, key: K) -> bool {
        self.0.contains_key(&key)
    }

    /// Notes one that is not known.
    pub fn note(&self, key: K) {
        self.0.insert(key, ());
    }
}

/// Where wrong credentials came from a moment ago: who keeps trying must not fill the log.
#[derive(Debug)]
pub struct Strangers(Cache<Option<IpAddr>, ()>);

impl Default for Strangers {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(1024).time_to_live(Duration::from_mins(1)).build())
    }
}

impl Strangers {
    /// Notes one. Whether it is the first from there for a minute.
    #[must_use]
    pub fn note(&self, address: Option<IpAddr>) -> bool {
        self.0.entry(address).or_insert(()).is_fresh()
    }
}
