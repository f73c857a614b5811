//! How domain values lie in columns.

use std::str::FromStr;

use chrono::TimeDelta;

use super::StoreError;
use crate::seal::Sealed;

/// An enumeration or a newtype from its text.
pub(super) fn parse<T: FromStr>(column: &'static str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Unreadable { column })
}

/// Whole seconds from a column `…_s`.
pub(super) fn seconds(column: i32) -> TimeDelta {
    TimeDelta::seconds(column.into())
}

/// Whole seconds for a column `…_s`; longer than 68 years is 68 years.
pub(super) fn to_seconds(delta: TimeDelta) -> i32 {
    i32::try_from(delta.num_seconds()).unwrap_or(i32::MAX)
}

/// A count that the schema keeps at 1 or more.
pub(super) fn count(column: i32) -> u32 {
    column.unsigned_abs()
}

/// A count for a column; more than a column holds is the most it holds.
pub(super) fn to_count(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A sealed value for a column.
pub(super) fn to_blob(sealed: Option<&Sealed>) -> Option<Vec<u8>> {
    sealed.map(|sealed| sealed.as_bytes().to_vec())
}
