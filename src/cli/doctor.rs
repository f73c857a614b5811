//! `frontdesk doctor`: in which order things are looked at, and how it is told.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::Done;
use super::print::{Output, say};
use super::session::{Place, Purpose, Session, SessionError};
use super::url::public_url;
use crate::actions::probe;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::database::pools::connect_once;
use crate::database::private::locate;
use crate::doctor::conversation::{Booked, Peer, Script};
use crate::doctor::prosody::{Asker, audiences, examine, moderators, private_rooms, shared_credentials};
use crate::doctor::{Check, Finding, Findings, Level, deployment, web};
use crate::prosody::config::ProsodyConfig;
use crate::prosody::confined;
use crate::reservation::{BaseUrl, Moderators, plain};
use crate::store::StoreError;
use crate::telemetry::with_sources;

/// How long the database may take to be reached.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Prosody's main configuration file, such as /etc/prosody/prosody.cfg.lua; may be given several times
    #[arg(long, value_name = "FILE")]
    prosody_config: Vec<PathBuf>,
    /// The web application's configuration, such as /etc/jitsi/meet/meet.example.org-config.js
    #[arg(long, value_name = "FILE")]
    web_config: Vec<PathBuf>,
    /// Ask the service at this address [default: what Prosody's configuration says; else public_url]
    #[arg(long, value_name = "URL")]
    url: Option<BaseUrl>,
}

/// Something doesn't work.
#[derive(Debug, thiserror::Error)]
#[error("{0} of {1} checks failed")]
struct Unwell(usize, usize);

#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    findings: &'a [Finding],
}

/// One of Prosody's configurations, and the hosts in it that ask.
struct Patient {
    config: ProsodyConfig,
    askers: Vec<Asker>,
}

/// Looks at everything. To be called before there is any thread: as root, what only root may read is
/// read first, and then the process becomes another user's.
pub(super) fn run(args: &DoctorArgs, output: Output, config: &Config) -> Done {
    let mut all = Vec::new();
    let patients = examine_prosodies(args, &mut all);
    args.web_config.iter().for_each(|path| web::examine(path, &mut all));
    if args.web_config.is_empty() {
        Findings::about("Jitsi's web application", &mut all)
            .skipped(Check::ConferenceRequest, "its configuration was not named: --web-config FILE");
    }
    let place = settle(config);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(examine_the_rest(args, config, place, &patients, &mut all));
    group(&mut all);
    let errors = all.iter().filter(|finding| finding.level == Level::Error).count();
    if output.json {
        output.one(&Report { ok: errors == 0, findings: &all })?;
    } else {
        tell(&all);
    }
    if errors == 0 { Ok(()) } else { Err(Unwell(errors, all.len()).into()) }
}

fn examine_prosodies(args: &DoctorArgs, all: &mut Vec<Finding>) -> Vec<Patient> {
    let mut patients = Vec::new();
    for path in &args.prosody_config {
        match confined::read(path) {
            Ok(config) => {
                let askers = examine(&config, all);
                patients.push(Patient { config, askers });
            }
            Err(error) => Findings::about(path.display().to_string(), all).error(
                Check::Configuration,
                with_sources(&error),
                "`prosodyctl check config` says more. As root, it is read as its owner, or as nobody in the group prosody: all \
                 of its files have to be readable by that, and to lie below the main file's folder",
            ),
        }
    }
    if args.prosody_config.is_empty() {
        Findings::about("Prosody", all)
            .skipped(Check::Configuration, "its configuration was not named: --prosody-config FILE");
    }
    let askers: Vec<_> = patients.iter().map(|patient| patient.askers.clone()).collect();
    shared_credentials(&askers, all);
    patients
}

/// Where the data is; nothing where nothing was started here yet, for the doctor makes no database and
/// no key.
fn settle(config: &Config) -> Result<Option<Place>, SessionError> {
    let needed = match (&config.database.url, &config.master_key_file) {
        (Some(_), Some(_)) => None,
        (None, _) => Some("pgdata"),
        (Some(_), None) => Some("master.key"),
    };
    if let Some(needed) = needed
        && !locate(config.data_dir.as_deref())?.join(needed).exists()
    {
        return Ok(None);
    }
    Place::choose(config).map(Some)
}

/// Frontdesk's own state, where it is to be had.
async fn open(
    args: &DoctorArgs,
    config: &Config,
    place: Result<Option<Place>, SessionError>,
    found: &mut Findings<'_>,
) -> Option<Session> {
    let opened = match place {
        Ok(Some(place)) => Session::open(place, config, Purpose::Look).await,
        Ok(None) if args.url.is_some() || !args.prosody_config.is_empty() => {
            found.skipped(Check::Database, "there is no data of a Frontdesk on this machine");
            return None;
        }
        Ok(None) => {
            found.error(
                Check::Database,
                "there is no data of a Frontdesk on this machine",
                "run the doctor where Frontdesk runs, with the same settings; or name a Prosody or an address",
            );
            return None;
        }
        Err(error) => Err(error),
    };
    let remedy = "run the doctor where Frontdesk runs, as its user or root, with the same settings";
    opened.inspect_err(|error| found.error(check_of(error), with_sources(error), remedy)).ok()
}

