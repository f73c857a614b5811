//! What a conference is called towards a conference server.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::reservation::{ConferenceId, TenantId};

/// The id of a conference on the wire: base64url of the tenant and the conference.
///
/// Source: GET and DELETE bring nothing else, and put it into the path as it is, so it has to say
/// whose conference it is, in characters that a URL takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handle {
    /// The tenant.
    pub tenant: TenantId,
    /// The conference.
    pub id: ConferenceId,
}

impl std::fmt::Display for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = [Uuid::from(self.tenant).into_bytes(), Uuid::from(self.id).into_bytes()].concat();
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// It is not one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the id of a conference")]
pub struct HandleError;

impl FromStr for Handle {
    type Err = HandleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| HandleError)?;
        let (tenant, id) = bytes.split_at_checked(16).ok_or(HandleError)?;
        let uuid = |bytes| Uuid::from_slice(bytes).map_err(|_| HandleError);
        Ok(Self { tenant: uuid(tenant)?.into(), id: uuid(id)?.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_read_back_and_needs_no_escaping() {
        let handle = Handle { tenant: TenantId::new(), id: ConferenceId::new() };
        let text = handle.to_string();
        assert_eq!(text.parse(), Ok(handle));
        assert!(text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c)), "{text}");
    }

    #[test]
    fn what_is_not_a_handle_is_refused() {
        for text in ["", "1", "null", "%00", &"A".repeat(42), &"A".repeat(44), "../../etc/passwd"] {
            assert_eq!(text.parse::<Handle>(), Err(HandleError), "{text}");
        }
    }
}
