//! `/join/{code}`: the page behind a join link, for people.
//!
//! Whoever opens it in a browser while the room is open is sent on into the room at once, with a token in the address.
//! Everybody else gets a page: who is early, who is late, and whatever fetches links for a preview. So a token is only made
//! for who navigates to it (Fetch Metadata), or presses the button.
//!
//! Not in here: what somebody finds there (`reservation::doorway`, `actions::join`), and the texts (`texts`).

mod page;
mod piece;

use std::error::Error;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, AcceptLanguage, Header as _, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use url::form_urlencoded;

use self::page::{Nothing, Page};
use crate::actions::branding::brand_of;
use crate::actions::calendar::link_calendar;
use crate::actions::join::{EnterError, Visit, VisitError, enter, lead_to_one, visit};
use crate::actions::join_links::url;
use crate::actions::mint::MintError;
use crate::app::App;
use crate::credential::JoinCode;
use crate::http::fault::method_not_allowed;
use crate::http::{client, get};
use crate::reservation::{Brand, Doorway, Tenant};
use crate::store::StoreError;
use crate::telemetry::{Expected, Failure};
use crate::texts::{Texts, texts, wished};

/// How long somebody waits for a place.
const PATIENCE: Duration = Duration::from_secs(3);

/// Every URL of people.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/join").route(get().to(show)))
        .service(web::resource("/join/{code}/state").route(get().to(state)))
        .service(web::resource("/join/{code}/appointment.ics").route(get().to(calendar)))
        .service(
            web::resource("/join/{code:.*}")
                .route(get().to(show))
                .route(web::post().to(press))
                .default_service(web::to(method_not_allowed)),
        );
}

/// Shows what is behind a link, or sends who navigates to an open room on into it.
async fn show(app: web::Data<App>, request: HttpRequest) -> HttpResponse {
    match host_token(&app, &request).await {
        Ok(None) => {}
        Ok(Some(host)) => return to_link_of_host(&app, &host),
        Err(error) => return nothing(&request, &app, Nothing::Unavailable, None, Some(&error)).await,
    }
    match arrive(&app, &request).await {
        Ok((visit, _place)) if visit.doorway == Doorway::Open && navigates(&request) => {
            receive(&app, &request, &visit).await
        }
        Ok((visit, _place)) if visit.doorway == Doorway::Open => {
            open(&app, &request, &visit, None, true).await
        }
        Ok((visit, _place)) => closed(&app, &request, &visit).await,
        Err(response) => response,
    }
}

/// What the button sends that stands beside the password.
const SEEN: &str = "seen";

/// Lets in who has pressed the button, once they have seen what they will be asked for.
async fn press(app: web::Data<App>, request: HttpRequest) -> HttpResponse {
    match arrive(&app, &request).await {
        Ok((visit, _place)) if visit.doorway == Doorway::Open && request.query_string() == SEEN => {
            let_in(&app, &request, &visit).await
        }
        Ok((visit, _place)) if visit.doorway == Doorway::Open => receive(&app, &request, &visit).await,
        Ok((visit, _place)) => closed(&app, &request, &visit).await,
        Err(response) => response,
    }
}

/// Lets somebody in, or shows them the password: it has to be read before it can be typed.
async fn receive(app: &App, request: &HttpRequest, visit: &Visit) -> HttpResponse {
    match visit.password(app) {
        Ok(Some(password)) => open(app, request, visit, Some(password), false).await,
        Ok(None) => let_in(app, request, visit).await,
        Err(error) => nothing(request, app, Nothing::Unready, Some(visit), Some(&error)).await,
    }
}

/// What is asked every now and then by a page that is open.
#[derive(Serialize)]
struct Standing {
    state: &'static str,
    /// Changes with what the page says.
    version: String,
    /// After how many seconds it is worth asking again.
    refresh: Option<u32>,
}

async fn state(app: web::Data<App>, request: HttpRequest) -> HttpResponse {
    match arrive(&app, &request).await {
        Ok((visit, _place)) => {
            let texts = language(&request, &app, Some(&visit));
            let page = Page::of(&visit, &Brand::default(), texts, app.clock.now());
            let mut response = HttpResponse::Ok().json(Standing {
                state: page.state,
                version: page.version.clone(),
                refresh: page.refresh,
            });
            keep_private(&mut response);
            response
        }
        Err(response) => response,
    }
}

