use std::process::{Command, Stdio};

use serde_json::{Value, json};
use strum::IntoEnumIterator as _;

use super::super::{Algorithm, ImportKeyError, Imported, Jws, JwsError, Unverified};
use super::*;

fn openssl(arguments: &[&str], input: &str) -> String {
    use std::io::Write as _;
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl is there");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn verified(key: &SigningKey) {
    let kid: Kid = "k1".parse().unwrap();
    let token = key.sign(&kid, &json!({ "room": "standup" })).unwrap();
    let jws = Jws::read(&token).unwrap();
    assert_eq!(jws.kid(), Some(&kid));
    assert_eq!(jws.header()["typ"], "JWT");
    assert_eq!(jws.claims()["room"], "standup");
    assert_eq!(jws.verify(key.algorithm(), &key.verifier()), Ok(()));
    for other in Algorithm::iter().filter(|other| *other != key.algorithm()) {
        assert_eq!(jws.verify(other, &key.verifier()), Err(JwsError::WrongAlgorithm));
    }
}

#[test]
fn each_algorithm_signs_what_its_own_key_verifies_and_no_other() {
    for algorithm in Algorithm::iter() {
        let key = SigningKey::make(algorithm).unwrap();
        verified(&key);
        let again = SigningKey::read(algorithm, key.expose().to_vec().into()).unwrap();
        let token = again.sign(&"k".parse().unwrap(), &json!({})).unwrap();
        assert_eq!(Jws::read(&token).unwrap().verify(algorithm, &key.verifier()), Ok(()));
        let other = SigningKey::make(algorithm).unwrap();
        assert_eq!(
            Jws::read(&token).unwrap().verify(algorithm, &other.verifier()),
            Err(JwsError::BadSignature)
        );
        assert_eq!(key.public().is_none(), algorithm.is_shared_secret());
        assert!(!format!("{key:?}").contains("private"), "{key:?}");
    }
}

#[test]
fn a_token_that_was_read_shows_nothing_of_itself() {
    let claims =
        json!({ "app": "01a1fdf0-0000-7000-8000-000000000000", "context": { "user": { "name": "Ada" } } });
    let token = SigningKey::make(Algorithm::Hs256).unwrap().sign(&"k1".parse().unwrap(), &claims).unwrap();
    let shown = format!("{:?} {:?}", Jws::read(&token).unwrap(), Unverified::read(&token).unwrap());
    for part in token.split('.').chain(["Ada"]) {
        assert!(!shown.contains(part), "{shown}");
    }
    assert!(shown.contains("k1"), "{shown}");
}

#[test]
fn a_public_half_has_all_its_forms_and_one_name() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let key = SigningKey::make(algorithm).unwrap();
        let public = key.public().unwrap();
        let kid = public.thumbprint().unwrap();
        let again = PublicHalf::from_stored(algorithm, public.as_pem().to_owned()).unwrap();
        assert_eq!(again.thumbprint().unwrap(), kid);
        let jwk = serde_json::to_value(public.jwk(Some(&kid)).unwrap()).unwrap();
        assert_eq!(jwk["kid"], kid.as_str());
        assert_eq!(jwk["use"], "sig");
        assert_eq!(jwk["alg"], algorithm.as_str());
        assert!(["d", "p", "q", "dp", "dq", "qi", "k"].iter().all(|private| jwk.get(private).is_none()));
        // What openssl reads out of the certificate is the same key.
        let certificate = key.certificate(&kid).unwrap();
        let in_it = openssl(&["x509", "-pubkey", "-noout"], &certificate);
        assert_eq!(
            in_it.split_whitespace().collect::<String>(),
            public.as_pem().split_whitespace().collect::<String>()
        );
    }
}

