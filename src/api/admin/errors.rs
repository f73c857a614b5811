//! What administration fails with, on the wire.

use crate::actions::add_app::AddAppError;
use crate::actions::add_server::AddServerError;
use crate::actions::add_tenant::AddTenantError;
use crate::actions::app_credentials::AppCredentialError;
use crate::actions::change_app::ChangeAppError;
use crate::actions::change_server::ChangeServerError;
use crate::actions::change_tenant::ChangeTenantError;
use crate::actions::export_tenant::ExportError;
use crate::actions::remove_tenant::RemoveTenantError;
use crate::actions::signing_keys::SigningKeyError;
use crate::api::code::Code;
use crate::api::problem::Problem;
use crate::reservation::TenantName;
use crate::view::time;

/// A tenant that is named in the body.
fn no_such_tenant(name: &TenantName, pointer: &str) -> Problem {
    Problem::new(Code::InvalidFields, format_args!("there is no tenant `{name}`")).at(pointer)
}

impl From<AddTenantError> for Problem {
    fn from(error: AddTenantError) -> Self {
        match error {
            AddTenantError::Exists(_) => Self::new(Code::NameTaken, error).at("/name"),
            AddTenantError::Reserved => Self::new(Code::InvalidFields, error).at("/name"),
            AddTenantError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeTenantError> for Problem {
    fn from(error: ChangeTenantError) -> Self {
        match error {
            ChangeTenantError::Unknown(_) => Self::not_found("tenant"),
            ChangeTenantError::Store(error) => error.into(),
        }
    }
}

impl From<RemoveTenantError> for Problem {
    fn from(error: RemoveTenantError) -> Self {
        match error {
            RemoveTenantError::Unknown(_) => Self::not_found("tenant"),
            RemoveTenantError::Live { .. } | RemoveTenantError::SharedServer { .. } => {
                Self::new(Code::InUse, error)
            }
            RemoveTenantError::Store(error) => error.into(),
        }
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Unknown(_) => Self::not_found("tenant"),
            ExportError::Password(_) => Self::internal(error),
            ExportError::Store(error) => error.into(),
        }
    }
}

impl From<AddServerError> for Problem {
    fn from(error: AddServerError) -> Self {
        match error {
            AddServerError::UnknownTenant(name) => no_such_tenant(&name, "/default_tenant"),
            AddServerError::Exists(name) => {
                Self::new(Code::NameTaken, format_args!("there is a conference server `{name}` already"))
                    .at("/name")
            }
            AddServerError::Unknown(_) => Self::not_found("conference server"),
            AddServerError::Revoked(_) => Self::new(Code::Revoked, error),
            AddServerError::TooManyCredentials(name) => {
                let detail =
                    format_args!("the conference server `{name}` has two live credentials; revoke one first");
                Self::new(Code::TooManyCredentials, detail)
            }
            AddServerError::Randomness(_) => Self::internal(error),
            AddServerError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeServerError> for Problem {
    fn from(error: ChangeServerError) -> Self {
        match error {
            ChangeServerError::UnknownTenant(name) => no_such_tenant(&name, ""),
            ChangeServerError::Unknown(_) => Self::not_found("conference server"),
            ChangeServerError::Exists(_) => Self::new(Code::NameTaken, error).at("/name"),
            ChangeServerError::Revoked(_) => Self::new(Code::Revoked, error),
            ChangeServerError::UnknownCredential(_) => Self::not_found("live credential"),
            ChangeServerError::Store(error) => error.into(),
        }
    }
}

impl From<AddAppError> for Problem {
    fn from(error: AddAppError) -> Self {
        match error {
            AddAppError::UnknownTenant(name) => no_such_tenant(&name, "/tenant"),
            AddAppError::Exists(_) => Self::new(Code::NameTaken, error).at("/name"),
            AddAppError::Randomness(_) => Self::internal(error),
            AddAppError::SigningKey(error) => error.into(),
            AddAppError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeAppError> for Problem {
    fn from(error: ChangeAppError) -> Self {
        match error {
            ChangeAppError::UnknownTenant(_) | ChangeAppError::Unknown(_) => Self::not_found("app"),
            ChangeAppError::Revoked(_) => Self::new(Code::Revoked, error),
            ChangeAppError::Exists(_) => Self::new(Code::NameTaken, error).at("/name"),
            ChangeAppError::Store(error) => error.into(),
        }
    }
}

impl From<AppCredentialError> for Problem {
    fn from(error: AppCredentialError) -> Self {
        match error {
            AppCredentialError::UnknownTenant(_) | AppCredentialError::Unknown(_) => Self::not_found("app"),
            AppCredentialError::Revoked(_) => Self::new(Code::Revoked, error),
            AppCredentialError::TooManyCredentials(_) | AppCredentialError::TooManySigningKeys(_) => {
                Self::new(Code::TooManyCredentials, error)
            }
            AppCredentialError::UnknownCredential(_) => Self::not_found("live credential"),
            AppCredentialError::UnknownSigningKey(_) => Self::not_found("live signing key"),
            AppCredentialError::Keys(error) => error.into(),
            AppCredentialError::Randomness(_) => Self::internal(error),
            AppCredentialError::Store(error) => error.into(),
        }
    }
}

impl From<SigningKeyError> for Problem {
    fn from(error: SigningKeyError) -> Self {
        match error {
            SigningKeyError::UnknownTenant(name) => no_such_tenant(&name, "/tenant"),
            SigningKeyError::Unknown(_) => Self::not_found("signing key"),
            SigningKeyError::KidUsed(_) => Self::new(Code::KidUsed, error).at("/kid"),
            SigningKeyError::NotNext { .. } => Self::new(Code::KeyNotNext, error),
            SigningKeyError::NoNext(_) => Self::new(Code::NoNextKey, error),
            SigningKeyError::TooYoung { known_at, .. } => {
                Self::new(Code::KeyTooYoung, error).with("known_at", time(known_at))
            }
            SigningKeyError::Key(_) | SigningKeyError::Unlock(_) => Self::internal(error),
            SigningKeyError::MasterKeys(error) => error.into(),
            SigningKeyError::Store(error) => error.into(),
        }
    }
}
