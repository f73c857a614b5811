//! The doctor's look at tenants whose apps speak the languages of other systems: whether they can answer in them.

use std::fs;

use crate::doctor::{Diagnosis, Practice, run};
use crate::rig::eventually;

/// What it says about them.
fn told<'a>(diagnosis: &'a Diagnosis, level: &str) -> Vec<&'a str> {
    let all = diagnosis.of(level).into_iter();
    all.filter(|(check, _)| *check == "dialects").map(|(_, message)| message).collect()
}

#[tokio::test]
async fn tenants_that_can_t_answer_in_what_their_apps_speak_are_found() {
    let mut practice = Practice::new().await;
    let quiet = practice.diagnose(&[]);
    for level in ["ok", "skipped", "warning", "error"] {
        assert_eq!(told(&quiet, level), Vec::<&str>::new(), "acme speaks nothing");
    }
    // The first keys are made as the service starts.
    run(&practice.setup, &["dialects", "--tenant", "acme", "--speak", "metered,datagram"]);
    eventually("there is a key", async || told(&practice.diagnose(&[]), "skipped").is_empty()).await;
    let able = practice.diagnose(&[]);
    assert_eq!(told(&able, "ok"), ["tenants that can answer in the languages of other systems: 1"]);
    assert_eq!(told(&able, "warning"), Vec::<&str>::new());

    run(&practice.setup, &["tenant", "set", "acme", "--meeting-url", "none"]);
    let homeless = practice.diagnose(&[]);
    let [why] = told(&homeless, "warning")[..] else { panic!("{:#}", homeless.report) };
    assert!(why.contains("`acme`") && why.contains("Metered, Datagram"), "{why}");
    assert!(why.contains("no token can be made"), "{why}");
    assert_eq!(told(&homeless, "ok"), Vec::<&str>::new());
    run(&practice.setup, &["token", "settings", "--tenant", "acme", "--subject", "meet.test"]);
    let homeless = practice.diagnose(&[]);
    assert!(told(&homeless, "warning")[0].contains("Datagram's `join_url` is null"), "{:#}", homeless.report);
    run(&practice.setup, &["dialects", "--tenant", "acme", "--speak", "metered,proconf"]);
    assert_eq!(told(&practice.diagnose(&[]), "ok").len(), 1, "these give no address");

    let settings = ["--tenant", "acme", "--subject", "none", "--algorithm", "HS256"];
    run(&practice.setup, &[&["token", "settings"], &settings[..]].concat());
    run(&practice.setup, &["tenant", "set", "acme", "--meeting-url", "https://meet.test"]);
    let keyless = practice.diagnose(&[]);
    let [why] = told(&keyless, "warning")[..] else { panic!("{:#}", keyless.report) };
    assert!(why.contains("no key signs HS256 for the tenant `acme`"), "{why}");
    run(&practice.setup, &["keys", "make", "--tenant", "acme", "--algorithm", "HS256"]);
    assert_eq!(told(&practice.diagnose(&[]), "warning"), Vec::<&str>::new());

    run(&practice.setup, &["dialects", "--tenant", "acme", "--speak", "jiomeet"]);
    let private = practice.diagnose(&[]);
    let [why] = told(&private, "warning")[..] else { panic!("{:#}", private.report) };
    assert!(why.contains("public_url is not set"), "{why}");
    practice.setup.set("FRONTDESK_PUBLIC_URL", "https://frontdesk.test");
    assert_eq!(told(&practice.diagnose(&[]), "ok").len(), 1);
    run(&practice.setup, &["tenant", "set", "acme", "--disable"]);
    assert_eq!(told(&practice.diagnose(&[]), "ok").len(), 0, "it answers nobody");
}

#[tokio::test]
async fn a_prosody_that_refuses_a_tenant_s_tokens_for_any_audience_is_found() {
    let practice = Practice::new().await;
    let text = fs::read_to_string(practice.main_file()).unwrap();
    let config = |list: &str| {
        let checks = format!("\"token\" app_secret = \"s3cret\" asap_accepted_audiences = {{ {list} }}");
        fs::write(practice.main_file(), text.replace("\"jitsi-anonymous\"", &checks)).unwrap();
        let diagnosis = practice.diagnose(&[]);
        let found = |level| diagnosis.of(level).iter().any(|(check, _)| *check == "audiences");
        (found("ok"), found("warning"))
    };
    assert_eq!(config("\"jitsi\""), (false, false), "no app speaks ProCONF");
    run(&practice.setup, &["tenant", "add", "globex"]);
    run(&practice.setup, &["dialects", "--tenant", "globex", "--speak", "proconf"]);
    assert_eq!(config("\"jitsi\""), (false, false), "it opens no rooms of globex");
    run(&practice.setup, &["dialects", "--tenant", "acme", "--speak", "jiomeet,proconf"]);
    assert_eq!(config("\"jitsi\""), (false, true));
    assert_eq!(config("\"jitsi\", \"*\""), (true, false));
    run(&practice.setup, &["token", "settings", "--tenant", "acme", "--verifier", "other"]);
    assert_eq!(config("\"jitsi\""), (false, false), "no Prosody checks its tokens");
}

#[tokio::test]
async fn a_prosody_that_has_everybody_wait_in_private_rooms_is_found() {
    let practice = Practice::new().await;
    let found = || practice.diagnose(&[]).of("warning").iter().any(|(check, _)| *check == "private_rooms");
    assert!(!found(), "no app makes private rooms");
    run(&practice.setup, &["dialects", "--tenant", "acme", "--speak", "metered"]);
    assert!(found());
}
