//! What the dialects of apps share: who calls, and some kinds of fields.

use std::rc::Rc;

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::refusal::{Kind, Refusal};
use crate::actions::dialect_settings::dialects_of;
use crate::api::caller::Calling;
use crate::api::door;
use crate::api::field::{FromJson, whole, wrong};
use crate::api::problem::{FieldError, Problem};
use crate::app::App;
use crate::credential::Bearer;
use crate::reservation::{Dialect, Dialects};
use crate::signing::Terms;

/// An app that calls, and what its tenant leaves to it.
pub(super) struct Speaker {
    pub caller: Calling,
    pub dialects: Dialects,
}

/// Who calls, where they may speak this language.
///
/// # Errors
/// Where it is nobody known, they have called too often, or their tenant doesn't speak it.
pub(super) async fn admit(
    request: &HttpRequest,
    app: &App,
    bearer: Option<&Bearer>,
    terms: Terms,
    dialect: Dialect,
) -> Result<Speaker, Refusal> {
    let caller = Calling(Rc::new(door::admit(request, bearer, terms).await?));
    door::let_in(request, caller.clone()).await?;
    let dialects = dialects_of(app, caller.tenant.id).await.map_err(Problem::from)?;
    if !dialects.speak(dialect) {
        let message = format_args!(
            "the apps of the tenant `{}` don't speak {}: `frontdesk dialects --speak` switches it on",
            caller.tenant.name,
            dialect.title()
        );
        return Err(Refusal::new(Kind::NotSpoken, &message));
    }
    Ok(Speaker { caller, dialects })
}

/// A text that means nothing where it is empty.
#[derive(Debug)]
pub(super) struct OrEmpty<T>(pub Option<T>);

impl<T: FromJson> FromJson for OrEmpty<T> {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        if value == "" { Ok(Self(None)) } else { T::from_json(value).map(|value| Self(Some(value))) }
    }
}

/// A moment in whole seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnixSeconds(pub DateTime<Utc>);

impl FromJson for UnixSeconds {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        // 9999-12-31T23:59:59Z. What is later was meant in milliseconds.
        let seconds = whole(&value, 0, 253_402_300_799).ok();
        let time = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        time.map(Self).ok_or_else(|| wrong("write a time in whole seconds since 1970, not in milliseconds"))
    }
}
