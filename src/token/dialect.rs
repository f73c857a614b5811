//! What a token says besides, for readers of another system. Jitsi overlooks it.

use serde_json::{Map, Value};

use super::VerifierKind;
use crate::reservation::PersonName;

/// What a token says besides, for readers of another system.
#[derive(Debug, Clone, PartialEq)]
pub enum DialectClaims {
    /// Metered's put what they were asked for under `data`.
    Metered(Map<String, Value>),
    /// ProCONF's tell role and name in their own way, and are for anybody.
    Proconf {
        /// What its holder is.
        role: ProconfRole,
        /// What its holder is called.
        participant: PersonName,
    },
}

/// What ProCONF calls people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ProconfRole {
    /// Whose room it is.
    Owner,
    /// Who moderates.
    Moderator,
    /// Who takes part.
    Participant,
}

impl DialectClaims {
    /// Adds it to the claims of a token for that verifier.
    pub(super) fn add_to(&self, claims: &mut Map<String, Value>, verifier: VerifierKind) {
        match self {
            Self::Metered(data) => _ = claims.insert("data".to_owned(), Value::Object(data.clone())),
            Self::Proconf { role, participant } => {
                // Source: the token on ProCONF's page. JaaS would refuse it.
                if verifier != VerifierKind::Jaas {
                    claims.insert("aud".to_owned(), "*".into());
                }
                claims.insert("participantName".to_owned(), participant.as_str().into());
                if let Some(Value::Object(user)) = claims.get_mut("context").and_then(|it| it.get_mut("user"))
                {
                    user.insert("role".to_owned(), <&str>::from(role).into());
                }
            }
        }
    }
}