/// The appointment for the visitor's own calendar, with the link that they came by.
async fn calendar(app: web::Data<App>, request: HttpRequest) -> HttpResponse {
    let (visit, _place) = match arrive(&app, &request).await {
        Ok(arrived) => arrived,
        Err(response) => return response,
    };
    if matches!(visit.doorway, Doorway::Revoked | Doorway::SwitchedOff) {
        return closed(&app, &request, &visit).await;
    }
    match calendar_of(&app, language(&request, &app, Some(&visit)), &visit).await {
        Ok(None) => nothing(&request, &app, Nothing::Unavailable, Some(&visit), None).await,
        Ok(Some(file)) => {
            let mut response = HttpResponse::Ok()
                .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"appointment.ics\""))
                .content_type("text/calendar; charset=utf-8")
                .body(file);
            keep_private(&mut response);
            response
        }
        Err(error) => nothing(&request, &app, Nothing::Unavailable, Some(&visit), Some(&error)).await,
    }
}

/// The calendar as a file; `None` where too many others are being written.
async fn calendar_of(app: &App, texts: &Texts, visit: &Visit) -> Result<Option<String>, StoreError> {
    let Some(_place) = place(&app.calendars).await else { return Ok(None) };
    let mut db = app.db.acquire().await?;
    let draft =
        link_calendar(&mut db, texts, &visit.tenant, &visit.appointment, &url(app, &visit.code)).await?;
    drop(db);
    Ok(Some(draft.written().await))
}

/// Who has come, with a place for as long as they are looked after; or the page that says why nobody has.
async fn arrive<'a>(
    app: &'a App,
    request: &HttpRequest,
) -> Result<(Visit, SemaphorePermit<'a>), HttpResponse> {
    // What can't be a code costs no look-up.
    let Some(code) = code(request) else {
        return Err(nothing(request, app, Nothing::Unknown, None, None).await);
    };
    // However many come at once, connections are left for others.
    let Some(place) = place(&app.visitors).await else {
        return Err(nothing(request, app, Nothing::Unavailable, None, None).await);
    };
    let network = client::address(request, &app.trusted_proxies).map(client::network);
    match visit(app, &code, network).await {
        Ok(visit) => Ok((visit, place)),
        Err(VisitError::Unknown) => Err(nothing(request, app, Nothing::Unknown, None, None).await),
        Err(VisitError::TooMany) => Err(nothing(request, app, Nothing::TooMany, None, None).await),
        Err(error @ VisitError::Store(_)) => {
            Err(nothing(request, app, Nothing::Unavailable, None, Some(&error)).await)
        }
    }
}

/// A place among those who may come in at once; `None` where there was none for a while.
async fn place(places: &Semaphore) -> Option<SemaphorePermit<'_>> {
    timeout(PATIENCE, places.acquire()).await.ok()?.ok()
}

fn code(request: &HttpRequest) -> Option<JoinCode> {
    request.match_info().query("code").parse().ok()
}

/// The code of a host's own link, behind that of a guest of the same appointment. Whoever brings another one is a guest.
///
/// Source: JioMeet's page on dynamic meetings.
async fn host_token(app: &App, request: &HttpRequest) -> Result<Option<JoinCode>, StoreError> {
    let mut query = form_urlencoded::parse(request.query_string().as_bytes());
    let host = query.find(|(name, _)| name == "hostToken").and_then(|(_, host)| host.parse().ok());
    let (Some(code), Some(host)) = (code(request), host) else { return Ok(None) };
    // Where there is none, the guests' page says so.
    let Some(_place) = place(&app.visitors).await else { return Ok(None) };
    Ok(lead_to_one(app, &code, &host).await?.then_some(host))
}

/// Sends a host on to their own link, so that the token stays in no address.
fn to_link_of_host(app: &App, host: &JoinCode) -> HttpResponse {
    let mut response = HttpResponse::SeeOther().insert_header((header::LOCATION, url(app, host))).finish();
    keep_private(&mut response);
    response
}

/// Whether a person is on their way there, with a browser. Programs that look at links for a preview don't say so, and
/// neither do browsers that fetch what might be clicked next.
///
/// Source: W3C Fetch Metadata Request Headers, sent by every browser since 2023.
fn navigates(request: &HttpRequest) -> bool {
    let said = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    request.method() == actix_web::http::Method::GET
        && said("sec-fetch-mode") == Some("navigate")
        && said("sec-fetch-dest") == Some("document")
        && said("sec-purpose").is_none()
        && said("purpose").is_none()
}

