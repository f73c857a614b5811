//! What would be booked.

use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::actions::preview::{Preview, PreviewedDate};
use crate::reservation::AppointmentId;

/// The next dates of what would be booked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Preview)]
pub struct PreviewView {
    dates: Vec<PreviewedDateView>,
    /// Whether there are more.
    more: bool,
    /// How far this tenant books. In UTC.
    #[schema(format = DateTime)]
    until: String,
}

/// A date that would be booked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PreviewedDate)]
struct PreviewedDateView {
    /// In UTC.
    #[schema(format = DateTime)]
    starts: String,
    /// In UTC; null for a room without an end.
    #[schema(format = DateTime)]
    ends: Option<String>,
    /// Whether it is one of the exceptions, and would not take place.
    excepted: bool,
    /// The appointment that has the room then.
    #[schema(value_type = Option<uuid::Uuid>)]
    taken_by: Option<AppointmentId>,
}

impl From<&PreviewedDate> for PreviewedDateView {
    fn from(date: &PreviewedDate) -> Self {
        let PreviewedDate { slot, excepted, taken_by } = *date;
        Self { starts: time(slot.starts()), ends: slot.ends().map(time), excepted, taken_by }
    }
}

impl From<&Preview> for PreviewView {
    fn from(preview: &Preview) -> Self {
        Self {
            dates: preview.dates.iter().map(PreviewedDateView::from).collect(),
            more: preview.more,
            until: time(preview.until),
        }
    }
}
