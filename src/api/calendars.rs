//! `/v1/calendars`: calendar files become appointments.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::body::{Path, Query, ReadQuery, Upload};
use super::caller::Calling;
use super::code::Code;
use super::door;
use super::field::{Field, Reading, Unknown};
use super::problem::{Problem, ProblemView};
use crate::actions::import_calendar::{Import, ImportError, import_calendar};
use crate::app::App;
use crate::ical::{self, FileError};
use crate::reservation::{Label, RoomName, Scope};
use crate::view::ImportView;

/// How to import a file.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportQuery {
    /// The room of all events. Where nothing is said, an event that has an address below the tenant's meeting URL has that
    /// room, and others get one of their own.
    #[serde(default)]
    #[param(value_type = Option<String>, min_length = 1, max_length = 1023,
        pattern = r"^[^\u0000-\u001F'\u007F-\u009F]*$")]
    room: Field<RoomName>,
    /// Whether the file is all of the calendar, as what is subscribed to: events that were there the last time and are
    /// missing now are cancelled.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    complete: Field<Flag>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// A truth in a query.
#[derive(Debug)]
struct Flag(bool);

impl super::field::FromJson for Flag {
    fn from_json(value: serde_json::Value) -> Result<Self, Vec<super::problem::FieldError>> {
        let flag = super::field::text(&value)?.parse();
        flag.map(Self).map_err(|_| super::field::wrong("write `true` or `false`"))
    }
}

/// What a query asks for.
#[derive(Debug)]
pub(super) struct How {
    room: Option<RoomName>,
    complete: bool,
}

impl ReadQuery for How {
    type Raw = ImportQuery;

    fn read(raw: ImportQuery) -> Result<Self, Problem> {
        let mut reading = Reading::of_parameters();
        reading.refuse(&raw.unknown);
        let room = reading.present("room", raw.room);
        let complete = reading.present("complete", raw.complete).is_some_and(|flag| flag.0);
        Ok(reading.done(Some(Self { room, complete }))?)
    }
}

/// Import a calendar file
///
/// An iCalendar file (RFC 5545) of up to 2000 events. The calendar has a name of your choice: events are known again by
/// their UIDs in the calendar of that name, so a file may be sent as often as you like. What the calendar says the same of
/// as the last time stays as it is here. Each event is imported on its own, and the answer says what became of it.
#[utoipa::path(
    post, path = "/v1/calendars/{calendar}/import", tag = "calendars", operation_id = "importCalendar",
    security(("app" = ["appointments:write"])),
    params(("calendar" = String, Path, min_length = 1, max_length = 100), ImportQuery),
    request_body(content = String, content_type = "text/calendar"),
    responses(
        (status = 200, description = "What became of each event", body = ImportView),
        (status = 422, description = "The file as a whole can't be read", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub(super) async fn import(
    app: web::Data<App>,
    caller: Calling,
    calendar: Path<Label>,
    how: Query<How>,
    upload: Upload,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsWrite)?;
    let file = upload.read("text/calendar", ical::MAX_BYTES).await?;
    let _place = app.imports.take(caller.tenant.id).await.ok_or_else(door::crowded)?;
    let zone = caller.tenant.policy.time_zone;
    // Beside the workers: asks of conference servers must not wait for it.
    let file = web::block(move || ical::read(&file, zone)).await.map_err(Problem::internal)??;
    let How { room, complete } = how.0;
    let (tenant, app_id) = (caller.tenant.name.clone(), Some(caller.app));
    let import = Import { tenant, app: app_id, calendar: calendar.0, file, room, complete };
    let imported = import_calendar(&app, &import).await?;
    Ok(HttpResponse::Ok().json(ImportView::from(&imported)))
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        Self::new(Code::UnreadableCalendar, error)
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::UnknownTenant(_) => Self::not_found("tenant"),
            ImportError::TooManyEvents(_) => Self::new(Code::UnreadableCalendar, error),
            ImportError::NoRandomness(error) => Self::internal(error),
            ImportError::Store(error) => error.into(),
        }
    }
}
