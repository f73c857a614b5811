//! How an appointment recurs.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::actions::change_appointment::RecurrenceChange;
use crate::api::field::{Field, FromJson, Reading, Unknown, list, object};
use crate::api::problem::FieldError;
use crate::reservation::{Recurrence, Rule};

/// How an appointment recurs: by a rule, on further dates, and not on others.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "rrule": "FREQ=WEEKLY;BYDAY=TU;COUNT=10" }))]
pub struct RecurrenceInput {
    /// A recurrence rule of iCalendar (RFC 5545): daily, weekly, monthly or yearly. `starts` has to be one of its dates.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "FREQ=WEEKLY;BYDAY=TU;COUNT=10", max_length = 1000,
        pattern = "^(RRULE:)?FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[-+A-Z0-9,]+)*$")]
    rrule: Field<Rule>,
    /// When else it takes place.
    #[serde(default)]
    #[schema(value_type = Option<Vec<chrono::DateTime<Utc>>>, max_items = 1000)]
    rdates: Field<Dates>,
    /// When it does not take place: starts of dates that the rule names. Cancelling a date puts it here.
    #[serde(default)]
    #[schema(value_type = Option<Vec<chrono::DateTime<Utc>>>, max_items = 1000)]
    exdates: Field<Dates>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

#[derive(Debug)]
struct Dates(BTreeSet<DateTime<Utc>>);

impl FromJson for Dates {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        list(value, Recurrence::MOST_DATES).map(|dates: Vec<_>| Self(dates.into_iter().collect()))
    }
}

/// What is left out stays, in a change.
impl FromJson for RecurrenceChange {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let input: RecurrenceInput = object(value)?;
        let mut reading = Reading::default();
        reading.refuse(&input.unknown);
        let change = Self {
            rule: reading.patch("rrule", input.rrule),
            rdates: reading.patch("rdates", input.rdates).map(|dates| dates.0),
            exdates: reading.patch("exdates", input.exdates).map(|dates| dates.0),
        };
        reading.done(Some(change))
    }
}
