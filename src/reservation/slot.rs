//! A stretch of time.

use chrono::{DateTime, Utc};

/// The half-open stretch `[starts, ends)`. `ends` is `None` where there is no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    starts: DateTime<Utc>,
    ends: Option<DateTime<Utc>>,
}

impl Slot {
    /// `None` where `ends` is not after `starts`.
    #[must_use]
    pub fn new(starts: DateTime<Utc>, ends: Option<DateTime<Utc>>) -> Option<Self> {
        match ends {
            Some(ends) if ends <= starts => None,
            _ => Some(Self { starts, ends }),
        }
    }

    /// The first instant inside.
    #[must_use]
    pub fn starts(&self) -> DateTime<Utc> {
        self.starts
    }

    /// The first instant that is no longer inside, if there is one.
    #[must_use]
    pub fn ends(&self) -> Option<DateTime<Utc>> {
        self.ends
    }

    /// Whether `at` is inside.
    #[must_use]
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.starts <= at && self.ends.is_none_or(|ends| at < ends)
    }

    /// Whether they have an instant in common.
    #[must_use]
    pub fn overlaps(&self, other: Self) -> bool {
        self.ends.is_none_or(|ends| other.starts < ends) && other.ends.is_none_or(|ends| self.starts < ends)
    }
}
