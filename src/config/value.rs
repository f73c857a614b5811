//! The types of settings that are more than text, and how each is written.
//!
//! Not in here: where the text comes from (`reader`).

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use ipnet::IpNet;
use sqlx::postgres::PgConnectOptions;
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::reservation::{BaseUrl, wording::Language};

/// A type that a setting's text is parsed into.
pub(super) trait Value: Sized {
    /// Completes the sentence "expected …".
    const EXPECTED: &'static str;

    fn parse(text: &str) -> Option<Self>;
}

/// How many connections to keep, 1 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections(u32);

impl Connections {
    /// A single one.
    pub const ONE: Self = Self(1);

    /// The number, 1 to 1000.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Value for Connections {
    const EXPECTED: &'static str = "a whole number from 1 to 1000";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| (1..=1000).contains(number)).map(Self)
    }
}

/// Where PostgreSQL is, and as whom to connect: a secret, which `Debug` hides.
#[derive(Clone)]
pub struct DatabaseUrl(Box<PgConnectOptions>);

impl DatabaseUrl {
    /// To connect with. Their own `Debug` shows the password: do not print them.
    #[must_use]
    pub fn connect_options(&self) -> PgConnectOptions {
        (*self.0).clone()
    }
}

impl From<PgConnectOptions> for DatabaseUrl {
    fn from(options: PgConnectOptions) -> Self {
        Self(Box::new(options))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl([redacted])")
    }
}

impl Value for DatabaseUrl {
    const EXPECTED: &'static str =
        "a URL `postgres://user:password@host:port/database` (or `postgresql://…`)";

    fn parse(text: &str) -> Option<Self> {
        let scheme = text.split_once("://")?.0;
        if !matches!(scheme, "postgres" | "postgresql") {
            return None;
        }
        PgConnectOptions::from_str(text).ok().map(Self::from)
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object per line.
    Json,
}

impl Value for LogFormat {
    const EXPECTED: &'static str = "`text` or `json`";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Which log lines are written, in the syntax of `tracing`'s `EnvFilter`; valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    /// The directives, as they were written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for LogFilter {
    const EXPECTED: &'static str = "levels such as `info` or `warn,frontdesk=debug`";

    fn parse(text: &str) -> Option<Self> {
        let valid = !text.trim().is_empty() && EnvFilter::try_new(text).is_ok();
        valid.then(|| Self(text.to_owned()))
    }
}

/// Proxies that say in `X-Forwarded-For` for whom they ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Nobody is believed.
    pub const NONE: Self = Self(Vec::new());

    /// Their networks; a single address is a network of one.
    #[must_use]
    pub fn networks(&self) -> &[IpNet] {
        &self.0
    }
}

impl Value for TrustedProxies {
    const EXPECTED: &'static str = "IP addresses or networks such as `127.0.0.1, 10.0.0.0/8`";

    fn parse(text: &str) -> Option<Self> {
        let network = |part: &str| part.parse().or_else(|_| part.parse::<IpAddr>().map(IpNet::from)).ok();
        text.split(',').map(|part| network(part.trim())).collect::<Option<_>>().map(Self)
    }
}

/// Origins of web pages (RFC 6454).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Each as browsers write it: scheme, host, and the port where it is not the usual one.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

impl Value for Origins {
    const EXPECTED: &'static str = "origins such as `https://app.example.org, http://localhost:3000`";

    fn parse(text: &str) -> Option<Self> {
        let origin = |part: &str| {
            let url = Url::parse(part).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
            let origin = url.origin().ascii_serialization();
            (url.as_str() == format!("{origin}/")).then_some(origin)
        };
        text.split(',').map(|part| origin(part.trim())).collect::<Option<_>>().map(Self)
    }
}

/// How long a key signs before the next one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationPeriod(Option<Duration>);

impl RotationPeriod {
    /// The length, a second or more; `None` where keys are rotated by hand only.
    #[must_use]
    pub const fn get(self) -> Option<Duration> {
        self.0
    }
}

impl Default for RotationPeriod {
    fn default() -> Self {
        Self(Some(Duration::from_hours(90 * 24)))
    }
}

impl Value for RotationPeriod {
    const EXPECTED: &'static str = "a duration such as `12h` or `90d`, at least a second, or `off`";

    fn parse(text: &str) -> Option<Self> {
        if text == "off" {
            return Some(Self(None));
        }
        let period = Duration::parse(text).filter(|period| *period >= Duration::from_secs(1));
        period.map(|period| Self(Some(period)))
    }
}

/// How long somebody may keep what it was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxAge(Duration);

impl MaxAge {
    /// The length: whole seconds, from one to a day.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl Default for MaxAge {
    fn default() -> Self {
        Self(Duration::from_mins(15))
    }
}

impl Value for MaxAge {
    const EXPECTED: &'static str = "a duration in whole seconds such as `15m`, from one second to a day";

    fn parse(text: &str) -> Option<Self> {
        let is_whole = |age: &Duration| age.subsec_nanos() == 0;
        let range = Duration::from_secs(1)..=Duration::from_hours(24);
        Duration::parse(text).filter(|age| is_whole(age) && range.contains(age)).map(Self)
    }
}

impl Value for NonZeroU32 {
    const EXPECTED: &'static str = "a whole number from 1 to 1000000";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| *number <= Self::new(1_000_000).unwrap_or(Self::MAX))
    }
}

impl Value for BaseUrl {
    const EXPECTED: &'static str =
        "an address such as `https://frontdesk.example.org`, without user, query or fragment";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Value for SocketAddr {
    const EXPECTED: &'static str = "an IP address and a port such as `127.0.0.1:8180` or `[::1]:8180`";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Value for bool {
    const EXPECTED: &'static str = "`true` or `false`";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Value for Language {
    const EXPECTED: &'static str = "`en` or `de`";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Value for PathBuf {
    const EXPECTED: &'static str = "a path";

    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty() && !text.contains('\0')).then(|| Self::from(text))
    }
}

impl Value for Duration {
    const EXPECTED: &'static str = "a duration such as `90s`, `10m`, `2h` or `90d`, at most 100 years";

    fn parse(text: &str) -> Option<Self> {
        const LONGEST: Duration = Duration::from_hours(100 * 366 * 24);
        humantime::parse_duration(text).ok().filter(|duration| *duration <= LONGEST)
    }
}
