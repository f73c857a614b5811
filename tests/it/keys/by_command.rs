//! `frontdesk keys …`.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::rig::Setup;
use crate::world::World;

struct Desk {
    _world: World,
    setup: Setup,
}

impl Desk {
    async fn new() -> Self {
        let world = World::new().await;
        let setup = Setup::remote(&world.options);
        Self { _world: world, setup }
    }

    fn run(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        let mut command = self.setup.command(&[&["keys"], arguments].concat());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let done = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        if done.status.success() { Ok(text(done.stdout)) } else { Err(text(done.stderr)) }
    }

    fn import(&self, more: &[&str], input: &str) -> Result<String, String> {
        self.run(&[&["import", "--tenant", "acme", "--json"], more].concat(), input)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let said = self.run(&[arguments, &["--json"]].concat(), "");
        serde_json::from_str(&said.unwrap_or_else(|error| panic!("{arguments:?}: {error}"))).unwrap()
    }
}

fn id(key: &Value) -> &str {
    key["id"].as_str().unwrap()
}

#[tokio::test]
async fn a_key_is_made_followed_and_withdrawn() {
    let desk = Desk::new().await;
    let first = desk.json(&["make", "--algorithm", "es256"]);
    assert_eq!(
        (&first["state"], &first["algorithm"], &first["tenant"]),
        (&"active".into(), &"ES256".into(), &Value::Null)
    );
    let second = desk.json(&["make", "--algorithm", "ES256"]);
    assert_eq!(second["state"], "next");
    let refused = desk.run(&["rotate", "--algorithm", "ES256"], "").unwrap_err();
    assert!(refused.contains("may not know"), "{refused}");
    let rotated = desk.json(&["rotate", "--algorithm", "ES256", "--now"]);
    assert_eq!((id(&rotated["active"]), id(&rotated["retired"])), (id(&second), id(&first)));
    let withdrawn = desk.json(&["withdraw", id(&second)]);
    assert_eq!(withdrawn["withdrawn"]["state"], "withdrawn");
    assert_eq!(id(&withdrawn["active"]), id(&rotated["next"]));
    let states = desk.json(&["list"]);
    let states: Vec<_> =
        states.as_array().unwrap().iter().map(|key| key["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["retired", "withdrawn", "active"]);
    let text = desk.run(&["retire", id(&withdrawn["active"])], "").unwrap();
    assert!(text.lines().any(|line| line.split_whitespace().eq(["state", "retired"])), "{text}");
}

#[tokio::test]
async fn a_key_is_shown_but_not_what_is_private() {
    let desk = Desk::new().await;
    let key = desk.json(&["make", "--algorithm", "EdDSA", "--kid", "mine"]);
    let show = |form: &str| desk.run(&["show", id(&key), "--public", form], "").unwrap();
    assert!(show("pem").starts_with("-----BEGIN PUBLIC KEY-----\n"));
    assert!(show("certificate").starts_with("-----BEGIN CERTIFICATE-----\n"));
    let jwk: Value = serde_json::from_str(&show("jwk")).unwrap();
    assert_eq!((&jwk["kid"], &jwk["kty"], jwk.get("d")), (&"mine".into(), &"OKP".into(), None));
    let refused = desk.run(&["show", id(&key), "--secret"], "").unwrap_err();
    assert!(refused.contains("is never shown"), "{refused}");
    let refused = desk.run(&["show", id(&key), "--tenant", "acme"], "").unwrap_err();
    assert!(refused.contains("no signing key"), "{refused}");
}

#[tokio::test]
async fn a_key_is_read_from_standard_input_or_a_file_and_its_secret_is_told_to_prosody() {
    let desk = Desk::new().await;
    let secret = "correct horse battery staple and so on";
    let said = desk.import(&["--algorithm", "hs256"], &format!("{secret}\n")).unwrap();
    assert!(!said.contains(secret));
    let key: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&key["origin"], &key["tenant"]), (&"imported".into(), &"acme".into()));
    let shown = desk.run(&["show", "--tenant", "acme", id(&key), "--secret"], "").unwrap();
    assert_eq!(shown, format!("{secret}\n"));
    let refused = desk.run(&["show", "--tenant", "acme", id(&key), "--public", "pem"], "").unwrap_err();
    assert!(refused.contains("no public half"), "{refused}");

    let key = rcgen::KeyPair::generate().unwrap();
    let path = desk.setup.folder.path().join("key.pem");
    fs::write(&path, key.serialize_pem()).unwrap();
    let said = desk.import(&["--algorithm", "ES256", "--file", path.to_str().unwrap()], "").unwrap();
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap()["algorithm"], "ES256");
    for (algorithm, input) in
        [("RS256", key.serialize_pem()), ("HS256", "short".to_owned()), ("ES256", key.public_key_pem())]
    {
        let refused = desk.import(&["--algorithm", algorithm], &input).unwrap_err();
        assert!(!refused.contains("short") && refused.lines().count() == 1, "{refused}");
    }
}

#[tokio::test]
async fn a_key_of_8x8_gets_its_name_when_it_first_signs() {
    let desk = Desk::new().await;
    desk.json(&["make"]);
    let key = desk.json(&["make", "--tenant", "acme"]);
    assert_eq!((&key["algorithm"], &key["state"]), (&"RS256".into(), &"next".into()));
    let name = "vpaas-magic-cookie-1fc542/4f4910";
    let activate = ["activate", id(&key), "--tenant", "acme", "--kid", name];
    assert!(desk.run(&activate, "").is_err());
    let done = desk.json(&[&activate[..], &["--now"]].concat());
    assert_eq!((&done["active"]["kid"], &done["retired"]), (&name.into(), &Value::Null));
}
