//! Whether a room token, whose signature is good, is good here and now. Not in here: whether it was revoked.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Flaw, Reference, Subject, TokenSettings};
use crate::reservation::{RoomKey, TenantId, TokenId};
use crate::signing::Claims;

/// The audience of ProCONF's tokens. To Jitsi it is a text as any other, but in the list of those that it accepts, where it
/// stands for all.
pub(super) const ANY_AUDIENCE: &str = "*";

/// What a token should say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Whose it should be.
    pub tenant: TenantId,
    /// What that tenant's tokens are like.
    pub settings: &'a TokenSettings,
    /// Whose rooms they are, if that is known.
    pub subject: Option<&'a Subject>,
    /// Whether it may also be for `*`, as those are that the tenant's apps ask for in ProCONF's language.
    pub any_audience: bool,
    /// The room that it is to open; `None` for whatever room it is for.
    pub room: Option<&'a RoomKey>,
}

impl Reference {
    /// What a token refers to of ours. `None` where it says of no tenant that it is theirs.
    #[must_use]
    pub fn read(claims: &Claims) -> Option<Self> {
        let ours = claims.get("frontdesk")?;
        let start = ours.get("original_start").and_then(Value::as_i64);
        Some(Self {
            tenant: id(ours, "tenant")?,
            appointment: id(ours, "appointment"),
            original_start: start.and_then(|start| DateTime::from_timestamp(start, 0)),
            participant: id(ours, "participant"),
        })
    }
}

fn id<T: FromStr>(object: &Value, name: &str) -> Option<T> {
    object.get(name)?.as_str()?.parse().ok()
}

/// What it is called, if that could be one of our names.
#[must_use]
pub fn token_id(claims: &Claims) -> Option<TokenId> {
    claims.get("jti")?.as_str()?.parse().ok()
}

/// When it was made, as its name tells to the millisecond, and `iat` to the second: the sooner, for anybody may have named
/// a token that was signed with an imported key. `None` where either tells nothing.
#[must_use]
pub fn made_at(claims: &Claims) -> Option<DateTime<Utc>> {
    let issued = moment(claims.get("iat")?)?;
    let named = token_id(claims)?.made_at()?;
    Some(if named.timestamp() > issued.timestamp() { issued } else { named })
}

/// Until when it says that it is good.
#[must_use]
pub fn expiry(claims: &Claims) -> Option<DateTime<Utc>> {
    moment(claims.get("exp")?)
}

/// Source: RFC 7519, section 2, `NumericDate`: seconds since 1970. It would allow a fraction; whole numbers leave nothing
/// to be understood in two ways.
fn moment(seconds: &Value) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds.as_i64()?, 0)
}

/// Whether its `room` is a pattern. Source: `token/util.lib.lua` takes the boolean and the string.
#[must_use]
pub fn is_pattern(claims: &Claims) -> bool {
    let regex = claims.get("context").and_then(|context| context.get("room")?.get("regex"));
    regex.is_some_and(|regex| *regex == true || *regex == "true")
}

/// Everything that is wrong with what a token says. As at Jitsi, there is no leeway.
#[must_use]
pub fn check(claims: &Claims, expected: &Expected<'_>, now: DateTime<Utc>) -> Vec<Flaw> {
    let is_theirs = Reference::read(claims).is_some_and(|reference| reference.tenant == expected.tenant);
    if !is_theirs {
        // Whatever else it says is nobody's business here.
        return vec![Flaw::NotOurs];
    }
    let (issuer, audience) = expected.settings.parties();
    let says = |name: &str, wanted: &str| claims.get(name).is_some_and(|said| said == wanted);
    let is_for_us = says("aud", audience) || expected.any_audience && says("aud", ANY_AUDIENCE);
    let found = [
        expires(claims, now),
        begins(claims, now),
        (!says("iss", issuer)).then(|| Flaw::WrongIssuer(issuer.to_owned())),
        (!is_for_us).then(|| Flaw::WrongAudience(audience.to_owned())),
        expected
            .subject
            .filter(|subject| !says("sub", subject.as_str()))
            .map(|subject| Flaw::WrongSubject(subject.as_str().to_owned())),
        room(claims, expected.room),
    ];
    found.into_iter().flatten().collect()
}

