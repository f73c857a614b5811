//! The attacks. Each is a token that is good but for one thing.

use super::super::forge::{Signer, Text, b64, public_forms, trailing_bit};
use super::super::tokens::RSA;

/// What good tokens of a door are made of. They are signed with RS256.
#[derive(Clone)]
pub struct Door {
    pub header: Text,
    pub claims: Text,
    pub signer: Signer,
    pub pem: String,
    pub jwk: String,
    /// In seconds.
    pub now: i64,
}

impl Door {
    pub fn good(&self) -> String {
        self.signed(&self.header, &self.claims)
    }

    pub fn signed(&self, header: &Text, claims: &Text) -> String {
        self.bytes(header.to_string().as_bytes(), claims.to_string().as_bytes())
    }

    fn bytes(&self, header: &[u8], claims: &[u8]) -> String {
        self.signer.token(header, claims)
    }

    /// With another value of a claim, written so.
    pub fn claim(&self, name: &str, value: &str) -> String {
        self.signed(&self.header, &self.claims.with(name, value))
    }
}

/// A token that nobody may believe.
pub struct Attack {
    pub name: String,
    pub token: String,
    /// What is wrong with it as a room token.
    pub code: &'static str,
    /// What an app is told; `None` where it means nothing there.
    pub detail: Option<&'static str>,
}

pub type Refused = (&'static str, Option<&'static str>);

const MALFORMED: Refused = ("malformed", Some("neither an app's credential nor a signed token"));
const AMBIGUOUS: Refused = ("ambiguous", Some("is not plain JSON"));
const HEADER: Refused = ("header", Some("which is not supported"));
const KID: Refused = ("header", Some("`kid` can't be the id of a key"));
const LONG: Refused = ("too_long", Some("longer than"));
const ALGORITHM: Refused = ("wrong_algorithm", Some("not signed with the algorithm"));
const SIGNATURE: Refused = ("bad_signature", Some("signature is not valid"));

/// Attacks, and what is wrong with each.
#[derive(Default)]
pub struct Table(pub Vec<Attack>);

impl Table {
    pub fn add(&mut self, name: &str, token: String, (code, detail): Refused) {
        let name = name.chars().take(80).collect();
        self.0.push(Attack { name, token, code, detail });
    }
}

/// Those that are attacks on any door.
pub fn attacks(door: &Door) -> Vec<Attack> {
    let mut table = Table::default();
    algorithms(door, &mut table);
    names_of_keys(door, &mut table);
    times(door, &mut table);
    twice(door, &mut table);
    forms(door, &mut table);
    payloads(door, &mut table);
    signatures(door, &mut table);
    table.0
}

fn algorithms(door: &Door, table: &mut Table) {
    let claims = door.claims.to_string();
    let quoted = ["none", "None", "NONE", "nOnE", "", "rs256", "RS256 ", "HS256", "PS256", "RS512", "ES256"];
    let quoted = quoted.iter().map(|alg| format!("\"{alg}\""));
    for alg in quoted.chain(["null", "0", "[\"RS256\"]", "{}", "true"].map(str::to_owned)) {
        let header = door.header.with("alg", &alg);
        table.add(&format!("alg {alg}, signed"), door.signed(&header, &door.claims), ALGORITHM);
        let unsigned = Signer::Not(vec![]).token(header.to_string().as_bytes(), claims.as_bytes());
        table.add(&format!("alg {alg}, not signed"), unsigned, ALGORITHM);
    }
    table.add("no alg", door.signed(&door.header.without("alg"), &door.claims), ALGORITHM);
    let shared = door.header.with("alg", "\"HS256\"").to_string();
    for (place, secret) in public_forms(&door.pem, &door.jwk).into_iter().enumerate() {
        let token = Signer::Hs(secret).token(shared.as_bytes(), claims.as_bytes());
        table.add(&format!("the public key as the secret, form {place}"), token, ALGORITHM);
    }
    // Changed afterwards, and with the signature that it then should have.
    let renamed = door.header.with("alg", "\"RS384\"").to_string();
    let signature = door.good().rsplit_once('.').unwrap().1.to_owned();
    let changed = format!("{}.{}.{signature}", b64(renamed.as_bytes()), b64(claims.as_bytes()));
    table.add("RS384 with a signature of RS256", changed, ALGORITHM);
    table.add("RS384", Signer::rs384(&RSA).token(renamed.as_bytes(), claims.as_bytes()), ALGORITHM);
    let header = door.header.to_string();
    let other = Signer::rs384(&RSA).token(header.as_bytes(), claims.as_bytes());
    table.add("RS256 with a signature of RS384", other, SIGNATURE);
}

