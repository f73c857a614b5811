//! Tokens that nobody foresaw: none of them panics, and none is believed.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::strict_json::Strict;
use super::*;

/// A key of each kind, and a token that it has signed.
static SIGNED: LazyLock<Vec<(SigningKey, String)>> = LazyLock::new(|| {
    [Algorithm::Rs256, Algorithm::Hs256, Algorithm::Es256, Algorithm::EdDsa]
        .map(|algorithm| {
            let key = SigningKey::make(algorithm).unwrap();
            let claims =
                json!({ "room": "standup", "exp": 1_796_119_200, "context": { "user": { "name": "Ü" } } });
            let token = key.sign(&"k".parse().unwrap(), &claims).unwrap();
            (key, token)
        })
        .into()
});

/// Whether any key believes it.
fn is_believed(token: &str) -> bool {
    let Ok(jws) = Jws::read(token) else { return false };
    _ = Unverified::read(token).map(|token| token.app());
    SIGNED.iter().any(|(key, _)| jws.verify(key.algorithm(), &key.verifier()).is_ok())
}

/// A character of a token, or one that is none.
fn letter() -> impl Strategy<Value = char> {
    prop_oneof![6 => proptest::char::ranges(vec!['A'..='Z', 'a'..='z', '0'..='9', '-'..='-', '_'..='_'].into()),
        2 => proptest::sample::select(vec!['.', '=', '+', '/', ' ', '\n', '\0', '\r', '\t']), 1 => any::<char>()]
}

/// JSON of any form, also such that is not in our tokens.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(".*", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_is_a_token(text in ".{0,300}") {
        prop_assert!(!is_believed(&text));
    }

    #[test]
    fn no_three_parts_are_a_token(header in ".{0,80}", claims in ".{0,80}", signature in proptest::collection::vec(any::<u8>(), 0..300)) {
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let token = format!("{}.{}.{}", part(header.as_bytes()), part(claims.as_bytes()), part(&signature));
        prop_assert!(!is_believed(&token));
    }

    #[test]
    fn a_token_that_was_changed_anywhere_is_none(
        which in 0..4_usize, place in any::<proptest::sample::Index>(), with in letter(), how in 0..3,
    ) {
        let token = &SIGNED[which].1;
        prop_assert!(is_believed(token));
        let place = place.index(token.len());
        let (before, rest) = token.split_at(place);
        let changed = match how {
            0 => format!("{before}{with}{}", &rest[1..]),
            1 => format!("{before}{with}{rest}"),
            _ => format!("{before}{}", &rest[1..]),
        };
        prop_assert!(changed == *token || !is_believed(&changed), "{changed}");
    }

    #[test]
    fn parts_of_several_tokens_are_none(parts in proptest::array::uniform3(0..4_usize), claims in json_value()) {
        let part = |which: usize, part: usize| SIGNED[which].1.split('.').nth(part).unwrap();
        let [header, body, signature] = parts;
        let mixed = format!("{}.{}.{}", part(header, 0), part(body, 1), part(signature, 2));
        let is_one = SIGNED.iter().any(|(_, token)| *token == mixed);
        prop_assert_eq!(is_believed(&mixed), is_one);
        // Good signatures over other claims.
        let other = URL_SAFE_NO_PAD.encode(claims.to_string());
        let token = format!("{}.{other}.{}", part(header, 0), part(header, 2));
        prop_assert!(!is_believed(&token));
    }

    #[test]
    fn what_is_plain_json_is_read_as_it_stands(value in json_value()) {
        let text = value.to_string();
        let Strict(read) = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read, serde_json::from_str::<Value>(&text).unwrap());
    }
}
