//! What somebody is invited with: a mail that the app sends, in text and HTML, with a calendar file.

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret as _;
use sqlx::PgConnection;

use super::calendar::link_calendar;
use super::join_links::{JoinLinkError, find_join_link};
use super::mint::soonest;
use crate::app::App;
use crate::reservation::wording::Language;
use crate::reservation::{Appointment, Email, JoinLinkId, Role, Tenant, Title};
use crate::store::occurrences::{self, Which};
use crate::store::{StoreError, brands};
use crate::texts::{Texts, texts};

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
    /// It can't be written.
    #[error("the invitation can't be written")]
    Render(#[from] askama::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What both forms of the mail say.
struct Words {
    language: Language,
    subject: String,
    hello: String,
    lead: String,
    title: String,
    when: String,
    moment: String,
    link: String,
    button: String,
    url: String,
    opens: String,
    again: Option<String>,
    personal: Option<String>,
    organisation: String,
    color: String,
    on_color: &'static str,
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
    let url = link.url.as_ref().ok_or(InvitationError::NotShown)?.expose_secret().to_owned();
    let brand = brands::get(db, tenant.id).await?;
    let texts = texts(language.unwrap_or(tenant.policy.language));
    let next =
        soonest(occurrences::windows(db, tenant.id, Which::Appointment(appointment.id), now).await?, now);
    let next = next.ok_or(InvitationError::Over)?;
    let (starts, ends, opens) = (next.slot.starts(), next.slot.ends(), next.window.opens);
    let zone = appointment.time_zone;
    let organisation = brand.name(tenant);
    let hosts = appointment.hosts(link.record.participant);
    let lead = if hosts.is_empty() { "invitation-lead" } else { "invitation-lead-with" };
    let title = appointment.title.as_ref().map(Title::as_str).filter(|title| !title.trim().is_empty());
    let title = title.map_or_else(|| texts.text("untitled"), ToOwned::to_owned);
    let (day, time) = (texts.day(starts, zone), texts.time(starts, zone));
    let participant = link.participant.as_ref();
    let (color, on_color) = brand.colors();
    let words = Words {
        language: texts.language(),
        subject: texts
            .with("invitation-subject", [("title", title.as_str()), ("day", &day), ("time", &time)]),
        hello: participant.and_then(|one| one.name.as_ref()).map_or_else(
            || texts.text("invitation-hello-guest"),
            |name| texts.with("invitation-hello", [("name", name.as_str())]),
        ),
        lead: texts.with(lead, [("organisation", organisation.clone()), ("hosts", texts.list(&hosts))]),
        when: texts.text("invitation-when"),
        moment: moment(texts, &appointment, starts, ends),
        link: texts.text("invitation-link"),
        button: texts.text("invitation-button"),
        opens: texts.with("invitation-opens", [("time", texts.time(opens, zone))]),
        again: appointment.recurring.is_some().then(|| texts.text("invitation-again")),
        personal: participant.map(|one| {
            let is_host = one.role == Role::Host;
            texts.text(if is_host { "invitation-host" } else { "invitation-personal" })
        }),
        url: url.clone(),
        title,
        organisation,
        color,
        on_color,
    };
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

/// `Tuesday, 1 December 2026, 09:00 to 10:00 (Europe/Berlin)`.
fn moment(
    texts: &Texts,
    appointment: &Appointment,
    starts: DateTime<Utc>,
    ends: Option<DateTime<Utc>>,
) -> String {
    let zone = appointment.time_zone;
    let (day, time) = (texts.day(starts, zone), texts.time(starts, zone));
    let times = match ends {
        None => texts.with("when-from", [("starts", time)]),
        Some(ends) => {
            let id = if ends - starts < TimeDelta::days(1) { "when-until" } else { "when-until-day" };
            let (last_day, ends) = (texts.day(ends, zone), texts.time(ends, zone));
            texts.with(id, [("starts", time), ("last_day", last_day), ("ends", ends)])
        }
    };
    format!("{day}, {times} ({zone})")
}
