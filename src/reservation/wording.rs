//! What people read: every sentence of a refusal, in each language, in one place.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use chrono_tz::Tz;

use super::schedule::add;
use super::{NameError, Reason};

/// A language that refusals are written in.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    strum::Display,
    strum::VariantArray,
    strum::VariantNames,
    strum::EnumString,
    strum::IntoStaticStr,
    serde::Serialize,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

/// The sentence for a room that is open already, on the server that asks.
#[must_use]
pub fn open_already(language: Language) -> &'static str {
    match language {
        Language::En => "This room is open already.",
        Language::De => "Dieser Raum ist schon offen.",
    }
}

impl Reason {
    /// The sentence for people. Moments are told in `time_zone`, seen from `now`: the date is
    /// left out where it is today's.
    #[must_use]
    pub fn message(&self, language: Language, time_zone: Tz, now: DateTime<Utc>) -> String {
        let moment = |at: &DateTime<Utc>| spell(*at, language, time_zone, now);
        let fixed = |en: &str, de: &str| match language {
            Language::En => en.to_owned(),
            Language::De => de.to_owned(),
        };
        match (self, language) {
            (Self::UnknownRoom, _) => {
                fixed("No meeting is scheduled in this room.", "In diesem Raum ist kein Termin geplant.")
            }
            (Self::TooEarly { opens_at }, Language::En) => format!("This room opens {}.", moment(opens_at)),
            (Self::TooEarly { opens_at }, Language::De) => {
                format!("Dieser Raum öffnet {}.", moment(opens_at))
            }
            (Self::Over { reopens_at: None }, _) => {
                fixed("This meeting is over.", "Dieser Termin ist vorbei.")
            }
            (Self::Over { reopens_at: Some(at) }, Language::En) => {
                format!("This meeting is over. The room opens again {}.", moment(at))
            }
            (Self::Over { reopens_at: Some(at) }, Language::De) => {
                format!("Dieser Termin ist vorbei. Der Raum öffnet wieder {}.", moment(at))
            }
            (Self::Cancelled { reopens_at: None } | Self::OccurrenceCancelled { reopens_at: None }, _) => {
                fixed("This meeting was cancelled.", "Dieser Termin wurde abgesagt.")
            }
            (
                Self::Cancelled { reopens_at: Some(at) } | Self::OccurrenceCancelled { reopens_at: Some(at) },
                Language::En,
            ) => {
                format!("This meeting was cancelled. The room opens again {}.", moment(at))
            }
            (
                Self::Cancelled { reopens_at: Some(at) } | Self::OccurrenceCancelled { reopens_at: Some(at) },
                Language::De,
            ) => {
                format!("Dieser Termin wurde abgesagt. Der Raum öffnet wieder {}.", moment(at))
            }
            (Self::TenantUnknown, _) => {
                fixed("There is no such organisation here.", "Diese Organisation gibt es hier nicht.")
            }
            (Self::TenantDisabled, _) => fixed(
                "The rooms of this organisation are switched off.",
                "Die Räume dieser Organisation sind abgeschaltet.",
            ),
            (Self::NotYourTenant, _) => fixed(
                "This video server is not meant for this organisation.",
                "Dieser Videoserver ist nicht für diese Organisation bestimmt.",
            ),
            (Self::Capacity, _) => fixed(
                "All rooms of this organisation are taken right now. Please try again later.",
                "Alle Räume dieser Organisation sind gerade belegt. Bitte versuchen Sie es später noch einmal.",
            ),
            (Self::LiveElsewhere { respelled: true }, _) => fixed(
                "This meeting is already running under another spelling of its name. Please use the link that you were \
                 given.",
                "Dieser Termin läuft schon unter einer anderen Schreibweise. Bitte benutzen Sie den Link, den Sie \
                 bekommen haben.",
            ),
            (Self::LiveElsewhere { respelled: false }, _) => fixed(
                "This meeting is already running on another video server. Please reload the page.",
                "Dieser Termin läuft schon auf einem anderen Videoserver. Bitte laden Sie die Seite neu.",
            ),
            (Self::ServerDrained, _) => fixed(
                "This video server is being taken out of service. Please reload the page.",
                "Dieser Videoserver geht gerade außer Betrieb. Bitte laden Sie die Seite neu.",
            ),
            (Self::BadName(error), _) => match error {
                NameError::Empty => fixed("A room needs a name.", "Ein Raum braucht einen Namen."),
                NameError::TooLong => {
                    fixed("The name of this room is too long.", "Der Name dieses Raums ist zu lang.")
                }
                NameError::Control => fixed(
                    "The name of this room contains a character that is not allowed.",
                    "Der Name dieses Raums enthält ein unzulässiges Zeichen.",
                ),
                NameError::NotPrepared | NameError::Apostrophe | NameError::Dots => fixed(
                    "The name of this room is not spelled as the video server spells it.",
                    "Der Name dieses Raums ist nicht so geschrieben, wie der Videoserver ihn schreibt.",
                ),
                NameError::Tenant | NameError::TenantInside => {
                    fixed("No organisation can be called so.", "So kann keine Organisation heißen.")
                }
            },
        }
    }
}

/// A moment, as people read it: "at 09:50 CET", "on 3 December at 09:50 CET".
fn spell(at: DateTime<Utc>, language: Language, time_zone: Tz, now: DateTime<Utc>) -> String {
    let local = whole_minute(at).with_timezone(&time_zone);
    let today = now.with_timezone(&time_zone);
    let time = local.format("%H:%M %Z");
    let (day, year) = (local.day(), local.year());
    let month = month(local.month(), language);
    let same_day = local.date_naive() == today.date_naive();
    let same_year = year == today.year();
    match (language, same_day, same_year) {
        (Language::En, true, _) => format!("at {time}"),
        (Language::En, false, true) => format!("on {day} {month} at {time}"),
        (Language::En, false, false) => format!("on {day} {month} {year} at {time}"),
        (Language::De, true, _) => format!("um {time}"),
        (Language::De, false, true) => format!("am {day}. {month} um {time}"),
        (Language::De, false, false) => format!("am {day}. {month} {year} um {time}"),
    }
}

/// The next whole minute: what is promised must be true of all of it.
fn whole_minute(at: DateTime<Utc>) -> DateTime<Utc> {
    let over = TimeDelta::milliseconds(at.timestamp_millis().rem_euclid(60_000));
    if over.is_zero() { at } else { add(at, TimeDelta::minutes(1) - over) }
}

fn month(number: u32, language: Language) -> &'static str {
    const EN: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    const DE: [&str; 12] = [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ];
    let months = match language {
        Language::En => EN,
        Language::De => DE,
    };
    months[(number.clamp(1, 12) - 1) as usize]
}
