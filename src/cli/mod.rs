//! The command line: what can be typed, and how it ends.
//!
//! Every command works on the same actions as the API, against the same database, also while
//! `frontdesk serve` runs.

mod app;
mod appointment;
mod bare_session;
mod brand;
mod calendar;
mod conference;
mod decide;
mod decision;
mod dialects;
mod doctor;
mod feed;
mod health;
mod join_link;
mod keys;
mod master_keys;
mod parse;
mod print;
mod prosody_config;
mod prosody_tokens;
mod room;
mod serve;
mod server;
mod session;
mod tenant;
mod token;
mod url;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use self::bare_session::BarePlace;
use self::print::{Output, complain, say};
use self::session::{Place, Purpose, Session};
use crate::config::{self, Config, Overrides};
use crate::prosody::{GUARD_MODULE, confined};
use crate::telemetry;

/// How a command ends. Whatever went wrong becomes text here and nowhere else.
type Done = Result<(), Box<dyn Error>>;

/// The front desk of self-hosted video rooms: answers a conference server's question whether a
/// room may open.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    everywhere: Everywhere,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Everywhere {
    /// TOML file with settings [default: /etc/frontdesk/frontdesk.toml, where it exists]
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the private PostgreSQL and the master key
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "DIR")]
    data_dir: Option<String>,
    /// How log lines are written: `text` or `json`
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "FORMAT")]
    log_format: Option<String>,
    /// Print JSON
    #[arg(long, global = true, help_heading = "Everywhere")]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer conference servers
    Serve(serve::ServeArgs),
    /// Bring the database's schema up to date
    Migrate,
    /// Say what is wrong with the configuration, all of it
    CheckConfig {
        /// List every setting with its variable and default
        #[arg(long)]
        list: bool,
        /// Print a TOML file with every setting and its default
        #[arg(long, conflicts_with = "list")]
        example: bool,
    },
    /// Ask the running service whether it is ready
    #[command(hide = true)]
    Healthcheck,
    /// Evaluate a configuration of Prosody's, as the doctor has it done
    #[command(hide = true)]
    EvaluateProsodyConfig {
        /// Its main file
        file: PathBuf,
    },
    /// Tenants: organisations with rooms of their own
    #[command(subcommand)]
    Tenant(tenant::TenantCommand),
    /// Conference servers: each Prosody with a credential of its own
    #[command(subcommand)]
    Server(server::ServerCommand),
    /// Apps: clients of the API
    App(app::AppArgs),
    /// Appointments: booked rooms
    #[command(subcommand)]
    Appointment(appointment::AppointmentCommand),
    /// Conferences: rooms that were opened
    #[command(subcommand)]
    Conference(conference::ConferenceCommand),
    /// Import calendar files
    #[command(subcommand)]
    Calendar(calendar::CalendarCommand),
    /// Decisions: which rooms were opened or refused, and why
    #[command(subcommand)]
    Decision(decision::DecisionCommand),
    /// Feeds: calendars that others subscribe to
    Feed(feed::FeedArgs),
    /// Join links: by which people come in
    JoinLink(join_link::JoinLinkArgs),
    /// Keys that room tokens are signed with
    Keys(keys::KeysArgs),
    /// Room tokens: what lets people into rooms
    Token(token::TokenArgs),
    /// Languages of other systems, which a tenant's apps may speak
    Dialects(dialects::DialectsArgs),
    /// Rooms: when one is free
    #[command(subcommand)]
    Room(room::RoomCommand),
    /// Master keys: what secrets in the database are sealed under
    #[command(subcommand)]
    MasterKeys(master_keys::MasterKeysCommand),
    /// Write what Prosody needs to ask Frontdesk, ready to paste
    ProsodyConfig(prosody_config::ProsodyConfigArgs),
    /// Say what will not work in this set-up, and how to mend it
    Doctor(doctor::DoctorArgs),
    /// Say what a conference server would be told, and claim nothing
    Decide(decide::DecideArgs),
}

