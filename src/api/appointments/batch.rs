//! Many appointments at once.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{AppointmentInput, password};
use crate::actions::book::Booking;
use crate::actions::book_many::{BookManyError, ItemError, book_many_in};
use crate::actions::join_links::join_links_of_many;
use crate::api::body::Incoming;
use crate::api::caller::Calling;
use crate::api::code::Code;
use crate::api::field::{ENOUGH, Field, FromJson, Reading, Unknown, from_objects, list, wrong};
use crate::api::once::{Answer, Once};
use crate::api::problem::{FieldError, Problem, ProblemView};
use crate::app::App;
use crate::reservation::{AppId, Scope, TenantName};
use crate::view::AppointmentView;

/// The most appointments at once.
const MOST: usize = 1000;

/// The most participants of all of them.
const MOST_PEOPLE: usize = 10_000;

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

from_objects! { BatchInput }

/// The booked appointments, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppointmentBatch)]
pub struct BatchView {
    data: Vec<AppointmentView>,
}

/// Book many rooms at once
///
/// Up to 1000 appointments with 10000 participants and 50000 dates, all or none: where one can't be booked, none is, and
/// `errors` says what is wrong with which.
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
    body: Incoming<BatchInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsWrite)?;
    let body = body.read().await?;
    let bookings = body.value.into_bookings(&caller.tenant.name, Some(caller.app))?;
    once.run(&app, &caller, body.hash, async |db| {
        let now = app.clock.now();
        let booked = book_many_in(&app, db, &bookings).await?;
        let links = if caller.scopes.contains(Scope::TokensMint) {
            join_links_of_many(&app, db, caller.tenant.id, &booked).await?
        } else {
            HashMap::new()
        };
        let mut data = Vec::with_capacity(booked.len());
        for appointment in &booked {
            let password = password(&app, &caller, appointment.id, &appointment.options)?;
            let view = AppointmentView::new(&caller.tenant, appointment, now).with_password(password);
            data.push(view.with_links(links.get(&appointment.id).map_or(&[], Vec::as_slice)));
        }
        Ok(Answer::created(None, BatchView { data }))
    })
    .await
}

impl BatchInput {
    /// As bookings.
    ///
    /// # Errors
    /// Everything that is wrong with any of them.
    pub fn into_bookings(self, tenant: &TenantName, app: Option<AppId>) -> Result<Vec<Booking>, Problem> {
        let mut reading = Reading::default();
        reading.refuse(&self.unknown);
        let many = reading.required("appointments", self.appointments);
        let mut bookings = Vec::new();
        let mut refused = Vec::new();
        for (place, input) in reading.done(many)?.0.into_iter().enumerate() {
            match input.into_booking(tenant, app) {
                Ok(booking) => bookings.push(booking),
                Err(problem) => refused.push((place, problem)),
            }
            if refused.len() >= ENOUGH {
                break;
            }
        }
        if bookings.iter().map(|booking| booking.participants.len()).sum::<usize>() > MOST_PEOPLE {
            let detail = format_args!("write {MOST_PEOPLE} participants in a batch at the most");
            return Err(Problem::new(Code::InvalidFields, detail).at("/appointments"));
        }
        if refused.is_empty() { Ok(bookings) } else { Err(all_of(refused)) }
    }
}

/// Everything that is wrong with some items.
fn all_of(refused: Vec<(usize, Problem)>) -> Problem {
    let errors = refused
        .into_iter()
        .take(ENOUGH)
        .flat_map(|(place, problem)| problem.into_errors(&format!("/appointments/{place}")));
    Problem::fields(errors.collect()).coded(Code::BatchFailed)
}

impl From<ItemError> for Problem {
    fn from(error: ItemError) -> Self {
        match error {
            ItemError::Alone(error) => error.into(),
            ItemError::TakenBy(item) => Self::new(Code::RoomTaken, error).at("/room").with("item", item),
            ItemError::ExternalIdOf(item) => {
                Self::new(Code::ExternalIdTaken, error).at("/external_id").with("item", item)
            }
        }
    }
}

impl From<BookManyError> for Problem {
    fn from(error: BookManyError) -> Self {
        match error {
            BookManyError::Refused(refused) => {
                all_of(refused.into_iter().map(|(place, error)| (place, error.into())).collect())
            }
            BookManyError::TooManyDates => Self::new(Code::InvalidFields, error).at("/appointments"),
            BookManyError::None(error) => error.into(),
            BookManyError::Store(error) => error.into(),
        }
    }
}
