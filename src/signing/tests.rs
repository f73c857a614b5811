use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{EncodingKey, Header, encode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::*;

const SECRET: &str = "fd_secret_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const APP: &str = "01900000-0000-7000-8000-000000000000";

fn now() -> DateTime<Utc> {
    "2026-12-01T09:00:00Z".parse().unwrap()
}

fn hs256() -> Verifier {
    Verifier::Hs256(SECRET.into())
}

/// Claims that are good for an hour from now, with `changes`; null takes one away.
fn claims(changes: &Value) -> Value {
    let mut claims = json!({ "app": APP, "exp": now().timestamp() + 3600 });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn signed(changes: &Value) -> String {
    encode(&Header::default(), &claims(changes), &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

fn verify(token: &str, verifier: &Verifier, issuer: Option<&str>) -> Result<(), TokenError> {
    let issuer = issuer.map(|issuer| issuer.parse::<Issuer>().unwrap());
    Unverified::read(token)?.verify(verifier, issuer.as_ref(), Terms::Usual, now())
}

/// A private key in PEM, and its public half.
fn rsa() -> (String, String) {
    let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let private = AsDer::<Pkcs8V1Der>::as_der(&key).unwrap();
    let public = AsDer::<PublicKeyX509Der>::as_der(&key.public_key()).unwrap();
    let pem = |kind, der: &[u8]| {
        format!("-----BEGIN {kind} KEY-----\n{}\n-----END {kind} KEY-----\n", STANDARD.encode(der))
    };
    (pem("PRIVATE", private.as_ref()), pem("PUBLIC", public.as_ref()))
}

#[test]
fn of_a_pair_for_an_app_each_half_fits_the_other_and_debug_shows_none_of_the_private_one() {
    let pair = AppKeyPair::make().unwrap();
    let pem = pair.private_pem().expose_secret();
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
    let token = encode(&Header::new(jsonwebtoken::Algorithm::RS256), &claims(&json!({})), &key).unwrap();
    verify(&token, &Verifier::Rs256(pair.public().clone()), None).unwrap();
    let lines: Vec<_> = pem.lines().collect();
    let (first, last) = (lines[0], lines[lines.len() - 1]);
    assert_eq!((first, last), ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"));
    assert!(lines[1..lines.len() - 2].iter().all(|line| line.len() == 64));
    let shown = format!("{pair:?}");
    assert!(!lines.iter().any(|line| shown.contains(line)), "a line of the private key is shown");
}

#[test]
fn a_token_is_good_within_its_times_and_the_leeway() {
    let at = now().timestamp();
    let good = [
        json!({}),
        json!({ "exp": at - 29 }),
        json!({ "exp": at + 24 * 3600 + 30 }),
        json!({ "nbf": at + 30 }),
        json!({ "iss": "anybody", "aud": "frontdesk", "sub": 7 }),
        json!({ "aud": ["calendar", "frontdesk"] }),
    ];
    for changes in good {
        assert_eq!(verify(&signed(&changes), &hs256(), None), Ok(()), "{changes}");
    }
    let bad = [
        (json!({ "exp": at - 30 }), TokenError::Expired),
        (json!({ "exp": at + 24 * 3600 + 31 }), TokenError::TooLong),
        (json!({ "exp": "tomorrow" }), TokenError::BadClaim("exp")),
        (json!({ "exp": null }), TokenError::MissingClaim("exp")),
        (json!({ "exp": format!("{at}.5").parse::<f64>().unwrap() }), TokenError::BadClaim("exp")),
        (json!({ "exp": (at + 60).to_string() }), TokenError::BadClaim("exp")),
        (json!({ "aud": "calendar" }), TokenError::WrongAudience),
        (json!({ "aud": ["calendar"] }), TokenError::WrongAudience),
        (json!({ "aud": { "frontdesk": true } }), TokenError::WrongAudience),
        (json!({ "nbf": at + 31 }), TokenError::NotYetValid),
        (json!({ "nbf": "now" }), TokenError::BadClaim("nbf")),
        (json!({ "app": null }), TokenError::MissingClaim("app")),
        (json!({ "app": "calendar" }), TokenError::BadClaim("app")),
    ];
    for (changes, error) in bad {
        assert_eq!(verify(&signed(&changes), &hs256(), None), Err(error), "{changes}");
    }
}

#[test]
fn a_token_of_a_key_with_an_issuer_is_from_that_issuer() {
    let verify = |changes: Value| verify(&signed(&changes), &hs256(), Some("https://calendar.test"));
    assert_eq!(verify(json!({ "iss": "https://calendar.test" })), Ok(()));
    assert_eq!(verify(json!({})), Err(TokenError::MissingClaim("iss")));
    assert_eq!(verify(json!({ "iss": "https://calendar.test/" })), Err(TokenError::WrongIssuer));
    assert_eq!(verify(json!({ "iss": ["https://calendar.test"] })), Err(TokenError::WrongIssuer));
}

#[test]
fn the_key_says_the_algorithm_and_the_token_never_does() {
    let (private, public) = rsa();
    let rs256 = Verifier::Rs256(public.parse().unwrap());
    let Verifier::Rs256(key) = &rs256 else { unreachable!() };
    let claims = claims(&json!({}));
    let key_of_rsa = EncodingKey::from_rsa_pem(private.as_bytes()).unwrap();
    let with = |algorithm, key: &EncodingKey| encode(&Header::new(algorithm), &claims, key).unwrap();

    let token = with(jsonwebtoken::Algorithm::RS256, &key_of_rsa);
    assert_eq!(verify(&token, &rs256, None), Ok(()));
    assert_eq!(verify(&token, &hs256(), None), Err(TokenError::WrongAlgorithm));
    for algorithm in [jsonwebtoken::Algorithm::RS384, jsonwebtoken::Algorithm::PS256] {
        assert_eq!(verify(&with(algorithm, &key_of_rsa), &rs256, None), Err(TokenError::WrongAlgorithm));
    }
    // What everybody may know as the secret: the public key, as it was given and as it is kept.
    for secret in [public.as_str(), public.trim(), key.as_pem(), key.as_pem().trim()] {
        let token = with(jsonwebtoken::Algorithm::HS256, &EncodingKey::from_secret(secret.as_bytes()));
        assert_eq!(verify(&token, &rs256, None), Err(TokenError::WrongAlgorithm));
    }
}

#[test]
fn what_is_not_signed_or_was_changed_is_refused() {
    let token = signed(&json!({}));
    let [_, claims, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for none in ["none", "None", "NONE", "hs256", ""] {
        let header = part(json!({ "alg": none, "typ": "JWT" }));
        for signature in ["", signature] {
            let refused = verify(&format!("{header}.{claims}.{signature}"), &hs256(), None);
            assert!(refused.is_err(), "{none}");
            let token = format!("{header}.{claims}.{signature}");
            let token = Unverified::read(&token).unwrap();
            assert!(
                ![AppAlgorithm::Hs256, AppAlgorithm::Rs256].iter().any(|known| token.is_signed_with(*known))
            );
        }
    }
    let header = part(json!({ "alg": "HS256" }));
    let other = part(self::claims(&json!({ "exp": now().timestamp() + 7200 })));
    for token in [format!("{header}.{other}.{signature}"), format!("{header}.{claims}.")] {
        assert_eq!(verify(&token, &hs256(), None), Err(TokenError::BadSignature));
    }
    let critical = part(json!({ "alg": "HS256", "crit": ["exp"] }));
    assert_eq!(
        verify(&format!("{critical}.{claims}.{signature}"), &hs256(), None),
        Err(TokenError::Jws(JwsError::Header("crit")))
    );
    for token in ["", "a", "a.b", "a.b.c", "a.b.c.d", "..", "fd_app_x"] {
        assert_eq!(verify(token, &hs256(), None), Err(TokenError::Malformed), "{token}");
    }
}

#[test]
fn a_public_key_is_rsa_strong_and_public() {
    let (private, public) = rsa();
    let key: PublicKey = public.parse().unwrap();
    assert_eq!(key.as_pem().parse::<PublicKey>().unwrap().as_pem(), key.as_pem());
    let refused = |text: &str| text.parse::<PublicKey>().unwrap_err();
    assert_eq!(refused(&private), PublicKeyError::Private);
    assert_eq!(refused(&format!("{private}{public}")), PublicKeyError::Private);
    assert_eq!(refused(""), PublicKeyError::NotPem);
    assert_eq!(refused(&public.replace("PUBLIC KEY", "CERTIFICATE")), PublicKeyError::NotPem);
    assert_eq!(refused(OF_1024_BITS), PublicKeyError::NotStrong);
    assert_eq!(refused(ELLIPTIC), PublicKeyError::NotStrong);
}

const OF_1024_BITS: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDuUX8URhXNaM2cV4PMlRw2mCG1\n\
UHuqq8GpYeGTN/aEcBBJOgogv+KebH5OpnSfEG6AgMgjyiYpHjZhNa2vzI/mekCi\n\
zjaiGHCmhgxrjeFdRlG5MapWMKYWq7fGQbFeLEP/YkIa0ulEczvNORFlFDgUXjpW\n\
gV7zCnqJi32dp9jZMQIDAQAB\n\
-----END PUBLIC KEY-----\n\
";

const ELLIPTIC: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEy8Y4RibFK3xr2L3Ci2DM2EQ3NSgz\n\
pucTHZV2SAP7N93wxiveEBApuSBOyqzJX8ZN7Dt/k7+OoHL7ISt0afjqSA==\n\
-----END PUBLIC KEY-----\n\
";
