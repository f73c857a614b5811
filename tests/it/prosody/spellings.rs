//! One room, spelled in several ways.

use super::Meet;
use super::client::room;
use super::rooms::refused;
use super::server::DOMAIN;

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn the_web_clients_spelling_of_a_name_opens_its_booking() {
    let meet = Meet::new().await;
    meet.book_with("Grüße Raum", |booking| booking.password = Some("sesame opens".parse().unwrap())).await;
    let mut person = meet.client().await;
    let address = room("gr%c3%bc%c3%9fe%20raum");
    let refusal = person.join(&address, "person", None).await.unwrap_err();
    assert_eq!(refusal.condition, "not-authorized");
    person.join(&address, "person", Some("sesame opens")).await.unwrap();
    assert_eq!(meet.tap.exchanges()[0].field("name"), "gr%25c3%25bc%25c3%259fe%2520raum");
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_native_clients_spelling_opens_it_and_makes_way_for_the_web_clients() {
    let meet = Meet::new().await;
    meet.book_with("Grün", |booking| booking.password = Some("sesame opens".parse().unwrap())).await;
    let (mut native, mut web) = (meet.client().await, meet.client().await);
    let refusal = native.join(&room("grün"), "native", None).await.unwrap_err();
    assert_eq!(refusal.condition, "not-authorized");
    native.join(&room("grün"), "native", Some("sesame opens")).await.unwrap();
    assert_eq!(meet.tap.exchanges()[0].field("name"), "gr%c3%bcn");

    web.join(&room("gr%c3%bcn"), "web", Some("sesame opens")).await.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 200", "POST 200"]);
    assert_eq!(meet.open().await, 1);

    // Prosody can't be told; its release of the first is of one that is closed already.
    native.leave(&room("grün"), "native").await;
    meet.eventually_asked(&["POST 200", "POST 200", "DELETE 204"]).await;
    assert_eq!(meet.open().await, 1);
    let text = "This meeting is already running under another spelling of its name. Please use the link that you were \
                given.";
    assert_eq!(native.ask(&room("grün")).await.unwrap_err(), refused("403", text));
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn the_page_of_another_tenant_asks_for_the_tenants_room() {
    let meet = Meet::new().await;
    meet.book_with("standup", |booking| booking.tenant = "acme".parse().unwrap()).await;
    let mut person = meet.client().await;
    person.join(&format!("standup@conference.acme.{DOMAIN}"), "person", None).await.unwrap();
    assert_eq!(meet.tap.exchanges()[0].field("name"), "%5bacme%5dstandup");
    let refusal = person.ask(&room("standup")).await.unwrap_err();
    assert_eq!(refusal.text, "No meeting is scheduled in this room.");
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_spelling_that_no_client_sends_opens_a_room_of_its_own_and_keeps_nobody_out_of_the_usual_one() {
    let meet = Meet::new().await;
    meet.book_with("standup", |booking| booking.password = Some("sesame opens".parse().unwrap())).await;
    let (mut odd, mut person) = (meet.client().await, meet.client().await);
    let refusal = odd.join(&room("%73tandup"), "odd", None).await.unwrap_err();
    assert_eq!(refusal.condition, "not-authorized");
    odd.enter(&room("%73tandup"), "odd", Some("sesame opens")).await.unwrap();
    assert!(!person.sees(&room("standup")).await);
    person.join(&room("standup"), "person", Some("sesame opens")).await.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 200", "POST 200"]);
}
