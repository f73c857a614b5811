//! `/api/v1/room`: rooms are made, shown and deleted.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{admit, clothe};
use crate::actions::book::Booking;
use crate::actions::standing_room::{
    DeleteRoomError, delete_standing_room, make_standing_room, standing_room,
};
use crate::actions::{passwords, room_names};
use crate::api::body::{Incoming, Path};
use crate::api::field::{Field, Reading, from_objects, from_words};
use crate::api::problem::{FieldError, Problem};
use crate::app::App;
use crate::dialect::app::{Speaker, UnixSeconds};
use crate::dialect::refusal::{Kind, Refusal, answer};
use crate::reservation::{AppId, Appointment, AppointmentId, RoomName, Scope, Tenant};
use crate::view::time;

/// Who comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::VariantNames, Serialize)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
enum Privacy {
    /// Whoever has the address.
    Public,
    /// Who has a token, and whom they let in.
    Private,
}

/// What a room is to be: all of it may be left out. What else Metered's rooms can have is overlooked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoomInput {
    #[serde(default)]
    room_name: Field<RoomName>,
    #[serde(default)]
    privacy: Field<Privacy>,
    #[serde(default)]
    enable_request_to_join: Field<bool>,
    #[serde(default)]
    max_participants: Field<u32>,
    #[serde(default)]
    not_before_unix_sec: Field<UnixSeconds>,
    #[serde(default)]
    expire_unix_sec: Field<UnixSeconds>,
}

from_words! { Privacy }
from_objects! { RoomInput }

/// A room that is wanted.
struct Wanted {
    name: Option<RoomName>,
    privacy: Privacy,
    may_ask_to_join: bool,
    max_participants: Option<u32>,
    not_before: Option<DateTime<Utc>>,
    expires: Option<DateTime<Utc>>,
}

impl RoomInput {
    fn read(self, now: DateTime<Utc>) -> Result<Wanted, Vec<FieldError>> {
        let mut reading = Reading::default();
        let wanted = Wanted {
            name: reading.optional("roomName", self.room_name),
            privacy: reading.optional("privacy", self.privacy).unwrap_or(Privacy::Public),
            may_ask_to_join: reading
                .optional("enableRequestToJoin", self.enable_request_to_join)
                .unwrap_or_default(),
            max_participants: reading.optional("maxParticipants", self.max_participants),
            not_before: reading.optional("notBeforeUnixSec", self.not_before_unix_sec).map(|at| at.0),
            expires: reading.optional("expireUnixSec", self.expire_unix_sec).map(|at| at.0),
        };
        if wanted.name.as_ref().is_some_and(|name| name.key().web_form() == "*") {
            reading.wrong("roomName", "to Jitsi a room called `*` is every room");
        }
        if wanted.expires.is_some_and(|expires| expires <= wanted.not_before.unwrap_or(now).max(now)) {
            reading.wrong("expireUnixSec", "this has to be later than now, and than `notBeforeUnixSec`");
        }
        reading.done(Some(wanted))
    }
}

impl Wanted {
    fn booking(self, tenant: &Tenant, app: AppId, now: DateTime<Utc>) -> Result<Booking, Problem> {
        let name = match self.name {
            Some(name) => name,
            None => room_names::generate().map_err(Problem::internal)?,
        };
        let is_private = self.privacy == Privacy::Private;
        let password = if is_private && !self.may_ask_to_join {
            Some(passwords::generate().map_err(Problem::internal)?)
        } else {
            None
        };
        let starts = self.not_before.unwrap_or(now).max(now);
        Ok(Booking {
            app: Some(app),
            lobby: is_private,
            password,
            max_occupants: self.max_participants,
            early_open: Some(TimeDelta::zero()),
            grace: Some(TimeDelta::zero()),
            ..Booking::of(tenant.name.clone(), name, starts, self.expires)
        })
    }
}

/// A room, as Metered shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoomBody<'a> {
    #[serde(rename = "_id")]
    id: AppointmentId,
    app: Option<AppId>,
    room_name: &'a str,
    privacy: Privacy,
    enable_request_to_join: bool,
    max_participants: Option<u32>,
    not_before_unix_sec: i64,
    expire_unix_sec: Option<i64>,
    created: String,
    /// Where people meet; null without a meeting URL.
    #[serde(rename = "roomURL")]
    room_url: Option<String>,
}

fn render(tenant: &Tenant, room: &Appointment) -> HttpResponse {
    let lobby = room.options.lobby;
    let base = tenant.policy.meeting_url.as_ref();
    HttpResponse::Ok().json(RoomBody {
        id: room.id,
        app: room.app,
        room_name: room.room.as_str(),
        privacy: if lobby { Privacy::Private } else { Privacy::Public },
        enable_request_to_join: lobby && room.options.password.is_none(),
        max_participants: room.options.max_occupants,
        not_before_unix_sec: room.slot.starts().timestamp(),
        expire_unix_sec: room.slot.ends().map(|ends| ends.timestamp()),
        created: time(room.created_at),
        room_url: base.map(|base| base.with_room(&room.room)),
    })
}

/// Makes a room.
pub(super) async fn create(
    app: web::Data<App>,
    request: HttpRequest,
    body: Incoming<RoomInput>,
) -> HttpResponse {
    let answered = async {
        let Speaker { caller, .. } = admit(&app, &request).await?;
        caller.may(Scope::AppointmentsWrite)?;
        let now = app.clock.now();
        let wanted = body.read_or_empty().await?.value.read(now)?;
        let booking = wanted.booking(&caller.tenant, caller.app, now)?;
        let booked = make_standing_room(&app, &booking).await.map_err(Problem::from)?;
        Ok(render(&caller.tenant, &booked))
    };
    answer(&request, answered.await, clothe)
}

/// Shows a room of the app's.
pub(super) async fn show(
    app: web::Data<App>,
    request: HttpRequest,
    room: Result<Path<RoomName>, Problem>,
) -> HttpResponse {
    let answered = async {
        let Speaker { caller, .. } = admit(&app, &request).await?;
        caller.may_by_any([Scope::AppointmentsRead, Scope::AppointmentsWrite])?;
        let found =
            standing_room(&app, &caller.tenant, caller.app, room?.0.key()).await.map_err(Problem::from)?;
        let found = found.ok_or_else(|| Refusal::from(DeleteRoomError::Unknown))?;
        Ok(render(&caller.tenant, &found))
    };
    answer(&request, answered.await, clothe)
}

/// Deletes a room of the app's.
pub(super) async fn delete(
    app: web::Data<App>,
    request: HttpRequest,
    room: Result<Path<RoomName>, Problem>,
) -> HttpResponse {
    let answered = async {
        let Speaker { caller, .. } = admit(&app, &request).await?;
        caller.may(Scope::AppointmentsWrite)?;
        delete_standing_room(&app, &caller.tenant, caller.app, room?.0.key()).await?;
        // Source: Metered's page on deleting rooms.
        Ok(HttpResponse::Ok().json(json!({ "success": true, "message": "Room successfully archived" })))
    };
    answer(&request, answered.await, clothe)
}

impl From<DeleteRoomError> for Refusal {
    fn from(error: DeleteRoomError) -> Self {
        match error {
            DeleteRoomError::Unknown => Self::new(Kind::NotFound, &error),
            DeleteRoomError::Series => Self::new(Kind::Conflict, &error),
            DeleteRoomError::Cancel(error) => Problem::from(error).into(),
            DeleteRoomError::Store(error) => Problem::from(error).into(),
        }
    }
}
