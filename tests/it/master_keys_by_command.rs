//! Master keys as an operator has to do with them: the key file, commands, and replicas that run meanwhile.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use chrono::{SecondsFormat, TimeDelta};
use frontdesk::clock::Clock;
use frontdesk::seal::MasterKeys;
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;

use crate::outages::furnish;
use crate::rig::{Caller, Frontdesk, MASTER_KEY, Setup, hands_on};
use crate::world::database;

/// The key that comes after [`MASTER_KEY`].
const NEW_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

fn id(key: &str) -> String {
    MasterKeys::parse(key).unwrap().first_id().to_string()
}

/// What a command prints, which is no key and no password.
fn run(setup: &Setup, arguments: &[&str]) -> Result<String, String> {
    let done = setup.command(arguments).output().unwrap();
    let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
    for secret in [MASTER_KEY, NEW_KEY, "sesame opens"] {
        assert!(!out.contains(secret) && !err.contains(secret), "{out}{err}");
    }
    if done.status.success() { Ok(out) } else { Err(err) }
}

fn json(setup: &Setup, arguments: &[&str]) -> Value {
    let said = run(setup, &[arguments, &["--json"]].concat());
    serde_json::from_str(&said.unwrap_or_else(|error| panic!("{arguments:?}: {error}"))).unwrap()
}

fn list(setup: &Setup) -> Value {
    json(setup, &["master-keys", "list"])
}

/// Books the room of `acme` for this hour, with the password, by a command.
fn book_now(setup: &Setup, room: &str) -> String {
    let starts = Clock::system().now() - TimeDelta::minutes(1);
    let starts = starts.to_rfc3339_opts(SecondsFormat::Secs, true);
    let when = ["--starts", &starts, "--duration", "1h", "--password", "sesame opens", "--json"];
    let done =
        setup.command(&[&["appointment", "add", "--room", room], &when[..]].concat()).output().unwrap();
    let added: Value = serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{done:?}"));
    added["id"].as_str().unwrap().to_owned()
}

async fn restart(setup: &Setup, frontdesk: &mut Frontdesk) {
    frontdesk.terminate().await;
    *frontdesk = setup.serve().await;
}

/// The password of a room that is asked for.
async fn password(frontdesk: &Frontdesk, credential: &str, room: &str) -> Value {
    let (reply, _) = Caller::new(&frontdesk.url, credential).ask(room).await;
    reply.unwrap().body["password"].clone()
}

#[tokio::test]
async fn two_replicas_get_a_new_key_one_after_the_other_and_the_old_one_goes() {
    let (_, options) = database().await;
    let credential = furnish(&hands_on(&options)).await;
    let (mut one, mut two) = (Setup::remote(&options), Setup::remote(&options));
    let (mut first, mut second) = (one.serve().await, two.serve().await);
    for room in ["a", "b", "c", "d"] {
        book_now(&one, room);
    }
    assert_eq!(password(&first, &credential, "a").await, "sesame opens");

    // The new key is known everywhere before anybody seals with it.
    let [old_first, new_first] = [[MASTER_KEY, NEW_KEY], [NEW_KEY, MASTER_KEY]].map(|keys| keys.join("\n"));
    one.master_key(&old_first);
    restart(&one, &mut first).await;
    two.master_key(&old_first);
    restart(&two, &mut second).await;
    let listed = list(&one);
    let states = listed.as_array().unwrap().iter().map(|key| (&key["id"], &key["seals"], &key["needed"]));
    let (old, new) = (json!(id(MASTER_KEY)), json!(id(NEW_KEY)));
    assert_eq!(
        states.collect::<Vec<_>>(),
        [(&old, &json!(true), &json!(true)), (&new, &json!(false), &json!(false))]
    );

    one.master_key(&new_first);
    restart(&one, &mut first).await;
    book_now(&one, "between");
    assert_eq!(password(&second, &credential, "between").await, "sesame opens", "the other one can read it");
    two.master_key(&new_first);
    restart(&two, &mut second).await;

    let done = json(&one, &["master-keys", "reseal"]);
    assert_eq!(done["may_be_removed"], json!([{ "line": 2, "id": old }]));
    assert_eq!((&done["unreadable"], &done["still_seal"]), (&json!(0), &json!([])));
    assert_eq!(done["resealed"]["appointment_password"], 4);
    assert_eq!(password(&first, &credential, "b").await, "sesame opens");
    one.master_key(NEW_KEY);
    restart(&one, &mut first).await;
    assert_eq!(password(&first, &credential, "c").await, "sesame opens");
    two.master_key(NEW_KEY);
    restart(&two, &mut second).await;
    assert_eq!(password(&second, &credential, "d").await, "sesame opens");
    let listed = list(&two);
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["id"]), (1, &new), "{listed}");
    for kind in ["appointment_password", "date_password", "conference_password"] {
        assert_eq!(listed[0]["values"][kind], 5, "{listed}");
    }
}

