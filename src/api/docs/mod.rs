//! `/docs`: the API's document to look at and to try out (Swagger UI), and a page for each problem.
//!
//! Everything comes from here: no page asks another host for anything.

mod page;

use std::borrow::Cow;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::DefaultHeaders;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, Responder, web};
use strum::VariantArray as _;

use super::code::Code;
use crate::http::get;

/// What these pages may do: run our own scripts, and ask us. Swagger UI draws its icons from `data:` URLs, and colours
/// examples through the CSSOM, which no policy is about; so nothing inline is needed.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The files of Swagger UI that the page loads.
const SWAGGER_UI: [&str; 4] = ["swagger-ui.css", "index.css", "swagger-ui-bundle.js", "favicon-32x32.png"];

/// Every URL of the documentation.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    let headers = DefaultHeaders::new()
        .add((CONTENT_SECURITY_POLICY, POLICY))
        .add((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((REFERRER_POLICY, "no-referrer"))
        .add((HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .add((CACHE_CONTROL, "public, max-age=3600"));
    config.service(
        web::scope("/docs")
            .wrap(headers)
            .route("", get().to(swagger_ui))
            .route("/problems", get().to(problems))
            .route("/problems/{code}", get().to(problem))
            .route("/page.css", get().to(async || file("text/css", include_str!("page.css"))))
            .route("/start.js", get().to(async || file("text/javascript", include_str!("start.js"))))
            .route("/{file}", get().to(swagger_ui_file))
            .default_service(web::to(nothing)),
    );
}

async fn swagger_ui() -> impl Responder {
    HttpResponse::Ok().content_type(ContentType::html()).body(include_str!("swagger.html"))
}

fn file(content_type: &str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type(format!("{content_type}; charset=utf-8")).body(text)
}

async fn swagger_ui_file(name: web::Path<String>) -> HttpResponse {
    let known = SWAGGER_UI.contains(&name.as_str());
    let found = known.then(|| utoipa_swagger_ui::serve(&name, utoipa_swagger_ui::Config::default().into()));
    match found {
        Some(Ok(Some(file))) => {
            let body = match file.bytes {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            };
            HttpResponse::Ok().content_type(file.content_type).body(body)
        }
        _ => nothing().await,
    }
}

async fn problems() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::html()).body(page::index(Code::VARIANTS))
}

async fn problem(code: web::Path<String>) -> HttpResponse {
    match code.parse() {
        Ok(code) => HttpResponse::Ok().content_type(ContentType::html()).body(page::of(code)),
        Err(_) => nothing().await,
    }
}

async fn nothing() -> HttpResponse {
    HttpResponse::NotFound().content_type(ContentType::html()).body(page::missing())
}