/// The language that the visitor's browser wishes for, or the tenant's.
fn language(request: &HttpRequest, app: &App, visit: Option<&Visit>) -> &'static Texts {
    let wishes = AcceptLanguage::parse(request).map(|wishes| wishes.ranked()).unwrap_or_default();
    let wishes: Vec<String> = wishes.iter().map(ToString::to_string).collect();
    let own = visit.map_or(app.language, |visit| visit.tenant.policy.language);
    texts(wished(&wishes).unwrap_or(own))
}

async fn let_in(app: &App, request: &HttpRequest, visit: &Visit) -> HttpResponse {
    match enter(app, visit).await {
        Ok(address) => {
            app.metrics.join_visit("entered");
            let mut response =
                HttpResponse::SeeOther().insert_header((header::LOCATION, address.expose_secret())).finish();
            keep_private(&mut response);
            response
        }
        // It was cancelled or is over since it was looked at a moment ago, or the database is away: looking again tells.
        Err(
            error @ EnterError::Mint(
                MintError::Over
                | MintError::UnknownDate
                | MintError::Participant(_)
                | MintError::AppointmentCancelled
                | MintError::DateCancelled
                | MintError::Contended
                | MintError::Store(_),
            ),
        ) => nothing(request, app, Nothing::Unavailable, Some(visit), Some(&error)).await,
        Err(error) => nothing(request, app, Nothing::Unready, Some(visit), Some(&error)).await,
    }
}

/// The page for who has come.
async fn page(app: &App, request: &HttpRequest, visit: &Visit) -> Page {
    let brand = brand(app, &visit.tenant).await;
    Page::of(visit, &brand, language(request, app, Some(visit)), app.clock.now())
}

/// What people see of the tenant. Better nothing of it than no page.
async fn brand(app: &App, tenant: &Tenant) -> Brand {
    brand_of(app, tenant.id).await.unwrap_or_default()
}

/// The page before an open door.
async fn open(
    app: &App,
    request: &HttpRequest,
    visit: &Visit,
    password: Option<SecretString>,
    enters_by_itself: bool,
) -> HttpResponse {
    let page = page(app, request, visit).await;
    app.metrics.join_visit(page.state);
    page.with_button(password, enters_by_itself).respond(StatusCode::OK)
}

/// The page before a door that is closed.
async fn closed(app: &App, request: &HttpRequest, visit: &Visit) -> HttpResponse {
    let status = match visit.doorway {
        Doorway::Open | Doorway::Early { .. } | Doorway::Occupied { .. } | Doorway::Unplanned => {
            StatusCode::OK
        }
        Doorway::Full => StatusCode::SERVICE_UNAVAILABLE,
        Doorway::Over | Doorway::Cancelled | Doorway::Revoked => StatusCode::GONE,
        Doorway::SwitchedOff => StatusCode::FORBIDDEN,
    };
    let page = page(app, request, visit).await;
    app.metrics.join_visit(page.state);
    let mut response = page.respond(status);
    if visit.doorway == Doorway::Full {
        response.extensions_mut().insert(Expected);
    }
    response
}

/// The page where nobody gets in, whoever they are.
async fn nothing(
    request: &HttpRequest,
    app: &App,
    what: Nothing,
    visit: Option<&Visit>,
    error: Option<&dyn Error>,
) -> HttpResponse {
    let status = match what {
        Nothing::Unknown => StatusCode::NOT_FOUND,
        Nothing::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Nothing::Unready | Nothing::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    let tenant = visit.map(|visit| &visit.tenant);
    // While the database is away, there is no asking for more.
    let brand = match tenant {
        Some(tenant) if what != Nothing::Unavailable => brand(app, tenant).await,
        _ => Brand::default(),
    };
    let page = Page::nothing(what, language(request, app, visit), tenant, &brand);
    app.metrics.join_visit(page.state);
    let mut response = page.respond(status);
    if let Some(error) = error {
        Failure::of(error).attach(&mut response);
    }
    response
}

/// Nobody keeps it, and nobody is told where it came from: the code is in its address.
fn keep_private(response: &mut HttpResponse) {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
}
