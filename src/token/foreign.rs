//! Keys and tokens that are exchanged with other programs: `scripts/test-tokens` has them look.

use std::fs;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use strum::IntoEnumIterator as _;

use super::*;
use crate::reservation::{Role, TenantId, TokenId};
use crate::signing::{Algorithm, Imported, Jws, Kid, PublicHalf, SigningKey};

/// A token with everything in it, good from so many minutes before `now` for an hour.
fn token(key: &SigningKey, kid: &Kid, now: DateTime<Utc>, minutes: i64) -> (String, Value) {
    let not_before = now - TimeDelta::minutes(minutes);
    let settings = TokenSettings { algorithm: key.algorithm(), ..TokenSettings::default() };
    let entry = Entry {
        settings: &settings,
        subject: &"meet.example.org".parse().unwrap(),
        id: TokenId::new(),
        rooms: Rooms::One("Grüße".parse().unwrap()),
        validity: Validity { not_before, expires_at: not_before + TimeDelta::hours(1) },
        person: Some(Person { name: "Zoë 🎪".parse().ok(), ..Person::default() }),
        role: Role::Observer,
        privileges: settings.roles.observer.clone(),
        group: "ward".parse().ok(),
        eject_after: Some(TimeDelta::minutes(30)),
        custom: json!({ "visit": 7 }).try_into().unwrap(),
        dialect: None,
        reference: Reference {
            tenant: TenantId::new(),
            appointment: None,
            original_start: None,
            participant: None,
        },
    };
    let claims = claims(&entry, now);
    (key.sign(kid, &claims).unwrap(), claims.into())
}

#[test]
#[ignore = "needs another program: scripts/test-tokens"]
fn keys_and_tokens_are_exchanged_with_other_programs() {
    let theirs: Value = serde_json::from_slice(&fs::read("target/tokens/theirs.json").unwrap()).unwrap();
    let now = DateTime::from_timestamp(theirs["now"].as_i64().unwrap(), 0).unwrap();
    let theirs = theirs["keys"].as_array().unwrap();
    assert!(theirs.len() > 15, "{} keys", theirs.len());
    for one in theirs {
        let algorithm: Algorithm = one["algorithm"].as_str().unwrap().parse().unwrap();
        let key = Imported::read(algorithm, one["key"].as_str().unwrap());
        let key = key.unwrap_or_else(|error| panic!("{algorithm} as {}: {error}", one["form"])).key;
        let jws = Jws::read(one["token"].as_str().unwrap()).unwrap();
        jws.verify(algorithm, &key.verifier()).unwrap();
        assert_eq!(jws.claims()["context"]["user"]["name"], "Zoë 🎪");
        let other = SigningKey::make(algorithm).unwrap();
        assert!(jws.verify(algorithm, &other.verifier()).is_err());
    }

    let ours: Vec<_> = Algorithm::iter()
        .map(|algorithm| {
            let key = SigningKey::make(algorithm).unwrap();
            let public = key.public();
            let kid = public.and_then(PublicHalf::thumbprint).unwrap_or("a-secret".parse().unwrap());
            let (signed, claims) = token(&key, &kid, now, 5);
            json!({
                "algorithm": algorithm, "kid": kid, "token": signed, "claims": claims,
                "expired": token(&key, &kid, now, 61).0, "early": token(&key, &kid, now, -5).0,
                "other": token(&SigningKey::make(algorithm).unwrap(), &kid, now, 5).0,
                "secret": public.is_none().then(|| String::from_utf8(key.expose().to_vec()).unwrap()),
                "pem": public.map(PublicHalf::as_pem), "jwk": public.and_then(|public| public.jwk(Some(&kid))),
                "certificate": key.certificate(&kid),
            })
        })
        .collect();
    fs::write("target/tokens/ours.json", json!(ours).to_string()).unwrap();
}