fn names_of_keys(door: &Door, table: &mut Table) {
    let long = format!("\"{}\"", "k".repeat(5000));
    for kid in [
        "\"../../dev/null\"",
        "\"..\"",
        "\"/etc/passwd\"",
        "\"a/../../b\"",
        "\"https://evil.example/key.pem\"",
        "\"file:///etc/passwd\"",
        "\"shared\\u0000\"",
        "\"shared\\n\"",
        "\"shared \"",
        "\"\"",
        "\"' OR 1=1 --\"",
        "\"shared'; DROP TABLE signing_keys; --\"",
        "\"%2e%2e%2fshared\"",
        "\"ｓhared\"",
        "\"$(id)\"",
        "null",
        "0",
        "true",
        "[\"shared\"]",
        "{\"kid\":\"shared\"}",
        &long,
    ] {
        table.add(&format!("kid {kid}"), door.signed(&door.header.with("kid", kid), &door.claims), KID);
    }
    let longer = format!("\"{}\"", "k".repeat(10_000));
    table.add("a kid of 10 kB", door.signed(&door.header.with("kid", &longer), &door.claims), LONG);
    let url = "\"https://evil.example/keys\"";
    for (name, value) in [
        ("jku", url),
        ("x5u", url),
        ("jwk", &door.jwk),
        ("x5c", "[\"MIIB\"]"),
        ("crit", "[\"exp\"]"),
        ("crit", "[]"),
        ("b64", "false"),
        ("zip", "\"DEF\""),
        ("enc", "\"A256GCM\""),
        ("jku", "null"),
    ] {
        table.add(
            &format!("{name} {value}"),
            door.signed(&door.header.with(name, value), &door.claims),
            HEADER,
        );
    }
}

fn times(door: &Door, table: &mut Table) {
    let at = door.now + 3600;
    let unreadable = [
        format!("\"{at}\""),
        format!("{at}.5"),
        format!("{at}.0"),
        format!("{at}e0"),
        "1e3".to_owned(),
        "-0".to_owned(),
        "-1.5".to_owned(),
        "1e300".to_owned(),
        "9223372036854775808".to_owned(),
        "99999999999999999999999999".to_owned(),
        "null".to_owned(),
        "true".to_owned(),
        "false".to_owned(),
        format!("[{at}]"),
        "{}".to_owned(),
    ];
    for (name, detail) in [("exp", "`exp` can't be read"), ("nbf", "`nbf` can't be read")] {
        for value in &unreadable {
            table.add(&format!("{name} {value}"), door.claim(name, value), ("bad_claim", Some(detail)));
        }
        for value in ["1e400", "-1e400", "1e999999"] {
            table.add(&format!("{name} {value}"), door.claim(name, value), AMBIGUOUS);
        }
        for value in ["NaN", "Infinity", "-Infinity", "0x7fffffff", "01796119200", "+1", "1_000", ".5", "1."]
        {
            table.add(&format!("{name} {value}"), door.claim(name, value), MALFORMED);
        }
    }
    for value in ["-1", "0", "1", &(door.now - 60).to_string()] {
        table.add(&format!("exp {value}"), door.claim("exp", value), ("expired", Some("has expired")));
    }
    let least = door.claim("exp", "-9223372036854775808");
    table.add("the least exp", least, ("bad_claim", Some("has expired")));
    let later = (door.now + 600).to_string();
    table.add("nbf later", door.claim("nbf", &later), ("not_yet_valid", Some("not valid yet")));
    let (never, ever) = (Some("expires more than 24 hours from now"), "9223372036854775807");
    table.add("the largest exp", door.claim("exp", ever), ("bad_claim", never));
    table.add("the largest nbf", door.claim("nbf", ever), ("bad_claim", Some("not valid yet")));
    let without = door.signed(&door.header, &door.claims.without("exp"));
    table.add("no exp", without, ("bad_claim", Some("lacks the claim `exp`")));
}

