//! The question, and what is known when it is answered.

use std::sync::Arc;

use super::{Conference, InstantRoom, NameError, Near, Node, RoomKey, ServerId, Tenant, TenantId};
use crate::seal::MasterKeys;

/// One first-join request of a conference server.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The room's name as it was sent.
    pub node: Node,
    /// The room that the name stands for, or why it can't be one.
    pub room: Result<RoomKey, NameError>,
    /// The window that the name itself certifies, at the tenant whose room it is.
    pub certified: Option<InstantRoom>,
}

/// A conference server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Server {
    /// Which one.
    pub id: ServerId,
    /// What it is good for.
    pub state: ServerState,
}

/// What a conference server is good for.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    strum::Display,
    strum::VariantNames,
    strum::EnumString,
    strum::IntoStaticStr,
    serde::Serialize,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum ServerState {
    /// It takes rooms.
    Active,
    /// It is being taken out of service: it gets no new room, others may take over the ones it holds.
    Drained,
    /// It is gone: as drained, with nobody left in its rooms.
    Lost,
    /// It may not ask any more.
    Revoked,
}

/// Everything a decision is made from.
#[derive(Debug, Clone)]
pub struct Situation {
    /// Who asks.
    pub server: Server,
    /// The tenant whose room it is: the one that the node names, or else the server's default one.
    /// `None` where there is no such tenant.
    pub tenant: Option<Arc<Tenant>>,
    /// Whether the server may ask for that tenant.
    pub served: bool,
    /// The dates of the room around now.
    pub near: Near,
    /// The tenant of rooms for which the server names none.
    pub default_tenant: TenantId,
    /// The conference whose row is open, even where its time is over.
    pub live: Option<Conference>,
    /// Whether the booking that `live` was granted for is still there, at the same time.
    pub live_is_booked: bool,
    /// How many conferences of the tenant are open, not over, and usually spelled. Counted only
    /// under a capacity.
    pub live_count: u32,
}

impl Situation {
    /// The ask for this room, whose name may certify a window of its own.
    #[must_use]
    pub fn ask(&self, node: Node, room: Result<RoomKey, NameError>, keys: &MasterKeys) -> Ask {
        let certified = match (&room, &self.tenant) {
            (Ok(room), Some(tenant)) => InstantRoom::certified(room, keys, tenant.id),
            _ => None,
        };
        Ask { node, room, certified }
    }
}
