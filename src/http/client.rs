//! Who sent a request: the address of the client, also behind a proxy.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap};
use ipnet::IpNet;

/// The client's address: the peer's, or, where the peer is a trusted proxy, the last one in
/// `X-Forwarded-For` that is not a trusted proxy. What stands before that, anybody may have made up.
#[must_use]
pub fn address(request: &HttpRequest, trusted: &[IpNet]) -> Option<IpAddr> {
    Some(behind(request.peer_addr()?.ip(), request.headers(), trusted))
}

/// The network that counts as one client: whoever has one address of IPv6 has the whole network.
#[must_use]
pub fn network(address: IpAddr) -> IpNet {
    IpNet::new_assert(address, if address.is_ipv4() { 32 } else { 64 }).trunc()
}

fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_proxy = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let lines = headers.get_all(header::X_FORWARDED_FOR).filter_map(|line| line.to_str().ok());
    let mut told: Vec<&str> = lines.flat_map(|line| line.split(',')).collect();
    let mut client = peer.to_canonical();
    while is_proxy(client) {
        match told.pop().and_then(parse) {
            Some(address) => client = address.to_canonical(),
            None => break,
        }
    }
    client
}

/// Some proxies add the port.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut request = TestRequest::default().peer_addr(format!("{peer}:50000").parse().unwrap());
        for line in forwarded {
            request = request.append_header((header::X_FORWARDED_FOR, *line));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        address(&request.to_http_request(), &trusted).unwrap().to_string()
    }

    #[test]
    fn without_a_trusted_proxy_nobody_is_believed() {
        assert_eq!(client("203.0.113.9", &["198.51.100.7"], &[]), "203.0.113.9");
        assert_eq!(client("203.0.113.9", &["198.51.100.7"], &["10.0.0.0/8"]), "203.0.113.9");
    }

    #[test]
    fn a_trusted_proxy_is_believed_as_far_as_the_next_one_that_is_not() {
        let proxies = ["10.0.0.0/8", "fd00::/8"];
        assert_eq!(client("10.0.0.1", &["198.51.100.7"], &proxies), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["1.1.1.1, 198.51.100.7, 10.0.0.2"], &proxies), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["1.1.1.1", "198.51.100.7"], &proxies), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["::ffff:198.51.100.7"], &proxies), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["198.51.100.7:5555"], &proxies), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["[2001:db8::7]:443"], &proxies), "2001:db8::7");
        assert_eq!(client("[::ffff:10.0.0.1]", &["2001:db8::7"], &proxies), "2001:db8::7");
    }

    #[test]
    fn what_is_no_address_ends_the_search() {
        let proxies = ["10.0.0.0/8"];
        assert_eq!(client("10.0.0.1", &[], &proxies), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.7, unknown"], &proxies), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.7, unknown, 10.0.0.2"], &proxies), "10.0.0.2");
        assert_eq!(client("10.0.0.1", &["10.0.0.3"], &proxies), "10.0.0.3");
    }
}
