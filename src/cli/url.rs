//! Under which address the service is reached.

use std::net::{Ipv6Addr, SocketAddr};

use crate::config::Config;
use crate::reservation::BaseUrl;

/// From this host, while it listens on `address`.
pub(super) fn local_url(config: &Config, address: SocketAddr) -> String {
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{}", reachable(address))
}

/// From anywhere, as far as the settings say so.
pub(super) fn public_url(config: &Config, address: SocketAddr) -> String {
    config.public_url.as_ref().map_or_else(|| local_url(config, address), ToString::to_string)
}

/// From anywhere, where that is known: people who are sent a link can open it. Who listens on this host only is reached from
/// this host only.
pub(super) fn known_url(config: &Config) -> Option<BaseUrl> {
    let is_local = config.listen.ip().is_loopback() && config.listen.port() != 0;
    config.public_url.clone().or_else(|| local_url(config, config.listen).parse().ok().filter(|_| is_local))
}

/// An address that a client on this host can use.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => ([127, 0, 0, 1], v4.port()).into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, v6.port()).into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Overrides, load};

    fn known(settings: &[(&str, &str)]) -> Option<String> {
        let env = settings.iter().map(|(name, value)| (name.into(), value.into()));
        known_url(&load(&Overrides::default(), env).unwrap()).map(|url| url.to_string())
    }

    #[test]
    fn people_are_sent_to_an_address_that_they_can_reach() {
        let public = ("FRONTDESK_PUBLIC_URL", "https://frontdesk.example.org");
        assert_eq!(known(&[]).as_deref(), Some("http://127.0.0.1:8180"));
        assert_eq!(known(&[("FRONTDESK_LISTEN", "0.0.0.0:8180")]), None);
        assert_eq!(known(&[("FRONTDESK_LISTEN", "127.0.0.1:0")]), None);
        for listen in ["127.0.0.1:8180", "0.0.0.0:8180"] {
            let known = known(&[public, ("FRONTDESK_LISTEN", listen)]);
            assert_eq!(known.as_deref(), Some("https://frontdesk.example.org"));
        }
    }
}