#[tokio::test]
async fn people_are_told_which_line_may_go_and_what_still_seals() {
    let (_, options) = database().await;
    furnish(&hands_on(&options)).await;
    let mut setup = Setup::remote(&options);
    book_now(&setup, "room");
    setup.master_key(&format!("# the new one\n{NEW_KEY}\n\n{MASTER_KEY}\n"));
    let said = run(&setup, &["master-keys", "list"]).unwrap();
    assert!(said.contains("appointment_password 1") && said.contains(&id(MASTER_KEY)), "{said}");
    let said = run(&setup, &["master-keys", "reseal"]).unwrap();
    assert!(said.contains(&format!("`{}` seals nothing: line 4 may be removed", id(MASTER_KEY))), "{said}");
    setup.master_key(MASTER_KEY);
    for refused in [&["master-keys", "reseal"][..], &["tenant", "list"]] {
        let said = run(&setup, refused).unwrap_err();
        assert!(said.contains(&format!("`frontdesk master-keys forget {}`", id(NEW_KEY))), "{said}");
    }
}

#[tokio::test]
async fn a_key_that_is_lost_is_forgotten_only_when_that_is_meant() {
    let (_, options) = database().await;
    let credential = furnish(&hands_on(&options)).await;
    let mut setup = Setup::remote(&options);
    let room = book_now(&setup, "room");
    let lost = id(MASTER_KEY);
    setup.master_key(NEW_KEY);
    let listed = list(&setup);
    assert_eq!(
        (&listed[1]["id"], &listed[1]["in_key_file"], &listed[1]["needed"]),
        (&json!(lost), &json!(false), &json!(true))
    );
    let told = json(&setup, &["master-keys", "forget", &lost]);
    assert_eq!((&told["forgotten"], &told["appointments_to_come"]), (&json!(false), &json!(1)), "{told}");
    assert_eq!(
        (&told["appointments"][0]["id"], &told["appointments"][0]["tenant"]),
        (&json!(room), &json!("acme"))
    );
    assert!(run(&setup, &["master-keys", "forget", &lost]).unwrap().contains("nothing was done"));
    assert_eq!(list(&setup), listed);
    let said = run(&setup, &["master-keys", "forget", "first"]).unwrap_err();
    assert!(said.contains("16 hexadecimal digits"), "{said}");
    let said = run(&setup, &["master-keys", "forget", &id(NEW_KEY), "--yes"]).unwrap_err();
    assert!(said.contains("is not lost: it is in line 1"), "{said}");

    // Nobody but the operator makes a file that was named: perhaps it is only not mounted.
    let file = setup.folder.path().join("keys");
    fs::remove_file(&file).unwrap();
    let done = json(&setup, &["master-keys", "forget", &lost, "--yes"]);
    assert_eq!((&done["forgotten"], &done["made"]), (&json!(true), &Value::Null));
    assert!(!file.exists());
    setup.master_key(NEW_KEY);
    let frontdesk = setup.serve().await;
    let caller = Caller::new(&frontdesk.url, &credential);
    assert_eq!(caller.ask("room").await.0.unwrap().status, 503);
    json(&setup, &["appointment", "change", &room, "--generate-password"]);
    assert_eq!(caller.ask("room").await.0.unwrap().status, 200);
}

#[tokio::test]
async fn with_the_private_database_a_new_key_is_made_and_none_is_overwritten() {
    let setup = Setup::private();
    let said = run(&setup, &["master-keys", "list"]).unwrap_err();
    assert!(said.contains("nothing was started here yet"), "{said}");
    json(&setup, &["tenant", "add", "acme"]);
    let file = setup.data_dir().join("master.key");
    let first = MasterKeys::parse(&fs::read_to_string(&file).unwrap()).unwrap().first_id().to_string();
    book_now(&setup, "room");
    fs::remove_file(&file).unwrap();
    let said = setup.refusal(&[]).await;
    assert!(said.contains("master-keys list"), "{said}");
    assert_eq!(list(&setup)[0]["id"], first);
    json(&setup, &["master-keys", "forget", &first]);
    assert!(!file.exists(), "as long as nothing is done, no key is made");

    let done = json(&setup, &["master-keys", "forget", &first, "--yes"]);
    let key = fs::read_to_string(&file).unwrap();
    assert_eq!(done["made"], id(&key));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = json(&setup, &["master-keys", "forget", &first, "--yes"]);
    assert_eq!((&again["made"], again["kept"]["appointment_password"].as_i64()), (&Value::Null, Some(1)));
    assert_eq!(fs::read_to_string(&file).unwrap(), key);
    book_now(&setup, "another");
    assert_eq!(list(&setup)[0]["values"]["appointment_password"], 1);
}

#[tokio::test]
async fn without_a_named_file_a_lost_key_of_another_database_is_made_anew_in_the_data_folder() {
    let (_, options) = database().await;
    furnish(&hands_on(&options)).await;
    let setup = Setup::remote(&options);
    book_now(&setup, "room");
    let mut bare = Setup::private();
    bare.set("DATABASE_URL", options.to_url_lossy().as_str());
    assert_eq!(list(&bare)[0]["id"], id(MASTER_KEY));
    assert!(!bare.data_dir().join("master.key").exists());
    let done = json(&bare, &["master-keys", "forget", &id(MASTER_KEY), "--yes"]);
    assert_eq!(list(&bare)[0]["id"], done["made"]);
    json(&bare, &["tenant", "list"]);
}
