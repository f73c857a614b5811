//! Identities. UUIDv7, made by the action that creates the thing, so that they sort by time.

use chrono::{DateTime, Utc};
use uuid::{NoContext, Timestamp, Uuid};

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
    /// A join link: by which somebody comes in.
    JoinLinkId,
    /// A key that room tokens are signed with.
    SigningKeyId,
    /// A room token: its `jti`.
    TokenId,
    /// A revocation of room tokens.
    RevocationId,
}

impl TokenId {
    /// A new identity, of something that is made then: it tells the millisecond.
    #[must_use]
    pub fn made(now: DateTime<Utc>) -> Self {
        let seconds = now.timestamp().try_into().unwrap_or(0);
        Self(Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos())))
    }

    /// When it was made, to the millisecond. `None` of an identity that somebody else made up in another way.
    #[must_use]
    pub fn made_at(self) -> Option<DateTime<Utc>> {
        let is_v7 = self.0.get_version_num() == 7;
        let (seconds, nanos) = self.0.get_timestamp().filter(|_| is_v7)?.to_unix();
        DateTime::from_timestamp(seconds.try_into().ok()?, nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_s_name_tells_the_millisecond_in_which_it_was_made() {
        let now: DateTime<Utc> = "2026-12-01T09:00:00.123Z".parse().unwrap();
        let id = TokenId::made(now);
        assert_eq!(id.made_at(), Some(now));
        assert_ne!(id, TokenId::made(now));
        assert!(id < TokenId::made(now + chrono::TimeDelta::milliseconds(1)));
        for other in ["a8098c1a-f86e-11da-bd1a-00112444be1e", "9f5c4b0e-5d3a-4c1b-8a57-2f1f6d3f2c11"] {
            assert_eq!(other.parse::<TokenId>().unwrap().made_at(), None, "{other}");
        }
    }
}
