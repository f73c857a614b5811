use serde_json::json;

use super::*;
use crate::signing::Algorithm;

fn now() -> DateTime<Utc> {
    "2026-12-01T09:00:00Z".parse().unwrap()
}

fn settings() -> TokenSettings {
    TokenSettings::default()
}

/// An object with other members; those that are null as [`GONE`] are taken away.
fn with(mut object: Value, changes: &Value) -> Claims {
    for (name, value) in changes.as_object().unwrap() {
        object[name] = value.clone();
    }
    let mut object = object.as_object().unwrap().clone();
    object.retain(|_, value| *value != GONE);
    object
}

/// In place of a member that is not to be there.
const GONE: &str = "-";

fn jitsi_of(header: &Value, claims: &Value, settings: &TokenSettings, room: Option<&str>) -> Verdict {
    jitsi_for(false, header, claims, settings, room)
}

fn jitsi_for(
    any_audience: bool,
    header: &Value,
    claims: &Value,
    settings: &TokenSettings,
    room: Option<&str>,
) -> Verdict {
    let header = with(json!({ "typ": "JWT", "alg": "RS256", "kid": "k" }), header);
    let good = json!({
        "iss": "frontdesk", "aud": "jitsi", "sub": "meet.test", "room": "gr%c3%bc%c3%9fe",
        "exp": now().timestamp() + 1, "nbf": now().timestamp(),
    });
    let room: Option<RoomKey> = room.map(|room| room.parse().unwrap());
    let seen = Seen {
        header: &header,
        claims: &with(good, claims),
        signature: Signature::Good,
        settings,
        subject: Some(&"meet.test".parse().unwrap()),
        any_audience,
        room: room.as_ref(),
    };
    let [jitsi, jaas]: [Verdict; 2] = verdicts(&seen, now()).try_into().unwrap();
    assert_eq!((jitsi.verifier, jaas.verifier), (VerifierKind::Jitsi, VerifierKind::Jaas));
    jitsi
}

fn jitsi(claims: &Value) -> Verdict {
    jitsi_of(&json!({}), claims, &settings(), Some("grüße"))
}

/// It is refused, once, for something that is said with `word`.
fn refused(verdict: &Verdict, word: &str) {
    let [why] = &verdict.objections[..] else { panic!("not one objection: {verdict:?}") };
    assert!(why.contains(word), "{word}: {why}");
}

/// It is taken, and something is said with `word`.
fn remarked(verdict: &Verdict, word: &str) {
    assert_eq!(verdict.objections, Vec::<String>::new());
    assert!(verdict.remarks.iter().any(|remark| remark.contains(word)), "{word}: {verdict:?}");
}

fn taken(verdict: &Verdict) {
    assert_eq!((&verdict.objections, &verdict.remarks), (&Vec::new(), &Vec::new()));
}

#[test]
fn jitsi_takes_what_frontdesk_makes() {
    taken(&jitsi(&json!({})));
    taken(&jitsi(&json!({ "nbf": GONE, "room": "GR%C3%BC%C3%9FE", "sub": "Meet.TEST" })));
    taken(&jitsi(&json!({ "context": { "user": { "id": "7", "name": "Ada" }, "group": "ward" } })));
    // What is `false` is nothing to Lua.
    taken(&jitsi(&json!({ "nbf": false, "context": { "user": false, "group": false } })));
}

#[test]
fn jitsi_compares_header_and_strings_exactly() {
    let header = |header: Value| jitsi_of(&header, &json!({}), &settings(), None);
    for typ in [json!("jwt"), json!("at+jwt"), json!(GONE), Value::Null] {
        refused(&header(json!({ "typ": typ })), "`typ`");
    }
    refused(&header(json!({ "kid": GONE })), "`kid`");
    refused(&header(json!({ "alg": "RS384" })), "`signature_algorithm`");
    for alg in ["ES256", "EdDSA", "none", "rs256"] {
        let other = TokenSettings { verifier: VerifierKind::Other, ..settings() };
        refused(&jitsi_of(&json!({ "alg": alg }), &json!({}), &other, None), "no other `alg`");
    }
    let shared = TokenSettings { algorithm: Algorithm::Hs256, ..settings() };
    taken(&jitsi_of(&json!({ "alg": "HS256", "kid": GONE }), &json!({}), &shared, None));
    for claim in ["iss", "aud", "sub", "room"] {
        refused(&jitsi(&json!({ claim: GONE })), claim);
        refused(&jitsi(&json!({ claim: Value::Null })), claim);
        refused(&jitsi(&json!({ claim: 7 })), claim);
        refused(&jitsi(&json!({ claim: "other" })), claim);
    }
    refused(&jitsi(&json!({ "aud": ["jitsi"] })), "array, and it compares strings");
    refused(&jitsi(&json!({ "aud": "*" })), "`aud`");
}

