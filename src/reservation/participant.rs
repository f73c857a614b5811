//! Who is expected at an appointment.

use super::{Email, ExternalId, ParticipantId, PersonName};

/// What somebody is at an appointment.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    serde::Serialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// Leads it.
    Host,
    /// Takes part.
    Participant,
    /// Looks on.
    Observer,
}

/// Somebody who is expected at an appointment.
#[derive(Debug, Clone, PartialEq)]
pub struct Participant {
    /// Which one. Kept when the appointment changes.
    pub id: ParticipantId,
    /// What they are there.
    pub role: Role,
    /// What they are called.
    pub name: Option<PersonName>,
    /// Where they are reached.
    pub email: Option<Email>,
    /// What the app calls them.
    pub external_id: Option<ExternalId>,
}

impl Participant {
    /// The most of one appointment.
    pub const MOST: usize = 500;
}
