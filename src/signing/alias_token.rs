//! Tokens by which people ask for an alias of Datagram's: signed with the alias's own secret, for HS256.

use chrono::{DateTime, Utc};
use jsonwebtoken::DecodingKey;

use super::app_token::LEEWAY;
use super::{Algorithm, Claims, Jws, TokenError};
use crate::reservation::AliasId;

/// Who asks for an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasUser {
    /// What the app calls them.
    pub id: Option<String>,
    /// Whether they lead.
    pub host: bool,
}

/// Verifies a token for that alias: the signature, then whom it is for, then the times.
///
/// Source: Datagram's page on JWTs, where `expires_in` counts from when the token was issued. One that would be good for
/// ever is not good.
///
/// # Errors
/// Where any of that does not hold.
pub fn verify_alias_token(
    token: &str,
    alias: &AliasId,
    secret: &[u8],
    now: DateTime<Utc>,
) -> Result<AliasUser, TokenError> {
    let jws = Jws::read(token)?;
    jws.verify(Algorithm::Hs256, &DecodingKey::from_secret(secret))?;
    let claims = jws.claims();
    if claims.get("alias").ok_or(TokenError::MissingClaim("alias"))? != alias.as_str() {
        return Err(TokenError::BadClaim("alias"));
    }
    check_times(claims, now.timestamp())?;
    let id = match claims.get("user_id") {
        None => None,
        Some(id) => Some(id.as_str().ok_or(TokenError::BadClaim("user_id"))?.to_owned()),
    };
    let host = match claims.get("host") {
        None => false,
        Some(host) => host.as_bool().ok_or(TokenError::BadClaim("host"))?,
    };
    Ok(AliasUser { id, host })
}

fn check_times(claims: &Claims, now: i64) -> Result<(), TokenError> {
    let leeway = LEEWAY.num_seconds();
    let at = |name| match claims.get(name) {
        None => Ok(None),
        Some(seconds) => seconds.as_i64().map(Some).ok_or(TokenError::BadClaim(name)),
    };
    let (issued, lasts, expires) = (at("iat")?, at("expires_in")?, at("exp")?);
    let counted = match (issued, lasts) {
        (Some(issued), Some(lasts)) => Some(issued.saturating_add(lasts)),
        (None, Some(_)) if expires.is_none() => return Err(TokenError::MissingClaim("iat")),
        _ => None,
    };
    if counted.is_none() && expires.is_none() {
        return Err(TokenError::MissingClaim("expires_in"));
    }
    if [counted, expires].into_iter().flatten().any(|end| end.saturating_add(leeway) <= now) {
        return Err(TokenError::Expired);
    }
    if [issued, at("nbf")?].into_iter().flatten().any(|begin| begin.saturating_sub(leeway) > now) {
        return Err(TokenError::NotYetValid);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &[u8] = b"s";

    fn now() -> DateTime<Utc> {
        "2026-12-01T09:00:00Z".parse().unwrap()
    }

    fn alias() -> AliasId {
        "alias_2xh5gt8vkp".parse().unwrap()
    }

    fn asked_with(changes: &Value) -> Result<AliasUser, TokenError> {
        let iat = now().timestamp();
        let mut claims = json!({
            "alias": "alias_2xh5gt8vkp", "user_id": "user789xyz", "host": true, "iat": iat, "expires_in": 3600,
        });
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => _ = claims.as_object_mut().unwrap().remove(name),
                value => claims[name] = value.clone(),
            }
        }
        let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET)).unwrap();
        verify_alias_token(&token, &alias(), SECRET, now())
    }

    #[test]
    fn a_token_says_who_asks_and_whether_they_lead() {
        let user = |id: &str, host| Ok(AliasUser { id: Some(id.to_owned()), host });
        assert_eq!(asked_with(&json!({})), user("user789xyz", true));
        assert_eq!(asked_with(&json!({ "host": null })), user("user789xyz", false));
        assert_eq!(asked_with(&json!({ "user_id": null })), Ok(AliasUser { id: None, host: true }));
        assert_eq!(asked_with(&json!({ "user_id": 7 })), Err(TokenError::BadClaim("user_id")));
        assert_eq!(asked_with(&json!({ "host": "true" })), Err(TokenError::BadClaim("host")));
    }

    #[test]
    fn a_token_is_for_one_alias_and_by_one_secret() {
        assert_eq!(asked_with(&json!({ "alias": null })), Err(TokenError::MissingClaim("alias")));
        assert_eq!(asked_with(&json!({ "alias": "alias_0000000000" })), Err(TokenError::BadClaim("alias")));
        let claims = json!({ "alias": "alias_2xh5gt8vkp", "exp": now().timestamp() + 60 });
        let signed = |header: &Header, secret: &[u8]| {
            encode(header, &claims, &EncodingKey::from_secret(secret)).unwrap()
        };
        let asked = |token: &str| verify_alias_token(token, &alias(), SECRET, now());
        assert!(asked(&signed(&Header::default(), SECRET)).is_ok());
        assert_eq!(asked(&signed(&Header::default(), b"t")), Err(TokenError::BadSignature));
        let other = Header::new(jsonwebtoken::Algorithm::HS384);
        assert_eq!(asked(&signed(&other, SECRET)), Err(TokenError::WrongAlgorithm));
    }

    #[test]
    fn a_token_ends_and_one_that_would_not_is_none() {
        let iat = now().timestamp();
        for (changes, verdict) in [
            (json!({ "iat": null, "expires_in": null }), Some(TokenError::MissingClaim("expires_in"))),
            (json!({ "iat": null }), Some(TokenError::MissingClaim("iat"))),
            (json!({ "expires_in": null }), Some(TokenError::MissingClaim("expires_in"))),
            (json!({ "expires_in": null, "exp": iat + 1 }), None),
            (json!({ "iat": null, "exp": iat + 1 }), None),
            (json!({ "iat": iat - 3600 - 29 }), None),
            (json!({ "iat": iat - 3600 - 30 }), Some(TokenError::Expired)),
            (json!({ "exp": iat - 30 }), Some(TokenError::Expired)),
            (json!({ "iat": iat + 31 }), Some(TokenError::NotYetValid)),
            (json!({ "nbf": iat + 31 }), Some(TokenError::NotYetValid)),
            (json!({ "expires_in": "3600" }), Some(TokenError::BadClaim("expires_in"))),
            (json!({ "expires_in": i64::MAX }), None),
        ] {
            assert_eq!(asked_with(&changes).err(), verdict, "{changes}");
        }
    }
}
