//! Why there is no token, as problems.

use crate::actions::mint::MintError;
use crate::api::code::Code;
use crate::api::problem::{FieldError, Problem};
use crate::token::ValidityError;

impl From<MintError> for Problem {
    fn from(error: MintError) -> Self {
        match &error {
            MintError::UnknownAppointment(_) => Self::not_found("appointment"),
            MintError::UnknownDate => Self::not_found("date"),
            MintError::Participant(error) => (*error).into(),
            MintError::AppointmentCancelled => Self::new(Code::AppointmentCancelled, error),
            MintError::DateCancelled => Self::new(Code::DateCancelled, error),
            MintError::Over | MintError::Validity(ValidityError::Over) => {
                Self::new(Code::AppointmentOver, error)
            }
            MintError::NotBooked => Self::new(Code::NotBooked, error),
            MintError::Validity(ValidityError::TooLong(_) | ValidityError::Never)
            | MintError::WildcardTooLong => field("/expires_at", &error),
            MintError::EveryRoom => field("", &error),
            MintError::TooLong => field("/claims", &error),
            MintError::NoSubject | MintError::Settings(_) | MintError::NoKey(_) | MintError::NotJaasKey => {
                Self::new(Code::TokensNotSetUp, error)
            }
            MintError::Unlock(_) | MintError::Sign(_) => Self::internal(error),
            MintError::Contended => Self::new(Code::Unavailable, error),
            MintError::Store(_) => match error {
                MintError::Store(error) => error.into(),
                error => Self::internal(error),
            },
        }
    }
}

fn field(pointer: &str, error: &MintError) -> Problem {
    Problem::fields(vec![FieldError { detail: error.to_string(), ..FieldError::at(pointer) }])
}
