//! What became of a calendar file.

use serde::Serialize;
use utoipa::ToSchema;

use crate::actions::import_calendar::{ImportRefusal, Imported, ImportedEvent, Outcome};
use crate::reservation::AppointmentId;

/// What became of a calendar file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub struct ImportView {
    /// What the calendar calls itself.
    name: Option<String>,
    /// What became of each event, in the order of the file; those that were missing in it come last.
    events: Vec<ImportedEventView>,
    /// How many tasks, journal entries and other things were passed over.
    ignored: usize,
}

/// What became of an event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportedEvent)]
struct ImportedEventView {
    uid: Option<String>,
    /// The line of the file that it begins on; null where it is not in the file any more.
    line: Option<usize>,
    /// `booked`, `changed`, `cancelled`, `unchanged` since the last time, `outdated` (a newer version was imported before),
    /// `over` (all of it is over or cancelled, and it was not here), `postponed` (a minute was over: send the file again) or
    /// `refused`.
    outcome: &'static str,
    /// Why it was refused.
    detail: Option<String>,
    /// What it has become.
    #[schema(value_type = Option<uuid::Uuid>)]
    appointment: Option<AppointmentId>,
    /// What was ignored or assumed.
    notes: Vec<String>,
}

impl From<&ImportedEvent> for ImportedEventView {
    fn from(event: &ImportedEvent) -> Self {
        let detail = match &event.outcome {
            Outcome::Refused(refusal) => Some(ImportRefusal::to_string(refusal)),
            _ => None,
        };
        Self {
            uid: event.uid.clone(),
            line: event.line,
            outcome: (&event.outcome).into(),
            detail,
            appointment: event.appointment,
            notes: event.notes.clone(),
        }
    }
}

impl From<&Imported> for ImportView {
    fn from(imported: &Imported) -> Self {
        let ignored = imported.ignored;
        Self {
            name: imported.name.clone(),
            events: imported.events.iter().map(ImportedEventView::from).collect(),
            ignored: ignored.todos + ignored.journals + ignored.free_busy + ignored.others,
        }
    }
}
