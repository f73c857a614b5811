//! Room tokens are looked at and revoked on the command line.

use std::fs;
use std::io::Write as _;
use std::process::{Output, Stdio};

use chrono::TimeDelta;
use frontdesk::actions::mint::{Holder, Opens, TokenRequest, mint_in};
use frontdesk::actions::signing_keys::{KeyOwner, KeySource, add_signing_key};
use frontdesk::clock::Clock;
use frontdesk::signing::Algorithm;
use frontdesk::store::{tenants, token_settings};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::rig::{Setup, hands_on};
use crate::world::World;

fn run(setup: &Setup, arguments: &[&str], input: &str) -> Output {
    let mut command = setup.command(&[&["token"], arguments, &["--json"]].concat());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Who reads no input may be gone already.
    _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

#[tokio::test]
async fn a_token_is_looked_at_and_revoked_on_the_command_line() {
    let world = World::new().await;
    world
        .policy(|policy| {
            policy.meeting_url = Some("https://meet.example.org".parse().unwrap());
            policy.unscheduled.allow = true;
        })
        .await;
    let setup = Setup::remote(&world.options);
    add_signing_key(&world.app, &KeyOwner::Deployment, Algorithm::Hs256, KeySource::Make, None)
        .await
        .unwrap();
    let app = hands_on(&world.options);
    let mut db = app.db.acquire().await.unwrap();
    let tenant = tenants::by_name(&mut db, &"acme".parse().unwrap()).await.unwrap().unwrap();
    let mut settings = token_settings::get(&mut db, tenant.id).await.unwrap();
    settings.algorithm = Algorithm::Hs256;
    token_settings::put(&mut db, tenant.id, &settings).await.unwrap();
    // Commands go by the system's clock.
    let starts = Clock::system().now() - TimeDelta::minutes(5);
    let minutes = |at: chrono::DateTime<chrono::Utc>| (at - world.clock.now()).num_minutes();
    let booked = world.book("booked", minutes(starts), minutes(starts) + 60).await;
    let mut make = async |opens: Opens| {
        mint_in(&app, &mut db, &tenant, &TokenRequest::new(opens, Holder::Guest(None))).await.unwrap()
    };
    let free = make(Opens::Room("free".parse().unwrap())).await;
    let for_booked = make(Opens::Appointment { id: booked.id, original_start: None }).await;
    let token = free.token.expose_secret();

    let good = run(&setup, &["verify", "--room", "FREE"], &format!("{token}\n"));
    assert!(good.status.success(), "{good:?}");
    assert_eq!((&said(&good)["valid"], &said(&good)["claims"]["room"]), (&json!(true), &json!("free")));
    let file = setup.folder.path().join("token");
    fs::write(&file, token).unwrap();
    assert!(run(&setup, &["verify", file.to_str().unwrap()], "").status.success());
    let bad = run(&setup, &["verify", "--room", "other"], token);
    assert_eq!((bad.status.code(), &said(&bad)["problems"][0]["code"]), (Some(1), &json!("wrong_room")));
    let none = run(&setup, &["verify"], "");
    assert_eq!((none.status.code(), &said(&none)["problems"][0]["code"]), (Some(1), &json!("malformed")));
    // The file is root's, and is read before root becomes another user. Its folder is not entered afterwards.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("token.txt"), token).unwrap();
    let mut command = setup.command(&["token", "verify", "token.txt"]);
    let done = command.current_dir(folder.path()).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    // A token that somebody typed after all is not said again.
    let typed = run(&setup, &["verify", token], "");
    assert!(!typed.status.success() && !format!("{typed:?}").contains(token), "{typed:?}");

    let revoked = run(&setup, &["revoke", &free.id.to_string()], "");
    assert_eq!(said(&revoked)["token"], free.id.to_string());
    assert!(said(&revoked)["does_not_reach"].to_string().contains("Jitsi"), "{revoked:?}");
    let seen = run(&setup, &["verify"], token);
    assert_eq!((seen.status.code(), &said(&seen)["problems"][0]["code"]), (Some(1), &json!("revoked")));
    let id = booked.id.to_string();
    assert!(run(&setup, &["verify"], for_booked.token.expose_secret()).status.success());
    let revoked = run(&setup, &["revoke", "--appointment", &id], "");
    assert_eq!(said(&revoked)["appointment"], id);
    assert!(!run(&setup, &["verify"], for_booked.token.expose_secret()).status.success());
    let nobody = run(&setup, &["revoke", "--appointment", &id, "--participant", "nobody"], "");
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("nobody is expected there"), "{nobody:?}");
    for wrong in [&["revoke"][..], &["revoke", "--participant", "x"], &["revoke", &id, "--appointment", &id]]
    {
        assert_eq!(run(&setup, wrong, "").status.code(), Some(2), "{wrong:?}");
    }
}
