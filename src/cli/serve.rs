//! `frontdesk serve`.

use std::env;
use std::future::pending;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use clap::Args;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::fstat;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::Done;
use super::print::say;
use super::session::{Place, Purpose, Session};
use super::url::public_url;
use crate::actions::welcome::{Welcome, welcome};
use crate::app::App;
use crate::background;
use crate::config::{Config, Overrides};
use crate::database::private::PrivateDatabase;
use crate::server;
use crate::store::servers;
use crate::tls::Certificate;

/// How long the last refusals may take to be written.
const FLUSH: Duration = Duration::from_secs(3);

/// How often the certificate's files are looked at.
const LOOK: Duration = Duration::from_secs(30);

/// The pause before the private PostgreSQL is started again.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// IP address and port to accept requests on [default: 127.0.0.1:8180]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Leave the schema as it is; stop where it is not the one that is needed
    #[arg(long)]
    no_migrate: bool,
}

impl ServeArgs {
    pub fn overrides(&self, overrides: Overrides) -> Overrides {
        overrides
            .set("listen", self.listen.as_deref())
            .set("database.migrate", self.no_migrate.then_some("false"))
    }
}

/// The address is taken, or not ours.
#[derive(Debug, thiserror::Error)]
#[error("can't accept requests on {address} (`--listen` or FRONTDESK_LISTEN names another address)")]
struct ListenError {
    address: SocketAddr,
    source: io::Error,
}

pub(super) async fn serve(config: Config, place: Place) -> Done {
    // Each connection is a file, and the usual soft limit of 1024 is soon reached by idle ones.
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    // A terminal that is closed: the private PostgreSQL would be left behind. But not under `nohup`.
    let mut hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
    let stop = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = hung_up(&mut hangup) => {}
        }
    };
    tokio::pin!(stop);
    let certificate = config.tls.as_ref().map(Certificate::read).transpose()?;
    let session = tokio::select! {
        session = Session::open(place, &config, Purpose::Serve) => session?,
        () = &mut stop => return Ok(()),
    };
    // Only now: a connection that waits for the database would be worse than one that is refused,
    // for a conference server asks again.
    let (server, address) = match listen(&session, &config, certificate.as_ref()) {
        Ok(listening) => listening,
        Err(error) => {
            session.close().await;
            return Err(error.into());
        }
    };
    let Session { app, mut private, options, refusals } = session;
    let handle = server.handle();
    let mut serving = tokio::spawn(server);
    let (stop_writing, stopped) = oneshot::channel::<()>();
    let mut writing = tokio::spawn(refusals.run(options, async { _ = stopped.await }));
    let is_private = private.is_some();
    let ended = tokio::select! {
        ended = &mut serving => Some(ended),
        () = stop => None,
        () = beside(&app, &config, address, is_private) => None,
        () = keep_alive(&mut private) => None,
        () = follow(certificate.as_deref()) => None,
    };
    tracing::info!("stopping");
    if ended.is_none() {
        handle.stop(true).await;
        _ = serving.await;
    }
    drop(stop_writing);
    if !matches!(timeout(FLUSH, &mut writing).await, Ok(Ok(()))) {
        writing.abort();
        tracing::warn!("the last refusals were not written");
    }
    app.close().await;
    if let Some(private) = private {
        private.close().await;
    }
    match ended {
        Some(ended) => Ok(ended??),
        None => Ok(()),
    }
}

/// Waits until the terminal is closed, where that is listened for.
async fn hung_up(hangup: &mut Option<Signal>) {
    match hangup {
        Some(hangup) => _ = hangup.recv().await,
        None => pending().await,
    }
}

/// Whether whoever started us wants us to outlive the terminal. Where that can't be told, no.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// Whether standard output goes to systemd's journal: `JOURNAL_STREAM` names the device and inode of its socket there. A
/// terminal or a file in its place has other numbers, though it may inherit the variable.
fn speaks_to_the_journal() -> bool {
    let Ok(output) = fstat(io::stdout()) else { return false };
    env::var("JOURNAL_STREAM").is_ok_and(|journal| journal == format!("{}:{}", output.st_dev, output.st_ino))
}

