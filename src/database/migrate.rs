//! The schema: brought up to date, or found to be another one.

use std::time::Duration;

use sqlx::PgConnection;
use sqlx::migrate::{Migrate, MigrateError, Migrator};

/// The schema as this version needs it.
static MIGRATIONS: Migrator = sqlx::migrate!();

/// The oldest PostgreSQL that is supported, as `server_version_num` has it.
const OLDEST: i32 = 140_000;

/// How long to wait for another replica that is migrating.
const PATIENCE: Duration = Duration::from_mins(10);

/// Why the schema can't be worked with.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// PostgreSQL refused, or could not be reached.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// PostgreSQL is too old.
    #[error("this is PostgreSQL {found}; Frontdesk needs version 14 or newer")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// A newer Frontdesk has been here.
    #[error(
        "the database is newer than this program: it has migration {database}, this program knows them up to \
         {program}. Install the newer Frontdesk again, or restore a backup from before the upgrade"
    )]
    Newer {
        /// The migration that is not known here.
        database: i64,
        /// The last one that is.
        program: i64,
    },
    /// Migrations are missing, and were not to be run.
    #[error(
        "the database is older than this program, by migrations that have not been run ({missing}). Run `frontdesk \
         migrate`, or start without `--no-migrate`"
    )]
    Older {
        /// How many.
        missing: usize,
    },
    /// A migration failed, or is not the one that was run.
    #[error("the migrations could not be run")]
    Migrate(#[source] MigrateError),
    /// Another replica has been migrating for too long.
    #[error("another process has been migrating the database for {} minutes", PATIENCE.as_secs() / 60)]
    Stuck,
}

/// Brings the schema up to date, and says how many migrations that took. Several replicas may do
/// so at once: one runs the migrations, the others wait.
///
/// # Errors
/// Where the schema is newer than this program, or a migration fails; then it has left no trace.
pub async fn run(db: &mut PgConnection) -> Result<usize, SchemaError> {
    check_version(db).await?;
    let missing = missing(db).await?;
    if missing == 0 {
        return Ok(0);
    }
    match tokio::time::timeout(PATIENCE, MIGRATIONS.run(&mut *db)).await {
        Ok(Ok(())) => Ok(missing),
        Ok(Err(MigrateError::VersionMissing(database))) => Err(newer(database)),
        Ok(Err(error)) => Err(SchemaError::Migrate(error)),
        Err(_) => Err(SchemaError::Stuck),
    }
}

/// Makes sure that the schema is the one that this program needs.
///
/// # Errors
/// Where it is another one.
pub async fn check(db: &mut PgConnection) -> Result<(), SchemaError> {
    check_version(db).await?;
    match missing(db).await? {
        0 => Ok(()),
        missing => Err(SchemaError::Older { missing }),
    }
}

/// Whether there is no schema yet.
///
/// # Errors
/// Where the database fails.
pub async fn is_empty(db: &mut PgConnection) -> Result<bool, SchemaError> {
    Ok(missing(db).await? == MIGRATIONS.iter().count())
}

/// How many migrations have not been run.
async fn missing(db: &mut PgConnection) -> Result<usize, SchemaError> {
    let there: bool =
        sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(&mut *db).await?;
    if !there {
        return Ok(MIGRATIONS.iter().count());
    }
    let applied = db.list_applied_migrations("_sqlx_migrations").await.map_err(SchemaError::Migrate)?;
    if let Some(unknown) = applied.iter().find(|applied| !MIGRATIONS.version_exists(applied.version)) {
        return Err(newer(unknown.version));
    }
    Ok(MIGRATIONS.iter().count().saturating_sub(applied.len()))
}

fn newer(database: i64) -> SchemaError {
    SchemaError::Newer { database, program: MIGRATIONS.iter().map(|m| m.version).max().unwrap_or(0) }
}

async fn check_version(db: &mut PgConnection) -> Result<(), SchemaError> {
    let (number, found): (String, String) =
        sqlx::query_as("SELECT current_setting('server_version_num'), current_setting('server_version')")
            .fetch_one(db)
            .await?;
    if number.parse::<i32>().is_ok_and(|number| number < OLDEST) {
        return Err(SchemaError::TooOld { found });
    }
    Ok(())
}
