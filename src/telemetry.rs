//! Logs and request spans: what is written down, and what never is.
//!
//! A request's span knows method, route pattern, request id, status and latency.
//! Client addresses, user agents, raw paths, queries, headers and bodies stay out:
//! people and credentials are in them. The line of an ask adds the room's name,
//! without which nobody could find out why a room did not open. Not in here: `metrics`.

mod json;

use std::{
    env,
    error::Error as StdError,
    io::{self, IsTerminal},
    time::Instant,
};

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode},
};
use tracing::{Level, Span, field::Empty};
use tracing_actix_web::{RequestId, RootSpanBuilder};
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{LogConfig, LogFilter, LogFormat};

/// Starts logging to standard error, with times in UTC.
///
/// Does nothing where logging was started before.
pub fn init(log: &LogConfig) {
    // A line that can't be written is lost. To complain of it would need the same output, and would panic.
    let builder =
        fmt().with_env_filter(env_filter(&log.filter)).with_writer(io::stderr).log_internal_errors(false);
    let started = match log.format {
        LogFormat::Text => {
            let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            builder.with_ansi(!no_color && io::stderr().is_terminal()).try_init()
        }
        LogFormat::Json => builder.fmt_fields(json::Members).event_format(json::Lines).try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}

/// The operator's directives, with `sqlx` (its statements), `actix_server` (its workers) and
/// `actix_http` (what strangers send) quiet unless they are named themselves.
fn env_filter(filter: &LogFilter) -> EnvFilter {
    EnvFilter::new(format!("sqlx=warn,actix_server=warn,actix_http=off,{}", filter.as_str()))
}

/// Why a request failed, for the log and not for the client.
///
/// Whoever turns an error into a response attaches it; the span logs it, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    /// The error and its sources.
    #[must_use]
    pub fn of(error: &dyn StdError) -> Self {
        Self(with_sources(error))
    }

    /// Leaves the failure in the response, for the span to find.
    pub fn attach(self, response: &mut HttpResponse) {
        response.extensions_mut().insert(self);
    }
}

/// An error and its sources, joined by colons. What an error already says of its source is not
/// said again.
#[must_use]
pub fn with_sources(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        source = error.source();
    }
    text
}

/// In a response whose status says that the service can't, where nothing has failed: a limit that was set is reached.
#[derive(Debug, Clone, Copy)]
pub struct Expected;

/// When a request came in.
#[derive(Clone, Copy)]
struct Arrival(Instant);

/// The span around each request, for `TracingLogger::<RequestSpan>::new()`.
///
/// Ends with one event: an error for a status of 500 and above, with the
/// [`Failure`]; `debug` for everything else.
#[derive(Debug)]
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        request.extensions_mut().insert(Arrival(Instant::now()));
        let id = request.extensions().get::<RequestId>().copied();
        let route = request.match_pattern();
        // At the level of errors, so that an error has its request id under every filter.
        tracing::error_span!(
            "request",
            method = method(request.method()),
            route = route.as_deref().unwrap_or("unmatched"),
            request.id = id.map(tracing::field::display),
            tenant.name = Empty,
            status = Empty,
            latency_ms = Empty,
        )
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        let is_expected =
            |response: &ServiceResponse<B>| response.response().extensions().contains::<Expected>();
        let is_fault = status.is_server_error() && !outcome.as_ref().is_ok_and(is_expected);
        // What is recorded where nothing is said later is for nobody, and takes as long as the rest of the span.
        if !is_fault && !tracing::enabled!(Level::DEBUG) {
            return;
        }
        span.record("status", status.as_u16());
        if let Some(Arrival(arrival)) = arrival(outcome) {
            span.record("latency_ms", arrival.elapsed().as_secs_f64() * 1000.0);
        }
        match (is_fault, failure(status, outcome)) {
            (true, Some(Failure(error))) => tracing::error!(error, "request failed"),
            (true, None) => tracing::error!("request failed"),
            (false, Some(Failure(error))) => tracing::debug!(error, "request refused"),
            (false, None) => tracing::debug!("request answered"),
        }
    }
}

/// The method, unless the client made it up.
fn method(method: &Method) -> &'static str {
    const KNOWN: [(&Method, &str); 7] = [
        (&Method::GET, "GET"),
        (&Method::HEAD, "HEAD"),
        (&Method::POST, "POST"),
        (&Method::PUT, "PUT"),
        (&Method::PATCH, "PATCH"),
        (&Method::DELETE, "DELETE"),
        (&Method::OPTIONS, "OPTIONS"),
    ];
    KNOWN.into_iter().find(|(known, _)| *known == method).map_or("other", |(_, name)| name)
}

