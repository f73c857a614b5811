//! Rooms end, and Prosody forgets.

use std::time::Duration;

use chrono::TimeDelta;
use frontdesk::reservation::Appointment;

use super::Meet;
use super::client::{Client, room};
use super::focus::Focus;
use crate::rig::eventually;

/// Books a room that ends in 15 s.
async fn book_short(meet: &Meet, room: &str) -> Appointment {
    meet.book_with(room, |booking| {
        booking.ends = Some(booking.starts + TimeDelta::seconds(60 + 15));
        booking.grace = Some(TimeDelta::zero());
    })
    .await
}

/// How long Prosody may take to notice an end after that: it looks every 60 s.
const UNTIL_NOTICED: Duration = Duration::from_secs(80);

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn people_are_put_out_of_a_room_whose_time_is_over() {
    let meet = Meet::new().await;
    book_short(&meet, "short").await;
    let mut person = meet.client().await;
    person.join(&room("short"), "person", None).await.unwrap();
    let last = person.put_out_of(UNTIL_NOTICED, &room("short")).await;
    let reason = &last.find("destroy").unwrap().find("reason").unwrap().text;
    assert_eq!(reason, "Scheduled conference duration exceeded.");
    meet.eventually_asked(&["POST 200", "DELETE 204"]).await;
    assert_eq!(meet.open().await, 0);
    assert_eq!(person.ask(&room("short")).await.unwrap_err().text, "This meeting is over.");
}

/// Needs `muc_tombstones = false`. Breakout rooms make the room persistent, and Prosody doesn't let anybody into a persistent
/// room that was once destroyed.
#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_room_whose_time_was_over_opens_for_its_next_date_even_after_breakout_rooms() {
    let meet = Meet::new().await;
    let first = book_short(&meet, "series").await;
    meet.book_with("series", |booking| booking.starts = first.slot.ends().unwrap()).await;
    let mut person = Client::on_the_page_of(meet.prosody.port, "series").await;
    person.join(&room("series"), "owner", None).await.unwrap();
    person.add_breakout_room().await;
    person.put_out_of(UNTIL_NOTICED, &room("series")).await;
    meet.eventually_asked(&["POST 200", "DELETE 204"]).await;
    person.join(&room("series"), "owner", None).await.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 200", "DELETE 204", "POST 200"]);
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn when_the_last_one_has_left_frontdesk_is_told_and_the_room_can_be_opened_again() {
    let meet = Meet::new().await;
    meet.book("room").await;
    let (mut one, mut other) = (meet.client().await, meet.client().await);
    one.join(&room("room"), "one", None).await.unwrap();
    other.join(&room("room"), "other", None).await.unwrap();
    assert_eq!(meet.open().await, 1);
    one.leave(&room("room"), "one").await;
    // A tab that is closed.
    drop(other);
    meet.eventually_asked(&["POST 200", "DELETE 204"]).await;
    assert_eq!(meet.open().await, 0);
    one.join(&room("room"), "one", None).await.unwrap();
    meet.eventually_asked(&["POST 200", "DELETE 204", "POST 200"]).await;
    assert_eq!(meet.open().await, 1);
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_room_that_nobody_enters_is_released_when_jicofo_gives_it_up() {
    let meet = Meet::new().await;
    meet.book_with("secret", |booking| booking.password = Some("sesame opens".parse().unwrap())).await;
    let mut person = meet.client().await;
    let refusal = person.join(&room("secret"), "person", None).await.unwrap_err();
    assert_eq!(refusal.condition, "not-authorized");
    meet.focus.give_up().await;
    meet.eventually_asked(&["POST 200", "DELETE 204"]).await;
    person.join(&room("secret"), "person", Some("sesame opens")).await.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 200", "DELETE 204", "POST 200"]);
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn who_waits_in_a_lobby_keeps_the_room_even_when_jicofo_gives_it_up() {
    let meet = Meet::new().await;
    meet.book_with("hearing", |booking| {
        booking.lobby = true;
        booking.password = Some("sesame opens".parse().unwrap());
    })
    .await;
    let (mut stranger, mut invited) = (meet.client().await, meet.client().await);
    let lobby = stranger.join(&room("hearing"), "stranger", None).await.unwrap_err().lobby;
    stranger.enter(&lobby, "stranger", None).await.unwrap();
    meet.focus.give_up().await;
    assert!(!invited.join(&room("hearing"), "invited", None).await.unwrap_err().lobby.is_empty());
    invited.join(&room("hearing"), "invited", Some("sesame opens")).await.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 200"]);
    assert_eq!(meet.open().await, 1);
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_prosody_that_was_killed_opens_the_room_again_on_the_same_terms() {
    let mut meet = Meet::new().await;
    meet.book_with("secret", |booking| {
        booking.password = Some("sesame opens".parse().unwrap());
        booking.max_occupants = Some(1);
    })
    .await;
    let mut before = meet.client().await;
    before.join(&room("secret"), "before", Some("sesame opens")).await.unwrap();
    meet.prosody.kill();
    meet.prosody.restart().await;
    meet.focus = Focus::start(&meet.prosody).await;

    let mut person = meet.client().await;
    let refusal = person.join(&room("secret"), "person", None).await.unwrap_err();
    assert_eq!(refusal.condition, "not-authorized");
    assert_eq!(meet.tap.summary(), ["POST 200", "POST 409", "GET 200"]);
    person.join(&room("secret"), "person", Some("sesame opens")).await.unwrap();
    let refusal = meet.client().await.join(&room("secret"), "other", Some("sesame opens")).await.unwrap_err();
    assert_eq!(refusal.condition, "service-unavailable");

    drop(person);
    eventually("the conference is closed", async || meet.open().await == 0).await;
    assert_eq!(meet.tap.summary(), ["POST 200", "POST 409", "GET 200", "DELETE 204"]);
}
