//! A granted room.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::{AppointmentId, ConferenceId, Node, OccurrenceId, RoomKey, Server, TenantId};
use crate::seal::Sealed;

/// What a room is opened with. Copied to the conference at the grant and never changed there.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Options {
    /// The room's password, sealed for the appointment it belongs to.
    pub password: Option<Sealed>,
    /// Whether people wait in a lobby.
    pub lobby: bool,
    /// The most people at once, at least 1.
    pub max_occupants: Option<u32>,
}

/// A granted room, until it is closed.
#[derive(Debug, Clone, PartialEq)]
pub struct Conference {
    /// The tenant whose room it is.
    pub tenant: TenantId,
    /// Which conference.
    pub id: ConferenceId,
    /// The room.
    pub room: RoomKey,
    /// The name as the server that holds it wrote it.
    pub node: Node,
    /// The server that holds it.
    pub server: Server,
    /// Who asked first, as the server put it.
    pub mail_owner: MailOwner,
    /// The booking it was granted for; `None` for an instant or unscheduled room.
    pub occurrence: Option<OccurrenceId>,
    /// When it was granted.
    pub opened_at: DateTime<Utc>,
    /// When it ends, fixed at the grant. At least one second after `opened_at`.
    pub ends_at: DateTime<Utc>,
    /// Whether the answer to a conference server carries a room token.
    pub answer_token: bool,
    /// What it was opened with.
    pub options: Options,
}

impl Conference {
    /// The appointment that it was granted for, if it was.
    #[must_use]
    pub fn appointment(&self) -> Option<AppointmentId> {
        self.occurrence.map(|occurrence| occurrence.appointment)
    }

    /// Whether its time is over at `now`, whatever its row says.
    #[must_use]
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.ends_at <= now
    }
}

/// Why a conference was closed.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    serde::Serialize,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// Its server said that everybody has left.
    Released,
    /// Its time was over.
    Expired,
    /// Another conference took its place.
    Superseded,
    /// Its appointment was cancelled or moved away.
    Cancelled,
    /// An operator closed it.
    ClosedByHand,
}

/// Who first entered, as the conference server puts it: a bare JID.
///
/// Source: with anonymous or token login it is random at every login, so it is kept and echoed,
/// and never decides anything. It may name a person: it is never logged.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct MailOwner(String);

/// It has more bytes than a JID can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`mail_owner` is longer than {} bytes, or contains a NUL", MailOwner::MAX_BYTES)]
pub struct MailOwnerError;

impl MailOwner {
    /// The most bytes of a JID. Source: RFC 7622, section 3.1.
    pub const MAX_BYTES: usize = 3071;

    /// The JID.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MailOwner {
    type Err = MailOwnerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > Self::MAX_BYTES || text.contains('\0') {
            return Err(MailOwnerError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Debug for MailOwner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MailOwner(…)")
    }
}
