//! Frontdesk is killed while apps book: what was asked for under one key is done once, and whoever asks again is answered.

use std::time::{Duration, Instant};

use frontdesk::actions::add_app::add_app;
use frontdesk::reservation::Scopes;
use futures_util::future::join_all;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use crate::outages::furnish;
use crate::rig::{PATIENCE, Setup, db, hands_on};
use crate::world;

/// How many book at once, each under a key of its own.
const LANES: usize = 8;

/// How long Frontdesk is killed again and again.
const LONG: Duration = Duration::from_secs(12);

/// What came back: the status, whether it was said before, and the appointment.
#[derive(Debug, Clone, PartialEq)]
struct Answer {
    status: u16,
    replayed: bool,
    body: Value,
}

/// The whole answer, or none: a half one is none.
async fn send(request: RequestBuilder) -> Option<Answer> {
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    let replayed = response.headers().get("idempotency-replayed").is_some_and(|value| value == "true");
    Some(Answer { status, replayed, body: response.json().await.ok()? })
}

/// A time up to that, which nobody can foresee.
fn up_to(longest: Duration) -> Duration {
    longest.mul_f64(f64::from(Uuid::new_v4().as_bytes()[0]) / 255.0)
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "figures, shown with --nocapture")]
async fn a_killed_frontdesk_books_once_under_one_key_and_answers_the_same_when_it_is_back() {
    let (_, options) = world::database().await;
    let app = hands_on(&options);
    furnish(&app).await;
    let acme = "acme".parse().unwrap();
    let added = add_app(&app, &acme, "app".to_owned(), Scopes::usual()).await.unwrap();
    let key = added.credential.expose();
    let setup = Setup::remote(&options);
    let mut frontdesk = setup.serve().await;
    // A connection to a process that was killed must not be used again.
    let http = reqwest::Client::builder().pool_max_idle_per_host(0).timeout(PATIENCE).build().unwrap();
    // Nothing but the key keeps a repetition from being booked: each gets a room of its own.
    let book = |url: &str, title: &str| {
        let booking = json!({ "title": title, "starts": "2026-12-01T10:00:00Z", "ends": null });
        let request = http.post(format!("{url}/v1/appointments")).bearer_auth(key);
        send(request.header("Idempotency-Key", title).json(&booking))
    };
    let booked = async |title: &str| {
        let count = sqlx::query_scalar("SELECT count(*) FROM appointments WHERE title = $1").bind(title);
        count.fetch_one(db(&app)).await.unwrap()
    };

    let began = Instant::now();
    let first = book(&frontdesk.url, "first").await.unwrap();
    assert_eq!((first.status, first.replayed), (201, false), "{first:?}");
    // About the moment of the answers. The first one takes longer than later ones.
    let mut takes = began.elapsed();
    let (mut rounds, mut answered, mut lost, mut undone) = (0, 0, 0, 0);
    while began.elapsed() < LONG || rounds < 3 {
        let titles: Vec<_> = (0..LANES).map(|lane| format!("round {rounds}, lane {lane}")).collect();
        let url = frontdesk.url.clone();
        let asking = join_all(titles.iter().map(|title| {
            let began = Instant::now();
            let asking = book(&url, title);
            async move { (asking.await, began.elapsed()) }
        }));
        let kill = async {
            sleep(takes / 2 + up_to(takes * 3 / 4)).await;
            frontdesk.kill();
        };
        let (before, ()) = tokio::join!(asking, kill);
        let took = before.iter().filter_map(|(answer, took)| answer.as_ref().map(|_| *took)).max();
        takes = took.unwrap_or(takes * 5 / 4);
        let mut there = Vec::new();
        for title in &titles {
            let rows: i64 = booked(title).await;
            there.push(rows);
        }
        frontdesk = setup.serve().await;
        let again = join_all(titles.iter().map(async |title| {
            let began = Instant::now();
            loop {
                let answer = book(&frontdesk.url, title).await.unwrap();
                // PostgreSQL may not have noticed yet that who began it is gone.
                if answer.status != 409 {
                    return answer;
                }
                assert_eq!(answer.body["code"], "idempotency_key_in_use", "{title}: {answer:?}");
                assert!(began.elapsed() < PATIENCE, "{title} is under way for ever");
                sleep(Duration::from_millis(50)).await;
            }
        }));
        for (((title, (before, _)), there), again) in titles.iter().zip(before).zip(there).zip(again.await) {
            assert_eq!(again.status, 201, "{title}: {again:?}");
            let rows: i64 = booked(title).await;
            assert_eq!(rows, 1, "{title}: {before:?}, then {again:?}");
            match before {
                Some(before) => {
                    let replayed = Answer { replayed: true, ..before };
                    assert_eq!(again, replayed, "{title}");
                    answered += 1;
                }
                None if there == 1 => {
                    assert!(again.replayed, "{title} was there, and was booked anew: {again:?}");
                    lost += 1;
                }
                None => undone += 1,
            }
        }
        rounds += 1;
    }
    println!(
        "{rounds} kills: {answered} were answered before, {lost} done and not answered, {undone} not done"
    );
    assert!(answered + lost > 0 && lost + undone > 0, "nothing was killed in its midst");
    let all: i64 = sqlx::query_scalar("SELECT count(*) FROM appointments").fetch_one(db(&app)).await.unwrap();
    assert_eq!(all, i64::try_from(LANES * rounds).unwrap() + 1);
}
