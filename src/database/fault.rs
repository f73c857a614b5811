//! Which failures of the database pass by themselves.

use sqlx::Error;

/// Whether the same statement may well succeed on another connection, or a moment later: the
/// connection broke, the server restarts, was demoted or is full, or a lock was not to be had.
#[must_use]
pub fn is_passing(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::PoolTimedOut | Error::WorkerCrashed => {
            true
        }
        Error::Database(error) => error.code().is_some_and(|code| is_passing_state(&code)),
        _ => false,
    }
}

/// Whether a whole transaction is worth doing again at once: it lost to another one, or its connection broke. One that
/// has waited too long would wait again.
#[must_use]
pub fn is_worth_repeating(error: &Error) -> bool {
    let waited = match error {
        Error::PoolTimedOut => true,
        Error::Database(error) => matches!(error.code().as_deref(), Some("55P03" | "57014")),
        _ => false,
    };
    is_passing(error) && !waited
}

/// Source: PostgreSQL's Appendix A, error codes.
fn is_passing_state(sqlstate: &str) -> bool {
    matches!(
        sqlstate,
        "25006" // read-only transaction: the primary was demoted
            | "40001" | "40P01" // serialization failure, deadlock
            | "53300" | "53400" // too many connections, another limit
            | "55000" // the database lets nobody in for a while
            | "55P03" | "57014" // lock timeout, statement timeout
            | "57P01" | "57P02" | "57P03" | "57P05" // shutting down, crashed, starting up, idle for too long
            | "0A000" // the plan of a prepared statement is outdated after a migration
    ) || sqlstate.starts_with("08")
}
