//! The page, as it is for each who comes.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::keep_private;
use super::piece::{self, Piece};
use crate::actions::join::{GUESSING, Visit};
use crate::reservation::{BookedDate, Brand, Doorway, Logo, Tenant};
use crate::texts::Texts;

/// How often a page that waits is loaded anew in the hour before the opening, at the most and at the least, in seconds.
const REFRESH: [i64; 2] = [5, 60];

/// The state of who has sent too many wrong codes.
const TOO_MANY: &str = "too_many";

/// Why nobody gets in, whoever they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nothing {
    /// There is no such link.
    Unknown,
    /// Too many wrong ones came from there.
    TooMany,
    /// The tenant's rooms are not set up.
    Unready,
    /// The database is away.
    Unavailable,
}

/// The page.
#[derive(Template)]
#[template(path = "join.html")]
pub(super) struct Page {
    texts: &'static Texts,
    nonce: String,
    /// What the visitor finds, as a word.
    pub(super) state: &'static str,
    /// Changes with what the page says.
    pub(super) version: String,
    /// After how many seconds it is worth loading it anew.
    pub(super) refresh: Option<u32>,
    organisation: String,
    logo: Option<String>,
    logo_says: String,
    color: String,
    on_color: &'static str,
    heading: String,
    lead: Vec<Piece>,
    notes: Vec<Vec<Piece>>,
    appointment: Option<Shown>,
    opens_in_ms: Option<i64>,
    days_left: Option<String>,
    password: Option<String>,
    has_button: bool,
    enters_by_itself: bool,
    has_script: bool,
    calendar: Option<String>,
    contact: Option<String>,
}

/// An appointment, as the page shows it.
struct Shown {
    title: String,
    hosts: Option<String>,
    starts: String,
    day: String,
    times: Vec<Piece>,
    zone: String,
    booked: String,
}

impl Page {
    /// The page for who has come.
    pub(super) fn of(visit: &Visit, brand: &Brand, texts: &'static Texts, now: DateTime<Utc>) -> Self {
        let zone = visit.appointment.time_zone;
        let page = Self::empty(state(visit.doorway), texts, Some(&visit.tenant), brand);
        let organisation = page.organisation.clone();
        let at = |id: &str, moment| piece::at(texts, id, moment, zone, &organisation);
        let of_date = |id: &str| match &visit.date {
            Some(date) => at(id, date.slot.starts()),
            None => at(id, visit.appointment.slot.starts()),
        };
        let is_far = matches!(visit.doorway, Doorway::Early { opens_at } if is_day_off(opens_at, now, zone));
        let heading = if is_far { texts.text("early-title-day") } else { page.heading };
        let lead = match visit.doorway {
            Doorway::Early { opens_at } if is_far => at("early-lead-day", opens_at),
            Doorway::Early { opens_at } => at("early-lead", opens_at),
            Doorway::Occupied { until } => at("occupied-lead", until),
            Doorway::Over => of_date("over-lead"),
            Doorway::Cancelled => of_date("cancelled-lead"),
            Doorway::Open | Doorway::Full | Doorway::Unplanned | Doorway::Revoked | Doorway::SwitchedOff => {
                page.lead
            }
        };
        let is_coming = matches!(
            visit.doorway,
            Doorway::Open | Doorway::Early { .. } | Doorway::Occupied { .. } | Doorway::Full
        );
        let was_moved = |date: &&BookedDate| is_coming && date.slot.starts() != date.original_start;
        let moved = visit.date.as_ref().filter(was_moved).map(|date| at("moved", date.original_start));
        let instead = visit.instead_of.as_ref().map(|date| at("instead-of", date.slot.starts()));
        let is_told = !matches!(visit.doorway, Doorway::Revoked | Doorway::SwitchedOff);
        let appointment = visit.date.as_ref().filter(|_| is_told).map(|date| Shown::of(visit, date, texts));
        let left = match visit.doorway {
            Doorway::Early { opens_at } => Some(opens_at - now),
            _ => None,
        };
        let waits = matches!(visit.doorway, Doorway::Early { .. } | Doorway::Occupied { .. } | Doorway::Full);
        let days = left.map_or(0, |left| left.num_days());
        Self {
            heading,
            lead,
            notes: moved.into_iter().chain(instead).collect(),
            appointment,
            opens_in_ms: left.map(|left| left.num_milliseconds()),
            days_left: (days > 0).then(|| texts.with("early-days", [("days", days)])),
            refresh: waits.then(|| refresh(left)),
            calendar: is_coming.then(|| format!("{}/appointment.ics", visit.code.expose())),
            has_script: is_told,
            ..page
        }
        .versioned()
    }