fn expires(claims: &Claims, now: DateTime<Utc>) -> Option<Flaw> {
    match expiry(claims) {
        None => Some(Flaw::BadClaim("exp")),
        Some(at) => (at <= now).then_some(Flaw::Expired(at)),
    }
}

fn begins(claims: &Claims, now: DateTime<Utc>) -> Option<Flaw> {
    match claims.get("nbf").map(moment) {
        None => None,
        Some(None) => Some(Flaw::BadClaim("nbf")),
        Some(Some(at)) => (now < at).then_some(Flaw::NotYetValid(at)),
    }
}

/// Which rooms match a pattern is known to Prosody only.
fn room(claims: &Claims, wanted: Option<&RoomKey>) -> Option<Flaw> {
    let Some(said) = claims.get("room").and_then(Value::as_str).filter(|room| !room.is_empty()) else {
        return Some(Flaw::BadClaim("room"));
    };
    if said == "*" || is_pattern(claims) {
        let may = claims.get("frontdesk").and_then(|ours| ours.get("wildcard"));
        return (may != Some(&Value::Bool(true))).then_some(Flaw::Wildcard);
    }
    let is_it = |room: &RoomKey| said.eq_ignore_ascii_case(&room.web_form());
    (!wanted.is_none_or(is_it)).then_some(Flaw::WrongRoom)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::token::{FlawCode, VerifierKind};

    const TENANT: &str = "01900000-0000-7000-8000-000000000000";

    fn now() -> DateTime<Utc> {
        "2026-12-01T09:00:00.5Z".parse().unwrap()
    }

    /// What is wrong with a good token that has these claims instead; null takes one away.
    fn flaws(changes: &Value) -> Vec<FlawCode> {
        flaws_of(changes, &TokenSettings::default(), Some("grüße"))
    }

    fn flaws_of(changes: &Value, settings: &TokenSettings, room: Option<&str>) -> Vec<FlawCode> {
        found(changes, settings, false, room)
    }

    fn found(
        changes: &Value,
        settings: &TokenSettings,
        any_audience: bool,
        room: Option<&str>,
    ) -> Vec<FlawCode> {
        let mut claims = json!({
            "iss": "frontdesk", "aud": "jitsi", "sub": "meet.test", "room": "gr%c3%bc%c3%9fe",
            "exp": now().timestamp() + 1, "nbf": now().timestamp(),
            "frontdesk": { "tenant": TENANT },
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let mut claims = claims.as_object().unwrap().clone();
        claims.retain(|_, value| !value.is_null());
        let room: Option<RoomKey> = room.map(|room| room.parse().unwrap());
        let expected = Expected {
            tenant: TENANT.parse().unwrap(),
            settings,
            subject: Some(&"meet.test".parse().unwrap()),
            any_audience,
            room: room.as_ref(),
        };
        check(&claims, &expected, now()).iter().map(Flaw::code).collect()
    }

    #[test]
    fn times_are_whole_numbers_without_a_leeway() {
        let at = now().timestamp();
        assert_eq!(flaws(&json!({})), []);
        assert_eq!(flaws(&json!({ "nbf": null })), []);
        for exp in [at, at - 1, 0, -1] {
            assert_eq!(flaws(&json!({ "exp": exp })), [FlawCode::Expired], "{exp}");
        }
        assert_eq!(flaws(&json!({ "nbf": at + 1 })), [FlawCode::NotYetValid]);
        let unreadable = [
            json!("1"),
            json!(1e12),
            json!(-0.0),
            json!(true),
            json!([at]),
            json!(i64::MAX),
            json!(u64::MAX),
        ];
        for value in unreadable {
            assert_eq!(flaws(&json!({ "exp": value })), [FlawCode::BadClaim], "{value}");
            assert_eq!(flaws(&json!({ "nbf": value })), [FlawCode::BadClaim], "{value}");
        }
        assert_eq!(flaws(&json!({ "exp": null })), [FlawCode::BadClaim]);
    }

    #[test]
    fn it_says_what_the_tenant_s_tokens_say() {
        for (claim, code) in [
            ("iss", FlawCode::WrongIssuer),
            ("aud", FlawCode::WrongAudience),
            ("sub", FlawCode::WrongSubject),
        ] {
            for value in [json!("other"), json!("*"), json!(["jitsi"]), json!(7), Value::Null] {
                assert_eq!(flaws(&json!({ claim: value })), [code], "{claim} {value}");
            }
        }
        let jaas = TokenSettings { verifier: VerifierKind::Jaas, ..TokenSettings::default() };
        assert_eq!(flaws_of(&json!({ "iss": "chat" }), &jaas, None), []);
        assert_eq!(flaws_of(&json!({}), &jaas, None), [FlawCode::WrongIssuer]);
    }

    #[test]
    fn an_audience_that_means_any_is_one_only_where_it_is_expected() {
        let flaws = |audience: Value, any| {
            found(&json!({ "aud": audience }), &TokenSettings::default(), any, Some("grüße"))
        };
        assert_eq!(flaws(json!("*"), false), [FlawCode::WrongAudience]);
        assert_eq!(flaws(json!("*"), true), []);
        assert_eq!(flaws(json!("jitsi"), true), []);
        for other in [json!("other"), json!(""), json!(["*"]), json!("**"), json!(true), Value::Null] {
            assert_eq!(flaws(other.clone(), true), [FlawCode::WrongAudience], "{other}");
        }
        for claim in ["iss", "sub"] {
            let said = found(&json!({ claim: "*" }), &TokenSettings::default(), true, Some("grüße"));
            assert_eq!(said.len(), 1, "{claim} is no audience");
        }
    }

    #[test]
    fn it_is_for_its_room_in_the_form_in_which_jitsi_compares() {
        assert_eq!(flaws(&json!({ "room": "GR%C3%BC%c3%9FE" })), []);
        for other in ["grüße", "gruesse", "gr%c3%bc", "[acme]gr%c3%bc%c3%9fe"] {
            assert_eq!(flaws(&json!({ "room": other })), [FlawCode::WrongRoom], "{other}");
        }
        let any = TokenSettings::default();
        assert_eq!(flaws_of(&json!({ "room": "any" }), &any, None), []);
        for none in [json!(null), json!(""), json!(7), json!(["gr%c3%bc%c3%9fe"])] {
            assert_eq!(flaws(&json!({ "room": none })), [FlawCode::BadClaim], "{none}");
        }
    }

    #[test]
    fn only_what_was_made_for_many_rooms_opens_them() {
        let made = |wildcard: Value| json!({ "tenant": TENANT, "wildcard": wildcard });
        for (room, regex) in [("*", Value::Null), (".*", json!(true)), (".*", json!("true"))] {
            let claims = |wildcard| {
                json!({
                    "room": room, "context": { "room": { "regex": regex } }, "frontdesk": made(wildcard),
                })
            };
            assert_eq!(flaws(&claims(json!(true))), []);
            for not in [json!(null), json!(false), json!("true"), json!(1)] {
                assert_eq!(flaws(&claims(not)), [FlawCode::Wildcard], "{room}");
            }
        }
    }

    #[test]
    fn nothing_is_said_of_a_token_of_others() {
        for theirs in [
            json!(null),
            json!({}),
            json!(TENANT),
            json!({ "tenant": "01900000-0000-7000-8000-000000000001" }),
            json!({ "tenant": [TENANT] }),
        ] {
            assert_eq!(flaws(&json!({ "frontdesk": theirs, "exp": 1 })), [FlawCode::NotOurs], "{theirs}");
        }
    }
}
