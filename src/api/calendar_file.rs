//! Calendars on the wire: `text/calendar`, and not again for who has it already.

use actix_web::http::header::{CONTENT_DISPOSITION, ETAG};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::problem::Problem;
use crate::actions::calendar::Draft;
use crate::http::has;

/// Writes a calendar and answers with it, as a file of that name where it is one to keep. A large one is written beside the
/// requests: conference servers must not wait for it.
pub(super) async fn respond(
    request: &HttpRequest,
    draft: Draft,
    file: Option<&str>,
) -> Result<HttpResponse, Problem> {
    let (text, tag) = if draft.is_large() {
        web::block(move || written(&draft)).await.map_err(Problem::internal)?
    } else {
        written(&draft)
    };
    let mut response = if has(request, &tag) { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, tag.clone()));
    if has(request, &tag) {
        return Ok(response.finish());
    }
    if let Some(file) = file {
        response.insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")));
    }
    Ok(response.content_type("text/calendar; charset=utf-8").body(text))
}

/// The calendar, and what tells it from others.
fn written(draft: &Draft) -> (String, String) {
    let text = draft.write();
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes())));
    (text, tag)
}
