//! The answer: a grant, a room that is open already, or a refusal with its reason.

use chrono::{DateTime, Utc};

use super::{CloseReason, ConferenceId, NameError, OccurrenceId, Options, RoomKey, TenantId};

/// What was decided about an ask.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// The room may open, once the grant is claimed.
    Grant(Grant),
    /// This server has it open already, under the same node.
    Conflict(ConferenceId),
    /// It may not open.
    Refuse(Refusal),
}

/// What is to be claimed.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// The tenant.
    pub tenant: TenantId,
    /// The room.
    pub room: RoomKey,
    /// The tenant's revision that was read; the claim has to find it unchanged.
    pub tenant_revision: i64,
    /// What the grant rests on; the claim has to find it unchanged, too.
    pub basis: Basis,
    /// When the room opens: now.
    pub opened_at: DateTime<Utc>,
    /// When it ends, at least one second later.
    pub ends_at: DateTime<Utc>,
    /// Whether the answer to a conference server carries a room token.
    pub answer_token: bool,
    /// What it is opened with.
    pub options: Options,
    /// The open row that has to be closed first.
    pub replaces: Option<Replaces>,
}

/// What a grant rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// A booking, at the revision that was read.
    Occurrence {
        /// Which one.
        id: OccurrenceId,
        /// Its revision.
        revision: i64,
        /// When it starts.
        starts: DateTime<Utc>,
    },
    /// The room's own name says when it opens.
    Instant,
    /// The tenant lets rooms open that nobody booked.
    Unscheduled,
}

/// An open row that has to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaces {
    /// Which conference.
    pub id: ConferenceId,
    /// Why.
    pub reason: CloseReason,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// A conference that is still open though its appointment is gone.
    pub closes: Option<Replaces>,
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { reason, closes: None }
    }
}

/// Why a room may not open. The list is closed; the codes ([`Reason::code`]) are stable.
#[derive(
    Debug, Clone, Copy, PartialEq, strum::IntoStaticStr, strum::VariantNames, strum::EnumDiscriminants,
)]
#[strum(serialize_all = "snake_case")]
#[strum_discriminants(
    name(ReasonCode),
    doc = "The stable code of a [`Reason`], such as `too_early`, for who looks for it.",
    derive(strum::IntoStaticStr, strum::EnumString, strum::VariantNames),
    strum(serialize_all = "snake_case")
)]
pub enum Reason {
    /// Nobody booked it.
    UnknownRoom,
    /// It opens later.
    TooEarly {
        /// The moment that people are told.
        opens_at: DateTime<Utc>,
    },
    /// Its time is over.
    Over {
        /// The next time it opens, if there is one.
        reopens_at: Option<DateTime<Utc>>,
    },
    /// The appointment was cancelled.
    Cancelled {
        /// The next time it opens, if there is one.
        reopens_at: Option<DateTime<Utc>>,
    },
    /// This date of the appointment was cancelled.
    OccurrenceCancelled {
        /// The next time it opens, if there is one.
        reopens_at: Option<DateTime<Utc>>,
    },
    /// There is no such tenant.
    TenantUnknown,
    /// The tenant is switched off.
    TenantDisabled,
    /// The server may not ask for this tenant.
    NotYourTenant,
    /// The tenant has as many conferences open as it may.
    Capacity,
    /// Another server holds the room, or the same one does under another spelling of its name.
    LiveElsewhere {
        /// Whether it is the same server.
        respelled: bool,
    },
    /// The server is being taken out of service.
    ServerDrained,
    /// No room can be called that.
    BadName(NameError),
}

impl Reason {
    /// The stable code, such as `too_early`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.into()
    }

    /// When it would be granted, where that is known.
    #[must_use]
    pub fn opens_at(&self) -> Option<DateTime<Utc>> {
        match *self {
            Self::TooEarly { opens_at } => Some(opens_at),
            Self::Over { reopens_at }
            | Self::Cancelled { reopens_at }
            | Self::OccurrenceCancelled { reopens_at } => reopens_at,
            Self::UnknownRoom
            | Self::TenantUnknown
            | Self::TenantDisabled
            | Self::NotYourTenant
            | Self::Capacity
            | Self::LiveElsewhere { .. }
            | Self::ServerDrained
            | Self::BadName(_) => None,
        }
    }
}
