//! Tokens that nobody minted.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use frontdesk::signing::{Algorithm, Jws, SigningKey};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::door::{Door, RSA, Verifier};
use crate::prosody::client::room;

fn part(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The same token with another header, and no signature, or that one.
fn with_header(token: &str, header: &Value, signature: &str) -> String {
    let claims = token.split('.').nth(1).unwrap();
    format!("{}.{claims}.{signature}", part(header))
}

/// The same claims and `kid`, signed with a secret.
fn signed(token: &str, algorithm: jsonwebtoken::Algorithm, secret: &[u8]) -> String {
    let jws = Jws::read(token).unwrap();
    let mut header = Header::new(algorithm);
    header.kid = jws.kid().map(|kid| kid.as_str().to_owned());
    encode(&header, jws.claims(), &EncodingKey::from_secret(secret)).unwrap()
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn no_signature_and_no_public_key_for_a_secret_where_keys_are_served() {
    let door = Door::new(Verifier::Files).await;
    let token = door.of(&door.meet.book("standup").await, json!({})).await;
    door.lets_in(&token, &room("standup")).await;
    let kid = Jws::read(&token).unwrap().kid().unwrap().as_str().to_owned();
    let signature = token.rsplit('.').next().unwrap();
    let of = |algorithm: &str| json!({ "typ": "JWT", "alg": algorithm, "kid": kid });
    for algorithm in ["none", "None", "", "HS256"] {
        for signature in ["", signature] {
            let failure = door.failure(&with_header(&token, &of(algorithm), signature)).await;
            assert_eq!(failure, "'kid' claim only support with RS family", "{algorithm}");
        }
    }
    for (header, expected) in [
        (of("RS512"), "Invalid or incorrect alg"),
        (json!({ "typ": "JWT", "alg": "RS256" }), "'kid' claim is missing"),
        (json!({ "typ": "JWT", "kid": kid }), "'alg' claim is missing"),
        (json!({ "typ": "JWT", "alg": "RS256", "kid": "../asap/x" }), "could not obtain public key"),
    ] {
        assert_eq!(door.failure(&with_header(&token, &header, signature)).await, expected);
    }
    let unsigned = with_header(&token, &of("RS256"), "");
    assert_eq!(door.failure(&unsigned).await, "Invalid token");

    let key = SigningKey::read(Algorithm::Rs256, RSA[0].clone().into()).unwrap();
    let public = key.public().unwrap().as_pem();
    for secret in [public, public.trim_end()] {
        let confused = signed(&token, jsonwebtoken::Algorithm::HS256, secret.as_bytes());
        assert_eq!(door.failure(&confused).await, "'kid' claim only support with RS family");
    }
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn no_signature_and_no_other_algorithm_where_there_is_a_secret() {
    let door = Door::new(Verifier::Secret(Algorithm::Hs256)).await;
    let token = door.of(&door.meet.book("standup").await, json!({})).await;
    door.lets_in(&token, &room("standup")).await;
    let signature = token.rsplit('.').next().unwrap();
    for algorithm in ["none", "HS512", "RS256"] {
        let header = json!({ "typ": "JWT", "alg": algorithm });
        assert_eq!(
            door.failure(&with_header(&token, &header, signature)).await,
            "Invalid or incorrect alg",
            "{algorithm}"
        );
    }
    for secret in ["", "guessed"] {
        let guessed = signed(&token, jsonwebtoken::Algorithm::HS256, secret.as_bytes());
        assert_eq!(door.failure(&guessed).await, "Invalid signature");
    }
    assert_eq!(door.failure("made.up").await, "Invalid token");
}