#[test]
fn jitsi_takes_what_is_for_any_audience_where_it_is_told_to() {
    let jitsi = |any, claims: Value| jitsi_for(any, &json!({}), &claims, &settings(), Some("grüße"));
    refused(&jitsi(false, json!({ "aud": "*" })), "`aud` is not \"jitsi\"");
    taken(&jitsi(true, json!({ "aud": "*" })));
    taken(&jitsi(true, json!({ "aud": "jitsi" })));
    refused(&jitsi(true, json!({ "aud": "other" })), "`aud` is not");
    refused(&jitsi(true, json!({ "aud": ["*"] })), "`aud` is an array");
    refused(&jitsi(true, json!({ "aud": GONE })), "`aud` is missing");
    refused(&jitsi(true, json!({ "iss": "*" })), "`iss` is not");
}

#[test]
fn jitsi_has_no_leeway_and_takes_any_number() {
    let at = now().timestamp();
    for exp in [json!(at), json!(at - 1), json!(-1), json!(1.5)] {
        refused(&jitsi(&json!({ "exp": exp })), "expired");
    }
    taken(&jitsi(&json!({ "exp": 1e12 })));
    refused(&jitsi(&json!({ "nbf": at + 1 })), "no leeway");
    for wrong in [json!("1796115600"), Value::Null, json!([]), json!(true)] {
        refused(&jitsi(&json!({ "exp": wrong })), "`exp` has to be a number");
        refused(&jitsi(&json!({ "nbf": wrong })), "`nbf` has to be a number");
    }
    for endless in [json!(GONE), json!(false)] {
        remarked(&jitsi(&json!({ "exp": endless })), "for ever");
    }
}

#[test]
fn jitsi_compares_rooms_as_browsers_write_them() {
    let room = |room: &str, wanted: Option<&str>| {
        jitsi_of(&json!({}), &json!({ "room": room }), &settings(), wanted)
    };
    taken(&room("Stand-Up", None));
    refused(&room("grüße", None), "write \"gr%c3%bc%c3%9fe\"");
    refused(&room("a b", Some("a b")), "a%20b");
    refused(&room("standup", Some("other")), "\"other\"");
    refused(&room("", None), "`room`");
    refused(&room("a\u{7}", None), "name of a room");
    remarked(&room("*", Some("any")), "every room");
    remarked(&jitsi(&json!({ "sub": "*" })), "every tenant");
    let pattern = |pattern: &str| {
        let claims = json!({ "room": pattern, "context": { "room": { "regex": true } } });
        jitsi_of(&json!({}), &claims, &settings(), Some("ward-1"))
    };
    assert_eq!(pattern("ward%-%d+").remarks.len(), 1);
    remarked(&pattern("ward%-%D+"), "lower-cased");
    remarked(&pattern("ward-%d+"), "hyphen");
}

