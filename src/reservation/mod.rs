//! The domain: rooms, windows, decisions. Pure: no database, no clock, no log, no wire format.
//!
//! Start with [`decide()`]: everything else here is what it takes or what it gives.

mod appointment;
mod ask;
mod base_url;
mod conference;
mod decide;
mod decision;
mod free_busy;
mod ids;
mod occurrence;
mod policy;
mod room;
mod schedule;
mod slot;
pub mod wording;

pub use appointment::{Appointment, RoomName, RoomPassword, RoomPasswordError, Title, TitleError};
pub use ask::{Ask, Server, ServerState, Situation};
pub use base_url::{BaseUrl, BaseUrlError};
pub use conference::{CloseReason, Conference, MailOwner, Options};
pub use decide::decide;
pub use decision::{Basis, Decision, Grant, Reason, ReasonCode, Refusal, Replaces};
pub use free_busy::{Booked, FreeBusy, Range, RangeError};
pub use ids::{AppId, AppointmentId, ConferenceId, CredentialId, ServerId, TenantId};
pub use occurrence::{Occurrence, OccurrenceId};
pub use policy::{Moderators, Policy, RoomPattern, Tenant, Unscheduled, WhenLiveElsewhere};
pub use room::{NameError, Node, RoomKey, TenantName, Usualness};
pub use schedule::{Near, Window};
pub use slot::Slot;
