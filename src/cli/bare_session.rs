//! Getting to the database whatever became of the master keys: to look at them, and to forget a lost one.

use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use sqlx::PgConnection;

use super::session::{Database, KEY_FILE, Migrate, SessionError, prepare, start};
use crate::config::Config;
use crate::database::private::{self, PrivateDatabase, Role};
use crate::seal::{KeyFileError, MasterKeys};

/// Where the data is, with the master keys as they are.
pub(super) struct BarePlace {
    keys: Option<MasterKeys>,
    own_file: Option<PathBuf>,
    database: Database,
}

impl BarePlace {
    /// As [`Place::choose`](super::session::Place::choose), but makes no key, and bears that there is none.
    pub fn choose(config: &Config) -> Result<Self, SessionError> {
        let named = config.master_key_file.as_deref().map(read).transpose()?;
        if let (Some(url), Some(keys)) = (&config.database.url, &named) {
            if geteuid().is_root() {
                private::settle(config.data_dir.as_deref())?;
            }
            return Ok(Self { keys: keys.clone(), own_file: None, database: Database::Remote(url.clone()) });
        }
        let data_dir = private::settle(config.data_dir.as_deref())?;
        let own_file = named.is_none().then(|| data_dir.join(KEY_FILE));
        let keys = match (named, &own_file) {
            (None, Some(file)) => read(file)?,
            (named, _) => named.flatten(),
        };
        let database = match &config.database.url {
            Some(url) => Database::Remote(url.clone()),
            // Without a key for it, no database is made.
            None if !data_dir.join("pgdata").exists() => return Err(SessionError::NothingYet { data_dir }),
            None => Database::Private(data_dir),
        };
        Ok(Self { keys, own_file, database })
    }
}

/// The keys in the file; `None` where there is no file.
fn read(path: &Path) -> Result<Option<MasterKeys>, KeyFileError> {
    match MasterKeys::read(path) {
        Ok(keys) => Ok(Some(keys)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// A hold on the database.
pub(super) struct BareSession {
    pub db: PgConnection,
    pub keys: Option<MasterKeys>,
    own_file: Option<PathBuf>,
    private: Option<PrivateDatabase>,
}

impl BareSession {
    /// Reaches the database, starting it where it is our own.
    pub async fn open(place: BarePlace) -> Result<Self, SessionError> {
        let (private, options) = start(place.database, Role::Command).await?;
        let migrate = if private.is_some() { Migrate::Always } else { Migrate::AtFirst };
        match prepare(&options, migrate, Role::Command).await {
            Ok(db) => Ok(Self { db, keys: place.keys, own_file: place.own_file, private }),
            Err(error) => {
                if let Some(private) = private {
                    private.close().await;
                }
                Err(error)
            }
        }
    }

    /// Makes a master key where there is none, and the file is not one that somebody has named: that may be missing
    /// because it is not mounted. Never touches a file that is there.
    pub fn make_key_where_missing(&mut self) -> Result<Option<&MasterKeys>, KeyFileError> {
        let (None, Some(file)) = (&self.keys, &self.own_file) else { return Ok(None) };
        Ok(Some(self.keys.insert(MasterKeys::read_or_create(file)?)))
    }

    /// Lets go of everything.
    pub async fn close(self) {
        drop(self.db);
        if let Some(private) = self.private {
            private.close().await;
        }
    }
}
