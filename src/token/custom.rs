//! Claims that an app adds of its own.

use serde_json::{Map, Value};

/// Claims of an app's own: at most 20, of at most 2 KiB as compact JSON, four levels deep, and none of ours.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CustomClaims(Map<String, Value>);

/// They can't be claims.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomClaimsError {
    /// They are no object.
    #[error("write an object: a member for each claim")]
    NotObject,
    /// They would change what the token is good for.
    #[error("the claim `{0}` is ours to write")]
    Reserved(&'static str),
    /// They would make a token that no address can carry.
    #[error(
        "at most {} claims of your own, of {} bytes as compact JSON, {} levels deep",
        CustomClaims::MOST,
        CustomClaims::MAX_BYTES,
        CustomClaims::MAX_DEPTH
    )]
    TooMuch,
}

/// What a token says by itself, and what others take to mean something: RFC 7519, Jitsi, JaaS.
const RESERVED: [&str; 14] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "room",
    "context",
    "frontdesk",
    "user_id",
    "tenant",
    "moderator",
    "app",
];

impl CustomClaims {
    /// How many there may be.
    pub const MOST: usize = 20;
    /// The most bytes as compact JSON.
    pub const MAX_BYTES: usize = 2048;
    /// The most levels.
    pub const MAX_DEPTH: usize = 4;

    pub(super) fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl TryFrom<Value> for CustomClaims {
    type Error = CustomClaimsError;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let bytes = value.to_string().len();
        let Value::Object(claims) = value else { return Err(CustomClaimsError::NotObject) };
        if let Some(reserved) = RESERVED.into_iter().find(|name| claims.contains_key(*name)) {
            return Err(CustomClaimsError::Reserved(reserved));
        }
        let shallow = claims.values().all(|claim| depth(claim) < Self::MAX_DEPTH);
        if claims.len() > Self::MOST || bytes > Self::MAX_BYTES || !shallow {
            return Err(CustomClaimsError::TooMuch);
        }
        Ok(Self(claims))
    }
}

/// How many levels of lists and objects a value has.
pub(crate) fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_of_ones_own_are_bounded_and_change_nothing_of_ours() {
        let read = |value: Value| CustomClaims::try_from(value).map(|_| ());
        assert_eq!(read(json!({ "visit": 7, "clinic": { "ward": ["a", { "b": 1 }] } })), Ok(()));
        for reserved in RESERVED {
            assert_eq!(read(json!({ reserved: "x" })), Err(CustomClaimsError::Reserved(reserved)));
        }
        assert_eq!(read(json!([])), Err(CustomClaimsError::NotObject));
        let long = "x".repeat(CustomClaims::MAX_BYTES);
        assert_eq!(read(json!({ "a": long })), Err(CustomClaimsError::TooMuch));
        assert_eq!(read(json!({ "a": [[[[]]]] })), Err(CustomClaimsError::TooMuch));
        let many: Map<String, Value> = (0..21).map(|n| (format!("c{n}"), Value::Null)).collect();
        assert_eq!(read(Value::Object(many)), Err(CustomClaimsError::TooMuch));
    }
}
