//! What things look like from outside: the JSON of the command line, and of the API. Times
//! are RFC 3339 in UTC, lengths are whole seconds, what is absent is null.

mod app;
mod appointment;
mod brand;
mod conference;
mod credential;
mod decided;
mod dialects;
mod export;
mod feed;
mod forecast;
mod free_busy;
mod handle;
mod import;
mod join_link;
mod master_key;
mod occurrence;
mod preview;
mod revocation;
mod server;
mod signing_key;
mod tenant;
mod token;
mod verification;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

pub use self::app::{AppDetailView, AppOnce, AppView, SigningKeyOnce};
pub use self::appointment::AppointmentView;
pub use self::brand::BrandView;
pub use self::conference::{ConferenceView, RefusalView};
pub use self::credential::CredentialOnce;
pub use self::decided::DecidedView;
pub use self::dialects::DialectsView;
pub use self::export::ExportView;
pub use self::feed::{FeedOnce, FeedView};
pub use self::forecast::ForecastView;
pub use self::free_busy::FreeBusyView;
pub use self::handle::Handle;
pub use self::import::ImportView;
pub use self::join_link::{InvitationView, JoinLinkView};
pub use self::master_key::{LossView, MasterKeyView, ResealedView};
pub use self::occurrence::OccurrenceView;
pub use self::preview::PreviewView;
pub use self::revocation::RevocationView;
pub use self::server::ServerView;
pub use self::signing_key::{ActivatedView, TokenKeyDetailView, TokenKeyView, WithdrawnView};
pub use self::tenant::{RemovedView, TenantView};
pub use self::token::{InstantRoomOnce, TokenOnce, TokenSettingsView};
pub use self::verification::VerificationView;

/// RFC 3339 in UTC.
#[must_use]
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn seconds(delta: TimeDelta) -> i64 {
    delta.num_seconds()
}
