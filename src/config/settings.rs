//! The declarations: every setting, its default and its help.
//!
//! A help is a clause without a full stop, with the unit. Not in here: where the
//! values come from (`reader`, `setting`).

use super::{
    ApiConfig, Config, DatabaseConfig, LogConfig, RetentionConfig, SigningKeysConfig, TlsConfig,
    TrustedProxies, problem::Problem, reader::Reader,
};

/// Reads all settings. Each is declared here and nowhere else.
pub(super) fn read(r: &mut Reader) -> Config {
    Config {
        listen: r.setting("listen", "127.0.0.1:8180", "IP address and port to accept requests on").parse(),
        public_url: r
            .optional(
                "public_url",
                "address under which others reach this service, such as `https://frontdesk.example.org`",
            )
            .parse_optional(),
        trusted_proxies: r
            .optional(
                "trusted_proxies",
                "addresses or networks of proxies whose `X-Forwarded-For` is believed, with commas between",
            )
            .parse_optional()
            .unwrap_or(TrustedProxies::NONE),
        tls: tls(r),
        data_dir: r.optional("data_dir", "folder of the private PostgreSQL").parse_optional(),
        language: r
            .setting("language", "en", "language of messages that belong to no tenant: `en` or `de`")
            .parse(),
        master_key_file: r
            .optional("master_key_file", "file with the master keys, one per line; the first one seals")
            .parse_optional(),
        shutdown_timeout: r
            .setting("shutdown_timeout", "10s", "how long running requests may finish when the service stops")
            .parse(),
        database: DatabaseConfig {
            url: r
                .secret("database.url", "URL of PostgreSQL; without one, a private PostgreSQL is run")
                .or_variable("DATABASE_URL")
                .parse_optional(),
            desk_connections: r
                .setting(
                    "database.desk_connections",
                    "16",
                    "connections kept for conference servers, on each replica",
                )
                .parse(),
            connections: r
                .setting("database.connections", "8", "connections for everything else, on each replica")
                .parse(),
            migrate: r
                .setting("database.migrate", "true", "whether the start brings the schema up to date")
                .parse(),
        },
        log: LogConfig {
            format: r.setting("log.format", "text", "how log lines are written: `text` or `json`").parse(),
            filter: r
                .setting("log.filter", "info", "which log lines are written, such as `warn,frontdesk=debug`")
                .parse(),
        },
        retention: RetentionConfig {
            conferences: r
                .setting("retention.conferences", "90d", "how long conferences are kept after their end")
                .parse(),
            refusals: r.setting("retention.refusals", "30d", "how long the log of refusals is kept").parse(),
        },
        signing_keys: SigningKeysConfig {
            rotate_every: r
                .setting(
                    "signing_keys.rotate_every",
                    "90d",
                    "how long a key that Frontdesk made signs room tokens before the next one does",
                )
                .parse(),
            max_age: r
                .setting(
                    "signing_keys.max_age",
                    "15m",
                    "how long whoever verifies room tokens may keep the keys before asking for them again",
                )
                .parse(),
        },
        api: ApiConfig {
            requests_per_minute: r
                .setting(
                    "api.requests_per_minute",
                    "600",
                    "how often each credential may call the API in a minute, on each replica",
                )
                .parse(),
            allowed_origins: r
                .optional(
                    "api.allowed_origins",
                    "origins of web pages that may call the API, such as `https://app.example.org`, with commas between",
                )
                .parse_optional()
                .unwrap_or_default(),
        },
    }
}

/// Certificate and key come together, or not at all.
fn tls(r: &mut Reader) -> Option<TlsConfig> {
    let certificate = r
        .optional(
            "tls.certificate_file",
            "PEM file with the certificate and its chain; without one, plain HTTP",
        )
        .parse_optional();
    let key = r.optional("tls.key_file", "PEM file with the certificate's private key").parse_optional();
    match (certificate, key) {
        (Some(certificate_file), Some(key_file)) => Some(TlsConfig { certificate_file, key_file }),
        (None, None) => None,
        (Some(_), None) => half_of_tls(r, "tls.certificate_file", "tls.key_file"),
        (None, Some(_)) => half_of_tls(r, "tls.key_file", "tls.certificate_file"),
    }
}

fn half_of_tls(r: &mut Reader, there: &'static str, missing: &'static str) -> Option<TlsConfig> {
    r.problems.push(Problem::Half { there, missing });
    None
}