fn twice(door: &Door, table: &mut Table) {
    let at = (door.now + 7200).to_string();
    for (name, value) in [
        ("exp", at.as_str()),
        ("ex\\u0070", at.as_str()),
        ("\\u0065xp", "1"),
        ("x", "{\"a\":1,\"a\":1}"),
        ("x", "[[{\"a\":{\"b\":1,\"\\u0062\":2}}]]"),
    ] {
        let token = door.signed(&door.header, &door.claims.and(name, value));
        table.add(&format!("twice in the claims: {name} {value}"), token, AMBIGUOUS);
    }
    for (name, value) in [
        ("alg", "\"none\""),
        ("alg", "\"RS256\""),
        ("a\\u006cg", "\"HS256\""),
        ("typ", "\"JWT\""),
        ("x", "{\"a\":1,\"a\":1}"),
    ] {
        let token = door.signed(&door.header.and(name, value), &door.claims);
        table.add(&format!("twice in the header: {name} {value}"), token, AMBIGUOUS);
    }
}

fn forms(door: &Door, table: &mut Table) {
    let good = door.good();
    let [header, claims, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    for token in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        header.to_owned(),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{signature}."),
        format!(".{header}.{claims}.{signature}"),
        format!("{header}.{claims}.{signature}.{signature}"),
        format!("{header}..{claims}.{signature}"),
        format!("{header}.{claims}.{signature}.{signature}.{signature}"),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("{header}=.{claims}.{signature}"),
        format!("{header}.{claims}==.{signature}"),
        format!("{header}\n.{claims}.{signature}"),
        format!("{header}. {claims}.{signature}"),
        format!("{header}.{claims}\0.{signature}"),
        format!("\u{feff}{header}.{claims}.{signature}"),
        format!("{header}\u{2024}{claims}.{signature}"),
        good[1..].to_owned(),
        format!("{{\"protected\":\"{header}\",\"payload\":\"{claims}\",\"signature\":\"{signature}\"}}"),
    ] {
        table.add(&format!("form {token}"), token, MALFORMED);
    }
    for token in [
        format!("{header}.{claims}."),
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{claims}.{signature}=="),
        format!("{header}.{claims}.{signature}\n"),
        format!("{header}.{claims}.{signature} "),
        format!("{header}.{claims}.{}", trailing_bit(signature)),
        format!("{header}.{claims}.{}", signature.replace('-', "+").replace('_', "/")),
    ] {
        table.add(&format!("signature {token}"), token, SIGNATURE);
    }
    // Claims with a length that leaves bits over, and bytes that the two alphabets write in two ways.
    let claims =
        ["?", "??", "???"].map(|pad| door.claims.and("x", &format!("\"{pad}>>>???~~~\"")).to_string());
    let claims = claims.iter().find(|claims| claims.len() % 3 == 1).unwrap();
    let input = b64(claims.as_bytes());
    for other in [trailing_bit(&input), input.replace('-', "+").replace('_', "/")] {
        assert_ne!(other, input);
        let signed = door.signer.signature(format!("{header}.{other}").as_bytes());
        table.add(&format!("claims {other}"), format!("{header}.{other}.{}", b64(&signed)), MALFORMED);
    }
    let long = |length| door.claim("x", &format!("\"{}\"", "x".repeat(length)));
    table.add("16 KiB", long(16 * 1024 * 3 / 4), LONG);
    // More than a header may have.
    table.add("100 KiB", long(100 * 1024 * 3 / 4), (LONG.0, None));
}

