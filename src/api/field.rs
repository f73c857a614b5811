//! Fields of requests: all that is wrong with them is said at once.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::problem::{FieldError, Problem};
use crate::actions::change_appointment::Patch;

/// One field: not there, null, or a value that may be unreadable. Reading one never fails, so that the other
/// fields are looked at, too.
#[derive(Debug, Clone, Default)]
pub enum Field<T> {
    /// It is not there.
    #[default]
    Absent,
    /// It is `null`.
    Null,
    /// There it is.
    Given(T),
    /// It is there, and can't be read.
    Unreadable(Vec<FieldError>),
}

/// Something that can be read from a value in a request.
pub trait FromJson: Sized {
    /// The value, or everything that is wrong with it.
    ///
    /// # Errors
    /// What is wrong, with pointers from the value on.
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>>;
}

/// The value as a whole is wrong.
pub(crate) fn wrong(detail: impl Display) -> Vec<FieldError> {
    vec![FieldError { detail: detail.to_string(), ..FieldError::at("") }]
}

impl<'de, T: FromJson> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::Null => Self::Null,
            value => match T::from_json(value) {
                Ok(value) => Self::Given(value),
                Err(errors) => Self::Unreadable(errors),
            },
        })
    }
}

/// Fields that nobody knows. A typo in an optional field would otherwise be lost.
pub type Unknown = BTreeMap<String, Value>;

/// Collects what is wrong with a request's fields.
#[derive(Debug, Default)]
pub struct Reading {
    errors: Vec<FieldError>,
    in_parameters: bool,
}

impl Reading {
    /// Of a query or of headers.
    #[must_use]
    pub fn of_parameters() -> Self {
        Self { in_parameters: true, ..Self::default() }
    }

    /// The value of a field that may be left out; null is the same as not there.
    pub fn optional<T>(&mut self, name: &str, field: Field<T>) -> Option<T> {
        match field {
            Field::Absent | Field::Null => None,
            Field::Given(value) => Some(value),
            Field::Unreadable(errors) => {
                self.below(name, errors);
                None
            }
        }
    }

    /// The value of a field that has to be there. `None` means that an error was noted.
    pub fn required<T>(&mut self, name: &str, field: Field<T>) -> Option<T> {
        if matches!(field, Field::Absent | Field::Null) {
            self.wrong(name, "this is missing");
        }
        self.optional(name, field)
    }

    /// The value of a field that may be left out and can't be null.
    pub fn present<T>(&mut self, name: &str, field: Field<T>) -> Option<T> {
        if matches!(field, Field::Null) {
            self.wrong(name, "this can't be null; leave it out to keep it as it is");
        }
        self.optional(name, field)
    }

    /// What becomes of something: absent keeps it, null clears it.
    pub fn patch<T>(&mut self, name: &str, field: Field<T>) -> Patch<T> {
        match field {
            Field::Absent => Patch::Keep,
            Field::Null => Patch::Clear,
            given => self.optional(name, given).map_or(Patch::Keep, Patch::Set),
        }
    }

    /// Refuses fields that nobody knows.
    pub fn refuse(&mut self, unknown: &Unknown) {
        for name in unknown.keys().take(ENOUGH) {
            self.wrong(
                name,
                if self.in_parameters { "there is no such parameter" } else { "there is no such field" },
            );
        }
    }

    /// Notes a range `from` … `until` that ends before it begins.
    pub fn check_range(&mut self, from: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) {
        if from.zip(until).is_some_and(|(from, until)| from > until) {
            self.wrong("until", "this is before `from`");
        }
    }

    /// Notes what is wrong with the fields together.
    pub fn wrong_together(&mut self, detail: impl Display) {
        self.errors.extend(wrong(detail));
    }

    /// Notes what is wrong with a field.
    pub fn wrong(&mut self, name: &str, detail: impl Display) {
        self.below(name, wrong(detail));
    }

