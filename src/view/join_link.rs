//! Join links, and what people are invited with.

use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::appointment::ParticipantView;
use super::time;
use crate::actions::invitation::Invitation;
use crate::actions::join_links::JoinLink;
use crate::reservation::{AppointmentId, Email, JoinLinkId};

/// A link by which somebody comes in.
#[derive(Serialize, ToSchema)]
#[schema(as = JoinLink)]
pub struct JoinLinkView {
    #[schema(value_type = uuid::Uuid)]
    id: JoinLinkId,
    #[schema(value_type = uuid::Uuid)]
    appointment: AppointmentId,
    /// Whom it is for; null for guests, and for somebody who is not expected any more.
    participant: Option<ParticipantView>,
    /// The link: whoever opens it comes in. Null where it is revoked, or was made under a master key that is gone.
    #[schema(format = "uri-reference")]
    url: Option<String>,
    /// Whether it is for guests: anybody.
    for_guests: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

impl From<&JoinLink> for JoinLinkView {
    fn from(link: &JoinLink) -> Self {
        Self {
            id: link.record.id,
            appointment: link.record.appointment,
            participant: link.participant.as_ref().map(ParticipantView::from),
            url: link.url.as_ref().map(|url| url.expose_secret().to_owned()),
            for_guests: link.record.participant.is_none(),
            created_at: time(link.record.created_at),
            revoked_at: link.record.revoked_at.map(time),
        }
    }
}

/// An invitation, to be mailed.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
pub struct InvitationView<'a> {
    /// The language that it is in.
    language: String,
    /// Where it is to go; null where nobody knows.
    #[schema(format = "email")]
    to: Option<&'a str>,
    subject: &'a str,
    /// For a mail of `text/plain`.
    text: &'a str,
    /// For one of `text/html`: a whole document, which fetches nothing from anywhere.
    html: &'a str,
    /// To be attached as `text/calendar`.
    calendar: &'a str,
}

impl<'a> From<&'a Invitation> for InvitationView<'a> {
    fn from(invitation: &'a Invitation) -> Self {
        Self {
            language: invitation.language.to_string(),
            to: invitation.to.as_ref().map(Email::as_str),
            subject: &invitation.subject,
            text: &invitation.text,
            html: &invitation.html,
            calendar: &invitation.calendar,
        }
    }
}
