//! What Frontdesk says that Jitsi would say to a token is what Jitsi's own code says.

use std::io::Write as _;
use std::process::{Command, Stdio};

use frontdesk::clock::Clock;
use frontdesk::signing::{Algorithm, Jws};
use frontdesk::token::{Seen, Signature, TokenSettings, verdicts};
use serde_json::{Value, json};

use crate::api::forge::Signer;

/// In place of a member that is not to be there.
const GONE: &str = "-";

/// Claims, each of which some code may stumble over.
fn changes() -> Vec<Value> {
    let odd = || {
        [
            json!(GONE),
            json!(null),
            json!(7),
            json!(1.5),
            json!(1e12),
            json!(true),
            json!(false),
            json!(["jitsi"]),
            json!({}),
            json!("other"),
            json!("*"),
            json!(""),
        ]
    };
    let mut all = vec![
        json!({}),
        json!({ "sub": "Meet.TEST" }),
        json!({ "room": "GR%C3%BC" }),
        json!({ "room": "grü" }),
        json!({ "context": { "user": { "id": 42, "name": null, "moderator": true, "x": {} } } }),
        json!({ "context": { "user": ["x"] } }),
        json!({ "room": "*", "context": { "room": null } }),
    ];
    for name in ["exp", "nbf", "iss", "aud", "sub", "room", "context"] {
        all.extend(odd().map(|value| json!({ name: value })));
    }
    for name in ["user", "group", "room", "features"] {
        all.extend(odd().map(|value| json!({ "context": { name: value } })));
    }
    all.extend(odd().map(|value| json!({ "context": { "user": { "id": "7" }, "group": value } })));
    all
}

/// What is told to who asks Frontdesk.
fn told(token: &str, any_audience: bool) -> bool {
    let settings = TokenSettings { algorithm: Algorithm::Hs256, ..TokenSettings::default() };
    let jws = Jws::read(token).unwrap();
    let seen = Seen {
        header: jws.header(),
        claims: jws.claims(),
        signature: Signature::Good,
        settings: &settings,
        subject: Some(&"meet.test".parse().unwrap()),
        any_audience,
        room: Some(&"grü".parse().unwrap()),
    };
    verdicts(&seen, Clock::system().now())[0].objections.is_empty()
}

/// What Jitsi's own code says, where it accepts those audiences.
fn says(tokens: &[String], audiences: &[&str]) -> Vec<bool> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/prosody/verdicts.lua");
    let mut lua = Command::new("lua")
        .arg(script)
        .args(audiences)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = tokens.join(" gr%c3%bc\n") + " gr%c3%bc\n";
    lua.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let said = String::from_utf8(lua.wait_with_output().unwrap().stdout).unwrap();
    let said: Vec<bool> = said.lines().map(|line| line == "true").collect();
    assert_eq!(said.len(), tokens.len());
    said
}

fn signer() -> Signer {
    Signer::Hs(vec![b's'; 32])
}

fn good() -> Value {
    json!({
        "iss": "frontdesk", "aud": "jitsi", "sub": "meet.test", "room": "gr%c3%bc",
        "exp": Clock::system().now().timestamp() + 600,
    })
}

/// A good token that has these claims instead.
fn token(change: &Value) -> String {
    let mut claims = good().as_object().unwrap().clone();
    claims.extend(change.as_object().unwrap().clone());
    claims.retain(|_, value| *value != GONE);
    signer().token(br#"{"typ":"JWT","alg":"HS256"}"#, json!(claims).to_string().as_bytes())
}

#[test]
#[ignore = "needs Jitsi's plugins: make test-prosody"]
fn what_jitsi_would_say_is_what_it_says() {
    let mut tokens: Vec<String> = changes().iter().map(token).collect();
    for header in [
        r#"{"typ":"jwt","alg":"HS256"}"#,
        r#"{"alg":"HS256"}"#,
        r#"{"typ":null,"alg":"HS256"}"#,
        r#"{"typ":"JWT","alg":"RS256","kid":"k"}"#,
        r#"{"typ":"JWT","alg":"hs256"}"#,
        r#"{"typ":"JWT"}"#,
        r#"{"typ":"JWT","alg":"HS256","kid":"k"}"#,
    ] {
        tokens.push(signer().token(header.as_bytes(), good().to_string().as_bytes()));
    }
    let said = says(&tokens, &["jitsi"]);
    assert!(said.contains(&true) && said.contains(&false));
    let differ = tokens.iter().zip(said).filter(|(token, said)| told(token, false) != *said);
    let differ: Vec<_> = differ
        .map(|(token, said)| {
            let jws = Jws::read(token).unwrap();
            format!("Jitsi says {said} to {} {}", json!(jws.header()), json!(jws.claims()))
        })
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");
}

#[test]
#[ignore = "needs Jitsi's plugins: make test-prosody"]
fn what_is_for_any_audience_is_taken_where_the_list_says_any() {
    let changes = [
        json!({}),
        json!({ "aud": "*" }),
        json!({ "aud": GONE }),
        json!({ "aud": "*", "iss": "*" }),
        json!({ "aud": "*", "sub": "other" }),
    ];
    let tokens: Vec<String> = changes.iter().map(token).collect();
    for (audiences, any_audience) in [(&["jitsi"][..], false), (&["jitsi", "*"], true)] {
        let said = says(&tokens, audiences);
        assert_eq!(said, [true, any_audience, false, false, false]);
        let told: Vec<bool> = tokens.iter().map(|token| told(token, any_audience)).collect();
        assert_eq!(told, said, "{audiences:?}");
    }
}