fn arrival<B>(outcome: &Result<ServiceResponse<B>, Error>) -> Option<Arrival> {
    let response = outcome.as_ref().ok()?;
    response.request().extensions().get::<Arrival>().copied()
}

/// The failure that was attached. Without one, the error of a framework speaks
/// for itself, but only if the fault is ours: other texts quote the request.
fn failure<B>(status: StatusCode, outcome: &Result<ServiceResponse<B>, Error>) -> Option<Failure> {
    let error = match outcome {
        Ok(response) => {
            let attached = response.response().extensions().get::<Failure>().cloned();
            if attached.is_some() {
                return attached;
            }
            response.response().error()
        }
        Err(error) => Some(error),
    };
    error.filter(|_| status.is_server_error()).map(|error| Failure(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use actix_web::{App, error, http::header, test, web};
    use tracing_actix_web::TracingLogger;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    async fn broken() -> HttpResponse {
        let mut response = HttpResponse::InternalServerError().finish();
        Failure::of(&io::Error::other(std::fmt::Error)).attach(&mut response);
        response
    }

    /// What is logged for a request to `path`.
    async fn log_of(filter: &str, method: Method, path: &str) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = fmt().with_env_filter(filter).with_writer(move || writer.clone());
        let subscriber = subscriber.fmt_fields(json::Members).event_format(json::Lines).finish();
        let guard = tracing::subscriber::set_default(subscriber);
        let app = App::new()
            .wrap(TracingLogger::<RequestSpan>::new())
            .route("/broken/{room}", web::get().to(broken))
            .route("/number/{n}", web::get().to(async |_: web::Path<u32>| HttpResponse::Ok()))
            .route(
                "/outage",
                web::get().to(async || Err::<&str, _>(error::ErrorServiceUnavailable("no database"))),
            );
        let app = test::init_service(app).await;
        let request = test::TestRequest::with_uri(path)
            .method(method)
            .peer_addr("203.0.113.7:999".parse().unwrap())
            .insert_header((header::USER_AGENT, "spyglass"))
            .insert_header((header::AUTHORIZATION, "Bearer hunter2"));
        test::call_service(&app, request.to_request()).await;
        drop(guard);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[actix_web::test]
    async fn a_failure_is_logged_once_with_its_sources_under_every_filter() {
        let log = log_of("error", Method::GET, "/broken/Secret%20Room?q=secret").await;
        let line: serde_json::Value = serde_json::from_str(&log).unwrap();
        assert_eq!(line["level"], "ERROR");
        assert!(line["error"].as_str().unwrap().contains("an error occurred when formatting"), "{log}");
        let span = &line["spans"][0];
        assert_eq!(span["method"], "GET");
        assert_eq!(span["route"], "/broken/{room}");
        assert_eq!(span["status"], 500);
        assert!(span["latency_ms"].as_f64().unwrap() > 0.0);
        let id: uuid::Uuid = span["request.id"].as_str().unwrap().parse().unwrap();
        assert_eq!(id.get_version_num(), 7);
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{log}");
    }

    #[actix_web::test]
    async fn the_error_of_a_handler_is_logged_once() {
        let log = log_of("trace,actix=off,mio=off", Method::GET, "/outage").await;
        assert_eq!(log.matches("no database").count(), 1, "{log}");
    }

    #[actix_web::test]
    async fn nothing_of_the_client_or_its_words_is_logged() {
        let made_up = Method::from_bytes(b"HUNTER2").unwrap();
        let requests = [
            (Method::GET, "/broken/Secret%20Room?q=secret"),
            (Method::GET, "/number/secret?q=secret"),
            (Method::GET, "/nowhere/secret?q=secret"),
            (made_up, "/number/secret"),
        ];
        for (method, path) in requests {
            let log = log_of("frontdesk=trace,tracing_actix_web=trace", method, path).await;
            assert!(log.contains("\"spans\""), "{log}");
            for word in ["ecret", "203.0", "spyglass", "unter2", "UNTER2"] {
                assert!(!log.contains(word), "{log}");
            }
        }
    }

    #[actix_web::test]
    async fn an_answer_without_a_failure_is_no_news() {
        assert_eq!(log_of("info", Method::GET, "/number/7").await, "");
        assert_eq!(log_of("info", Method::GET, "/number/x").await, "");
    }
}