/// Runs the command that was typed.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Done {
    let Cli { everywhere, command } = cli;
    let output = Output { json: everywhere.json };
    if let Command::EvaluateProsodyConfig { file } = &command {
        say(format_args!("{}", confined::evaluate(file)));
        return Ok(());
    }
    let overrides = Overrides::default()
        .config_file(everywhere.config)
        .set("data_dir", everywhere.data_dir)
        .set("log.format", everywhere.log_format);
    let overrides = match &command {
        Command::Serve(args) => args.overrides(overrides),
        _ => overrides,
    };
    if let Command::CheckConfig { example: true, .. } = command {
        say(format_args!("{}", config::example().trim_end()));
        return Ok(());
    }
    let config = config::load(&overrides, std::env::vars_os())?;
    if let Command::CheckConfig { list, .. } = command {
        return check_config(output, list);
    }
    telemetry::init(&config.log);
    if let Command::Healthcheck = command {
        return tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(health::check(&config));
    }
    if let Command::ProsodyConfig(args) = &command
        && args.guard_module
    {
        say(format_args!("{}", GUARD_MODULE.trim_end()));
        return Ok(());
    }
    if let Command::Doctor(args) = &command {
        return doctor::run(args, output, &config);
    }
    // A place is chosen before there is any thread: as root, this process becomes another user's.
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match command {
        Command::MasterKeys(command) if command.bears_missing_keys() => {
            let place = BarePlace::choose(&config)?;
            runtime()?.block_on(command.run_bare(place, output))
        }
        command => {
            let place = Place::choose(&config)?;
            runtime()?.block_on(dispatch(command, output, config, place))
        }
    }
}

async fn dispatch(command: Command, output: Output, config: Config, place: Place) -> Done {
    if let Command::Serve(_) = command {
        return Box::pin(serve::serve(config, place)).await;
    }
    let purpose = if let Command::Migrate = command { Purpose::Migrate } else { Purpose::Command };
    let session = Session::open(place, &config, purpose).await?;
    let app = &session.app;
    let done = match command {
        Command::Serve(_)
        | Command::CheckConfig { .. }
        | Command::Healthcheck
        | Command::Doctor(_)
        | Command::EvaluateProsodyConfig { .. } => Ok(()),
        Command::Migrate => {
            say(format_args!("the schema is up to date"));
            Ok(())
        }
        Command::Tenant(command) => command.run(app, output).await,
        Command::Server(command) => command.run(app, output).await,
        Command::App(args) => args.run(app, output).await,
        Command::Appointment(command) => command.run(app, output).await,
        Command::Conference(command) => command.run(app, output).await,
        Command::Calendar(command) => Box::pin(command.run(app, output)).await,
        Command::Decision(command) => command.run(app, output).await,
        Command::MasterKeys(_) => master_keys::run_reseal(app, output).await,
        Command::Feed(args) => args.run(app, output).await,
        Command::JoinLink(args) => args.run(app, output).await,
        Command::Keys(args) => args.run(app, output).await,
        Command::Token(args) => args.run(app, output).await,
        Command::Dialects(args) => args.run(app, output).await,
        Command::Room(command) => command.run(app, output).await,
        Command::Decide(args) => args.run(app, output).await,
        Command::ProsodyConfig(args) => args.run(app, &config, output).await,
    };
    session.close().await;
    done
}

fn check_config(output: Output, list: bool) -> Done {
    if !list {
        say(format_args!("the configuration is fine"));
        return Ok(());
    }
    let settings: Vec<_> = config::describe()
        .iter()
        .map(|setting| {
            serde_json::json!({
                "setting": setting.key,
                "variable": setting.variable,
                "default": setting.default,
                "meaning": setting.help,
                "value": setting.value,
            })
        })
        .collect();
    output.list(&settings)
}
