//! What an app may do.

use std::collections::BTreeSet;
use std::str::FromStr;

use strum::IntoEnumIterator as _;

/// One thing that an app may do.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::EnumIter,
    strum::EnumMessage,
    strum::IntoStaticStr,
    strum::VariantNames,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Scope {
    /// Read appointments, without their passwords.
    #[strum(serialize = "appointments:read")]
    AppointmentsRead,
    /// Book, change and cancel appointments.
    #[strum(serialize = "appointments:write")]
    AppointmentsWrite,
    /// Read the passwords of rooms.
    #[strum(serialize = "passwords:read")]
    PasswordsRead,
    /// Make tokens that let people into rooms.
    #[strum(serialize = "tokens:mint")]
    TokensMint,
    /// Make tokens that let people into every room, or into all whose names match. No app has it by default.
    #[strum(serialize = "tokens:wildcard")]
    TokensWildcard,
    /// Read conferences, and why rooms did not open.
    #[strum(serialize = "conferences:read")]
    ConferencesRead,
    /// Close conferences.
    #[strum(serialize = "conferences:write")]
    ConferencesWrite,
    /// Manage tenants, apps and conference servers. Not among what an app gets where no scope is named.
    #[strum(serialize = "admin")]
    Admin,
}

/// There is no such scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no scope `{0}`; there are: {all}", all = <Scope as strum::VariantNames>::VARIANTS.join(", "))]
pub struct ScopeError(String);

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::iter().find(|scope| scope.as_str() == text).ok_or_else(|| ScopeError(text.to_owned()))
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl Scope {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A set of scopes, in the order that [`Scope`] has them in.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Everything but [`Scope::TokensWildcard`] and [`Scope::Admin`]: what an app has that nobody said anything else
    /// about.
    #[must_use]
    pub fn usual() -> Self {
        Scope::iter().filter(|scope| !matches!(scope, Scope::TokensWildcard | Scope::Admin)).collect()
    }

    /// Whether that scope is among them.
    #[must_use]
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, always in the same order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        Self(scopes.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_back_as_it_is_written() {
        for scope in Scope::iter() {
            assert_eq!(scope.to_string().parse(), Ok(scope));
            let json = serde_json::to_string(&scope).unwrap();
            assert_eq!(serde_json::from_str::<Scope>(&json).unwrap(), scope);
        }
        let error = "Admin".parse::<Scope>().unwrap_err().to_string();
        assert!(error.starts_with("there is no scope `Admin`; there are: appointments:read, "), "{error}");
    }

    #[test]
    fn what_opens_everything_is_not_usual_and_the_order_is_stable() {
        let usual = Scopes::usual();
        let unusual = [Scope::TokensWildcard, Scope::Admin];
        assert!(unusual.iter().all(|scope| !usual.contains(*scope)));
        let all: Vec<_> = Scope::iter().filter(|scope| !unusual.contains(scope)).collect();
        assert_eq!(usual.iter().collect::<Vec<_>>(), all);
    }
}
