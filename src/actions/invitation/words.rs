//! What both forms of the mail say. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::reservation::wording::Language;
use crate::reservation::{Appointment, Brand, Contact, Participant, PersonName, Role, Slot, Tenant, plain};
use crate::texts::Texts;

/// How many dates of a series are told.
const MOST_DATES: usize = 5;

/// What somebody is invited to.
pub(super) struct About<'a> {
    pub texts: &'a Texts,
    pub tenant: &'a Tenant,
    pub brand: &'a Brand,
    pub appointment: &'a Appointment,
    /// Its next dates, one at least.
    pub dates: &'a [Slot],
    /// When people are told that the room opens for the first of them.
    pub opens: DateTime<Utc>,
}

/// What both forms of the mail say.
pub(super) struct Words {
    pub language: Language,
    pub subject: String,
    pub hello: String,
    pub lead: String,
    pub title: String,
    pub when: String,
    pub moments: Vec<String>,
    pub more: Option<String>,
    pub link: String,
    pub button: String,
    pub url: String,
    pub opens: String,
    pub again: Option<String>,
    pub personal: Option<String>,
    pub organisation: String,
    pub contact: Option<String>,
    pub color: String,
    pub on_color: &'static str,
}

impl Words {
    pub fn of(about: &About<'_>, reader: Option<&Participant>, url: &str) -> Self {
        let About { texts, tenant, brand, appointment, dates, opens } = about;
        let zone = appointment.time_zone;
        let organisation = brand.name(tenant);
        let starts = dates.first().map_or(appointment.slot.starts(), Slot::starts);
        let (day, time) = (texts.day(starts, zone), texts.time(starts, zone));
        let hosts = appointment.hosts(reader.map(|reader| reader.id));
        let lead = if hosts.is_empty() { "invitation-lead" } else { "invitation-lead-with" };
        // In sentences of ours, nothing that others wrote turns around what follows.
        let title = plain(&texts.title(appointment.title.as_ref()));
        let (color, on_color) = brand.colors();
        let recurs = appointment.recurring.is_some();
        Self {
            language: texts.language(),
            subject: texts
                .with("invitation-subject", [("title", title.as_str()), ("day", &day), ("time", &time)]),
            hello: reader.and_then(|reader| reader.name.as_ref()).map(PersonName::as_str).map_or_else(
                || texts.text("invitation-hello-guest"),
                |name| texts.with("invitation-hello", [("name", plain(name))]),
            ),
            lead: texts
                .with(lead, [("organisation", organisation.clone()), ("hosts", plain(&texts.list(&hosts)))]),
            when: texts.text(if recurs { "invitation-dates" } else { "invitation-when" }),
            moments: dates.iter().take(MOST_DATES).map(|slot| moment(texts, appointment, *slot)).collect(),
            more: (dates.len() > MOST_DATES).then(|| texts.text("invitation-more")),
            link: texts.text("invitation-link"),
            button: texts.text("invitation-button"),
            opens: texts.with("invitation-opens", [("time", texts.time(*opens, zone))]),
            again: recurs.then(|| texts.text("invitation-again")),
            personal: reader.map(|reader| {
                let is_host = reader.role == Role::Host;
                texts.text(if is_host { "invitation-host" } else { "invitation-personal" })
            }),
            url: url.to_owned(),
            title,
            contact: brand.contact.as_ref().map(Contact::to_string),
            organisation,
            color,
            on_color,
        }
    }
}

/// `Tuesday, 1 December 2026, 09:00 to 10:00 (Europe/Berlin)`.
fn moment(texts: &Texts, appointment: &Appointment, slot: Slot) -> String {
    let (zone, starts) = (appointment.time_zone, slot.starts());
    let (day, time) = (texts.day(starts, zone), texts.time(starts, zone));
    let times = match slot.ends() {
        None => texts.with("when-from", [("starts", time)]),
        Some(ends) => {
            let id = if ends - starts < TimeDelta::days(1) { "when-until" } else { "when-until-day" };
            let (last_day, ends) = (texts.day(ends, zone), texts.time(ends, zone));
            texts.with(id, [("starts", time), ("last_day", last_day), ("ends", ends)])
        }
    };
    format!("{day}, {times} ({zone})")
}
