//! What somebody finds who comes by a join link. Pure.

use chrono::{DateTime, Utc};

use super::{OccurrenceId, Window};

/// What somebody finds who comes by a join link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doorway {
    /// The room is open.
    Open,
    /// It opens later: then, as people are told.
    Early {
        /// When people are told that it opens.
        opens_at: DateTime<Utc>,
    },
    /// Those who have the room before are still in there. Who entered now would walk in on them.
    Occupied {
        /// When they have to be gone.
        until: DateTime<Utc>,
    },
    /// The tenant has as many conferences as it may have.
    Full,
    /// All dates are over.
    Over,
    /// The appointment was cancelled, or all its dates that are left.
    Cancelled,
    /// The link was revoked, or is of somebody who is not expected any more.
    Revoked,
    /// The tenant is switched off.
    SwitchedOff,
}

/// What is known of somebody who comes by a join link.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Whether the tenant is switched off.
    pub switched_off: bool,
    /// Whether the link is good no more.
    pub revoked: bool,
    /// Whether the appointment was cancelled; or, where no date is left, the last one.
    pub cancelled: bool,
    /// The date that people come for now, and when they may come in.
    pub date: Option<(OccurrenceId, Window)>,
    /// The room as it is now.
    pub room: RoomNow,
    /// The most conferences of the tenant at once.
    pub capacity: Option<u32>,
}

/// A room as it is now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoomNow {
    /// The date whose conference is open there, and when that ends; without a date, where nobody booked it.
    pub open: Option<(Option<OccurrenceId>, DateTime<Utc>)>,
    /// How many conferences of the tenant are live.
    pub live_count: u32,
}

impl Arrival {
    /// What they find.
    #[must_use]
    pub fn finds(&self, now: DateTime<Utc>) -> Doorway {
        if self.switched_off {
            return Doorway::SwitchedOff;
        }
        if self.revoked {
            return Doorway::Revoked;
        }
        if self.cancelled {
            return Doorway::Cancelled;
        }
        let Some((id, window)) = self.date else { return Doorway::Over };
        // The gate: whoever enters then is granted the room, though they were told of a little later.
        if now < window.gate {
            return Doorway::Early { opens_at: window.opens };
        }
        match (self.room.open, self.capacity) {
            // The video server does not ask again about a room that is open: it would just let them in.
            (Some((Some(holder), until)), _) if holder != id => Doorway::Occupied { until },
            (None, Some(capacity)) if self.room.live_count >= capacity => Doorway::Full,
            _ => Doorway::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::AppointmentId;
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        "2026-12-01T09:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
    }

    fn date() -> OccurrenceId {
        OccurrenceId { appointment: AppointmentId::new(), original_start: at(0) }
    }

    fn arrival() -> Arrival {
        let window = Window { gate: at(-12), opens: at(-10), closes: Some(at(70)) };
        Arrival {
            switched_off: false,
            revoked: false,
            cancelled: false,
            date: Some((date(), window)),
            room: RoomNow::default(),
            capacity: None,
        }
    }

    #[test]
    fn people_get_in_from_the_gate_on_and_are_told_of_the_opening() {
        assert_eq!(arrival().finds(at(-13)), Doorway::Early { opens_at: at(-10) });
        assert_eq!(arrival().finds(at(-12)), Doorway::Open);
        assert_eq!(arrival().finds(at(69)), Doorway::Open);
    }

    #[test]
    fn nobody_walks_in_on_those_before() {
        let mut arrival = arrival();
        arrival.room.open = Some((Some(date()), at(3)));
        assert_eq!(arrival.finds(at(-5)), Doorway::Occupied { until: at(3) });
        arrival.room.open = Some((arrival.date.map(|(id, _)| id), at(70)));
        assert_eq!(arrival.finds(at(-5)), Doorway::Open);
        // A room that nobody booked makes way for the booking.
        arrival.room.open = Some((None, at(70)));
        assert_eq!(arrival.finds(at(-5)), Doorway::Open);
    }

    #[test]
    fn a_tenant_that_has_no_place_left_is_full_but_for_rooms_that_are_open() {
        let full = RoomNow { open: None, live_count: 2 };
        let arrival = Arrival { capacity: Some(2), room: full, ..arrival() };
        assert_eq!(arrival.finds(at(0)), Doorway::Full);
        assert_eq!(arrival.finds(at(-20)), Doorway::Early { opens_at: at(-10) });
        assert_eq!(Arrival { capacity: Some(3), ..arrival }.finds(at(0)), Doorway::Open);
        let room = RoomNow { open: Some((arrival.date.map(|(id, _)| id), at(70))), live_count: 2 };
        assert_eq!(Arrival { room, ..arrival }.finds(at(0)), Doorway::Open);
    }

    #[test]
    fn what_is_final_comes_first() {
        let gone = Arrival { date: None, ..arrival() };
        assert_eq!(gone.finds(at(0)), Doorway::Over);
        let cancelled = Arrival { cancelled: true, ..gone };
        assert_eq!(cancelled.finds(at(0)), Doorway::Cancelled);
        let revoked = Arrival { revoked: true, ..cancelled };
        assert_eq!(revoked.finds(at(0)), Doorway::Revoked);
        assert_eq!(Arrival { switched_off: true, ..revoked }.finds(at(0)), Doorway::SwitchedOff);
    }
}
