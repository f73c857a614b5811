//! The HTTP server: every URL there is, on one screen.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::{Next, NormalizePath, TrailingSlash, from_fn};
use actix_web::{Error, HttpMessage, HttpServer, web};
use nix::sys::socket::{setsockopt, sockopt};
use tracing_actix_web::{RequestId, TracingLogger};

use crate::actions::reserve::Lane;
use crate::api;
use crate::api::limiter::Limiter;
use crate::app::App;
use crate::config::ApiConfig;
use crate::dialect::{datagram, jiomeet, metered, proconf, prosody};
use crate::http::fault::not_found;
use crate::http::keys::{self, KeySets};
use crate::http::{get, health, metrics, resource};
use crate::join;
use crate::telemetry::RequestSpan;
use crate::tls::Certificate;

/// How long a TLS handshake may take, and how many there may be at once, on each worker. More wait in line, so who opens
/// connections and says nothing must not fill it.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(1);
const HANDSHAKES: usize = 2048;

/// The most connections, on each worker; who comes beyond them waits to be accepted. Each takes 10 kB, and 40 while a request is
/// answered, so those of a worker take less than 350 MB. But who sends thousands of requests at once over each takes 20 MB a
/// connection: actix-http takes in all that its buffer of 128 kB holds.
const CONNECTIONS: usize = 8192;

/// How long the head of a request may take to come.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a client may leave unread what it was sent, in milliseconds. Who asks and never reads would keep the answers in
/// memory for as long as they like.
const UNREAD_TIMEOUT: u32 = 30_000;

/// Every URL there is.
fn routes(config: &mut web::ServiceConfig, api: &ApiConfig) {
    config
        .configure(prosody::routes)
        .configure(|config| api::routes(config, &api.allowed_origins))
        .configure(jiomeet::routes)
        .configure(metered::routes)
        .configure(proconf::routes)
        .configure(datagram::routes)
        .configure(keys::routes)
        .configure(join::routes)
        .service(resource("/livez", get().to(health::livez)))
        .service(resource("/readyz", get().to(health::readyz)))
        .service(resource("/metrics", get().to(metrics::metrics)))
        .default_service(web::to(not_found));
}

/// Serves on the listener, with TLS where there is a certificate, until it is told to stop; then running requests may finish for
/// `shutdown_timeout`.
///
/// # Errors
/// Where the listener can't be used.
pub fn serve(
    app: web::Data<App>,
    listener: TcpListener,
    certificate: Option<&Arc<Certificate>>,
    api: &ApiConfig,
    shutdown_timeout: Duration,
) -> std::io::Result<Server> {
    drop_who_never_reads(&listener)?;
    let lane = web::Data::new(Lane::open(Arc::clone(&app))?);
    let limiter = web::Data::new(Limiter::new(api.requests_per_minute));
    let key_sets = web::Data::new(KeySets::new(app.signing_keys.max_age));
    let api = api.clone();
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(app.clone())
            .app_data(lane.clone())
            .app_data(limiter.clone())
            .app_data(key_sets.clone())
            .wrap(from_fn(name_request))
            .wrap(TracingLogger::<RequestSpan>::new())
            // An operator's `reservations_api_prefix` may well end in a slash.
            .wrap(NormalizePath::new(TrailingSlash::Trim))
            .configure(|config| routes(config, &api))
    })
    .max_connections(CONNECTIONS)
    .client_request_timeout(HEAD_TIMEOUT)
    .tls_handshake_timeout(HANDSHAKE_TIMEOUT)
    .max_connection_rate(HANDSHAKES)
    .shutdown_timeout(shutdown_timeout.as_secs().max(1))
    .disable_signals();
    let server = match certificate {
        Some(certificate) => server.listen_rustls_0_23(listener, certificate.server_config())?,
        None => server.listen(listener)?,
    };
    Ok(server.run())
}

/// Has the kernel close connections whose client takes nothing any more, not even into its own memory. They inherit it from the
/// listener.
///
/// Source: `TCP_USER_TIMEOUT` in tcp(7); Linux counts a window of zero as unanswered.
fn drop_who_never_reads(listener: &TcpListener) -> std::io::Result<()> {
    Ok(setsockopt(listener, sockopt::TcpUserTimeout, &UNREAD_TIMEOUT)?)
}

/// Tells the client the id that the request has in the log.
async fn name_request(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = request.extensions().get::<RequestId>().map(ToString::to_string);
    let mut response = next.call(request).await?;
    if let Some(value) = id.and_then(|id| HeaderValue::from_str(&id).ok()) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use nix::sys::socket::getsockopt;

    use super::*;

    #[test]
    fn accepted_connections_are_closed_where_nothing_is_read() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        drop_who_never_reads(&listener).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        assert_eq!(getsockopt(&accepted, sockopt::TcpUserTimeout).unwrap(), UNREAD_TIMEOUT);
    }
}
