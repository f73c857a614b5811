//! What would be booked.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::input::AppointmentInput;
use crate::actions::preview::preview as look;
use crate::api::body::{Incoming, Query, ReadQuery};
use crate::api::caller::Calling;
use crate::api::field::{Field, Reading, Unknown};
use crate::api::page::Limit;
use crate::api::problem::{Problem, ProblemView};
use crate::app::App;
use crate::reservation::Scope;
use crate::view::PreviewView;

/// How many dates to preview.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PreviewQuery {
    /// How many dates at the most; 50, where nothing is said.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Field<Limit<1000>>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// What a query asks for: how many dates.
#[derive(Debug)]
pub struct Dates(usize);

impl ReadQuery for Dates {
    type Raw = PreviewQuery;

    fn read(raw: PreviewQuery) -> Result<Self, Problem> {
        let mut reading = Reading::of_parameters();
        reading.refuse(&raw.unknown);
        let limit = reading.present("limit", raw.limit).map_or(50, Limit::get);
        Ok(reading.done(Some(Self(usize::try_from(limit).unwrap_or_default())))?)
    }
}

/// Say which dates an appointment would have
///
/// Takes what would book it, and books nothing: its next dates, and which of them meet a room that is taken.
#[utoipa::path(
    post, path = "/v1/appointments/preview", tag = "appointments", operation_id = "previewAppointment",
    security(("app" = ["appointments:read"])),
    params(PreviewQuery),
    request_body = AppointmentInput,
    responses(
        (status = 200, description = "Its next dates", body = PreviewView),
        (status = 422, description = "It could not be booked at any time", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn preview(
    app: web::Data<App>,
    caller: Calling,
    query: Query<Dates>,
    body: Incoming<AppointmentInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::AppointmentsRead)?;
    let body = body.read().await?;
    let booking = body.value.into_booking(&caller.tenant.name, Some(caller.app))?;
    let preview = look(&app, &booking, query.0.0).await?;
    Ok(HttpResponse::Ok().json(PreviewView::from(&preview)))
}