#[test]
fn jitsi_stumbles_over_members_of_other_types() {
    for context in [Value::Null, json!(7), json!(false)] {
        refused(&jitsi(&json!({ "context": context })), "`context` has");
    }
    for user in [Value::Null, json!("ada"), json!(7), json!(true)] {
        refused(&jitsi(&json!({ "context": { "user": user } })), "`context.user`");
    }
    refused(&jitsi(&json!({ "context": { "user": {}, "group": null } })), "`context.group`");
    taken(&jitsi(&json!({ "context": { "group": null } })));
    refused(&jitsi(&json!({ "context": { "room": null } })), "`context.room`");
    remarked(&jitsi(&json!({ "room": "*", "context": { "room": null } })), "every room");
    let user = |user: Value| jitsi(&json!({ "context": { "user": user } }));
    remarked(&user(json!({ "name": null })), "`context.user.name` is null");
    remarked(&user(json!({ "id": 42 })), "`context.user.id` is not a string");
    remarked(&user(json!({ "moderator": true })), "token_affiliation");
    remarked(&user(json!({ "moderator": "yes" })), "makes no moderator");
    remarked(&user(json!({ "affiliation": "admin" })), "makes no moderator");
    remarked(&user(json!({ "lobby_bypass": "true" })), "waits in the lobby");
    let features = |features: Value| jitsi(&json!({ "context": { "features": features } }));
    remarked(&features(json!({ "recording": true })), "the whole list");
    assert_eq!(features(json!({ "recording": "true" })).remarks.len(), 1);
    remarked(&features(json!({ "recording": 1 })), "`context.features.recording`");
    remarked(&features(Value::Null), "no feature works");
}

#[test]
fn what_is_known_of_a_signature_is_said() {
    let header = with(json!({ "typ": "JWT", "alg": "RS256", "kid": "k" }), &json!({}));
    let claims = with(
        json!({ "iss": "frontdesk", "aud": "jitsi", "sub": "x", "room": "a", "exp": now().timestamp() + 1 }),
        &json!({}),
    );
    let jitsi = |signature| {
        let settings = settings();
        let (header, claims) = (&header, &claims);
        let seen = Seen {
            header,
            claims,
            signature,
            settings: &settings,
            subject: None,
            any_audience: false,
            room: None,
        };
        verdicts(&seen, now()).remove(0)
    };
    taken(&jitsi(Signature::Good));
    refused(&jitsi(Signature::Bad), "signature");
    remarked(&jitsi(Signature::Unknown), "not known here");
    remarked(&jitsi(Signature::Withdrawn), "for as long as it runs");
}

#[test]
fn jaas_wants_constants_and_its_app_id() {
    const APP: &str = "vpaas-magic-cookie-1fc542";
    let own =
        TokenSettings { verifier: VerifierKind::Jaas, subject: Some(APP.parse().unwrap()), ..settings() };
    let jaas = |header: Value, claims: Value| {
        let header = with(json!({ "typ": "JWT", "alg": "RS256", "kid": format!("{APP}/4f4910") }), &header);
        let good = json!({
            "iss": "chat", "aud": "jitsi", "sub": APP, "room": "*", "exp": now().timestamp() + 1,
            "context": { "user": { "moderator": "true" }, "features": { "recording": "false" } },
        });
        let seen = Seen {
            header: &header,
            claims: &with(good, &claims),
            signature: Signature::Good,
            settings: &own,
            subject: own.subject.as_ref(),
            any_audience: true,
            room: Some(&"standup".parse().unwrap()),
        };
        verdicts(&seen, now()).remove(1)
    };
    let none = || json!({});
    assert_eq!(jaas(none(), none()).remarks.len(), 1, "every room of the AppID");
    taken(&jaas(none(), json!({ "room": "standup" })));
    refused(&jaas(none(), json!({ "room": "other" })), "another room");
    refused(&jaas(json!({ "alg": "RS512" }), none()), "`RS256`");
    refused(&jaas(none(), json!({ "aud": "*" })), "`aud`");
    for kid in ["4f4910", APP, "vpaas-magic-cookie-1fc5421/4f4910", GONE] {
        refused(&jaas(json!({ "kid": kid }), none()), "`kid`");
    }
    for (claim, value) in [
        ("iss", json!("frontdesk")),
        ("aud", json!(["jitsi"])),
        ("exp", json!(GONE)),
        ("room", json!(GONE)),
        ("context", json!(GONE)),
    ] {
        refused(&jaas(none(), json!({ claim: value })), &format!("`{claim}`"));
    }
    let foreign = "vpaas-magic-cookie-other";
    let verdict = jaas(json!({ "kid": format!("{foreign}/1") }), json!({ "sub": foreign }));
    refused(&verdict, "this tenant's AppID");
    remarked(&jaas(none(), json!({ "context": { "user": { "moderator": true } } })), "moderator");
    remarked(&jaas(none(), json!({ "context": { "features": { "recording": true } } })), "features");
}
