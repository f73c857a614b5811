//! Many appointments at once.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{AppointmentInput, password};
use crate::actions::book::book_in;
use crate::api::body::Body;
use crate::api::caller::Calling;
use crate::api::code::Code;
use crate::api::field::{Field, FromJson, Reading, Unknown, list, wrong};
use crate::api::once::{Answer, Once};
use crate::api::problem::{FieldError, Problem, ProblemView};
use crate::app::App;
use crate::reservation::Scope;
use crate::view::AppointmentView;

/// The most appointments at once.
const MOST: usize = 1000;

/// Appointments to book.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = AppointmentBatchInput)]
pub struct BatchInput {
    #[serde(default)]
    #[schema(value_type = Vec<AppointmentInput>, required, min_items = 1, max_items = 1000)]
    appointments: Field<Many>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

#[derive(Debug)]
struct Many(Vec<AppointmentInput>);

impl FromJson for Many {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let many = list(value, MOST)?;
        if many.is_empty() { Err(wrong("write one at least")) } else { Ok(Self(many)) }
    }
}

impl FromJson for BatchInput {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        serde_json::from_value(value).map_err(|_| wrong("write an object"))
    }
}

/// The booked appointments, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppointmentBatch)]
pub struct BatchView {
    data: Vec<AppointmentView>,
}

/// Book many rooms at once
///
/// Up to 1000 appointments, all or none: where one can't be booked, none is, and `errors` says what is wrong with which.
#[utoipa::path(
    post, path = "/v1/appointments/batch", tag = "appointments", operation_id = "createAppointments",
    security(("app" = ["appointments:write"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repetitions harmless: any text of up to 255 \
        characters, kept for 24 hours", min_length = 1, max_length = 255)),
    request_body = BatchInput,
    responses(
        (status = 201, description = "All rooms are booked", body = BatchView),
        (status = 422, description = "None is booked", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn create_many(
    app: web::Data<App>,
    caller: Calling,
    once: Once,
    body: Body<BatchInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsWrite)?;
    let mut reading = Reading::default();
    reading.refuse(&body.value.unknown);
    let many = reading.required("appointments", body.value.appointments);
    let many = reading.done(many)?;
    let read = many.0.into_iter().map(|input| input.into_booking(&caller));
    let bookings = all_of(read)?;
    once.run(&app, &caller, body.hash, async |db| {
        let now = app.clock.now();
        let mut outcomes = Vec::with_capacity(bookings.len());
        for booking in &bookings {
            // The database failed: there is nothing to say about items.
            let outcome = book_in(&app, db, booking.clone()).await.map_err(Problem::from);
            if let Err(problem) = &outcome
                && problem.code.status().is_server_error()
            {
                outcome?;
            } else {
                outcomes.push(outcome);
            }
        }
        let booked = all_of(outcomes.into_iter())?;
        let mut data = Vec::with_capacity(booked.len());
        for appointment in &booked {
            let password = password(&app, &caller, appointment)?;
            data.push(AppointmentView::new(&caller.tenant, appointment, now).with_password(password));
        }
        Ok(Answer::created(None, BatchView { data }))
    })
    .await
}

/// All items, or everything that is wrong with some of them.
fn all_of<T>(items: impl Iterator<Item = Result<T, Problem>>) -> Result<Vec<T>, Problem> {
    let mut good = Vec::new();
    let mut errors = Vec::new();
    for (place, item) in items.enumerate() {
        match item {
            Ok(item) => good.push(item),
            Err(problem) => errors.extend(problem.into_errors(&format!("/appointments/{place}"))),
        }
    }
    if errors.is_empty() { Ok(good) } else { Err(Problem::fields(errors).coded(Code::BatchFailed)) }
}
