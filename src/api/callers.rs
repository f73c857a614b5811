//! What somebody who is not known is told.

use super::code::Code;
use super::problem::Problem;
use crate::actions::authenticate::AuthenticateError;

impl From<AuthenticateError> for Problem {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::UnknownCredential
            | AuthenticateError::UnknownApp
            | AuthenticateError::Token(_) => Self::new(Code::Unauthorized, error),
            AuthenticateError::TenantDisabled(_) => Self::new(Code::TenantDisabled, error),
            AuthenticateError::Secret(_) => Self::internal(error),
            AuthenticateError::Store(error) => error.into(),
        }
    }
}
