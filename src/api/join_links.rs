//! Join links: `/v1/appointments/{id}/join-links`, `/v1/join-links/{id}`. Not in here: the pages behind them (`join`).

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::body::{Incoming, Path, Query, ReadQuery};
use super::caller::Calling;
use super::code::Code;
use super::field::{Field, Reading, Unknown, from_objects};
use super::once::{Answer, Once};
use super::page::PageView;
use super::problem::{Problem, ProblemView};
use crate::actions::invitation::{InvitationError, invitation};
use crate::actions::join_links::{
    JoinLinkError, JoinSecretError, find_join_link, list_join_links, make_join_link_in, revoke_join_link,
};
use crate::app::App;
use crate::reservation::wording::Language;
use crate::reservation::{AppointmentId, HostKey, JoinLinkId, Scope};
use crate::view::{InvitationView, JoinLinkView};

/// Whom a new link is for.
#[derive(Debug, Deserialize, ToSchema)]
pub struct JoinLinkInput {
    /// The id, external id or e-mail address of somebody who is expected.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 254,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    participant: Field<HostKey>,
    /// Whether it is for guests: anybody.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    for_guests: Field<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

from_objects! { JoinLinkInput }

impl JoinLinkInput {
    fn read(self) -> Result<Option<HostKey>, Problem> {
        let mut reading = Reading::default();
        reading.refuse(&self.unknown);
        let is_unreadable = matches!(self.participant, Field::Unreadable(_))
            || matches!(self.for_guests, Field::Unreadable(_));
        let participant = reading.optional("participant", self.participant);
        let for_guests = reading.optional("for_guests", self.for_guests).unwrap_or(false);
        // The guests' link must not go because somebody forgot to say whose is meant.
        if participant.is_some() == for_guests && !is_unreadable {
            reading.wrong_together("say whom it is for: write `participant`, or `\"for_guests\": true`");
        }
        Ok(reading.done(Some(participant))?)
    }
}

/// Make a new join link
///
/// Everybody who is expected has a link from the beginning, and so have guests. A new one takes the place of the one before,
/// which leads nowhere from then on.
#[utoipa::path(
    post, path = "/v1/appointments/{id}/join-links", tag = "join links", operation_id = "createJoinLink",
    security(("app" = ["tokens:mint"])),
    params(
        ("id" = uuid::Uuid, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes repetitions harmless",
            min_length = 1, max_length = 255),
    ),
    request_body = JoinLinkInput,
    responses(
        (status = 201, description = "The link", body = JoinLinkView),
        (status = 404, description = "There is no such appointment or participant", body = ProblemView,
            content_type = "application/problem+json"),
        (status = 409, description = "The appointment is cancelled", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn create(
    app: web::Data<App>,
    caller: Calling,
    id: Path<AppointmentId>,
    once: Once,
    body: Incoming<JoinLinkInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::TokensMint)?;
    let body = body.read().await?;
    let participant = body.value.read()?;
    once.run(&app, &caller, body.hash, async |db| {
        let who = participant.as_ref().map(HostKey::as_str);
        let link = make_join_link_in(&app, db, &caller.tenant.name, id.0, who).await?;
        Ok(Answer::created(None, JoinLinkView::from(&link)))
    })
    .await
}

/// List an appointment's join links
///
/// The oldest first, revoked ones too. Whoever opens one comes in: so this takes the scope that tokens take.
#[utoipa::path(
    get, path = "/v1/appointments/{id}/join-links", tag = "join links", operation_id = "listJoinLinks",
    security(("app" = ["tokens:mint"])),
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "All of them", body = PageView<JoinLinkView>),
        (status = 404, description = "There is no such appointment", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    app: web::Data<App>,
    caller: Calling,
    id: Path<AppointmentId>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::TokensMint)?;
    let mut db = app.db.acquire().await?;
    let links = list_join_links(&app, &mut db, caller.tenant.id, id.0).await?;
    let data = links.iter().map(JoinLinkView::from).collect();
    Ok(HttpResponse::Ok().json(PageView::whole(data)))
}

/// Show a join link
#[utoipa::path(
    get, path = "/v1/join-links/{id}", tag = "join links", operation_id = "getJoinLink",
    security(("app" = ["tokens:mint"])),
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The link", body = JoinLinkView),
        (status = 404, description = "There is none of that id", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn show(
    app: web::Data<App>,
    caller: Calling,
    id: Path<JoinLinkId>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::TokensMint)?;
    let mut db = app.db.acquire().await?;
    let (link, _) = find_join_link(&app, &mut db, caller.tenant.id, id.0).await?;
    Ok(HttpResponse::Ok().json(JoinLinkView::from(&link)))
}

