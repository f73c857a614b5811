//! Under which address the service is reached.

use std::net::{Ipv6Addr, SocketAddr};

use crate::config::Config;

/// From this host, while it listens on `address`.
pub(super) fn local_url(config: &Config, address: SocketAddr) -> String {
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{}", reachable(address))
}

/// From anywhere, as far as the settings say so.
pub(super) fn public_url(config: &Config, address: SocketAddr) -> String {
    config.public_url.as_ref().map_or_else(|| local_url(config, address), ToString::to_string)
}

/// An address that a client on this host can use.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => ([127, 0, 0, 1], v4.port()).into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, v6.port()).into(),
        other => other,
    }
}
