//! Which languages of other systems a tenant's apps may speak.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use super::seconds;
use crate::reservation::{BaseUrl, Dialect, Dialects};

/// Which languages of other systems a tenant's apps may speak, and what those leave to the operator.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dialects)]
pub struct DialectsView {
    /// Those that they may speak: `jiomeet`, `metered`, `proconf` and `datagram`.
    #[schema(value_type = Vec<String>)]
    spoken: BTreeSet<Dialect>,
    /// The most rooms that one app may have at once through JioMeet's; null for no limit.
    jiomeet_rooms: Option<u32>,
    /// Under which address the tenant's own sub-domain leads to this service; null where it has none.
    #[schema(format = "uri")]
    jiomeet_url: Option<String>,
    /// How long a token is good that is asked for in Metered's.
    metered_token_lifetime_seconds: i64,
    /// How long a room is booked that nobody had booked, when a token for it is asked for in ProCONF's.
    proconf_room_length_seconds: i64,
}

impl From<Dialects> for DialectsView {
    fn from(dialects: Dialects) -> Self {
        Self {
            spoken: dialects.spoken,
            jiomeet_rooms: dialects.jiomeet_rooms,
            jiomeet_url: dialects.jiomeet_url.as_ref().map(BaseUrl::to_string),
            metered_token_lifetime_seconds: seconds(dialects.metered_token_lifetime),
            proconf_room_length_seconds: seconds(dialects.proconf_room_length),
        }
    }
}