fn payloads(door: &Door, table: &mut Table) {
    let header = door.header.to_string();
    let claims = door.claims.to_string();
    let deep = |depth: usize| {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        door.claims.and("x", &nested).to_string().into_bytes()
    };
    let objects = format!("{}1{}", "{\"a\":".repeat(200), "}".repeat(200));
    let not_utf8 = [claims.trim_end_matches('}').as_bytes(), b",\"x\":\"\xff\xfe\"}"].concat();
    let overlong = [claims.trim_end_matches('}').as_bytes(), b",\"x\":\"\xc0\xae\"}"].concat();
    for payload in [
        b"".to_vec(),
        b"[]".to_vec(),
        b"1".to_vec(),
        b"null".to_vec(),
        b"true".to_vec(),
        b"\"claims\"".to_vec(),
        b"{".to_vec(),
        b"{\"exp\"}".to_vec(),
        format!("[{claims}]").into_bytes(),
        format!("{claims}{claims}").into_bytes(),
        format!("{claims}\0").into_bytes(),
        format!("\u{feff}{claims}").into_bytes(),
        claims.replace('"', "'").into_bytes(),
        claims.replace('}', ",}").into_bytes(),
        format!("/**/{claims}").into_bytes(),
        door.claims.and("x", "\"\\ud800\"").to_string().into_bytes(),
        door.claims.and("x", "\"\n\"").to_string().into_bytes(),
        deep(128),
        deep(1000),
        objects.into_bytes(),
        not_utf8,
        overlong,
    ] {
        let shown = String::from_utf8_lossy(&payload).into_owned();
        table.add(&format!("claims {shown}"), door.bytes(header.as_bytes(), &payload), MALFORMED);
    }
    for bad in [&b""[..], b"[]", b"null", b"\"RS256\"", b"{\"alg\":\"RS256\"", b"\xff{}", b"{}{}"] {
        let shown = String::from_utf8_lossy(bad).into_owned();
        table.add(&format!("header {shown}"), door.bytes(bad, claims.as_bytes()), MALFORMED);
    }
}

fn signatures(door: &Door, table: &mut Table) {
    let good = door.good();
    let (input, text) = good.rsplit_once('.').unwrap();
    let signature = door.signer.signature(input.as_bytes());
    assert_eq!(text, b64(&signature));
    let other = door.signed(&door.header, &door.claims.and("x", "1"));
    let changed = |change: fn(&mut Vec<u8>)| {
        let mut signature = signature.clone();
        change(&mut signature);
        b64(&signature)
    };
    for (name, signature) in [
        ("truncated", changed(|bytes| bytes.truncate(255))),
        ("extended", changed(|bytes| bytes.push(0))),
        ("with a zero in front", changed(|bytes| bytes.insert(0, 0))),
        ("all zero", changed(|bytes| bytes.fill(0))),
        ("all ones", changed(|bytes| bytes.fill(0xff))),
        (
            "one",
            changed(|bytes| {
                bytes.fill(0);
                bytes[255] = 1;
            }),
        ),
        ("reversed", changed(|bytes| bytes.reverse())),
        ("one bit", changed(|bytes| bytes[128] ^= 1)),
        ("of another token", other.rsplit_once('.').unwrap().1.to_owned()),
    ] {
        table.add(&format!("signature {name}"), format!("{input}.{signature}"), SIGNATURE);
    }
    let swapped = format!("{}.{text}", other.rsplit_once('.').unwrap().0);
    table.add("other claims", swapped, SIGNATURE);
}