/// Revoke a join link
///
/// At once and for good. Who has come in by it stays in the room, and can come back for as long as their token is good;
/// `DELETE /v1/appointments/{id}/tokens` revokes that. It may be repeated.
#[utoipa::path(
    delete, path = "/v1/join-links/{id}", tag = "join links", operation_id = "revokeJoinLink",
    security(("app" = ["tokens:mint"])),
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The revoked link", body = JoinLinkView),
        (status = 404, description = "There is none of that id", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn revoke(
    app: web::Data<App>,
    caller: Calling,
    id: Path<JoinLinkId>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::TokensMint)?;
    let link = revoke_join_link(&app, &caller.tenant.name, id.0).await?;
    Ok(HttpResponse::Ok().json(JoinLinkView::from(&link)))
}

/// In which language.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InvitationQuery {
    /// The language of the mail: `en` or `de`. The tenant's, where none is given.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^(en|de)$")]
    language: Field<Language>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// A language, or the tenant's.
#[derive(Debug)]
pub struct Wish(Option<Language>);

impl ReadQuery for Wish {
    type Raw = InvitationQuery;

    fn read(raw: InvitationQuery) -> Result<Self, Problem> {
        let mut reading = Reading::of_parameters();
        reading.refuse(&raw.unknown);
        let language = reading.optional("language", raw.language);
        Ok(reading.done(Some(Self(language)))?)
    }
}

/// Write an invitation
///
/// The mail that you send: text and HTML that say the same, and a calendar file, all with the link. Times are told in the
/// appointment's time zone. It changes nothing: call it as often as you send the mail.
#[utoipa::path(
    get, path = "/v1/join-links/{id}/invitation", tag = "join links", operation_id = "getInvitation",
    security(("app" = ["tokens:mint"])),
    params(("id" = uuid::Uuid, Path), InvitationQuery),
    responses(
        (status = 200, description = "The invitation", body = InvitationView),
        (status = 404, description = "There is no link of that id", body = ProblemView,
            content_type = "application/problem+json"),
        (status = 409, description = "The link is revoked, or nobody could open it", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn invite(
    app: web::Data<App>,
    caller: Calling,
    id: Path<JoinLinkId>,
    query: Query<Wish>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::TokensMint)?;
    let mut db = app.db.acquire().await?;
    let invitation = invitation(&app, &mut db, &caller.tenant, id.0, query.0.0).await?;
    Ok(HttpResponse::Ok().json(InvitationView::from(&invitation)))
}

impl From<JoinLinkError> for Problem {
    fn from(error: JoinLinkError) -> Self {
        match error {
            JoinLinkError::UnknownTenant(_) => Self::not_found("tenant"),
            JoinLinkError::UnknownAppointment(_) => Self::not_found("appointment"),
            JoinLinkError::Participant(error) => error.into(),
            JoinLinkError::Unknown(_) => Self::not_found("join link"),
            JoinLinkError::AppointmentCancelled => Self::new(Code::AppointmentCancelled, error),
            JoinLinkError::Secret(error) => error.into(),
            JoinLinkError::Store(error) => error.into(),
        }
    }
}

impl From<JoinSecretError> for Problem {
    fn from(error: JoinSecretError) -> Self {
        match error {
            JoinSecretError::Keys(error) => error.into(),
            JoinSecretError::Sealed(_) | JoinSecretError::Randomness(_) => Self::internal(error),
            JoinSecretError::Store(error) => error.into(),
        }
    }
}

impl From<InvitationError> for Problem {
    fn from(error: InvitationError) -> Self {
        match error {
            InvitationError::Link(error) => error.into(),
            InvitationError::Cancelled => Self::new(Code::AppointmentCancelled, error),
            InvitationError::Over => Self::new(Code::AppointmentOver, error),
            InvitationError::NoMeetingUrl(_) => Self::new(Code::TokensNotSetUp, error),
            InvitationError::Revoked | InvitationError::NotShown | InvitationError::NoPublicUrl => {
                Self::new(Code::NoInvitation, error)
            }
            InvitationError::Render(_) => Self::internal(error),
            InvitationError::Store(error) => error.into(),
        }
    }
}
