//! What a tenant is to be.

use chrono::TimeDelta;
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::actions::change_appointment::Patch;
use crate::api::field::{Field, FromJson, Length, Reading, Unknown, from_objects, from_words, whole};
use crate::api::problem::{FieldError, Problem};
use crate::reservation::wording::Language;
use crate::reservation::{BaseUrl, Moderators, Policy, RoomPattern, TenantName, WhenLiveElsewhere};

/// A tenant with its policy. What is left out is as it was, or as for every new tenant.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TenantInput {
    /// Its name, for a new one: lower-case letters, digits, hyphens and dots. It never changes.
    #[serde(default)]
    #[schema(value_type = String, required = false, pattern = "^[a-z0-9][a-z0-9._-]{0,62}$", example = "acme")]
    name: Field<TenantName>,
    /// What people are told is told in it: `en` or `de`.
    #[serde(default)]
    #[schema(value_type = String, required = false, pattern = "^(en|de)$")]
    language: Field<Language>,
    /// The IANA time zone of appointments that have none.
    #[serde(default)]
    #[schema(value_type = String, required = false, example = "Europe/Berlin")]
    time_zone: Field<Tz>,
    /// The address that its rooms are below; null for none.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "uri", max_length = 500, pattern = "^https?://", example = "https://meet.example.org/acme")]
    meeting_url: Field<BaseUrl>,
    /// How long before the start people may come in.
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 316_224_000)]
    early_open_seconds: Field<TimeDelta>,
    /// How long after the end people may stay.
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 316_224_000)]
    grace_seconds: Field<TimeDelta>,
    /// The longest a room may be open; null for no limit.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 316_224_000)]
    max_duration_seconds: Field<Length>,
    /// The most people in a room; null for no limit.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    max_occupants: Field<u32>,
    /// Whether the answer to a conference server carries a room token, where the appointment doesn't say.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    answer_token: Field<bool>,
    /// How moderators come to be: `automatic` (as Jitsi makes them) or `token`.
    #[serde(default)]
    #[schema(value_type = String, required = false, pattern = "^(automatic|token)$")]
    moderators: Field<Moderators>,
    /// What becomes of a room that is open on another server: `auto`, `refuse` or `take_over`.
    #[serde(default)]
    #[schema(value_type = String, required = false, pattern = "^(auto|refuse|take_over)$")]
    when_live_elsewhere: Field<WhenLiveElsewhere>,
    /// Rooms that nobody booked: `refuse` or `allow`.
    #[serde(default)]
    #[schema(value_type = String, required = false, pattern = "^(refuse|allow)$")]
    unscheduled: Field<Unscheduled>,
    /// A regular expression that the whole name of such a room has to match; null for any.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    unscheduled_pattern: Field<RoomPattern>,
    /// How long such rooms are open.
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 1, maximum = 316_224_000)]
    unscheduled_duration_seconds: Field<Length>,
    /// Whether people wait in a lobby there.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    unscheduled_lobby: Field<bool>,
    /// The most people in such a room; null for no limit.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    unscheduled_max_occupants: Field<u32>,
    /// The most conferences at once; null for no limit.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    capacity: Field<u32>,
    /// How many days ahead may be booked.
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 1, maximum = 3660)]
    horizon_days: Field<Days>,
    /// Whether it is switched off: its rooms stay shut, and its apps are refused.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    disabled: Field<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// What is done with rooms that nobody booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
enum Unscheduled {
    Refuse,
    Allow,
}

#[derive(Debug, Clone, Copy)]
struct Days(i64);

impl FromJson for Days {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        whole(&value, 1, 3660).map(Self)
    }
}

from_words! { Language, Moderators, WhenLiveElsewhere, Unscheduled }

from_objects! { TenantInput }

