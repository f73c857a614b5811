//! Who of a batch can be claimed together.

use std::collections::HashMap;

use tokio::time::Instant;

use super::lane::Ticket;
use super::verdict::Candidate;
use crate::reservation::TenantId;

/// Who is to open a room.
pub(super) type Going = (Ticket, Box<Candidate>);

/// How many rooms of a tenant are about to open.
pub(super) type Promised = HashMap<TenantId, u32>;

/// A batch that was decided about.
pub(super) struct Judged {
    /// Those that can all be claimed: each room once, and no more than the tenant has places for.
    pub going: Vec<Going>,
    /// Those that can't be claimed beside them.
    pub left: Vec<Going>,
    /// When it has to be done.
    pub until: Instant,
}

impl Judged {
    /// The candidates of a batch, beside what the one before was promised: it was perhaps not open yet when this one was read.
    pub fn without_rivals(mut candidates: Vec<Going>, before: &Promised, until: Instant) -> Self {
        candidates.sort_by(|(_, one), (_, other)| one.room().cmp(&other.room()));
        let mut going: Vec<Going> = Vec::with_capacity(candidates.len());
        let mut left = Vec::new();
        let mut promised = before.clone();
        for (ticket, candidate) in candidates {
            let promised = promised.entry(candidate.room().0).or_default();
            let again = going.last().is_some_and(|(_, last)| last.room() == candidate.room());
            if again || candidate.places.is_some_and(|places| *promised >= places) {
                left.push((ticket, candidate));
            } else {
                *promised += 1;
                going.push((ticket, candidate));
            }
        }
        Self { going, left, until }
    }

    /// What opens when they are claimed.
    pub fn promised(&self) -> Promised {
        let mut promised = Promised::new();
        for (_, candidate) in &self.going {
            *promised.entry(candidate.room().0).or_default() += 1;
        }
        promised
    }
}
