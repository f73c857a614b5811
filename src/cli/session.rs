//! Getting to work: which database, which keys, as which user.

use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::web::Data;
use nix::unistd::geteuid;
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tokio::time::{Instant, sleep};

use super::url::own_url;
use crate::actions::passwords::{KeysError, check_keys};
use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, DatabaseUrl};
use crate::database::fault::is_passing;
use crate::database::migrate::{self, SchemaError};
use crate::database::pools;
use crate::database::private::{self, FolderError, PrivateDatabase, PrivateDatabaseError, Role};
use crate::refusal_log::{RefusalLog, RefusalWriter};
use crate::seal::{KeyFileError, MasterKeys};

/// How long the database may take to answer the first call of a service; a command waits less.
const SERVE_PATIENCE: Duration = Duration::from_mins(1);
const COMMAND_PATIENCE: Duration = Duration::from_secs(5);

/// The name of the master keys' file in the data folder.
pub(super) const KEY_FILE: &str = "master.key";

/// Where the data is.
pub(super) struct Place {
    keys: MasterKeys,
    database: Database,
}

pub(super) enum Database {
    /// Somebody else's PostgreSQL.
    Remote(DatabaseUrl),
    /// Our own, in this folder.
    Private(PathBuf),
}

/// Why a command could not get to work.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    #[error(
        "the master key `{}` is missing, and passwords in the database open with it only: restore it from a backup. If \
         it is lost for good, `frontdesk master-keys list` says which one it was, and `master-keys forget` does without",
        .path.display()
    )]
    KeysLost { path: PathBuf },
    #[error("there is no pgdata in {}: nothing was started here yet", .data_dir.display())]
    NothingYet { data_dir: PathBuf },
    #[error(transparent)]
    Private(#[from] PrivateDatabaseError),
    #[error("PostgreSQL can't be reached")]
    Unreachable(#[source] sqlx::Error),
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error(transparent)]
    ForeignKeys(#[from] KeysError),
}

impl Place {
    /// Chooses the data folder and the database, and reads the master keys. As root, where a data
    /// folder is needed, the process becomes the folder's user for good: so call this before any
    /// thread exists, and read what only root may read before.
    pub fn choose(config: &Config) -> Result<Self, SessionError> {
        let given = config.master_key_file.as_deref().map(MasterKeys::read).transpose()?;
        match (&config.database.url, given) {
            (Some(url), Some(keys)) => {
                // Nothing is kept here, but root has no business answering requests.
                if geteuid().is_root() {
                    private::settle(config.data_dir.as_deref())?;
                }
                Ok(Self { keys, database: Database::Remote(url.clone()) })
            }
            (url, given) => {
                let data_dir = private::settle(config.data_dir.as_deref())?;
                let keys = match given {
                    Some(keys) => keys,
                    None => own_keys(&data_dir, url.is_some())?,
                };
                let database = match url {
                    Some(url) => Database::Remote(url.clone()),
                    None => Database::Private(data_dir),
                };
                Ok(Self { keys, database })
            }
        }
    }
}

/// The master keys in the data folder, made where there is nothing yet that they could have sealed.
fn own_keys(data_dir: &Path, remote: bool) -> Result<MasterKeys, SessionError> {
    let path = data_dir.join(KEY_FILE);
    let is_new = !path.exists();
    if is_new && data_dir.join("pgdata").exists() {
        return Err(SessionError::KeysLost { path });
    }
    let keys = MasterKeys::read_or_create(&path)?;
    if is_new && remote {
        tracing::warn!(
            path = %path.display(),
            "made a master key: passwords in the database open with it only; keep it, and give it to every replica"
        );
    }
    Ok(keys)
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Answering conference servers.
    Serve,
    /// Bringing the schema up to date.
    Migrate,
    /// Any other command.
    Command,
    /// Looking only: the schema is left as it is.
    Look,
}

/// When the schema is brought up to date.
pub(super) enum Migrate {
    Always,
    /// Where there is no schema at all. A newer program on somebody's desk must not change the
    /// database that a service works on.
    AtFirst,
    Never,
}

/// A running command's, or the service's, hold on everything.
pub(super) struct Session {
    pub app: Data<App>,
    pub private: Option<PrivateDatabase>,
    pub options: PgConnectOptions,
    pub refusals: RefusalWriter,
}

impl Session {
    /// Reaches the database, starting it where it is our own, brings its schema up to date, and
    /// makes sure that our keys are its keys.
    pub async fn open(place: Place, config: &Config, purpose: Purpose) -> Result<Self, SessionError> {
        let role = if purpose == Purpose::Serve { Role::Serve } else { Role::Command };
        let (private, options) = start(place.database, role).await?;
        let migrate = match purpose {
            Purpose::Migrate => Migrate::Always,
            Purpose::Serve if config.database.migrate => Migrate::Always,
            Purpose::Serve | Purpose::Look => Migrate::Never,
            Purpose::Command if private.is_some() => Migrate::Always,
            Purpose::Command => Migrate::AtFirst,
        };
        let prepared = async {
            let mut db = prepare(&options, migrate, role).await?;
            Ok::<_, SessionError>(check_keys(&mut db, &place.keys).await?)
        };
        if let Err(error) = prepared.await {
            if let Some(private) = private {
                private.close().await;
            }
            return Err(error);
        }
        let (log, refusals) = RefusalLog::new();
        let app =
            App::new(options.clone(), &config.database, place.keys, Clock::system(), config.language, log)
                .behind(config.trusted_proxies.networks())
                .reached_at(config.public_url.clone(), own_url(config))
                .rotating(config.signing_keys);
        Ok(Self { app: Data::new(app), private, options, refusals })
    }

    /// Lets go of everything.
    pub async fn close(self) {
        self.app.close().await;
        if let Some(private) = self.private {
            private.close().await;
        }
    }
}

/// Starts the database where it is our own, and says how to reach it.
pub(super) async fn start(
    database: Database,
    role: Role,
) -> Result<(Option<PrivateDatabase>, PgConnectOptions), SessionError> {
    match database {
        Database::Remote(url) => Ok((None, url.connect_options())),
        Database::Private(data_dir) => {
            let private = private::open(&data_dir, role).await?;
            let options = private.connect_options();
            Ok((Some(private), options))
        }
    }
}

/// Connects, and brings the schema up to date, or makes sure that it is.
pub(super) async fn prepare(
    options: &PgConnectOptions,
    migrate: Migrate,
    role: Role,
) -> Result<PgConnection, SessionError> {
    let mut db = reach(options, role).await?;
    let wanted = match migrate {
        Migrate::Always => true,
        Migrate::AtFirst => migrate::is_empty(&mut db).await?,
        Migrate::Never => false,
    };
    if wanted {
        let run = migrate::run(&mut db).await?;
        if run > 0 {
            tracing::info!(migrations = run, "brought the schema up to date");
        }
    } else {
        migrate::check(&mut db).await?;
    }
    Ok(db)
}

/// Connects, and is patient with a database that is still starting.
async fn reach(options: &PgConnectOptions, role: Role) -> Result<PgConnection, SessionError> {
    let patience = match role {
        Role::Serve => SERVE_PATIENCE,
        Role::Command => COMMAND_PATIENCE,
    };
    let until = Instant::now() + patience;
    loop {
        match pools::connect_once(options, COMMAND_PATIENCE).await {
            Ok(connection) => return Ok(connection),
            Err(error) if is_passing(&error) && Instant::now() < until => {
                tracing::warn!(error = &error as &dyn std::error::Error, "PostgreSQL can't be reached yet");
                sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(SessionError::Unreachable(error)),
        }
    }
}