fn listen(
    session: &Session,
    config: &Config,
    certificate: Option<&Arc<Certificate>>,
) -> Result<(Server, SocketAddr), ListenError> {
    let failed = |source| ListenError { address: config.listen, source };
    let listener = TcpListener::bind(config.listen).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let server =
        server::serve(session.app.clone(), listener, certificate, &config.api, config.shutdown_timeout)
            .map_err(failed)?;
    Ok((server, address))
}

/// What is done beside answering: first a greeting, then tidying up.
async fn beside(app: &App, config: &Config, address: SocketAddr, private: bool) {
    // A greeting shows credentials, and the journal would keep them.
    let greeting = if private && !speaks_to_the_journal() { welcome(app).await } else { Ok(None) };
    match greeting {
        Ok(Some(greeting)) => introduce(&public_url(config, address), &greeting),
        Ok(None) => {
            say(format_args!("Frontdesk answers at {}", public_url(config, address)));
            hint(app, private).await;
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "could not set up the first tenant");
        }
    }
    background::run(app, config.retention).await;
}

/// What may be missing, where there is no greeting.
async fn hint(app: &App, private: bool) {
    let Ok(mut db) = app.db.acquire().await else { return };
    match servers::list(&mut db).await {
        Ok(servers) if servers.is_empty() => say(format_args!(
            "No conference server may ask yet: `frontdesk tenant add NAME`, then `frontdesk server add NAME`, which \
             shows its credential."
        )),
        Ok(_) if private => say(format_args!(
            "Credentials were shown when they were made; `frontdesk server add-credential NAME` makes another."
        )),
        Ok(_) | Err(_) => {}
    }
}

/// Keeps the certificate up to date, where there is one.
async fn follow(certificate: Option<&Certificate>) {
    match certificate {
        Some(certificate) => certificate.follow(LOOK).await,
        None => pending().await,
    }
}

/// Starts the private PostgreSQL again whenever it dies.
async fn keep_alive(private: &mut Option<PrivateDatabase>) {
    let Some(private) = private else {
        return pending().await;
    };
    loop {
        let status = private.died().await.map_or_else(|error| error.to_string(), |status| status.to_string());
        tracing::error!(status, "the private PostgreSQL died; starting it again");
        while let Err(error) = private.restart().await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the private PostgreSQL can't be started"
            );
            sleep(RESTART_PAUSE).await;
        }
    }
}

fn introduce(url: &str, greeting: &Welcome) {
    let credential = greeting.server.credential.expose();
    say(format_args!(
        "Frontdesk answers at {url}

  tenant             {}
  conference server  {}
    credential       {credential}",
        greeting.tenant.name, greeting.server.server.name,
    ));
    if let Some(app) = &greeting.app {
        say(format_args!(
            "  app                {}\n    credential       {}",
            app.app.name,
            app.credential.expose()
        ));
    }
    say(format_args!("\nThese credentials are not shown again.\n"));
    let Some(sample) = &greeting.sample else { return };
    let ask = |name: &str| {
        format!(
            "curl -i {url}/conference -H 'Authorization: Bearer {credential}' -d name={name} -d mail_owner=me@example.org -w '\\n'"
        )
    };
    let until = sample.slot.ends().map_or_else(String::new, |ends| ends.format("%H:%M UTC").to_string());
    say(format_args!(
        "The room `{room}` is booked until {until}. Ask for it as a conference server does:

  # a grant: the room may open, with a password and a limit
  {grant}

  # a refusal: nobody booked this room
  {refusal}

  # a conflict: ask for the first room once more, and it is open already
  {grant}
",
        room = sample.room.as_str(),
        grant = ask(sample.room.as_str()),
        refusal = ask("nobody-booked-this"),
    ));
}
