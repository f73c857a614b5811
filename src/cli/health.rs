//! `frontdesk healthcheck`, for containers that have no curl.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::Done;
use super::parse::reachable;

const PATIENCE: Duration = Duration::from_secs(3);

/// The service is not ready.
#[derive(Debug, thiserror::Error)]
#[error("the service at {0} is not ready")]
struct NotReady(SocketAddr);

/// Asks the service on this host whether it is ready.
pub(super) fn check(listen: SocketAddr) -> Done {
    let address = reachable(listen);
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(4096).read_to_end(&mut answer)?;
    if answer.starts_with(b"HTTP/1.1 200 ") { Ok(()) } else { Err(NotReady(address).into()) }
}
