//! `/v1/appointments`.

mod batch;
mod calendar;
mod change;
mod errors;
mod input;
mod list;
mod occurrences;
mod preview;
mod recurrence;

use actix_web::{HttpResponse, web};
use secrecy::ExposeSecret as _;
use sqlx::PgConnection;

use super::body::{Incoming, Path};
use super::caller::Calling;
use super::conditional::IfMatch;
use super::once::{Answer, Once};
use super::problem::{Problem, ProblemView};
use crate::actions::book::book_in;
use crate::actions::cancel::cancel_in;
use crate::actions::change_appointment::change_appointment_in;
use crate::actions::join_links::join_links_of;
use crate::actions::passwords::unlock;
use crate::actions::transaction::transact;
use crate::app::App;
use crate::reservation::{Appointment, AppointmentId, Options, Scope};
use crate::store::appointments;
use crate::view::AppointmentView;

pub use batch::*;
pub use calendar::*;
pub use change::AppointmentChangeInput;
pub use input::AppointmentInput;
pub use list::*;
pub use occurrences::*;
pub use preview::*;

/// Book a room
///
/// No two appointments of a room overlap: the answer to the one that comes too late names the one in the way.
#[utoipa::path(
    post, path = "/v1/appointments", tag = "appointments", operation_id = "createAppointment",
    security(("app" = ["appointments:write"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repetitions harmless: any text of up to 255 \
        characters, kept for 24 hours", min_length = 1, max_length = 255)),
    request_body = AppointmentInput,
    responses(
        (status = 201, description = "The room is booked", body = AppointmentView,
            headers(("ETag" = String), ("Location" = String))),
        (status = 409, description = "The room or the external id is taken", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn create(
    app: web::Data<App>,
    caller: Calling,
    once: Once,
    body: Incoming<AppointmentInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsWrite)?;
    let body = body.read().await?;
    let booking = body.value.into_booking(&caller.tenant.name, Some(caller.app))?;
    once.run(&app, &caller, body.hash, async |db| {
        let appointment = book_in(&app, db, booking.clone()).await?;
        let view = whole(&app, db, &caller, &appointment).await?;
        let place = format!("/v1/appointments/{}", appointment.id);
        Ok(Answer::created(Some(place), view).at_revision(appointment.revision))
    })
    .await
}

/// Show an appointment
#[utoipa::path(
    get, path = "/v1/appointments/{id}", tag = "appointments", operation_id = "getAppointment",
    security(("app" = ["appointments:read"])),
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The appointment", body = AppointmentView, headers(("ETag" = String))),
        (status = 404, description = "There is none of that id", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn show(
    app: web::Data<App>,
    caller: Calling,
    id: Path<AppointmentId>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsRead)?;
    let mut db = app.db.acquire().await?;
    let found = appointments::by_id(&mut db, caller.tenant.id, id.0).await?;
    let appointment = found.ok_or_else(|| Problem::not_found("appointment"))?;
    answer(&app, &mut db, &caller, &appointment).await.map(Answer::respond)
}

/// Move or change an appointment
///
/// A JSON merge patch (RFC 7396): what is left out stays, what is null goes. A new start without a new end moves the
/// appointment with its length. `metadata` and `recurrence` are merged, `participants` are replaced as a whole.
///
/// Where it recurs, dates that have started stay as they were, and all that are still to come change, but for what a date
/// has for itself. A new start says where the first date of the rule moves; the others move as far on the wall clock.
///
/// A room that is open already keeps what it was opened with, as `conference` in the answer says: its video server asks
/// once. If the appointment was moved away from now, the room is closed to whoever joins after everybody has left.
#[utoipa::path(
    patch, path = "/v1/appointments/{id}", tag = "appointments", operation_id = "updateAppointment",
    security(("app" = ["appointments:write"])),
    params(
        ("id" = uuid::Uuid, Path),
        ("If-Match" = String, Header, description = "The `ETag` of the version that you change, or `*`",
            pattern = r#"^(\*|"[1-9][0-9]{0,17}")$"#),
    ),
    request_body = AppointmentChangeInput,
    responses(
        (status = 200, description = "The appointment as it is now", body = AppointmentView,
            headers(("ETag" = String))),
        (status = 404, description = "There is none of that id", body = ProblemView,
            content_type = "application/problem+json"),
        (status = 409, description = "The room or the external id is taken, or the appointment is cancelled",
            body = ProblemView, content_type = "application/problem+json"),
        (status = 412, description = "It was changed meanwhile", body = ProblemView,
            content_type = "application/problem+json"),
        (status = 428, description = "`If-Match` is missing", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn change(
    app: web::Data<App>,
    caller: Calling,
    id: Path<AppointmentId>,
    if_match: IfMatch,
    body: Incoming<AppointmentChangeInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsWrite)?;
    let body = body.read().await?;
    let change = body.value.into_change()?;
    let expected = if_match.required()?;
    let answer = transact(&app, async |db| {
        let changed =
            change_appointment_in(&app, db, &caller.tenant.name, id.0, expected, change.clone()).await?;
        answer(&app, db, &caller, &changed).await
    });
    answer.await.map(Answer::respond)
}

/// Cancel an appointment
///
/// Cancelling is final, and may be repeated. The appointment stays to be seen, and dates of a series that are over stay
/// what they were. A room that is open already runs on to the
/// end that its video server was told, as `conference` in the answer says; who joins after everybody has left is refused.
#[utoipa::path(
    delete, path = "/v1/appointments/{id}", tag = "appointments", operation_id = "cancelAppointment",
    security(("app" = ["appointments:write"])),
    params(
        ("id" = uuid::Uuid, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that you cancel, or `*`",
            pattern = r#"^(\*|"[1-9][0-9]{0,17}")$"#),
    ),
    responses(
        (status = 200, description = "The cancelled appointment", body = AppointmentView,
            headers(("ETag" = String))),
        (status = 404, description = "There is none of that id", body = ProblemView,
            content_type = "application/problem+json"),
        (status = 412, description = "It was changed meanwhile", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn cancel(
    app: web::Data<App>,
    caller: Calling,
    id: Path<AppointmentId>,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsWrite)?;
    let expected = if_match.optional()?;
    let answer = transact(&app, async |db| {
        let cancelled = cancel_in(&app, db, &caller.tenant.name, id.0, expected).await?;
        // Without its password: one that can't be read must not keep it from being cancelled.
        let view = seen(&app, db, &caller, &cancelled).await?;
        Ok::<_, Problem>(Answer::ok(view).at_revision(cancelled.revision))
    });
    answer.await.map(Answer::respond)
}

async fn answer(
    app: &App,
    db: &mut PgConnection,
    caller: &Calling,
    appointment: &Appointment,
) -> Result<Answer, Problem> {
    let view = whole(app, db, caller, appointment).await?;
    Ok(Answer::ok(view).at_revision(appointment.revision))
}

/// The appointment with all that the caller may see.
async fn whole(
    app: &App,
    db: &mut PgConnection,
    caller: &Calling,
    appointment: &Appointment,
) -> Result<AppointmentView, Problem> {
    let password = password(app, caller, appointment.id, &appointment.options)?;
    Ok(seen(app, db, caller, appointment).await?.with_password(password))
}

/// The appointment as it is now, without its password.
async fn seen(
    app: &App,
    db: &mut PgConnection,
    caller: &Calling,
    appointment: &Appointment,
) -> Result<AppointmentView, Problem> {
    let now = app.clock.now();
    let live = appointments::live(db, caller.tenant.id, &[appointment.id], now).await?;
    let view = AppointmentView::new(&caller.tenant, appointment, now).with_conference(&live);
    if !caller.scopes.contains(Scope::TokensMint) {
        return Ok(view);
    }
    Ok(view.with_links(&join_links_of(app, db, appointment).await?))
}

/// The password, if there is one and the caller may see it.
fn password(
    app: &App,
    caller: &Calling,
    appointment: AppointmentId,
    options: &Options,
) -> Result<Option<String>, Problem> {
    if !caller.scopes.contains(Scope::PasswordsRead) {
        return Ok(None);
    }
    let password = unlock(&app.keys, caller.tenant.id, Some(appointment), options);
    let password = password.inspect_err(|_| {
        app.metrics.unseal_failures.inc();
    });
    Ok(password.map_err(Problem::internal)?.map(|password| password.expose_secret().to_owned()))
}
