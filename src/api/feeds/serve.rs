//! `/feeds/…`: what calendar programs fetch. Whoever knows the address may.

use actix_web::http::header::{CACHE_CONTROL, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use crate::actions::calendar::feed_calendar;
use crate::actions::feeds::find_feed;
use crate::api::calendar_file::respond;
use crate::api::door;
use crate::api::limiter::Limiter;
use crate::api::problem::Problem;
use crate::app::App;
use crate::credential::{Credential, CredentialKind};
use crate::http::client;

/// Answers with the feed whose secret is in the path.
pub(in crate::api) async fn serve(
    app: web::Data<App>,
    limiter: web::Data<Limiter>,
    request: HttpRequest,
) -> HttpResponse {
    match read(&app, &limiter, &request).await {
        Ok(Some(mut response)) => {
            let headers = response.headers_mut();
            for (name, value) in [
                (CACHE_CONTROL, "private, max-age=300"),
                (REFERRER_POLICY, "no-referrer"),
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ] {
                headers.insert(name, actix_web::http::header::HeaderValue::from_static(value));
            }
            response
        }
        Ok(None) => match limiter.wrong(client::address(&request, &app.trusted_proxies)) {
            Ok(()) => nothing(),
            Err(problem) => problem.respond(None),
        },
        Err(problem) => {
            let mut response = problem.respond(None);
            if let Some(failure) = problem.failure() {
                failure.attach(&mut response);
            }
            response
        }
    }
}

async fn read(app: &App, limiter: &Limiter, request: &HttpRequest) -> Result<Option<HttpResponse>, Problem> {
    // What can't be a secret costs no look-up.
    let secret = request.match_info().query("feed").strip_suffix(".ics");
    let secret = secret.and_then(|secret| Credential::parse(CredentialKind::Feed, secret).ok());
    let Some(secret) = secret else { return Ok(None) };
    let Some((feed, tenant)) = find_feed(app, &secret).await? else { return Ok(None) };
    // As often as an app may ask, and within what its tenant may take.
    door::take(request, limiter, Uuid::from(feed.id).into())?;
    door::sit(request, app, tenant.id).await?;
    let draft = feed_calendar(app, &tenant, &feed).await?;
    respond(request, draft, None).await.map(Some)
}

/// Unknown, revoked, of a disabled tenant, or no secret at all: the answer does not tell which.
fn nothing() -> HttpResponse {
    HttpResponse::NotFound()
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("text/plain; charset=utf-8")
        .body("There is no such calendar.\n")
}
