//! When a room is taken, and when it can be booked.

use chrono::{DateTime, TimeDelta, Utc};

use super::{AppointmentId, Slot};

/// A range of time to look at: `[from, until)`, of at most [`Range::LONGEST_DAYS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// Why a range can't be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// It ends before it starts, or at once.
    #[error("the range has to end after it starts")]
    Backwards,
    /// It is too long.
    #[error("the range is longer than {} days", Range::LONGEST_DAYS)]
    TooLong,
}

impl Range {
    /// The most days that a range may have: a year, whichever it is.
    pub const LONGEST_DAYS: i64 = 366;

    /// The range from one moment to another.
    ///
    /// # Errors
    /// Where it is empty, or too long.
    pub fn new(from: DateTime<Utc>, until: DateTime<Utc>) -> Result<Self, RangeError> {
        if until <= from {
            Err(RangeError::Backwards)
        } else if until - from > TimeDelta::days(Self::LONGEST_DAYS) {
            Err(RangeError::TooLong)
        } else {
            Ok(Self { from, until })
        }
    }

    /// The first instant inside.
    #[must_use]
    pub fn from(&self) -> DateTime<Utc> {
        self.from
    }

    /// The first instant that is no longer inside.
    #[must_use]
    pub fn until(&self) -> DateTime<Utc> {
        self.until
    }
}

/// A time that a room is booked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    /// The booked time, also where it reaches out of the range.
    pub slot: Slot,
    /// The appointment that has it.
    pub appointment: AppointmentId,
}

/// When a room is taken within a range, and when it can be booked.
///
/// Only bookings count. The minutes before and after them, in which people may come in and stay, make way for
/// another booking, and so does a room that is open without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeBusy {
    /// The bookings that reach into the range, by their start.
    pub busy: Vec<Booked>,
    /// The gaps between them within the range, in order; each has an end.
    pub free: Vec<Slot>,
}

impl FreeBusy {
    /// What those bookings of one room leave of the range. They come by their start, and may overlap.
    #[must_use]
    pub fn of(range: Range, booked: Vec<Booked>) -> Self {
        let busy: Vec<Booked> = booked
            .into_iter()
            .filter(|Booked { slot, .. }| {
                slot.starts() < range.until && slot.ends().is_none_or(|ends| range.from < ends)
            })
            .collect();
        let mut free = Vec::new();
        // Up to where the range is spoken for.
        let mut taken = range.from;
        for Booked { slot, .. } in &busy {
            free.extend(gap(taken, slot.starts()));
            taken = taken.max(slot.ends().unwrap_or(range.until));
        }
        free.extend(gap(taken, range.until));
        Self { busy, free }
    }
}

fn gap(from: DateTime<Utc>, until: DateTime<Utc>) -> Option<Slot> {
    Slot::new(from, Some(until))
}
