//! How a VirtualHost asks: where, as whom, for how long, and what it does with the answer.

use crate::credential::{Bearer, Credential, CredentialKind};
use crate::doctor::finding::{Check, Findings};
use crate::prosody::config::{ProsodyConfig, Value};
use crate::prosody::snippet::REPLACE;
use crate::reservation::BaseUrl;

/// How long Frontdesk or its database may be away, in seconds, before Prosody should give up: a
/// failover of PostgreSQL under Patroni takes 30 to 45 s with its defaults.
const PATIENCE: f64 = 30.0;

/// How long Frontdesk may take to answer, in seconds, with a margin for the network.
const ANSWER: f64 = 3.0;

pub(super) fn prefix(config: &ProsodyConfig, host: &str, found: &mut Findings<'_>) -> Option<BaseUrl> {
    let Some(text) = config.text(host, "reservations_api_prefix") else {
        found.error(
            Check::ApiPrefix,
            "reservations_api_prefix is not set: the module switches itself off",
            "reservations_api_prefix = \"http://…\", where this Prosody reaches Frontdesk",
        );
        return None;
    };
    match text.parse::<BaseUrl>() {
        Ok(url) if text.contains(REPLACE) => {
            found.error(
                Check::ApiPrefix,
                format!("`{url}` is a placeholder"),
                "write Frontdesk's address there",
            );
            None
        }
        Ok(url) => {
            found.ok(Check::ApiPrefix, format!("asks {url}"));
            Some(url)
        }
        Err(error) => {
            // Not repeated: it may hold a password.
            found.error(Check::ApiPrefix, "reservations_api_prefix is no address to ask", error.to_string());
            None
        }
    }
}

pub(super) fn credential(config: &ProsodyConfig, host: &str, found: &mut Findings<'_>) -> Option<Credential> {
    let remedy = "reservations_api_headers = { [\"Authorization\"] = \"Bearer fd_server_…\" }; `frontdesk server add-credential NAME` makes one";
    let header =
        config.option(host, "reservations_api_headers").and_then(|headers| headers.field("Authorization"));
    let Some(header) = header.and_then(Value::as_text) else {
        found.error(
            Check::Credential,
            "no Authorization header is sent: Frontdesk refuses everything",
            remedy,
        );
        return None;
    };
    if header.contains(REPLACE) || header.contains('…') {
        found.error(Check::Credential, "the credential is a placeholder", remedy);
        return None;
    }
    let parsed = header.parse::<Bearer>().and_then(|bearer| bearer.credential(CredentialKind::Server));
    // The credential itself is never shown.
    parsed
        .inspect_err(|_| {
            found.error(
                Check::Credential,
                "the Authorization header holds no conference server's credential",
                remedy,
            );
        })
        .ok()
}

pub(super) fn patience(config: &ProsodyConfig, host: &str, found: &mut Findings<'_>) {
    let timeout = config.number(host, "reservations_api_timeout").unwrap_or(20.0);
    found.require(
        Check::Timeout,
        timeout >= ANSWER,
        "waits long enough for an answer",
        &format!("reservations_api_timeout is {timeout} s; Frontdesk may take 2, and what times out is not asked again"),
        "reservations_api_timeout = 20",
    );
    let retries = config.number(host, "reservations_api_retry_count").unwrap_or(3.0);
    let delay = config.number(host, "reservations_api_retry_delay").unwrap_or(3.0);
    if retries * delay < PATIENCE {
        found.warn(
            Check::Retries,
            format!("gives up after {} s; the failover of a database takes 30 to 45 s", retries * delay),
            "reservations_api_retry_count = 12",
        );
    } else {
        found.ok(Check::Retries, format!("asks again for {} s", retries * delay));
    }
    if config.option(host, "reservations_api_should_retry_for_code").is_some() {
        found.warn(
            Check::Retries,
            "reservations_api_should_retry_for_code is set, and can't be judged from outside",
            "it has to say true for 503, and false for everything below 500",
        );
    }
}

pub(super) fn options(config: &ProsodyConfig, host: &str, found: &mut Findings<'_>) {
    for (name, what) in [
        ("reservations_enable_max_occupants", "limits of people"),
        ("reservations_enable_lobby_support", "lobbies"),
        ("reservations_enable_password_support", "passwords"),
    ] {
        found.require(
            Check::Options,
            config.is_true(host, name, false),
            &format!("{what} are applied"),
            &format!("{what} of appointments are ignored: {name} is not true"),
            format!("{name} = true"),
        );
    }
}
