//! What somebody finds who comes by a join link. Pure.

use chrono::{DateTime, Utc};

use super::{AppointmentId, Slot, Window};

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
    /// There will be another date, which is not placed yet.
    Unplanned,
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
    /// The date that people come for now.
    pub date: Result<Date, NoDate>,
    /// The room as it is now.
    pub room: RoomNow,
    /// The most conferences of the tenant at once.
    pub capacity: Option<u32>,
}

/// The date that people come for.
#[derive(Debug, Clone, Copy)]
pub struct Date {
    /// Of which appointment.
    pub appointment: AppointmentId,
    /// The booked time.
    pub slot: Slot,
    /// When they may come in.
    pub window: Window,
    /// Whether the next booking has the room by now, unless somebody is still there for this one.
    pub gives_way: bool,
}

/// Why there is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoDate {
    /// The last is over.
    Over,
    /// Those that are left are cancelled.
    Cancelled,
    /// The next is not placed yet: it is further ahead than may be booked.
    Unplanned,
}

/// A conference that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenNow {
    /// The appointment that it is for; `None` where nobody booked it.
    pub appointment: Option<AppointmentId>,
    /// Until when it may last by its booking, with its grace; `None` where that is gone, elsewhere, or has no end.
    pub booked_until: Option<DateTime<Utc>>,
    /// When it ends at the latest.
    pub ends_at: DateTime<Utc>,
}

impl OpenNow {
    /// Until when nobody else may come in, who has the room from `starts` on.
    fn theirs_until(&self, starts: DateTime<Utc>) -> DateTime<Utc> {
        self.ends_at.min(self.booked_until.map_or(starts, |until| until.max(starts)))
    }
}

/// A room as it is now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoomNow {
    /// The conference that is open there.
    pub open: Option<OpenNow>,
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
        let date = match self.date {
            Ok(date) => date,
            Err(NoDate::Over) => return Doorway::Over,
            Err(NoDate::Cancelled) => return Doorway::Cancelled,
            Err(NoDate::Unplanned) => return Doorway::Unplanned,
        };
        // The gate: whoever enters then is granted the room, though they were told of a little later.
        if now < date.window.gate {
            return Doorway::Early { opens_at: date.window.opens };
        }
        let starts = date.slot.starts();
        let is_ours = |open: &OpenNow| open.appointment == Some(date.appointment);
        match self.room.open {
            open if date.gives_way && !open.as_ref().is_some_and(is_ours) => Doorway::Over,
            // The video server does not ask again about a room that is open: it would just let them in. Who was granted the room
            // before this was booked may stay for their grace, past its start. Afterwards it is theirs, whoever is in it.
            Some(open)
                if open.appointment.is_some() && !is_ours(&open) && now < open.theirs_until(starts) =>
            {
                Doorway::Occupied { until: open.theirs_until(starts) }
            }
            None if self.capacity.is_some_and(|capacity| self.room.live_count >= capacity) => Doorway::Full,
            _ => Doorway::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        "2026-12-01T09:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
    }

    fn date() -> Date {
        Date {
            appointment: AppointmentId::new(),
            slot: Slot::new(at(0), Some(at(60))).unwrap(),
            window: Window { gate: at(-12), opens: at(-10), closes: Some(at(70)) },
            gives_way: false,
        }
    }

    fn arrival(date: Date) -> Arrival {
        Arrival {
            switched_off: false,
            revoked: false,
            date: Ok(date),
            room: RoomNow::default(),
            capacity: None,
        }
    }

    fn open(appointment: Option<AppointmentId>, ends_at: i64) -> OpenNow {
        OpenNow { appointment, booked_until: appointment.map(|_| at(ends_at)), ends_at: at(ends_at) }
    }

    #[test]
    fn people_get_in_from_the_gate_on_and_are_told_of_the_opening() {
        let arrival = arrival(date());
        assert_eq!(arrival.finds(at(-13)), Doorway::Early { opens_at: at(-10) });
        assert_eq!(arrival.finds(at(-12)), Doorway::Open);
        assert_eq!(arrival.finds(at(69)), Doorway::Open);
    }

    #[test]
    fn nobody_walks_in_on_those_before() {
        let mut arrival = arrival(date());
        arrival.room.open = Some(open(Some(AppointmentId::new()), 3));
        for minute in [-5, 0, 2] {
            assert_eq!(arrival.finds(at(minute)), Doorway::Occupied { until: at(3) }, "{minute}");
        }
        // Granted until then, and made shorter since.
        arrival.room.open =
            Some(OpenNow { booked_until: Some(at(1)), ..open(Some(AppointmentId::new()), 60) });
        assert_eq!(arrival.finds(at(0)), Doorway::Occupied { until: at(1) });
        assert_eq!(arrival.finds(at(1)), Doorway::Open);
        arrival.room.open = arrival.room.open.map(|open| OpenNow { booked_until: None, ..open });
        assert_eq!(arrival.finds(at(-5)), Doorway::Occupied { until: at(0) });
        assert_eq!(
            arrival.finds(at(0)),
            Doorway::Open,
            "theirs is cancelled: from the start on the room is ours"
        );
        arrival.room.open = Some(open(arrival.date.ok().map(|date| date.appointment), 70));
        assert_eq!(arrival.finds(at(-5)), Doorway::Open);
        // A room that nobody booked makes way for the booking.
        arrival.room.open = Some(open(None, 70));
        assert_eq!(arrival.finds(at(-5)), Doorway::Open);
    }

    #[test]
    fn who_stayed_away_until_the_next_have_the_room_does_not_walk_in_on_them() {
        let date = Date { gives_way: true, ..date() };
        let mut arrival = arrival(date);
        assert_eq!(arrival.finds(at(65)), Doorway::Over);
        arrival.room.open = Some(open(Some(AppointmentId::new()), 130));
        assert_eq!(arrival.finds(at(65)), Doorway::Over);
        arrival.room.open = Some(open(Some(date.appointment), 70));
        assert_eq!(arrival.finds(at(65)), Doorway::Open, "who is still there can come back");
    }

    #[test]
    fn a_tenant_that_has_no_place_left_is_full_but_for_rooms_that_are_open() {
        let full = RoomNow { open: None, live_count: 2 };
        let arrival = Arrival { capacity: Some(2), room: full, ..arrival(date()) };
        assert_eq!(arrival.finds(at(0)), Doorway::Full);
        assert_eq!(arrival.finds(at(-20)), Doorway::Early { opens_at: at(-10) });
        assert_eq!(Arrival { capacity: Some(3), ..arrival }.finds(at(0)), Doorway::Open);
        let own = arrival.date.ok().map(|date| date.appointment);
        let room = RoomNow { open: Some(open(own, 70)), live_count: 2 };
        assert_eq!(Arrival { room, ..arrival }.finds(at(0)), Doorway::Open);
    }

    #[test]
    fn what_is_final_comes_first() {
        for (none, doorway) in [
            (NoDate::Over, Doorway::Over),
            (NoDate::Cancelled, Doorway::Cancelled),
            (NoDate::Unplanned, Doorway::Unplanned),
        ] {
            let gone = Arrival { date: Err(none), ..arrival(date()) };
            assert_eq!(gone.finds(at(0)), doorway);
            let revoked = Arrival { revoked: true, ..gone };
            assert_eq!(revoked.finds(at(0)), Doorway::Revoked);
            assert_eq!(Arrival { switched_off: true, ..revoked }.finds(at(0)), Doorway::SwitchedOff);
        }
    }
}
