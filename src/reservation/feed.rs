//! What a calendar that others subscribe to is of.

use super::{HostKey, RoomKey};

/// What a feed shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedOf {
    /// What takes place in a room.
    Room(RoomKey),
    /// The appointments of a host.
    Host(HostKey),
    /// Everything of the tenant.
    Tenant,
}

impl FeedOf {
    /// The room, if it is of one.
    #[must_use]
    pub fn room(&self) -> Option<&RoomKey> {
        match self {
            Self::Room(room) => Some(room),
            Self::Host(_) | Self::Tenant => None,
        }
    }

    /// The host, if it is of one.
    #[must_use]
    pub fn host(&self) -> Option<&HostKey> {
        match self {
            Self::Host(host) => Some(host),
            Self::Room(_) | Self::Tenant => None,
        }
    }
}
