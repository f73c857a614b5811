//! When a room is taken, and when it can be booked.

use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::reservation::{AppointmentId, FreeBusy, Range, RoomKey, Slot};

/// When a room is taken within a range, and when it can be booked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FreeBusy)]
pub struct FreeBusyView {
    room: String,
    #[schema(format = DateTime)]
    from: String,
    #[schema(format = DateTime)]
    until: String,
    /// The bookings that reach into the range, as they were made.
    busy: Vec<BusyView>,
    /// The gaps between them, within the range.
    free: Vec<StretchView>,
}

/// A booked time; one without an end has the rest.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Busy)]
struct BusyView {
    #[schema(format = DateTime)]
    starts: String,
    #[schema(format = DateTime)]
    ends: Option<String>,
    #[schema(value_type = uuid::Uuid)]
    appointment: AppointmentId,
}

/// A stretch of time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Stretch)]
struct StretchView {
    #[schema(format = DateTime)]
    starts: String,
    #[schema(format = DateTime)]
    ends: Option<String>,
}

impl From<&Slot> for StretchView {
    fn from(slot: &Slot) -> Self {
        Self { starts: time(slot.starts()), ends: slot.ends().map(time) }
    }
}

impl FreeBusyView {
    /// What was found out about the room.
    #[must_use]
    pub fn new(room: &RoomKey, range: Range, found: &FreeBusy) -> Self {
        let busy = found.busy.iter().map(|booked| {
            let StretchView { starts, ends } = (&booked.slot).into();
            BusyView { starts, ends, appointment: booked.appointment }
        });
        Self {
            room: room.to_string(),
            from: time(range.from()),
            until: time(range.until()),
            busy: busy.collect(),
            free: found.free.iter().map(StretchView::from).collect(),
        }
    }
}
