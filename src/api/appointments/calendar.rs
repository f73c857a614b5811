//! `/v1/appointments/{id}/calendar`: an appointment for people's own calendars.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::actions::calendar::appointment_calendar;
use crate::api::body::Path;
use crate::api::calendar_file::respond;
use crate::api::caller::Calling;
use crate::api::problem::{Problem, ProblemView};
use crate::app::App;
use crate::reservation::{AppointmentId, Scope};

/// Show an appointment as a calendar file
///
/// iCalendar (RFC 5545), to be sent to people or imported. Where it recurs, all its dates are in it. Who is expected is
/// named, passwords are not. A file that is made again after a change has a higher `SEQUENCE`.
#[utoipa::path(
    get, path = "/v1/appointments/{id}/calendar", tag = "appointments", operation_id = "getAppointmentCalendar",
    security(("app" = ["appointments:read"])),
    params(
        ("id" = uuid::Uuid, Path),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the file that you have"),
    ),
    responses(
        (status = 200, description = "The file", body = String, content_type = "text/calendar",
            headers(("ETag" = String), ("Content-Disposition" = String))),
        (status = 304, description = "You have it already", headers(("ETag" = String))),
        (status = 404, description = "There is none of that id", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn calendar(
    app: web::Data<App>,
    caller: Calling,
    id: Path<AppointmentId>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsRead)?;
    let mut db = app.db.acquire().await?;
    let draft = appointment_calendar(&mut db, &caller.tenant, id.0).await?;
    drop(db);
    let draft = draft.ok_or_else(|| Problem::not_found("appointment"))?;
    respond(&request, draft, Some(&format!("appointment-{}.ics", id.0))).await
}
