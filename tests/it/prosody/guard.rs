//! Ways past `mod_reservations`, which `prosody/mod_reservations_guard.lua` closes.

use std::time::Duration;

use tokio::time::sleep;

use super::Meet;
use super::client::{Client, Refusal, focus_host, room};
use super::focus;
use super::rooms::refused;
use super::server::{DOMAIN, Guard, Guests, Settings};
use crate::rig::eventually;

/// Books the room `secret`, with a password.
pub async fn book_secret(meet: &Meet) {
    meet.book_with("secret", |booking| booking.password = Some("sesame opens".parse().unwrap())).await;
}

pub fn without_the_guard(settings: &mut Settings) {
    settings.guard = Guard::Absent;
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn without_the_guard_a_spelling_opens_the_room_without_its_password() {
    let meet = Meet::with(without_the_guard).await;
    let mut person = meet.client().await;
    let hosts = [
        format!("conference.{DOMAIN}/x"),
        format!("Conference.{DOMAIN}"),
        format!("conference.{}", DOMAIN.to_uppercase()),
    ];
    for (n, host) in hosts.iter().enumerate() {
        let name = format!("secret-{n}");
        meet.book_with(&name, |booking| booking.password = Some("sesame opens".parse().unwrap())).await;
        person.ask(&format!("{name}@{host}")).await.unwrap();
        person.enter(&room(&name), "person", None).await.unwrap();
    }
    assert_eq!(meet.tap.summary(), ["POST 200"; 3]);

    // These have no need of it.
    book_secret(&meet).await;
    let refusal = person.ask(&room("SECRET")).await.unwrap_err();
    assert_eq!(refusal, refused("500", "Invalid response from reservation server"));
    let text = "The name of this room is not spelled as the video server spells it.";
    assert_eq!(person.ask(&room("ｓecret")).await.unwrap_err(), refused("400", text));
    assert!(!person.sees(&room("secret")).await);
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_the_guard_no_other_spelling_of_a_room_is_asked_for() {
    let meet = Meet::new().await;
    book_secret(&meet).await;
    let mut person = meet.client().await;
    let mut refusals = vec![
        person.set(&focus_host(), "<conference xmlns='http://jitsi.org/protocol/focus'/>").await.unwrap_err(),
    ];
    for address in [
        format!("secret@conference.{DOMAIN}/x"),
        format!("secret@conference.{DOMAIN}/"),
        format!("secret@Conference.{DOMAIN}"),
        format!("SECRET@conference.{DOMAIN}"),
        format!("ｓecret@conference.{DOMAIN}"),
        format!("secret@conference.Acme.{DOMAIN}"),
        format!("secret@lobby.{DOMAIN}"),
        format!("conference.{DOMAIN}"),
        "secret".to_owned(),
        String::new(),
    ] {
        refusals.push(person.ask(&address).await.unwrap_err());
    }
    for refusal in refusals {
        assert_eq!((refusal.code.as_str(), refusal.condition.as_str()), ("400", "service-unavailable"));
    }
    assert!(meet.tap.summary().is_empty());
    assert!(!person.sees(&room("secret")).await);
    // And the usual one opens as ever.
    person.join(&room("secret"), "person", Some("sesame opens")).await.unwrap();
}

/// Asks in every way that `mod_reservations` doesn't look at.
async fn ask_past_the_check(person: &mut Client) -> Vec<Result<(), Refusal>> {
    let mut answers = Vec::new();
    for (kind, to) in [
        ("set", format!("{}/x", focus_host())),
        ("set", format!("x@{}", focus_host())),
        ("set", format!("x@{}/x", focus_host())),
        ("get", focus_host()),
    ] {
        answers.push(person.ask_by(kind, &to, &room("secret")).await);
    }
    answers
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn without_the_guard_nobody_looks_at_requests_to_another_address_of_the_focus() {
    let meet = Meet::with(without_the_guard).await;
    book_secret(&meet).await;
    let mut person = meet.client().await;
    assert_eq!(ask_past_the_check(&mut person).await, [const { Ok(()) }; 4]);
    assert!(meet.tap.summary().is_empty());
    person.enter(&room("secret"), "person", None).await.unwrap();
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_the_guard_requests_to_another_address_of_the_focus_are_refused() {
    let meet = Meet::new().await;
    book_secret(&meet).await;
    let mut person = meet.client().await;
    for answer in ask_past_the_check(&mut person).await {
        assert_eq!(answer.unwrap_err().code, "400");
    }
    assert!(meet.tap.summary().is_empty());
    assert!(!person.sees(&room("secret")).await);
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn without_the_guard_a_room_that_jicofo_was_asked_for_by_http_opens() {
    let meet = Meet::with(without_the_guard).await;
    let mut jicofo = focus::login(&meet.prosody).await;
    jicofo.enter(&room("unbooked"), "focus", None).await.unwrap();
    meet.client().await.enter(&room("unbooked"), "person", None).await.unwrap();
    assert!(meet.tap.summary().is_empty());
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_the_guard_jicofo_makes_no_room_that_nobody_asked_prosody_for() {
    let meet = Meet::new().await;
    book_secret(&meet).await;
    let mut jicofo = focus::login(&meet.prosody).await;
    let mut person = meet.client().await;
    for name in ["unbooked", "secret"] {
        let refusal = jicofo.enter(&room(name), "focus", None).await.unwrap_err();
        assert_eq!(refusal.condition, "not-allowed");
        assert!(!person.sees(&room(name)).await);
    }
    // One request makes one room.
    person.join(&room("secret"), "person", Some("sesame opens")).await.unwrap();
    person.leave(&room("secret"), "person").await;
    meet.eventually_asked(&["POST 200", "DELETE 204"]).await;
    let refusal = jicofo.enter(&room("secret"), "focus", None).await.unwrap_err();
    assert_eq!(refusal.condition, "not-allowed");
    // Nor do people make rooms by themselves.
    let refusal = person.enter(&room("secret"), "person", Some("sesame opens")).await.unwrap_err();
    assert_eq!(refusal.condition, "not-allowed");
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_the_guard_jicofo_has_fifteen_seconds_to_make_the_room_that_it_was_asked_for() {
    let meet = Meet::new().await;
    meet.book("in-time").await;
    meet.book("late").await;
    meet.focus.hang().await;
    let (mut one, mut other) = (meet.client().await, meet.client().await);
    let (in_time, late) = (room("in-time"), room("late"));
    let asked = async { tokio::join!(one.ask(&in_time), other.ask(&late)) };
    tokio::select! {
        answers = asked => panic!("nobody was to answer: {answers:?}"),
        () = meet.eventually_asked(&["POST 200", "POST 200"]) => {}
    }
    let mut jicofo = focus::login(&meet.prosody).await;
    eventually("the request is known", async || jicofo.enter(&in_time, "focus", None).await.is_ok()).await;
    sleep(Duration::from_secs(15)).await;
    let refusal = jicofo.enter(&late, "focus", None).await.unwrap_err();
    assert_eq!(refusal.condition, "not-allowed");
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn without_the_guard_people_may_meet_in_a_room_that_is_called_like_a_health_check() {
    let meet = Meet::with(without_the_guard).await;
    let mut jicofo = focus::login(&meet.prosody).await;
    jicofo.enter(&room("__jicofo-health-check-1f"), "focus", None).await.unwrap();
    meet.client().await.enter(&room("__jicofo-health-check-1f"), "person", None).await.unwrap();
    assert!(meet.tap.summary().is_empty());
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_the_guard_jicofo_may_make_the_room_of_its_health_check_and_is_alone_there() {
    let meet = Meet::new().await;
    let mut jicofo = focus::login(&meet.prosody).await;
    jicofo.enter(&room("__jicofo-health-check-1f"), "focus", None).await.unwrap();
    let mut person = meet.client().await;
    let refusal = person.enter(&room("__jicofo-health-check-1f"), "person", None).await.unwrap_err();
    assert_eq!(refusal.condition, "not-allowed");
    // Asked for, it is a room like any other.
    let refusal = person.ask(&room("__jicofo-health-check-2e")).await.unwrap_err();
    assert_eq!(refusal.text, "No meeting is scheduled in this room.");
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn the_guard_loads_what_it_guards() {
    let meet = Meet::with(|settings| settings.guard = Guard::Alone).await;
    book_secret(&meet).await;
    let mut person = meet.client().await;
    assert_eq!(person.ask(&room("unbooked")).await.unwrap_err().code, "404");
    let refusal = person.join(&room("secret"), "person", None).await.unwrap_err();
    assert_eq!(refusal.condition, "not-authorized");
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn without_the_guard_guests_who_are_not_checked_open_any_room() {
    let meet =
        Meet::with(|settings| (settings.guard, settings.guests) = (Guard::Absent, Guests::Unchecked)).await;
    meet.guest().await.join(&room("unbooked"), "guest", None).await.unwrap();
    assert!(meet.tap.summary().is_empty());
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_the_guard_guests_who_are_not_checked_open_no_room_but_enter_open_ones() {
    let meet = Meet::with(|settings| settings.guests = Guests::Unchecked).await;
    meet.book("room").await;
    let (mut guest, mut person) = (meet.guest().await, meet.client().await);
    for name in ["unbooked", "room"] {
        guest.ask(&room(name)).await.unwrap_err();
        assert!(!person.sees(&room(name)).await);
    }
    assert!(meet.tap.summary().is_empty());
    person.join(&room("room"), "person", None).await.unwrap();
    guest.join(&room("room"), "guest", None).await.unwrap();
}

/// Jitsi's packages set `main_muc` for the one VirtualHost only.
#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn without_the_guard_guests_without_main_muc_open_a_room_without_its_password_and_never_close_it() {
    let meet =
        Meet::with(|settings| (settings.guard, settings.guests) = (Guard::Absent, Guests::WithoutMainMuc))
            .await;
    book_secret(&meet).await;
    let mut guest = meet.guest().await;
    guest.join(&room("secret"), "guest", None).await.unwrap();
    guest.leave(&room("secret"), "guest").await;
    eventually("the room is gone", async || guest.sees_gone(&room("secret")).await).await;
    assert_eq!(meet.tap.summary(), ["POST 200"]);
    assert_eq!(meet.open().await, 1);
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_the_guard_guests_without_main_muc_open_no_room() {
    let meet = Meet::with(|settings| settings.guests = Guests::WithoutMainMuc).await;
    book_secret(&meet).await;
    meet.guest().await.ask(&room("secret")).await.unwrap_err();
    assert!(!meet.client().await.sees(&room("secret")).await);
    assert!(
        meet.prosody.said().contains("main_muc, and focus_component or muc_mapper_domain_base, must be set")
    );
    meet.client().await.join(&room("secret"), "person", Some("sesame opens")).await.unwrap();
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_the_guard_breakout_rooms_open_without_an_ask_of_their_own() {
    let meet = Meet::new().await;
    meet.book("room").await;
    let mut owner = Client::on_the_page_of(meet.prosody.port, "room").await;
    owner.join(&room("room"), "owner", None).await.unwrap();
    let address = owner.add_breakout_room().await;
    owner.join(&address, "owner", None).await.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 200"]);
}
