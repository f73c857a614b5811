//! What a tenant's tokens are like, and who verifies them.

use std::str::FromStr;

use chrono::TimeDelta;

use super::role::Roles;
use crate::reservation::BaseUrl;
use crate::signing::{Algorithm, Issuer};

/// Who verifies a tenant's tokens.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
    serde::Serialize,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum VerifierKind {
    /// A Jitsi Meet of one's own.
    Jitsi,
    /// Jitsi as a service, by 8x8.
    Jaas,
    /// Something else that takes a JWT.
    Other,
}

/// What a tenant's tokens are like.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenSettings {
    /// Who verifies them.
    pub verifier: VerifierKind,
    /// What they are signed with.
    pub algorithm: Algorithm,
    /// Who issues them (`iss`).
    pub issuer: Issuer,
    /// Whom they are for (`aud`).
    pub audience: Audience,
    /// Whose rooms they are for (`sub`); `None` for what the tenant's meeting URL says.
    pub subject: Option<Subject>,
    /// How long a token is good that names no participant, from when it can be used: at least a minute.
    pub guest_lifetime: TimeDelta,
    /// What each role is good for.
    pub roles: Roles,
}

/// They don't go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Jitsi knows HMAC and RSA.
    #[error(
        "Jitsi's Prosody verifies HS256, HS384, HS512, RS256, RS384 and RS512 only: {0} is for other verifiers (`other`)"
    )]
    NotForJitsi(Algorithm),
    /// JaaS knows one algorithm.
    #[error("JaaS verifies RS256 only")]
    NotForJaas,
    /// JaaS needs to know whose rooms they are.
    #[error("JaaS takes your AppID as the subject: `vpaas-magic-cookie-…`")]
    NoAppId,
    /// Whoever verifies would take tokens of anybody.
    #[error("`*` is no issuer: it means anybody")]
    AnyIssuer,
    /// It is shorter than a minute, or longer than a day.
    #[error("a guest's token is good for one minute to 24 hours")]
    GuestLifetime,
}

/// How the AppIDs of JaaS begin.
pub(super) const APP_ID: &str = "vpaas-magic-cookie-";

impl TokenSettings {
    /// Finds out whether they go together.
    ///
    /// # Errors
    /// Where whoever verifies would refuse every token.
    pub fn check(&self) -> Result<(), SettingsError> {
        match self.verifier {
            VerifierKind::Jitsi if matches!(self.algorithm, Algorithm::Es256 | Algorithm::EdDsa) => {
                return Err(SettingsError::NotForJitsi(self.algorithm));
            }
            VerifierKind::Jaas if self.algorithm != Algorithm::Rs256 => {
                return Err(SettingsError::NotForJaas);
            }
            VerifierKind::Jaas
                if !self.subject.as_ref().is_some_and(|app| app.as_str().starts_with(APP_ID)) =>
            {
                return Err(SettingsError::NoAppId);
            }
            VerifierKind::Jitsi | VerifierKind::Jaas | VerifierKind::Other => {}
        }
        if self.issuer.as_str() == "*" {
            return Err(SettingsError::AnyIssuer);
        }
        let bounds = TimeDelta::minutes(1)..=TimeDelta::hours(24);
        if bounds.contains(&self.guest_lifetime) { Ok(()) } else { Err(SettingsError::GuestLifetime) }
    }

    /// Whose rooms the tokens are for. Source: `Util:verify_room` compares it with the tenant in `[tenant]room`, and
    /// where none is named with the domain: so it is the last segment of the meeting URL's path, or else its host.
    #[must_use]
    pub fn subject(&self, meeting_url: Option<&BaseUrl>) -> Option<Subject> {
        self.subject.clone().or_else(|| {
            let url = meeting_url?;
            url.last_segment().unwrap_or_else(|| url.host().to_owned()).to_lowercase().parse().ok()
        })
    }
}

impl Default for TokenSettings {
    /// Those that `frontdesk prosody-config --tokens` writes the other side of.
    fn default() -> Self {
        Self {
            verifier: VerifierKind::Jitsi,
            algorithm: Algorithm::Rs256,
            issuer: "frontdesk".parse().expect("is an issuer"),
            audience: "jitsi".parse().expect("is an audience"),
            subject: None,
            guest_lifetime: TimeDelta::minutes(15),
            roles: Roles::default(),
        }
    }
}

/// A claim of one word or address: 1 to 200 characters without spaces and controls, and never `*`, which means anybody.
macro_rules! word {
    ($(#[$doc:meta])* $name:ident, $error:ident, $message:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        /// It can't be one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        #[error($message)]
        pub struct $error;

        impl $name {
            /// The most characters.
            pub const MAX_CHARS: usize = 200;

            /// As it is written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let plain = |c: char| !c.is_control() && !c.is_whitespace() && c != '*';
                if (1..=Self::MAX_CHARS).contains(&text.chars().count()) && text.chars().all(plain) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err($error)
                }
            }
        }
    };
}

word! {
    /// Whom tokens are for.
    Audience, AudienceError, "an audience has 1 to 200 characters, without spaces or `*`"
}

word! {
    /// Whose rooms tokens are for: a tenant, a domain, or an AppID.
    Subject, SubjectError,
    "a subject has 1 to 200 characters, without spaces or `*`: `*` would open the rooms of every tenant"
}
