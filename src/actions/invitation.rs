//! What somebody is invited with: a mail that the app sends, in text and HTML, with a calendar file.

mod words;

use askama::Template;
use secrecy::ExposeSecret as _;
use sqlx::PgConnection;

use self::words::{About, Words};
use super::calendar::link_calendar;
use super::join_links::{JoinLinkError, find_join_link};
use super::mint::soonest;
use crate::app::App;
use crate::reservation::wording::Language;
use crate::reservation::{Appointment, Email, JoinLinkId, Slot, Tenant, TenantName};
use crate::store::occurrences::{self, Which};
use crate::store::{StoreError, brands};
use crate::texts::texts;

/// An invitation.
#[derive(Debug)]
pub struct Invitation {
    /// The language that it is in.
    pub language: Language,
    /// Where it is to go, if anybody knows.
    pub to: Option<Email>,
    /// The subject.
    pub subject: String,
    /// The mail as plain text.
    pub text: String,
    /// The mail as HTML.
    pub html: String,
    /// The calendar file that goes with it (RFC 5545).
    pub calendar: String,
}

/// Why there is no invitation.
#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    /// There is no such link.
    #[error(transparent)]
    Link(#[from] JoinLinkError),
    /// It is revoked.
    #[error("the join link is revoked: make a new one")]
    Revoked,
    /// The appointment was cancelled.
    #[error("the appointment is cancelled")]
    Cancelled,
    /// No date of it is to come.
    #[error("the appointment is over, or its next date is further ahead than may be booked")]
    Over,
    /// Its code can't be told any more.
    #[error(
        "the join link can't be shown any more, for what it was made from is lost: it works; make a new one to send"
    )]
    NotShown,
    /// Nobody knows where this service is reached.
    #[error("nobody could open the link: this service does not know its own address; set `public_url`")]
    NoPublicUrl,
    /// Nobody knows where the tenant's rooms are.
    #[error(
        "nobody could be sent to the room: the tenant has no meeting URL; `frontdesk tenant set {0} --meeting-url …` sets it"
    )]
    NoMeetingUrl(TenantName),
    /// It can't be written.
    #[error("the invitation can't be written")]
    Render(#[from] askama::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Template)]
#[template(path = "invitation.txt", escape = "none")]
struct PlainText<'a> {
    words: &'a Words,
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct Html<'a> {
    words: &'a Words,
}

/// Writes the invitation with a link, in a language or the tenant's own. Times are told in the appointment's time zone.
///
/// # Errors
/// Where there is no such link, or nobody could use it.
pub async fn invitation(
    app: &App,
    db: &mut PgConnection,
    tenant: &Tenant,
    id: JoinLinkId,
    language: Option<Language>,
) -> Result<Invitation, InvitationError> {
    let now = app.clock.now();
    let (link, appointment) = find_join_link(app, db, tenant.id, id).await?;
    if link.record.revoked_at.is_some() {
        return Err(InvitationError::Revoked);
    }
    if appointment.cancelled_at.is_some() {
        return Err(InvitationError::Cancelled);
    }
    if app.public_url.is_none() {
        return Err(InvitationError::NoPublicUrl);
    }
    if tenant.policy.meeting_url.is_none() {
        return Err(InvitationError::NoMeetingUrl(tenant.name.clone()));
    }
    let url = link.url.as_ref().ok_or(InvitationError::NotShown)?.expose_secret().to_owned();
    let brand = brands::get(db, tenant.id).await?;
    let texts = texts(language.unwrap_or(tenant.policy.language));
    let next =
        soonest(occurrences::windows(db, tenant.id, Which::Appointment(appointment.id), now).await?, now);
    let next = next.ok_or(InvitationError::Over)?;
    let dates = next_dates(db, &appointment, next.slot).await?;
    let about = About {
        texts,
        tenant,
        brand: &brand,
        appointment: &appointment,
        dates: &dates,
        opens: next.window.opens,
    };
    let words = Words::of(&about, link.participant.as_ref(), &url);
    let calendar = link_calendar(db, texts, tenant, &appointment, &url).await?.written().await;
    Ok(Invitation {
        language: texts.language(),
        to: link.participant.and_then(|participant| participant.email),
        text: PlainText { words: &words }.render()?,
        html: Html { words: &words }.render()?,
        subject: words.subject,
        calendar,
    })
}

/// The date that is next, and of a series those that follow it.
async fn next_dates(
    db: &mut PgConnection,
    appointment: &Appointment,
    next: Slot,
) -> Result<Vec<Slot>, StoreError> {
    if appointment.recurring.is_none() {
        return Ok(vec![next]);
    }
    let all = occurrences::of_appointment(db, appointment.tenant, appointment.id).await?;
    let mut dates: Vec<Slot> =
        all.into_iter().filter(|date| date.cancelled_at.is_none()).map(|date| date.slot).collect();
    dates.retain(|slot| slot.starts() >= next.starts());
    dates.sort_by_key(Slot::starts);
    Ok(dates)
}