    /// The page for whoever comes.
    pub(super) fn nothing(
        what: Nothing,
        texts: &'static Texts,
        tenant: Option<&Tenant>,
        brand: &Brand,
    ) -> Self {
        let state = match what {
            Nothing::Unknown => "unknown",
            Nothing::TooMany => TOO_MANY,
            Nothing::Unready => "unready",
            Nothing::Unavailable => "unavailable",
        };
        let page = Self::empty(state, texts, tenant, brand);
        let refresh = (what == Nothing::Unavailable).then_some(5);
        Self { refresh, has_script: refresh.is_some(), ..page }.versioned()
    }

    fn empty(state: &'static str, texts: &'static Texts, tenant: Option<&Tenant>, brand: &Brand) -> Self {
        let organisation = tenant.map_or_else(|| "Frontdesk".to_owned(), |tenant| brand.name(tenant));
        let lead = texts.with(&format!("{state}-lead"), [("organisation", organisation.as_str())]);
        let (color, on_color) = brand.colors();
        let contact = brand.contact.as_ref().map(|contact| {
            let told = [("organisation", organisation.as_str()), ("contact", contact.as_str())];
            texts.with("contact", told)
        });
        Self {
            texts,
            nonce: nonce(),
            state,
            version: String::new(),
            refresh: None,
            logo: brand.logo.as_ref().map(Logo::to_string),
            logo_says: texts.with("brand-logo", [("organisation", organisation.as_str())]),
            color,
            on_color,
            heading: texts.text(&format!("{state}-title")),
            lead: piece::plain(lead),
            organisation,
            notes: Vec::new(),
            appointment: None,
            opens_in_ms: None,
            days_left: None,
            password: None,
            has_button: false,
            enters_by_itself: false,
            has_script: false,
            calendar: None,
            contact,
        }
    }

    /// The same, with the button that lets people in, and what they will be asked for.
    pub(super) fn with_button(self, password: Option<SecretString>, enters_by_itself: bool) -> Self {
        let password = password.map(|password| password.expose_secret().to_owned());
        Self { has_button: true, password, enters_by_itself, ..self }
    }

    /// Notes what it says, without what changes with each second.
    fn versioned(self) -> Self {
        let mut said = vec![self.state.to_owned(), self.heading.clone(), piece::told(&self.lead)];
        said.extend(self.notes.iter().map(|note| piece::told(note)));
        said.extend(self.days_left.clone());
        if let Some(Shown { title, hosts, starts, times, booked, .. }) = &self.appointment {
            let hosts = hosts.clone().unwrap_or_default();
            said.extend([title.clone(), hosts, starts.clone(), piece::told(times), booked.clone()]);
        }
        Self { version: URL_SAFE_NO_PAD.encode(&Sha256::digest(said.join("\n"))[..9]), ..self }
    }

    /// The answer.
    pub(super) fn respond(&self, status: StatusCode) -> HttpResponse {
        let html = match self.render() {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a page can't be rendered");
                self.heading.clone()
            }
        };
        // Source: browsers hold every redirect that follows a form against this. Where a meeting URL sends people on to, only
        // its server knows.
        let form_action = if self.has_button { "'self' https: http:" } else { "'none'" };
        let nonce = &self.nonce;
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src data:; \
             connect-src 'self'; form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
        );
        let mut response = HttpResponse::build(status);
        response
            .insert_header((header::CONTENT_SECURITY_POLICY, policy))
            .insert_header((header::X_FRAME_OPTIONS, "DENY"))
            .insert_header((header::CONTENT_LANGUAGE, self.texts.language().to_string()));
        let guessing = || Some(GUESSING.num_seconds());
        let wait = if self.state == TOO_MANY { guessing() } else { self.refresh.map(i64::from) };
        if let Some(seconds) = wait.filter(|_| !status.is_success()) {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        let mut response = response.content_type("text/html; charset=utf-8").body(html);
        keep_private(&mut response);
        response
    }
}