    fn below(&mut self, name: &str, errors: Vec<FieldError>) {
        self.errors.extend(errors.into_iter().map(|error| {
            if self.in_parameters {
                FieldError { pointer: None, parameter: Some(name.to_owned()), ..error }
            } else {
                under(name, error)
            }
        }));
    }

    /// What was read, if nothing was wrong.
    ///
    /// # Errors
    /// Everything that was wrong.
    pub fn done<T>(self, value: Option<T>) -> Result<T, Vec<FieldError>> {
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(self.errors),
        }
    }
}

impl From<Vec<FieldError>> for Problem {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::fields(errors)
    }
}

/// The error, seen from one level up.
pub(super) fn under(name: &str, error: FieldError) -> FieldError {
    let name = name.replace('~', "~0").replace('/', "~1");
    FieldError { pointer: Some(format!("/{name}{}", error.pointer.unwrap_or_default())), ..error }
}

/// What is written as a JSON string and read by its `FromStr`.
macro_rules! from_text {
    ($($(#[$doc:meta])* $type:ty),+ $(,)?) => {$(
        impl FromJson for $type {
            fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
                text(&value)?.parse().map_err(wrong)
            }
        }
    )+};
}

pub(crate) fn text(value: &Value) -> Result<&str, Vec<FieldError>> {
    value.as_str().ok_or_else(|| wrong("write a string"))
}

from_text! {
    crate::reservation::RoomName,
    crate::reservation::Title,
    crate::reservation::Description,
    crate::reservation::ExternalId,
    crate::reservation::PersonName,
    crate::reservation::Email,
    crate::reservation::RoomPassword,
    crate::reservation::RoomKey,
    crate::reservation::BaseUrl,
    crate::reservation::Color,
    crate::reservation::Contact,
    crate::reservation::DisplayName,
    crate::reservation::Logo,
    crate::reservation::Label,
    crate::reservation::HostKey,
    crate::reservation::RoomPattern,
    crate::reservation::Rule,
    crate::reservation::TenantName,
    crate::signing::Issuer,
    crate::signing::Kid,
    crate::signing::PublicKey,
    crate::token::Audience,
    crate::token::Avatar,
    crate::token::Group,
    crate::token::LuaPattern,
    crate::token::Subject,
    crate::token::UserId,
}

/// What is one of a few words.
macro_rules! from_words {
    ($($type:ty),+ $(,)?) => {$(
        impl $crate::api::field::FromJson for $type {
            fn from_json(value: serde_json::Value) -> Result<Self, Vec<$crate::api::problem::FieldError>> {
                $crate::api::field::word(&value, <$type as strum::VariantNames>::VARIANTS)
            }
        }
    )+};
}
pub(crate) use from_words;

from_words! { crate::reservation::Role }

/// What is an object of fields, each of which says for itself what is wrong with it.
macro_rules! from_objects {
    ($($type:ty),+ $(,)?) => {$(
        impl $crate::api::field::FromJson for $type {
            fn from_json(value: serde_json::Value) -> Result<Self, Vec<$crate::api::problem::FieldError>> {
                $crate::api::field::object(value)
            }
        }
    )+};
}
pub(crate) use from_objects;

/// An object of fields.
pub(crate) fn object<T: DeserializeOwned>(value: Value) -> Result<T, Vec<FieldError>> {
    serde_json::from_value(value).map_err(|_| wrong("write an object"))
}

/// One of a few words.
pub(crate) fn word<T: FromStr>(value: &Value, words: &[&str]) -> Result<T, Vec<FieldError>> {
    text(value)?.parse().map_err(|_| wrong(format_args!("write one of `{}`", words.join("`, `"))))
}

macro_rules! from_id {
    ($($type:ty),+ $(,)?) => {$(
        impl FromJson for $type {
            fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
                text(&value)?.parse().map_err(|_| wrong("this is not a UUID"))
            }
        }
    )+};
}

