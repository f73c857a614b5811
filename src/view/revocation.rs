//! A revocation of room tokens, and whom it reaches.

use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::reservation::{AppointmentId, ParticipantId, TokenId};
use crate::store::token_revocations::{RevocationRecord, Revoked};

/// Tokens that are revoked, and whom that reaches.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Revocation)]
pub struct RevocationView {
    /// The token; null where those of an appointment are revoked.
    #[schema(value_type = Option<uuid::Uuid>)]
    token: Option<TokenId>,
    /// The appointment whose tokens are revoked.
    #[schema(value_type = Option<uuid::Uuid>)]
    appointment: Option<AppointmentId>,
    /// The participant whose tokens are revoked; null for all of the appointment.
    #[schema(value_type = Option<uuid::Uuid>)]
    participant: Option<ParticipantId>,
    /// Tokens that are made later are good.
    #[schema(format = DateTime)]
    revoked_at: String,
    /// By then every token has expired that was made until now, whosever it is: so long this is remembered.
    #[schema(format = DateTime)]
    remembered_until: String,
    /// Who knows.
    reaches: Vec<String>,
    /// Who does not, and what helps.
    does_not_reach: Vec<String>,
}

impl From<&RevocationRecord> for RevocationView {
    fn from(revocation: &RevocationRecord) -> Self {
        let (token, appointment, participant) = match revocation.revoked {
            Revoked::Token(token) => (Some(token), None, None),
            Revoked::Appointment(appointment, participant) => (None, Some(appointment), participant),
        };
        let ends_at = time(revocation.ends_at);
        Self {
            token,
            appointment,
            participant,
            revoked_at: time(revocation.revoked_at),
            reaches: vec!["whoever asks `POST /v1/tokens/verify`: at once, at every replica".to_owned()],
            does_not_reach: vec![
                "Jitsi and JaaS: they verify a token by themselves, and ask nobody. They take it until it expires, which \
                 is what its `exp` says"
                    .to_owned(),
                "what helps before the room opens: give the appointment another password, or cancel it. Or withdraw the key \
                 that signed the token: that ends all tokens of the key, as soon as the verifier asks for keys again"
                    .to_owned(),
                "who is in the room already: a token is looked at when somebody comes in, and not again".to_owned(),
            ],
            remembered_until: ends_at,
        }
    }
}
