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

/// Why nobody in particular is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOne {
    /// Nobody is.
    #[error("nobody is expected there who has this id, external id or e-mail address")]
    Nobody,
    /// Several are.
    #[error(
        "several are expected there who have this external id or e-mail address: say which one by their `id`"
    )]
    Several,
}

impl Participant {
    /// The most of one appointment.
    pub const MOST: usize = 500;

    /// Who is meant: ids are looked at first, and addresses last.
    ///
    /// # Errors
    /// Where nobody is, or several are: one must not be taken for the other.
    pub fn find<'a>(participants: &'a [Self], who: &str) -> Result<&'a Self, NotOne> {
        let id = who.parse().ok();
        let has_id = |one: &&Self| Some(one.id) == id;
        let has_external_id = |one: &&Self| one.external_id.as_ref().is_some_and(|id| id.as_str() == who);
        let has_email =
            |one: &&Self| one.email.as_ref().is_some_and(|email| email.as_str().eq_ignore_ascii_case(who));
        only(participants.iter().filter(has_id))
            .or_else(|_| only(participants.iter().filter(has_external_id)))
            .or_else(|none| match none {
                NotOne::Nobody => only(participants.iter().filter(has_email)),
                NotOne::Several => Err(none),
            })
    }
}

fn only<'a>(mut meant: impl Iterator<Item = &'a Participant>) -> Result<&'a Participant, NotOne> {
    let one = meant.next().ok_or(NotOne::Nobody)?;
    meant.next().map_or(Ok(one), |_| Err(NotOne::Several))
}
