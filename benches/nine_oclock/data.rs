//! The schedule that is asked about: eight tenants, one conference server that asks for all of them, and many rooms.
//!
//! Tenants, server and schema are made by Frontdesk's own commands, the rooms by `rooms.sql`.

use std::process::Stdio;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::cluster::Cluster;
use crate::{Done, service};

/// How many tenants the rooms are spread over; the reference and `rooms.sql` know it, too.
const TENANTS: u64 = 8;

/// A database with a schedule, and who may ask it.
pub struct Desk {
    pub database: String,
    /// How many rooms are booked for now, each for several hours.
    pub rooms: u64,
    /// How many dates all of them have.
    pub dates: u64,
    /// The conference server's credential.
    pub credential: String,
}

/// Makes a database with so many rooms, each booked on so many dates, a week apart, one of them now.
pub async fn load(cluster: &Cluster, database: &str, rooms: u64, dates: u64) -> Done<Desk> {
    cluster.create_database(database).await?;
    command(cluster, database, &["migrate"])?;
    for tenant in 0..TENANTS {
        command(cluster, database, &["tenant", "add", &format!("tenant-{tenant}")])?;
    }
    let server =
        command(cluster, database, &["server", "add", "prosody", "--tenant", "tenant-0", "--all-tenants"])?;
    let credential = server["credential"].as_str().ok_or("the server has no credential")?.to_owned();
    let mut db = cluster.connect(database).await?;
    sqlx::query("SELECT set_config('bench.rooms', $1, false), set_config('bench.dates', $2, false)")
        .bind(rooms.to_string())
        .bind(dates.to_string())
        .execute(&mut db)
        .await?;
    sqlx::raw_sql(include_str!("rooms.sql")).execute(&mut db).await?;
    sqlx::raw_sql(include_str!("reference.sql")).execute(&mut db).await?;
    sqlx::raw_sql("VACUUM ANALYZE").execute(&mut db).await?;
    Ok(Desk { database: database.to_owned(), rooms, dates: rooms * dates, credential })
}

/// What a command of Frontdesk's prints as JSON; null where it prints nothing of that kind.
pub fn command(cluster: &Cluster, database: &str, arguments: &[&str]) -> Done<Value> {
    let mut command = service::frontdesk(cluster, database)?;
    let output = command.arg("--json").args(arguments).stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("frontdesk {}: {said}", arguments.join(" ")).into());
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap_or_default())
}

impl Desk {
    /// Takes away what was asked for before, and leaves what was on other days.
    pub async fn clear(&self, cluster: &Cluster) -> Done {
        let mut db = cluster.connect(&self.database).await?;
        for statement in [
            "TRUNCATE conferences, refusals",
            "INSERT INTO conferences SELECT * FROM bench_history",
            "VACUUM ANALYZE conferences, refusals",
            "VACUUM occurrences",
        ] {
            sqlx::raw_sql(statement).execute(&mut db).await?;
        }
        Ok(())
    }

    /// Writes everything to its place: every contender starts from that. For a while afterwards changes cost more, as they do
    /// every five minutes in production.
    pub async fn checkpoint(&self, cluster: &Cluster) -> Done {
        sqlx::raw_sql("CHECKPOINT").execute(&mut cluster.connect(&self.database).await?).await?;
        Ok(())
    }

    /// How many conferences are open.
    pub async fn conferences(&self, cluster: &Cluster) -> Done<u64> {
        let mut db = cluster.connect(&self.database).await?;
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM conferences WHERE closed_at IS NULL")
            .fetch_one(&mut db)
            .await?;
        Ok(count.try_into()?)
    }

    /// What the database knows the credential by, as PostgreSQL writes bytes.
    pub fn credential_hash(&self) -> String {
        format!("\\x{}", data_encoding::HEXLOWER.encode(&Sha256::digest(&self.credential)))
    }
}

/// The tenant of a room, by its number.
pub fn tenant(number: u64) -> u64 {
    number % TENANTS
}

/// The room of that number among the rooms of that kind: numbers are scattered, for nobody asks for rooms in the order in which
/// they were booked.
///
/// Source: the multiplier is Knuth's; it is odd, so no two numbers below 2^32 become the same.
pub fn room(kind: &str, number: u64) -> String {
    format!("{kind}-{}", number * 2_654_435_761 % 4_294_967_296)
}
