//! JioMeet: `POST /api/platform/v1/room`, a room at once for 24 hours.
//!
//! Source: JioMeet's pages "Authentication in JioMeet" and "Create a dynamic meeting". Their programs send the token in
//! `Authorization` without a scheme, and it may say nothing but `app`.

use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::app::{OrEmpty, Speaker, admit};
use super::refusal::{Kind, Refusal, answer, nothing_at, only, usual_status};
use crate::actions::dynamic_room::{DynamicRoom, DynamicRoomError, MadeRoom, Maker, make_dynamic_room};
use crate::api::body::Incoming;
use crate::api::field::{Field, Reading, from_objects};
use crate::api::problem::{FieldError, Problem};
use crate::app::App;
use crate::credential::Bearer;
use crate::reservation::{Description, Dialect, PersonName, Scope, Title};
use crate::signing::Terms;

/// The call, and nothing else below its path.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(only("/api/platform/v1/room", "POST", clothe).route(web::post().to(create)))
        .service(nothing_at("/api/platform", clothe))
        .service(nothing_at("/api/platform/{rest:.*}", clothe));
}

/// What a room is to be: all of it may be left out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoomInput {
    #[serde(default)]
    name: Field<OrEmpty<PersonName>>,
    #[serde(default)]
    title: Field<Title>,
    #[serde(default)]
    description: Field<Description>,
    #[serde(default)]
    host_token: Field<bool>,
    #[serde(default)]
    is_auto_recording_enabled: Field<bool>,
}

from_objects! { RoomInput }

impl RoomInput {
    /// The room, and whether its host's token is asked for.
    fn read(self) -> Result<(DynamicRoom, bool), Vec<FieldError>> {
        let mut reading = Reading::default();
        let room = DynamicRoom {
            host: reading.optional("name", self.name).and_then(|name| name.0),
            title: reading.optional("title", self.title),
            description: reading.optional("description", self.description),
            recording: reading
                .optional("isAutoRecordingEnabled", self.is_auto_recording_enabled)
                .unwrap_or_default(),
        };
        let host_token = reading.optional("hostToken", self.host_token).unwrap_or_default();
        reading.done(Some((room, host_token)))
    }
}

/// A room, this once. It tells secrets: so there is no `Debug`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoomBody<'a> {
    jiomeet_id: &'a str,
    #[serde(rename = "roomPIN")]
    room_pin: &'a str,
    subdomain: &'a str,
    join_endpoint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_token: Option<&'a str>,
    guest_meeting_link: &'a str,
    meeting_link: &'a str,
}

async fn create(app: web::Data<App>, request: HttpRequest, body: Incoming<RoomInput>) -> HttpResponse {
    let answered = async {
        let bearer = credential(&request);
        let speaker = admit(&request, &app, bearer.as_ref(), Terms::Jiomeet, Dialect::Jiomeet).await?;
        speaker.caller.may(Scope::AppointmentsWrite)?;
        // Whoever has the links gets in.
        speaker.caller.may(Scope::TokensMint)?;
        let (wanted, host_token) = body.read_or_empty().await?.value.read()?;
        let maker = Maker {
            tenant: speaker.caller.tenant.id,
            name: speaker.caller.tenant.name.clone(),
            app: speaker.caller.app,
            most: speaker.dialects.jiomeet_rooms,
        };
        let made = make_dynamic_room(&app, &maker, &wanted).await?;
        Ok(render(&app, &speaker, &made, host_token))
    };
    answer(&request, answered.await, clothe)
}

/// The token, with or without a scheme.
fn credential(request: &HttpRequest) -> Option<Bearer> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    header.parse().ok().or_else(|| Some(Bearer::bare(header)))
}

/// Both links lead to the page for guests; with `?hostToken=` behind them, its host comes in.
fn render(app: &App, speaker: &Speaker, made: &MadeRoom, host_token: bool) -> HttpResponse {
    let link: fn(&SecretString) -> &str = |link| link.expose_secret();
    let guest_link = link(&made.guest_link);
    let endpoint = guest_link.strip_prefix(&app.base()).unwrap_or(guest_link);
    let own = speaker.dialects.jiomeet_url.as_ref();
    let meeting_link = own.map_or_else(|| guest_link.to_owned(), |own| format!("{own}{endpoint}"));
    let subdomain = own.and_then(|own| own.host().split('.').next());
    HttpResponse::Ok().json(RoomBody {
        jiomeet_id: &made.number,
        room_pin: made.pin.expose(),
        subdomain: subdomain.unwrap_or_else(|| speaker.caller.tenant.name.as_str()),
        join_endpoint: endpoint,
        host_token: link(&made.host_link).rsplit('/').next().filter(|_| host_token),
        guest_meeting_link: guest_link,
        meeting_link: &meeting_link,
    })
}

impl From<DynamicRoomError> for Refusal {
    fn from(error: DynamicRoomError) -> Self {
        match error {
            DynamicRoomError::TooMany(_) => Self::new(Kind::Conflict, &error),
            DynamicRoomError::NoLinks | DynamicRoomError::NoRandomness(_) => Problem::internal(error).into(),
            DynamicRoomError::Book(error) => Problem::from(error).into(),
            DynamicRoomError::Store(error) => Problem::from(error).into(),
        }
    }
}

/// Source: the page names 401 and 412, the latter for an app that may not.
fn clothe(refusal: &Refusal) -> HttpResponse {
    let status = match refusal.kind {
        Kind::Forbidden | Kind::Disabled | Kind::NotSpoken | Kind::Conflict => {
            StatusCode::PRECONDITION_FAILED
        }
        kind => usual_status(kind),
    };
    HttpResponse::build(status).json(json!({ "code": status.as_u16(), "message": refusal.message }))
}