from_id! {
    crate::reservation::AppointmentId,
    crate::reservation::ParticipantId,
    crate::reservation::ConferenceId,
    crate::reservation::ServerId,
    crate::reservation::CredentialId,
    crate::reservation::SigningKeyId,
}

/// Any text that must not be shown.
impl FromJson for SecretString {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        Ok(text(&value)?.into())
    }
}

impl FromJson for crate::reservation::Metadata {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        value.try_into().map_err(wrong)
    }
}

impl FromJson for Tz {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        Self::from_str(text(&value)?)
            .map_err(|_| wrong("this is not an IANA time zone such as Europe/Berlin"))
    }
}

impl FromJson for bool {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        value.as_bool().ok_or_else(|| wrong("write `true` or `false`"))
    }
}

/// Whether a time is in the years 1970 to 9999: what every peer can work with.
pub(super) fn is_usual(time: &DateTime<Utc>) -> bool {
    time.timestamp() >= 0 && chrono::Datelike::year(time) <= 9999
}

/// RFC 3339 with its offset, in whole milliseconds: without an offset nobody could say which moment was meant.
impl FromJson for DateTime<Utc> {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let sense = || {
            wrong(
                "write a date and a time with its offset from UTC, such as 2026-12-01T09:00:00+01:00 or 2026-12-01T08:00:00Z; in a URL, `+` is written `%2B`",
            )
        };
        let time = DateTime::parse_from_rfc3339(text(&value)?).map_err(|_| sense())?;
        let time = Self::from_timestamp_millis(time.timestamp_millis()).ok_or_else(sense)?;
        if is_usual(&time) { Ok(time) } else { Err(wrong("write a time in the years 1970 to 9999")) }
    }
}

/// A whole number of things. `3.0` is one to JSON, which knows one kind of number.
pub(crate) fn whole(value: &Value, least: i64, most: i64) -> Result<i64, Vec<FieldError>> {
    let float = || value.as_f64().filter(|float| float.fract() == 0.0)?.to_string().parse().ok();
    let number = value.as_i64().or_else(float).filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| wrong(format_args!("write a whole number from {least} to {most}")))
}

impl FromJson for u32 {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        whole(&value, 1, 1_000_000).map(|number| number.try_into().unwrap_or(Self::MAX))
    }
}

/// A length in whole seconds, up to ten years.
impl FromJson for TimeDelta {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        whole(&value, 0, 3660 * 86_400).map(Self::seconds)
    }
}

/// A length in whole seconds that is not nothing, up to ten years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length(pub TimeDelta);

impl FromJson for Length {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        whole(&value, 1, 3660 * 86_400).map(|seconds| Self(TimeDelta::seconds(seconds)))
    }
}

/// After how many errors nobody goes on looking for more.
pub(super) const ENOUGH: usize = 100;

/// As many as there may be.
pub(super) fn list<T: FromJson>(value: Value, most: usize) -> Result<Vec<T>, Vec<FieldError>> {
    let Value::Array(values) = value else {
        return Err(wrong("write a list"));
    };
    if values.len() > most {
        return Err(wrong(format_args!("write {most} at the most")));
    }
    let mut all = Vec::with_capacity(values.len());
    let mut errors = Vec::new();
    for (place, value) in values.into_iter().enumerate() {
        match T::from_json(value) {
            Ok(value) => all.push(value),
            Err(wrong) => errors.extend(wrong.into_iter().map(|error| under(&place.to_string(), error))),
        }
        if errors.len() >= ENOUGH {
            break;
        }
    }
    if errors.is_empty() { Ok(all) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        for (value, number) in [(json!(3), Some(3)), (json!(3.0), Some(3)), (json!(5e0), Some(5))] {
            assert_eq!(whole(&value, 1, 5).ok(), number, "{value}");
        }
        for value in [json!(3.5), json!(0.0), json!(6.0), json!(1e300), json!("3"), json!(true), json!(-3.0)]
        {
            assert!(whole(&value, 1, 5).is_err(), "{value}");
        }
    }
}
