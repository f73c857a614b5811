//! The doctor's look at tokens: whether people get in by links and tokens, and only where they are meant to.

use std::time::Duration;

use tokio::time::sleep;

use crate::doctor::{Practice, run};

#[tokio::test]
async fn tenants_whose_tokens_open_each_others_rooms_and_lack_keys_are_found() {
    let practice = Practice::new().await;
    let meet = "https://meet.example.org";
    run(&practice.setup, &["tenant", "add", "globex", "--meeting-url", meet]);
    run(&practice.setup, &["tenant", "set", "acme", "--meeting-url", meet]);
    let mut told = practice.diagnose(&[]);
    // The first keys are made as the service starts.
    for _ in 0..30 {
        if told.of("skipped").iter().all(|(check, _)| *check != "join_links") {
            break;
        }
        sleep(Duration::from_secs(1)).await;
        told = practice.diagnose(&[]);
    }
    let same = told.of("warning").into_iter().find(|(check, _)| *check == "token_subjects");
    let same = same.unwrap_or_else(|| panic!("{:#}", told.report)).1;
    assert!(
        same.contains("`acme`") && same.contains("`globex`") && same.contains("meet.example.org"),
        "{same}"
    );
    run(&practice.setup, &["tenant", "set", "globex", "--meeting-url", "https://meet.example.org/globex"]);
    run(&practice.setup, &["token", "settings", "--tenant", "globex", "--algorithm", "HS256"]);
    let told = practice.diagnose(&[]);
    let warned = told.of("warning");
    assert!(warned.iter().all(|(check, _)| *check != "token_subjects"), "{warned:?}");
    assert!(
        warned.iter().any(|(check, told)| *check == "join_links" && told.contains("HS256")),
        "{warned:?}"
    );
}
