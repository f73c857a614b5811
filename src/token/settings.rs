//! What a tenant's tokens are like, and who verifies them.

use chrono::TimeDelta;

use super::role::Roles;
use crate::reservation::{BaseUrl, texts};
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

/// What a word or an address has none of. `*` means anybody.
fn is_no_word(c: char) -> bool {
    c.is_control() || c.is_whitespace() || c == '*'
}

texts! {
    /// Whom tokens are for: 1 to 200 characters without spaces, controls and `*`.
    Audience(1..=200) except is_no_word, "no spaces and no `*`";
    /// Whose rooms tokens are for, a tenant, a domain, or an AppID: 1 to 200 characters without spaces, controls and `*`.
    Subject(1..=200) except is_no_word, "no spaces and no `*`, which would open the rooms of every tenant";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_tokens_are_for_and_whose_rooms_is_never_anybody() {
        for word in ["jitsi", "meet.example.org", "vpaas-magic-cookie-1fc542", "Grüße", &"a".repeat(200)] {
            assert!(word.parse::<Audience>().is_ok() && word.parse::<Subject>().is_ok(), "{word}");
        }
        for none in ["", "*", "a*", "a b", "a\u{a0}b", "a\n", &"a".repeat(201)] {
            assert!(none.parse::<Audience>().is_err() && none.parse::<Subject>().is_err(), "{none:?}");
        }
        let refused = "*".parse::<Subject>().unwrap_err().to_string();
        let said =
            "write 1 to 200 characters, and no spaces and no `*`, which would open the rooms of every tenant";
        assert_eq!(refused, said);
    }
}