async fn examine_the_rest(
    args: &DoctorArgs,
    config: &Config,
    place: Result<Option<Place>, SessionError>,
    patients: &[Patient],
    all: &mut Vec<Finding>,
) {
    let session = open(args, config, place, &mut Findings::about("Frontdesk", all)).await;
    let mut writable = false;
    if let Some(session) = &session {
        let mut found = Findings::about("Frontdesk", all);
        match look(session, config, &mut found).await {
            Ok(may_be_written) => writable = may_be_written,
            Err(error) => found.error(Check::Database, with_sources(&error), "see PostgreSQL's log"),
        }
    }
    // The pools refuse a database that can't be written to.
    let app = session.as_ref().filter(|_| writable).map(|session| session.app.as_ref());
    for (patient, asker) in
        patients.iter().flat_map(|patient| patient.askers.iter().map(move |asker| (patient, asker)))
    {
        credential(args, app, patient, asker, all).await;
    }
    let mut urls: Vec<BaseUrl> = Vec::new();
    for url in patients.iter().flat_map(|patient| &patient.askers).filter_map(|asker| asker.prefix.clone()) {
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    match (&args.url, urls.is_empty()) {
        (Some(url), _) => urls = vec![url.clone()],
        (None, true) => urls.extend(public_url(config, config.listen).parse::<BaseUrl>().ok()),
        (None, false) => {}
    }
    for url in urls {
        converse(app, url, all).await;
    }
    if let Some(session) = session {
        session.close().await;
    }
}

/// Over a connection of its own.
async fn look(session: &Session, config: &Config, found: &mut Findings<'_>) -> Result<bool, StoreError> {
    let mut db = connect_once(&session.options, PATIENCE).await?;
    deployment::examine(&mut db, &session.app.clock, config, found).await
}

/// Whether the credential that one host sends is known, to the service and to the database.
async fn credential(
    args: &DoctorArgs,
    app: Option<&App>,
    patient: &Patient,
    asker: &Asker,
    all: &mut Vec<Finding>,
) {
    let mut found = Findings::about(&asker.about, all);
    let Some(credential) = &asker.credential else { return };
    if let Some(url) = args.url.as_ref().or(asker.prefix.as_ref())
        && let Ok(mut peer) = Peer::new(url.clone())
    {
        peer.knows(credential, &mut found).await;
    }
    let Some(app) = app else { return };
    match deployment::identify(app, credential, &mut found).await {
        Ok(None) => {}
        Ok(Some(needs)) => {
            if needs.moderators == Moderators::Token {
                moderators(&patient.config, &asker.host, &mut found);
            }
            if needs.any_audience {
                audiences(&patient.config, &asker.host, &mut found);
            }
            if needs.private_rooms {
                private_rooms(&patient.config, &asker.host, &mut found);
            }
        }
        Err(error) => found.error(Check::Database, with_sources(&error), "see PostgreSQL's log"),
    }
}

/// Plays the whole conversation, in a tenant of its own that is gone afterwards.
async fn converse(app: Option<&App>, url: BaseUrl, all: &mut Vec<Finding>) {
    let mut found = Findings::about(url.to_string(), all);
    let mut peer = match Peer::new(url) {
        Ok(peer) => peer,
        Err(error) => {
            return found.error(Check::Service, with_sources(&error), "look at this machine's certificates");
        }
    };
    let clock = Clock::system();
    if !peer.reach(&clock, &mut found).await {
        return;
    }
    let Some(app) = app else {
        return found.skipped(Check::Grant, "the conversation needs the database, to book a room");
    };
    let probe = match probe::set_up(app).await {
        Ok(probe) => probe,
        Err(error) => return found.error(Check::Grant, with_sources(&error), "see PostgreSQL's log"),
    };
    let script = Script {
        credential: probe.credential.clone(),
        booked: Booked { room: probe.room.to_owned(), max_occupants: probe.max_occupants },
        unknown: "nobody-booked-this".to_owned(),
    };
    if let Err(error) = peer.play(&script, clock.now(), &mut found).await {
        found.error(Check::Service, with_sources(&error), "see the service's log");
    }
    if let Err(error) = probe::take_down(app, probe).await {
        found.warn(
            Check::Database,
            with_sources(&error),
            "the doctor's own tenant stayed; the next run removes it",
        );
    }
}

fn check_of(error: &SessionError) -> Check {
    match error {
        SessionError::Keys(_) | SessionError::KeysLost { .. } | SessionError::ForeignKeys(_) => Check::Keys,
        SessionError::Folder(_)
        | SessionError::NothingYet { .. }
        | SessionError::Private(_)
        | SessionError::Unreachable(_)
        | SessionError::Schema(_) => Check::Database,
    }
}

/// What is about one thing stands together, where it was first spoken of.
fn group(all: &mut [Finding]) {
    let mut order: Vec<String> = Vec::new();
    for finding in all.iter() {
        if !order.contains(&finding.about) {
            order.push(finding.about.clone());
        }
    }
    all.sort_by_key(|finding| order.iter().position(|about| *about == finding.about));
}

/// The findings for people: what is wrong with its remedy, and in short what is fine.
fn tell(all: &[Finding]) {
    let mut about = "";
    for finding in all {
        if finding.about != about {
            about = &finding.about;
            say(format_args!("\n{}", plain(about)));
        }
        let mark = match finding.level {
            Level::Ok => "  ok     ",
            Level::Skipped => "  -      ",
            Level::Warning => "  WARNING",
            Level::Error => "  ERROR  ",
        };
        say(format_args!("{mark} {}: {}", finding.check, plain(&finding.message)));
        if let Some(remedy) = &finding.remedy {
            say(format_args!("            {}", plain(remedy)));
        }
    }
    let count = |level| all.iter().filter(|finding| finding.level == level).count();
    say(format_args!(
        "\nfine: {}, warnings: {}, errors: {}, not looked at: {}",
        count(Level::Ok),
        count(Level::Warning),
        count(Level::Error),
        count(Level::Skipped)
    ));
}
