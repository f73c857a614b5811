//! The dates of a room around an instant, and which of them has the room.

use chrono::{DateTime, TimeDelta, Utc};

use super::{InstantRoom, Occurrence, OccurrenceId, Reason, Slot};

/// How much earlier than promised the room really opens.
///
/// Source: Prosody keeps a refusal for up to 90 s, for everybody who tries the room. Who comes a
/// moment too early would otherwise keep all out past the moment that they were told.
const SLACK: TimeDelta = TimeDelta::seconds(90);

/// The dates of one room around an instant. Booked dates of a room never overlap.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Near {
    /// The last one that has started. Whatever came before it has no more say.
    pub current: Option<Occurrence>,
    /// The first one that has not started.
    pub next: Option<Occurrence>,
    /// The one after `next`.
    pub following: Option<Occurrence>,
    /// The last cancelled one that would have started.
    pub cancelled_current: Option<Occurrence>,
    /// The first cancelled one that would not have started yet.
    pub cancelled_next: Option<Occurrence>,
}

/// When people may come in. Neighbours among the booked ones clip each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When the room really opens: up to 90 s before `opens`.
    pub gate: DateTime<Utc>,
    /// When people are told that it opens.
    pub opens: DateTime<Utc>,
    /// When it closes; `None` where it never does.
    pub closes: Option<DateTime<Utc>>,
}

impl Window {
    fn of(occurrence: &Occurrence, previous: Option<&Occurrence>, next: Option<&Occurrence>) -> Self {
        let starts = occurrence.slot.starts();
        let previous_ends = previous.map(|previous| previous.slot.ends().unwrap_or(starts));
        let next_starts = next.map(|next| next.slot.starts());
        Self::between(occurrence.slot, occurrence.early_open, occurrence.grace, previous_ends, next_starts)
    }

    /// When people may come in for a booked time, between the end of the one before and the start of the one after.
    #[must_use]
    pub fn between(
        slot: Slot,
        early_open: TimeDelta,
        grace: TimeDelta,
        previous_ends: Option<DateTime<Utc>>,
        next_starts: Option<DateTime<Utc>>,
    ) -> Self {
        let starts = slot.starts();
        let not_before = previous_ends.map_or(DateTime::<Utc>::MIN_UTC, |ends| ends.min(starts));
        let opens = add(starts, -early_open).max(not_before);
        let gate = add(opens, -SLACK).max(not_before);
        // Where the one before leaves no room for the slack, the promise is later instead, but not
        // later than the start.
        let opens = opens.max(add(gate, SLACK).min(starts));
        let closes = slot.ends().map(|ends| {
            let stays = add(ends, grace);
            next_starts.map_or(stays, |next| stays.min(next))
        });
        Self { gate, opens, closes }
    }

    pub(super) fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.gate <= now && self.closes.is_none_or(|closes| now < closes)
    }
}

impl From<InstantRoom> for Window {
    fn from(room: InstantRoom) -> Self {
        Self { gate: add(room.opens(), -SLACK), opens: room.opens(), closes: Some(room.closes()) }
    }
}

impl Near {
    /// The occurrence that has the room at `now`, with its window.
    ///
    /// In the gap between two, where one may still stay and the other may already come, the next
    /// one wins unless the conference that is `live` belongs to the one before.
    pub(super) fn holder(
        &self,
        live: Option<OccurrenceId>,
        now: DateTime<Utc>,
    ) -> Option<(&Occurrence, Window)> {
        let current = self.windowed_current().filter(|(_, window)| window.is_open(now));
        let next = self.windowed_next().filter(|(_, window)| window.is_open(now));
        match (current, next) {
            (Some(current), _) if current.0.slot.contains(now) => Some(current),
            (Some(current), Some(_)) if live == Some(current.0.id) => Some(current),
            (current, next) => next.or(current),
        }
    }

    /// When the next occurrence lets people in, if there is one.
    pub(super) fn next_gate(&self) -> Option<DateTime<Utc>> {
        self.windowed_next().map(|(_, window)| window.gate)
    }

    /// When people are told that the next occurrence opens.
    pub(super) fn next_opens(&self) -> Option<DateTime<Utc>> {
        self.windowed_next().map(|(_, window)| window.opens)
    }

    /// The reason of a cancelled date whose window `now` lies in. One without an end would keep the room shut for ever: so it
    /// keeps it shut for nobody.
    pub(super) fn cancelled_now(&self, now: DateTime<Utc>) -> Option<Reason> {
        self.cancelled()
            .filter(|cancelled| cancelled.slot.ends().is_some())
            .find(|cancelled| Window::of(cancelled, None, None).is_open(now))
            .map(|cancelled| self.cancelled_reason(cancelled))
    }

    /// Why nothing has the room at `now`.
    pub(super) fn absence(&self, now: DateTime<Utc>) -> Reason {
        if let Some(reason) = self.cancelled_now(now) {
            return reason;
        }
        let closed = self.windowed_current().and_then(|(_, window)| window.closes);
        match (closed, self.next_opens()) {
            (None, None) => self
                .cancelled()
                .next()
                .map_or(Reason::UnknownRoom, |cancelled| self.cancelled_reason(cancelled)),
            // The nearer one is what people come for.
            (Some(closed), reopens_at) if reopens_at.is_none_or(|opens| now - closed < opens - now) => {
                Reason::Over { reopens_at }
            }
            (_, Some(opens_at)) => Reason::TooEarly { opens_at },
            (Some(_), None) => Reason::Over { reopens_at: None },
        }
    }

    fn cancelled_reason(&self, cancelled: &Occurrence) -> Reason {
        if cancelled.appointment_cancelled {
            Reason::Cancelled { reopens_at: self.next_opens() }
        } else {
            Reason::OccurrenceCancelled { reopens_at: self.next_opens() }
        }
    }

    fn cancelled(&self) -> impl Iterator<Item = &Occurrence> {
        self.cancelled_next.iter().chain(&self.cancelled_current)
    }

    fn windowed_current(&self) -> Option<(&Occurrence, Window)> {
        let current = self.current.as_ref()?;
        Some((current, Window::of(current, None, self.next.as_ref())))
    }

    fn windowed_next(&self) -> Option<(&Occurrence, Window)> {
        let next = self.next.as_ref()?;
        Some((next, Window::of(next, self.current.as_ref(), self.following.as_ref())))
    }
}

/// `at` + `delta`, at the ends of time where it would lie beyond them.
pub(super) fn add(at: DateTime<Utc>, delta: TimeDelta) -> DateTime<Utc> {
    let beyond = if delta < TimeDelta::zero() { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
    at.checked_add_signed(delta).unwrap_or(beyond)
}
