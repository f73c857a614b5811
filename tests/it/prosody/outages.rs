//! The wire breaks, or Frontdesk is away.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::Meet;
use super::client::room;
use super::rooms::refused;
use super::tap::Fault;

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn after_errors_and_lost_answers_the_room_opens_by_itself() {
    let meet = Meet::new().await;
    meet.book_with("secret", |booking| booking.password = Some("sesame opens".parse().unwrap())).await;
    meet.tap.break_next(&[Fault::Status(503), Fault::Status(502), Fault::AnswerLost]);
    let mut person = meet.client().await;
    person.ask(&room("secret")).await.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 503", "POST 502", "POST 0", "POST 409", "GET 200"]);
    let refusal = person.enter(&room("secret"), "person", None).await.unwrap_err();
    assert_eq!(refusal.condition, "not-authorized");
    person.enter(&room("secret"), "person", Some("sesame opens")).await.unwrap();
    assert_eq!(meet.open().await, 1);
    let exchanges = meet.tap.exchanges();
    assert!(exchanges[1..4].iter().all(|exchange| exchange.body() == exchanges[0].body()));
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn an_answer_that_never_comes_is_a_refusal_for_a_while_and_the_next_ask_finds_the_conference() {
    let meet = Meet::new().await;
    meet.book_with("secret", |booking| booking.password = Some("sesame opens".parse().unwrap())).await;
    meet.tap.break_next(&[Fault::AnswerStuck]);
    let mut person = meet.client().await;
    let timed_out = refused("500", "Reservation lookup timed out");
    assert_eq!(person.ask(&room("secret")).await, Err(timed_out.clone()));
    // Prosody keeps a refusal for 30 s, and looks every 60 s.
    let (began, mut answer) = (Instant::now(), Err(timed_out.clone()));
    while answer == Err(timed_out.clone()) {
        assert!(began.elapsed() < Duration::from_secs(100));
        sleep(Duration::from_secs(1)).await;
        answer = person.ask(&room("secret")).await;
    }
    answer.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 0", "POST 409", "GET 200"]);
    let refusal = person.enter(&room("secret"), "person", None).await.unwrap_err();
    assert_eq!(refusal.condition, "not-authorized");
    person.enter(&room("secret"), "person", Some("sesame opens")).await.unwrap();
    assert_eq!(meet.open().await, 1);
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_refusal_is_asked_once_and_told_to_everybody() {
    let meet = Meet::new().await;
    for _ in 0..2 {
        let refusal = meet.client().await.ask(&room("unknown")).await.unwrap_err();
        assert_eq!(refusal, refused("404", "No meeting is scheduled in this room."));
    }
    assert_eq!(meet.tap.summary(), ["POST 404"]);
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn while_frontdesk_is_away_rooms_stay_shut_and_those_that_are_open_stay_open() {
    let mut meet = Meet::new().await;
    for name in ["before", "meanwhile", "after"] {
        meet.book(name).await;
    }
    let mut person = meet.client().await;
    person.join(&room("before"), "person", None).await.unwrap();

    meet.frontdesk.kill();
    meet.tap.close();
    let refusal = person.ask(&room("meanwhile")).await.unwrap_err();
    assert_eq!(refusal, refused("0", "Rejected by reservation server"));
    meet.client().await.join(&room("before"), "other", None).await.unwrap();

    meet.frontdesk = meet.setup.serve().await;
    meet.tap.lead_to(&meet.frontdesk.url);
    meet.tap.open().await;
    person.join(&room("after"), "person", None).await.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 200", "POST 200"]);
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn who_waits_while_frontdesk_is_started_again_comes_in() {
    let mut meet = Meet::new().await;
    meet.book("room").await;
    meet.frontdesk.kill();
    meet.tap.close();
    let mut person = meet.client().await;
    let address = room("room");
    let started = async {
        meet.frontdesk = meet.setup.serve().await;
        meet.tap.lead_to(&meet.frontdesk.url);
        meet.tap.open().await;
    };
    let (joined, ()) = tokio::join!(person.join(&address, "person", None), started);
    joined.unwrap();
    assert_eq!(meet.open().await, 1);
}
