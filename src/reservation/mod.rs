//! The domain: rooms, windows, decisions. Pure: no database, no clock, no log, no wire format.
//!
//! Start with [`decide()`]: everything else here is what it takes or what it gives.

mod alias;
mod appointment;
mod ask;
mod base_url;
mod booked_date;
mod brand;
mod conference;
mod decide;
mod decision;
mod dialects;
mod doorway;
mod feed;
mod free_busy;
mod ids;
mod instant_room;
mod metadata;
mod occurrence;
mod participant;
mod policy;
mod recurrence;
mod room;
mod schedule;
mod scope;
mod series_plan;
mod slot;
mod text;
pub mod wording;

pub use alias::{AliasId, AliasIdError, AliasKind};
pub use appointment::{Appointment, AppointmentState, Recurring, RoomName, RoomPassword, RoomPasswordError};
pub use ask::{Ask, Server, ServerState, Situation};
pub use base_url::{BaseUrl, BaseUrlError};
pub use booked_date::{BookedDate, DateField};
pub use brand::{Brand, Color, ColorError, Logo, LogoError, LogoType};
pub use conference::{CloseReason, Conference, MailOwner, Options};
pub use decide::decide;
pub use decision::{Basis, Decision, Grant, Reason, ReasonCode, Refusal, Replaces};
pub use dialects::{Dialect, Dialects, DialectsError};
pub use doorway::{Arrival, Date, Doorway, NoDate, OpenNow, RoomNow};
pub use feed::FeedOf;
pub use free_busy::{Booked, FreeBusy, Range, RangeError};
pub use ids::{
    AppId, AppointmentId, ConferenceId, CredentialId, FeedId, JoinLinkId, ParticipantId, RevocationId,
    ServerId, SigningKeyId, TenantId, TokenId,
};
pub use instant_room::{InstantRoom, InstantRoomError};
pub use metadata::{Metadata, MetadataError};
pub use occurrence::{Occurrence, OccurrenceId};
pub use participant::{NotOne, Participant, Role};
pub use policy::{Moderators, Policy, RoomPattern, Tenant, Unscheduled, WhenLiveElsewhere};
pub use recurrence::{
    ByDay, Frequency, Recurrence, Rule, RuleEnd, RuleError, Series, SeriesDate, TooManyDates, on_wall_clock,
};
pub use room::{NameError, Node, RoomKey, TenantName, Usualness};
pub use schedule::{Near, Window};
pub use scope::{Scope, ScopeError, Scopes};
pub use series_plan::{Reach, SeriesPlan, plan_series};
pub use slot::Slot;
pub(crate) use text::texts;
pub use text::{
    Contact, Description, DisplayName, Email, EmailError, ExternalId, HostKey, Label, PersonName, TextError,
    Title, plain,
};
