//! Jitsi's Prosody, module `mod_reservations`: `POST /conference`, `GET` and `DELETE /conference/{id}`.
//!
//! Source: the Jitsi handbook, "Reservation System setup", and `mod_reservations.lua` of
//! jitsi-meet. What follows from it: an absent option is left out, for a null voids the whole
//! answer; a refusal is a 4xx with a string `message`, for everything from 500 on is asked again,
//! and any other `message` leaves people waiting; 429 and 5xx are never used to refuse.

mod parse;
mod render;

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};

use self::parse::{OpeningForm, clock_offset, credential};
use self::render::{ProsodyError, answer, opened, released};
use crate::actions::look_up::look_up;
use crate::actions::release::release;
use crate::actions::reserve::{Lane, reserve};
use crate::app::App;
use crate::http::client;
use crate::http::fault::{Fault, method_not_allowed};
use crate::metrics::Outcome;
use crate::view::Handle;

/// The three calls.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/conference")
                .route(web::post().to(open))
                .default_service(web::to(method_not_allowed)),
        )
        .service(
            web::resource("/conference/{id}")
                .route(web::get().to(show))
                .route(web::delete().to(end))
                .default_service(web::to(method_not_allowed)),
        );
}

async fn open(
    app: web::Data<App>,
    lane: web::Data<Lane>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let answered = async {
        let credential = credential(&request).inspect_err(|_| {
            app.metrics.ask(Outcome::Unauthorized, Duration::ZERO);
        })?;
        let form = OpeningForm::read(&request, payload).await?;
        let answered = reserve(&app, &lane, &credential, &form.node, &form.mail_owner).await?;
        // The line of the ask, with the same request id, says which server it is.
        if let Some(offset) = form.first_asked.and_then(|asked| clock_offset(asked, app.clock.now())) {
            tracing::warn!(
                offset_seconds = offset.num_seconds(),
                "a conference server's clock is off by so much, or it asks again for very long: it ends rooms by that clock"
            );
        }
        Ok(answer(&answered))
    };
    answered.await.unwrap_or_else(|error| refused(&app, &request, error))
}

async fn show(app: web::Data<App>, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let answered = async {
        let credential = credential(&request)?;
        let Handle { tenant, id } = id.parse().map_err(|_| Fault::NotFound)?;
        let found = look_up(&app, &credential, tenant, id).await?;
        Ok(opened(&found.ok_or(Fault::NotFound)?))
    };
    answered.await.unwrap_or_else(|error| refused(&app, &request, error))
}

async fn end(app: web::Data<App>, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let answered = async {
        let credential = credential(&request)?;
        let Handle { tenant, id } = id.parse().map_err(|_| Fault::NotFound)?;
        if release(&app, &credential, tenant, id).await? {
            Ok(released())
        } else {
            Err(Fault::NotFound.into())
        }
    };
    answered.await.unwrap_or_else(|error| refused(&app, &request, error))
}

/// The error on the wire. A credential that is not valid is logged with where it came from: that is how an
/// operator finds the server that has the wrong one. Once a minute for each address. People never ask here.
fn refused(app: &App, request: &HttpRequest, error: ProsodyError) -> HttpResponse {
    if error.is_unauthorized() {
        let address = client::address(request, &app.trusted_proxies);
        if app.strangers.note(address) {
            let address = address.map(tracing::field::display);
            tracing::warn!(
                client.address = address,
                "a conference server's credential is missing or not valid"
            );
        }
    }
    error.render(app.language)
}