impl Shown {
    fn of(visit: &Visit, date: &BookedDate, texts: &Texts) -> Self {
        let zone = visit.appointment.time_zone;
        let (starts, ends) = (date.slot.starts(), date.slot.ends());
        let hosts = visit.appointment.hosts(visit.participant.as_ref().map(|one| one.id));
        let times = piece::range(texts, starts, ends, zone);
        let day = texts.day(starts, zone);
        let when = format!("{day}, {}", texts.time(starts, zone));
        Self {
            title: texts.title(date.title.as_ref()),
            hosts: (!hosts.is_empty()).then(|| texts.with("with", [("hosts", texts.list(&hosts))])),
            starts: starts.to_rfc3339_opts(SecondsFormat::Millis, true),
            booked: texts.with("when-booked", [("when", when.as_str()), ("zone", zone.name())]),
            day,
            times,
            zone: texts.with("when-zone", [("zone", zone.name())]),
        }
    }
}

fn state(doorway: Doorway) -> &'static str {
    match doorway {
        Doorway::Open => "open",
        Doorway::Early { .. } => "early",
        Doorway::Occupied { .. } => "occupied",
        Doorway::Full => "full",
        Doorway::Over => "over",
        Doorway::Cancelled => "cancelled",
        Doorway::Unplanned => "unplanned",
        Doorway::Revoked => "revoked",
        Doorway::SwitchedOff => "switched_off",
    }
}

/// Whether people have to be told the day, too.
fn is_day_off(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> bool {
    at.with_timezone(&zone).date_naive() != now.with_timezone(&zone).date_naive()
}

/// In time for the opening, and now and then before: the appointment may be moved.
fn refresh(left: Option<TimeDelta>) -> u32 {
    let [least, most] = REFRESH;
    let most = if left.is_some_and(|left| left > TimeDelta::hours(1)) { most * 5 } else { most };
    let seconds = left.map_or(15, |left| left.num_seconds() + 1).clamp(least, most);
    seconds.try_into().unwrap_or(60)
}

/// What the page's own style and script are known by, which nobody else can put into it.
fn nonce() -> String {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).expect("the system has random numbers");
    STANDARD.encode(bits)
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;
    use crate::reservation::wording::Language;
    use crate::texts::texts;

    #[test]
    fn whatever_people_find_there_is_a_title_and_a_sentence_for_it_in_each_language() {
        let at = DateTime::<Utc>::MIN_UTC;
        let found = [
            Doorway::Open,
            Doorway::Early { opens_at: at },
            Doorway::Occupied { until: at },
            Doorway::Full,
            Doorway::Over,
            Doorway::Unplanned,
            Doorway::Cancelled,
            Doorway::Revoked,
            Doorway::SwitchedOff,
        ];
        for language in Language::VARIANTS {
            let texts = texts(*language);
            for state in found.map(state) {
                for id in [format!("{state}-title"), format!("{state}-lead")] {
                    assert_ne!(texts.text(&id), id, "{language}");
                }
            }
            for what in [Nothing::Unknown, Nothing::TooMany, Nothing::Unready, Nothing::Unavailable] {
                let html = Page::nothing(what, texts, None, &Brand::default()).render().unwrap();
                let body = html.split_once("<body").unwrap().1;
                assert!(!body.contains("-title") && !body.contains("-lead"), "{body}");
            }
        }
    }

    #[test]
    fn a_page_is_loaded_anew_in_time_and_not_much_more_often_than_needed() {
        for (left, seconds) in
            [(Some(2), 5), (Some(30), 31), (Some(600), 60), (Some(86_400), 300), (None, 15)]
        {
            assert_eq!(refresh(left.map(TimeDelta::seconds)), seconds, "{left:?}");
        }
    }
}
