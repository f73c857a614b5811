//! Identities. UUIDv7, made by the action that creates the thing, so that they sort by time.

use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new identity, later than every earlier one of this process.
            #[must_use]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self(text.parse()?))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// A tenant: one organisation with rooms, appointments and people of its own.
    TenantId,
    /// A conference server: one Prosody.
    ServerId,
    /// An app: a client of the API.
    AppId,
    /// One credential of a server or an app.
    CredentialId,
    /// An appointment.
    AppointmentId,
    /// Somebody who is expected at an appointment.
    ParticipantId,
    /// A conference: a granted room.
    ConferenceId,
    /// A feed: a calendar that others subscribe to.
    FeedId,
    /// A key that room tokens are signed with.
    SigningKeyId,
    /// A room token: its `jti`.
    TokenId,
}