#[test]
fn keys_that_openssl_made_are_read_in_each_of_its_forms() {
    let rsa = openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "");
    let ec = openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "");
    let ed = openssl(&["genpkey", "-algorithm", "ed25519"], "");
    let with_parameters = openssl(&["ecparam", "-name", "prime256v1", "-genkey"], "");
    let read = |algorithm, text: &str| Imported::read(algorithm, text).map(|imported| imported.key);
    for (algorithm, text) in [
        (Algorithm::Rs256, rsa.clone()),
        (Algorithm::Rs512, openssl(&["rsa", "-traditional"], &rsa)),
        (Algorithm::Es256, ec.clone()),
        (Algorithm::Es256, openssl(&["ec"], &ec)),
        (Algorithm::Es256, with_parameters),
        (Algorithm::EdDsa, ed.clone()),
        (Algorithm::Hs256, format!("  {}\n", "s".repeat(32))),
    ] {
        verified(&read(algorithm, &text).unwrap());
    }
    let wrong = |algorithm| Err(ImportKeyError::Key(KeyError::WrongKind(algorithm)));
    let refused = |algorithm, text: &str| read(algorithm, text).map(|_| ());
    assert_eq!(refused(Algorithm::Rs256, &ec), wrong(Algorithm::Rs256));
    assert_eq!(refused(Algorithm::Es256, &rsa), wrong(Algorithm::Es256));
    assert_eq!(refused(Algorithm::EdDsa, &rsa), wrong(Algorithm::EdDsa));
    assert_eq!(refused(Algorithm::Hs256, &rsa), wrong(Algorithm::Hs256));
    let small = openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], "");
    assert_eq!(refused(Algorithm::Rs256, &small), wrong(Algorithm::Rs256));
    let p384 = openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], "");
    assert_eq!(refused(Algorithm::Es256, &p384), wrong(Algorithm::Es256));
    let public = openssl(&["pkey", "-pubout"], &rsa);
    assert_eq!(refused(Algorithm::Rs256, &public), Err(ImportKeyError::Public));
    let encrypted = openssl(&["pkcs8", "-topk8", "-passout", "pass:x"], &rsa);
    assert_eq!(refused(Algorithm::Rs256, &encrypted), Err(ImportKeyError::Encrypted));
    let old = openssl(&["rsa", "-traditional", "-aes128", "-passout", "pass:x"], &rsa);
    assert_eq!(refused(Algorithm::Rs256, &old), Err(ImportKeyError::Encrypted));
    for text in ["", "x", "-----BEGIN PRIVATE KEY-----", "{}", "{\"kty\":1}", "[]"] {
        assert!(refused(Algorithm::Rs256, text).is_err(), "{text}");
    }
}

/// Source: RFC 8037, appendix A, and RFC 7515, appendix A.3.
#[test]
fn private_jwks_are_read_with_their_names() {
    let ed = json!({
        "kty": "OKP", "crv": "Ed25519", "kid": "ed-1",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    let ec = json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    });
    let oct = json!({ "kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0" });
    for (algorithm, jwk, kid) in
        [(Algorithm::EdDsa, &ed, Some("ed-1")), (Algorithm::Es256, &ec, None), (Algorithm::Hs256, &oct, None)]
    {
        let imported = Imported::read(algorithm, &jwk.to_string()).unwrap();
        assert_eq!(imported.kid.as_ref().map(Kid::as_str), kid);
        verified(&imported.key);
    }
    let refused = |algorithm, jwk: Value| Imported::read(algorithm, &jwk.to_string()).unwrap_err();
    let with = |jwk: &Value, name: &str, value: Value| {
        let mut jwk = jwk.clone();
        jwk[name] = value;
        jwk
    };
    assert_eq!(refused(Algorithm::Es256, with(&ec, "alg", json!("RS256"))), ImportKeyError::OtherAlgorithm);
    assert_eq!(refused(Algorithm::Es256, with(&ec, "kid", json!("../x"))), ImportKeyError::Kid);
    assert_eq!(
        refused(Algorithm::Es256, with(&ec, "x", ed["x"].clone())),
        KeyError::WrongKind(Algorithm::Es256).into()
    );
    assert_eq!(refused(Algorithm::Rs256, ed.clone()), KeyError::WrongKind(Algorithm::Rs256).into());
    assert_eq!(refused(Algorithm::EdDsa, json!({ "kty": "OKP", "x": ed["x"] })), ImportKeyError::Public);
    assert_eq!(refused(Algorithm::Hs512, oct), KeyError::ShortSecret(Algorithm::Hs512).into());
}

#[test]
fn a_secret_is_text_that_nobody_guesses() {
    let refused = |text: &str| Imported::read(Algorithm::Hs384, text).unwrap_err();
    assert_eq!(refused(&"s".repeat(47)), KeyError::ShortSecret(Algorithm::Hs384).into());
    assert_eq!(refused(&"s".repeat(513)), KeyError::SecretNotText.into());
    assert_eq!(refused(&format!("{}\n{}", "s".repeat(30), "s".repeat(30))), KeyError::SecretNotText.into());
    assert!(Imported::read(Algorithm::Hs384, &"s".repeat(48)).is_ok());
}
