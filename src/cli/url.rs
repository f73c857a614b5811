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

/// From this host, where the service listens on it alone: nobody else can come.
pub(super) fn own_url(config: &Config) -> Option<BaseUrl> {
    let is_local = config.listen.ip().is_loopback() && config.listen.port() != 0;
    local_url(config, config.listen).parse().ok().filter(|_| is_local)
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

    fn own(listen: &str) -> Option<String> {
        let env = [("FRONTDESK_LISTEN".into(), listen.into())];
        own_url(&load(&Overrides::default(), env.into_iter()).unwrap()).map(|url| url.to_string())
    }

    #[test]
    fn a_service_that_listens_on_its_host_alone_knows_its_address() {
        assert_eq!(own("127.0.0.1:8180").as_deref(), Some("http://127.0.0.1:8180"));
        assert_eq!(own("[::1]:8180").as_deref(), Some("http://[::1]:8180"));
        for listen in ["0.0.0.0:8180", "127.0.0.1:0"] {
            assert_eq!(own(listen), None, "{listen}");
        }
    }
}
