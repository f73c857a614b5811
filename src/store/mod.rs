//! All SQL, one file per table, as free functions that take a connection and give domain types.
//!
//! The statements that matter are in [`desk`] (what a decision is made from) and in
//! [`claim`] (how a grant becomes a conference). Times and ids are parameters: no clock in SQL.

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub mod aliases;
pub mod app_credentials;
pub mod app_signing_keys;
pub mod appointments;
pub mod apps;
pub mod brands;
pub mod calendar_events;
pub mod callers;
pub mod claim;
mod columns;
pub mod conferences;
pub mod decisions;
pub mod deployment;
pub mod desk;
pub mod dialects;
pub mod export;
pub mod feeds;
pub mod free_busy;
pub mod health;
pub mod idempotency;
pub mod join_guesses;
pub mod join_links;
pub mod key_rotation;
pub mod occurrences;
pub mod participants;
pub mod refusals;
pub mod removal;
pub mod sealed;
pub mod served_keys;
pub mod server_credentials;
pub mod servers;
pub mod signers;
pub mod signing_keys;
pub mod tenants;
pub mod token_revocations;
pub mod token_settings;

/// Where a list goes on: behind the one of that moment and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The moment that the list is ordered by.
    pub at: DateTime<Utc>,
    /// Which one of that moment.
    pub id: Uuid,
}

/// What a store function can fail with.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// PostgreSQL refused, or could not be reached.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// A value that this program did not write.
    #[error("column `{column}` holds a value that this version can't read")]
    Unreadable {
        /// The column.
        column: &'static str,
    },
    /// What takes several statements to read changed between two of them.
    #[error("it changed while it was being read")]
    Outdated,
}

/// Whether a statement met a row that is there already (SQLSTATE 23505).
fn is_duplicate(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("23505"))
}

/// Whether an insert names a row that is not there, or not any more (SQLSTATE 23503).
fn is_orphan(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("23503"))
}

/// Whether an insert overlaps a row that is there already (SQLSTATE 23P01).
fn is_overlap(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("23P01"))
}