/// What is to become of a tenant.
#[derive(Debug, Clone)]
pub(super) struct TenantChange {
    pub name: Option<TenantName>,
    pub disabled: Option<bool>,
    language: Option<Language>,
    time_zone: Option<Tz>,
    meeting_url: Patch<BaseUrl>,
    early_open: Option<TimeDelta>,
    grace: Option<TimeDelta>,
    max_duration: Patch<Length>,
    max_occupants: Patch<u32>,
    answer_token: Option<bool>,
    moderators: Option<Moderators>,
    when_live_elsewhere: Option<WhenLiveElsewhere>,
    unscheduled: Option<Unscheduled>,
    unscheduled_pattern: Patch<RoomPattern>,
    unscheduled_duration: Option<Length>,
    unscheduled_lobby: Option<bool>,
    unscheduled_max_occupants: Patch<u32>,
    capacity: Patch<u32>,
    horizon: Option<Days>,
}

impl TenantInput {
    /// What it says of a new tenant, or of one that is there.
    pub(super) fn read(self, is_new: bool) -> Result<TenantChange, Problem> {
        let mut reading = Reading::default();
        reading.refuse(&self.unknown);
        let name = if is_new {
            reading.required("name", self.name)
        } else {
            if !matches!(self.name, Field::Absent) {
                reading.wrong("name", "a tenant's name never changes");
            }
            None
        };
        let change = TenantChange {
            name,
            disabled: reading.present("disabled", self.disabled),
            language: reading.present("language", self.language),
            time_zone: reading.present("time_zone", self.time_zone),
            meeting_url: reading.patch("meeting_url", self.meeting_url),
            early_open: reading.present("early_open_seconds", self.early_open_seconds),
            grace: reading.present("grace_seconds", self.grace_seconds),
            max_duration: reading.patch("max_duration_seconds", self.max_duration_seconds),
            max_occupants: reading.patch("max_occupants", self.max_occupants),
            answer_token: reading.present("answer_token", self.answer_token),
            moderators: reading.present("moderators", self.moderators),
            when_live_elsewhere: reading.present("when_live_elsewhere", self.when_live_elsewhere),
            unscheduled: reading.present("unscheduled", self.unscheduled),
            unscheduled_pattern: reading.patch("unscheduled_pattern", self.unscheduled_pattern),
            unscheduled_duration: reading
                .present("unscheduled_duration_seconds", self.unscheduled_duration_seconds),
            unscheduled_lobby: reading.present("unscheduled_lobby", self.unscheduled_lobby),
            unscheduled_max_occupants: reading
                .patch("unscheduled_max_occupants", self.unscheduled_max_occupants),
            capacity: reading.patch("capacity", self.capacity),
            horizon: reading.present("horizon_days", self.horizon_days),
        };
        Ok(reading.done(Some(change))?)
    }
}

impl TenantChange {
    pub fn apply(self, policy: &mut Policy) {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        let max_duration = match self.max_duration {
            Patch::Set(Length(length)) => Patch::Set(length),
            Patch::Clear => Patch::Clear,
            Patch::Keep => Patch::Keep,
        };
        let unscheduled = &mut policy.unscheduled;
        set(&mut policy.language, self.language);
        set(&mut policy.time_zone, self.time_zone);
        self.meeting_url.apply(&mut policy.meeting_url);
        set(&mut policy.early_open, self.early_open);
        set(&mut policy.grace, self.grace);
        max_duration.apply(&mut policy.max_duration);
        self.max_occupants.apply(&mut policy.max_occupants);
        set(&mut policy.answer_token, self.answer_token);
        set(&mut policy.moderators, self.moderators);
        set(&mut policy.when_live_elsewhere, self.when_live_elsewhere);
        set(&mut unscheduled.allow, self.unscheduled.map(|rule| rule == Unscheduled::Allow));
        self.unscheduled_pattern.apply(&mut unscheduled.pattern);
        set(&mut unscheduled.duration, self.unscheduled_duration.map(|Length(length)| length));
        set(&mut unscheduled.lobby, self.unscheduled_lobby);
        self.unscheduled_max_occupants.apply(&mut unscheduled.max_occupants);
        self.capacity.apply(&mut policy.capacity);
        set(&mut policy.horizon, self.horizon.map(|Days(days)| TimeDelta::days(days)));
    }
}
