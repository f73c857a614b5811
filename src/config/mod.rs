//! The configuration: one struct per concern, read once at the start.
//!
//! Layers, the strongest first: the command line, the environment, a TOML file,
//! the defaults. Each setting is declared once, in `settings`; key, variable and
//! documentation follow from that. Paths are relative to the working directory.
//! Not in here: what can be changed while running (tenants, servers, apps).

mod example;
mod file;
mod problem;
mod reader;
mod setting;
mod settings;
#[cfg(test)]
mod tests;
mod value;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

pub use self::{
    example::example,
    problem::{ConfigError, Found, Origin, Problem},
    value::{
        Connections, DatabaseUrl, LogFilter, LogFormat, MaxAge, Origins, RotationPeriod, TrustedProxies,
    },
};
use self::{reader::Reader, value::Value as _};
use crate::reservation::{BaseUrl, wording::Language};

/// Read where neither `--config` nor `FRONTDESK_CONFIG` names a file, if it exists.
pub const DEFAULT_PATH: &str = "/etc/frontdesk/frontdesk.toml";

/// Everything that is decided before the start.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where requests are accepted. Default: `127.0.0.1:8180`.
    pub listen: SocketAddr,
    /// Under which address others reach this service. Default: none.
    pub public_url: Option<BaseUrl>,
    /// Proxies that say for whom they ask. Default: none.
    pub trusted_proxies: TrustedProxies,
    /// TLS. Default: none, which means plain HTTP.
    pub tls: Option<TlsConfig>,
    /// Where the private database lives if `database.url` is left out. Default: chosen at the start.
    pub data_dir: Option<PathBuf>,
    /// The language of messages that belong to no tenant. Default: English.
    pub language: Language,
    /// The file with the master keys. Default: none; the private database brings its own.
    pub master_key_file: Option<PathBuf>,
    /// How long running requests may finish when the service stops. Default: 10 s.
    pub shutdown_timeout: Duration,
    /// PostgreSQL.
    pub database: DatabaseConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// How long rows are kept that only grow in number.
    pub retention: RetentionConfig,
    /// The keys that room tokens are signed with.
    pub signing_keys: SigningKeysConfig,
    /// The API of appointment apps.
    pub api: ApiConfig,
}

/// PostgreSQL: where, and how much of it.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// Where it is. Default: none, which means a private one.
    pub url: Option<DatabaseUrl>,
    /// Connections for conference servers' requests, on each replica. Default: 16.
    pub desk_connections: Connections,
    /// Connections for everything else, on each replica. Default: 8.
    pub connections: Connections,
    /// Whether the start brings the schema up to date. Default: true.
    pub migrate: bool,
}

/// TLS, without a proxy in front.
#[derive(Debug, Clone)]
pub struct TlsConfig {
    /// PEM: the certificate, then the ones that vouch for it.
    pub certificate_file: PathBuf,
    /// PEM: the certificate's private key.
    pub key_file: PathBuf,
}

/// What is logged, and how.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// Default: text.
    pub format: LogFormat,
    /// Default: `info`.
    pub filter: LogFilter,
}

/// How long rows are kept that only grow in number.
#[derive(Debug, Clone, Copy)]
pub struct RetentionConfig {
    /// Conferences, counted from their end. Default: 90 days.
    pub conferences: Duration,
    /// Entries of the log of refusals. Default: 30 days.
    pub refusals: Duration,
}

/// The keys that room tokens are signed with.
#[derive(Debug, Clone, Copy, Default)]
pub struct SigningKeysConfig {
    /// How long a key that was made here signs before the next one does. Default: 90 days.
    pub rotate_every: RotationPeriod,
    /// How long a verifier may keep what it was served. Default: 15 minutes.
    pub max_age: MaxAge,
}

/// The API of appointment apps.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// How often a credential may ask in a minute, on each replica.
    pub requests_per_minute: NonZeroU32,
    /// Origins of web pages that may call the API.
    pub allowed_origins: Origins,
}

/// What the command line says: the strongest layer.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    config_file: Option<PathBuf>,
    values: BTreeMap<&'static str, String>,
}

impl Overrides {
    /// Names the configuration file, if the command line does.
    #[must_use]
    pub fn config_file(mut self, path: Option<PathBuf>) -> Self {
        self.config_file = path;
        self
    }

    /// Sets the setting `key` (such as `database.migrate`), if the command line does.
    #[must_use]
    pub fn set(mut self, key: &'static str, value: Option<impl Into<String>>) -> Self {
        self.values.extend(value.map(|value| (key, value.into())));
        self
    }
}

/// One setting, as `frontdesk check-config --list` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingDoc {
    /// The key in the TOML file; dots separate sections.
    pub key: String,
    /// The environment variable. `DATABASE_URL` and `DATABASE_URL_FILE` are read as well.
    pub variable: String,
    /// What it is, with the unit: completes the sentence "expected …".
    pub value: &'static str,
    /// What holds where it is left out, as it would be written.
    pub default: Option<&'static str>,
    /// A clause without a full stop, with the unit.
    pub help: String,
    /// Whether the value must never be shown.
    pub secret: bool,
}

impl SettingDoc {
    fn new(key: &str, default: Option<&'static str>, help: &str, secret: bool) -> Self {
        let variable = format!("{}{}", reader::PREFIX, key.replace('.', "_").to_uppercase());
        // What it is, its type says when it is read.
        Self { key: key.to_owned(), variable, value: "", default, help: help.to_owned(), secret }
    }

    /// What the value is, unless the help says so already.
    #[must_use]
    pub fn form(&self) -> Option<&'static str> {
        (!self.help.contains(self.value)).then_some(self.value)
    }

    /// The setting that names a file with this one's value in it.
    fn in_a_file(&self) -> Self {
        let help = format!("file that holds `{}`", self.key);
        Self { value: PathBuf::EXPECTED, ..Self::new(&format!("{}_file", self.key), None, &help, false) }
    }
}

/// Reads the configuration from all layers.
///
/// An environment variable that is empty counts as not set.
///
/// # Errors
/// Everything that is wrong with it, all at once.
pub fn load(
    overrides: &Overrides,
    env: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Config, ConfigError> {
    load_with(overrides, env, Path::new(DEFAULT_PATH))
}

/// Every setting there is, in the order of the documentation.
#[must_use]
pub fn describe() -> Vec<SettingDoc> {
    let mut reader = Reader::default();
    settings::read(&mut reader);
    reader.declared
}

fn load_with(
    overrides: &Overrides,
    env: impl Iterator<Item = (OsString, OsString)>,
    default_path: &Path,
) -> Result<Config, ConfigError> {
    let variables = env.map(|(name, value)| (name.to_string_lossy().into_owned(), value));
    let mut reader =
        Reader { flags: overrides.values.clone(), variables: variables.collect(), ..Reader::default() };
    reader.open_file(overrides.config_file.as_deref(), default_path);
    let config = settings::read(&mut reader);
    reader.finish().map(|()| config)
}
