//! The HTTP server: every URL there is, on one screen.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::{NormalizePath, TrailingSlash};
use actix_web::{HttpResponse, HttpServer, web};
use tracing_actix_web::TracingLogger;

use crate::app::App;
use crate::dialect::prosody;
use crate::http::{health, metrics};
use crate::reservation::wording::Fault;
use crate::telemetry::RequestSpan;

/// How long the head of a request may take to come.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// Every URL there is.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .configure(prosody::routes)
        .route("/livez", web::get().to(health::livez))
        .route("/readyz", web::get().to(health::readyz))
        .route("/metrics", web::get().to(metrics::metrics))
        .default_service(web::to(not_found));
}

/// Serves on the listener until it is told to stop; then running requests may finish for
/// `shutdown_timeout`.
///
/// # Errors
/// Where the listener can't be used.
pub fn serve(
    app: web::Data<App>,
    listener: TcpListener,
    shutdown_timeout: Duration,
) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(app.clone())
            .wrap(TracingLogger::<RequestSpan>::new())
            // An operator's `reservations_api_prefix` may well end in a slash.
            .wrap(NormalizePath::new(TrailingSlash::Trim))
            .configure(routes)
    })
    .client_request_timeout(HEAD_TIMEOUT)
    .shutdown_timeout(shutdown_timeout.as_secs())
    .disable_signals()
    .listen(listener)?;
    Ok(server.run())
}

async fn not_found(app: web::Data<App>) -> HttpResponse {
    prosody::fault(Fault::NotFound, app.language)
}
