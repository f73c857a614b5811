//! `/v1/tenants/{name}/dialects`: which languages of other systems a tenant's apps may speak.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::Value;
use strum::VariantNames as _;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Type};

use crate::actions::change_appointment::Patch;
use crate::actions::dialect_settings::{DialectSettingsError, change_dialect_settings, dialect_settings};
use crate::api::body::{Incoming, Path};
use crate::api::caller::Calling;
use crate::api::code::Code;
use crate::api::field::{Field, FromJson, Length, Reading, Unknown, from_objects, from_words, list};
use crate::api::problem::{FieldError, Problem};
use crate::app::App;
use crate::reservation::{BaseUrl, Dialect, Dialects, DialectsError, Scope, TenantName};
use crate::view::DialectsView;

from_words! { Dialect }

/// What is named twice is spoken once.
impl FromJson for BTreeSet<Dialect> {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        Ok(list::<Dialect>(value, MOST)?.into_iter().collect())
    }
}

/// How many may be listed.
const MOST: usize = 20;

/// What is to be different. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = DialectsInput, example = json!({ "spoken": ["jiomeet", "metered"], "jiomeet_rooms": 100 }))]
pub struct DialectsInput {
    /// All that they may speak; an empty list for none.
    #[serde(default)]
    #[schema(schema_with = spoken, required = false)]
    spoken: Field<BTreeSet<Dialect>>,
    /// The most rooms that one app may have at once through JioMeet's; null for no limit.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    jiomeet_rooms: Field<u32>,
    /// Under which address the tenant's own sub-domain leads to this service; null where it has none.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500, pattern = "^https?://", example = "https://acme.example.org")]
    jiomeet_url: Field<BaseUrl>,
    /// How long a token is good that is asked for in Metered's: a minute to a day. An earlier end may be asked for.
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 60, maximum = 86_400)]
    metered_token_lifetime_seconds: Field<Length>,
    /// How long a room is booked that nobody had booked, when a token for it is asked for in ProCONF's: a minute to a week.
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 60, maximum = 604_800)]
    proconf_room_length_seconds: Field<Length>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// The languages that there are.
fn spoken() -> Array {
    let dialect =
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Dialect::VARIANTS.iter().copied()));
    ArrayBuilder::new().items(dialect).max_items(Some(MOST)).build()
}

from_objects! { DialectsInput }

/// What is to be different, as it was read.
#[derive(Debug)]
struct Change {
    spoken: Option<BTreeSet<Dialect>>,
    jiomeet_rooms: Patch<u32>,
    jiomeet_url: Patch<BaseUrl>,
    metered_token_lifetime: Option<TimeDelta>,
    proconf_room_length: Option<TimeDelta>,
}

impl DialectsInput {
    fn read(self) -> Result<Change, Problem> {
        let mut reading = Reading::default();
        reading.refuse(&self.unknown);
        let change = Change {
            spoken: reading.present("spoken", self.spoken),
            jiomeet_rooms: reading.patch("jiomeet_rooms", self.jiomeet_rooms),
            jiomeet_url: reading.patch("jiomeet_url", self.jiomeet_url),
            metered_token_lifetime: reading
                .present("metered_token_lifetime_seconds", self.metered_token_lifetime_seconds)
                .map(|length| length.0),
            proconf_room_length: reading
                .present("proconf_room_length_seconds", self.proconf_room_length_seconds)
                .map(|length| length.0),
        };
        Ok(reading.done(Some(change))?)
    }
}

impl Change {
    fn apply(&self, dialects: &mut Dialects) {
        let Self { spoken, jiomeet_rooms, jiomeet_url, metered_token_lifetime, proconf_room_length } = self;
        if let Some(spoken) = spoken {
            dialects.spoken.clone_from(spoken);
        }
        jiomeet_rooms.apply(&mut dialects.jiomeet_rooms);
        jiomeet_url.clone().apply(&mut dialects.jiomeet_url);
        dialects.metered_token_lifetime = metered_token_lifetime.unwrap_or(dialects.metered_token_lifetime);
        dialects.proconf_room_length = proconf_room_length.unwrap_or(dialects.proconf_room_length);
    }
}

/// Show which languages of other systems a tenant's apps may speak
#[utoipa::path(
    get, path = "/v1/tenants/{name}/dialects", tag = "administration", operation_id = "getDialects",
    security(("app" = ["admin"])),
    params(("name" = String, Path)),
    responses((status = 200, description = "The languages, and what they leave to the operator", body = DialectsView)),
)]
pub async fn show(
    app: web::Data<App>,
    caller: Calling,
    name: Path<TenantName>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    Ok(HttpResponse::Ok().json(DialectsView::from(dialect_settings(&app, &name.0).await?)))
}

/// Change which languages of other systems a tenant's apps may speak
///
/// A JSON merge patch (RFC 7396). It holds from the next request on. Rooms and tokens that were made stay as they are.
#[utoipa::path(
    patch, path = "/v1/tenants/{name}/dialects", tag = "administration", operation_id = "updateDialects",
    security(("app" = ["admin"])),
    params(("name" = String, Path)),
    request_body = DialectsInput,
    responses((status = 200, description = "As it is now", body = DialectsView)),
)]
pub async fn change(
    app: web::Data<App>,
    caller: Calling,
    name: Path<TenantName>,
    body: Incoming<DialectsInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let change = body.read().await?.value.read()?;
    let changed = change_dialect_settings(&app, &name.0, |dialects| change.apply(dialects)).await?;
    Ok(HttpResponse::Ok().json(DialectsView::from(changed)))
}

impl From<DialectSettingsError> for Problem {
    fn from(error: DialectSettingsError) -> Self {
        match error {
            DialectSettingsError::UnknownTenant(_) => Self::not_found("tenant"),
            DialectSettingsError::Dialects(error) => {
                let field = match error {
                    DialectsError::MeteredTokenLifetime => "/metered_token_lifetime_seconds",
                    DialectsError::ProconfRoomLength => "/proconf_room_length_seconds",
                };
                Self::new(Code::InvalidFields, error).at(field)
            }
            DialectSettingsError::Store(error) => error.into(),
        }
    }
}
