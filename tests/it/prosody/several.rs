//! Several people at once, several VirtualHosts, several Prosodys.

use futures_util::future::join_all;

use super::client::{Client, room};
use super::focus::Focus;
use super::rooms::refused;
use super::server::{Amiss, DOMAIN, Guard, Guests, Logins, Prosody, Settings};
use super::{Meet, add_conference_server};

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn who_asks_at_the_same_instant_comes_in_by_one_ask() {
    let meet = Meet::new().await;
    meet.book("room").await;
    let mut people = join_all([(); 8].map(|()| meet.client())).await;
    let address = room("room");
    let joined = people.iter_mut().enumerate().map(|(n, person)| {
        let (address, nick) = (&address, n.to_string());
        async move { person.join(address, &nick, None).await }
    });
    assert_eq!(join_all(joined).await, [const { Ok(()) }; 8]);
    assert_eq!(meet.tap.summary(), ["POST 200"]);
    assert_eq!(meet.open().await, 1);
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn guests_open_a_room_on_its_terms_too() {
    let meet = Meet::new().await;
    meet.book_with("secret", |booking| booking.password = Some("sesame opens".parse().unwrap())).await;
    let mut guest = meet.guest().await;
    let refusal = guest.ask(&room("unknown")).await.unwrap_err();
    assert_eq!(refusal, refused("404", "No meeting is scheduled in this room."));
    let refusal = guest.join(&room("secret"), "guest", None).await.unwrap_err();
    assert_eq!(refusal.condition, "not-authorized");
    guest.join(&room("secret"), "guest", Some("sesame opens")).await.unwrap();
    let mut person = meet.client().await;
    person.join(&room("secret"), "person", Some("sesame opens")).await.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 404", "POST 200"]);
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_guest_and_somebody_else_at_the_same_instant_are_two_asks_and_one_conference() {
    let meet = Meet::new().await;
    meet.book_with("secret", |booking| booking.password = Some("sesame opens".parse().unwrap())).await;
    let (mut guest, mut person) = (meet.guest().await, meet.client().await);
    let (address, password) = (room("secret"), Some("sesame opens"));
    let joined =
        tokio::join!(guest.join(&address, "guest", password), person.join(&address, "person", password));
    assert_eq!(joined, (Ok(()), Ok(())));
    let mut asked = meet.tap.summary();
    asked.sort();
    assert_eq!(asked, ["GET 200", "POST 200", "POST 409"]);
    assert_eq!(meet.open().await, 1);
    let refusal = meet.client().await.join(&address, "other", None).await.unwrap_err();
    assert_eq!(refusal.condition, "not-authorized");
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_second_prosody_is_told_that_the_room_is_open_on_the_first() {
    let meet = Meet::new().await;
    meet.book("room").await;
    let credential = add_conference_server(&meet.app, "two").await;
    let frontdesk = meet.tap.url.clone();
    let second = Prosody::start(Settings {
        frontdesk,
        credential,
        guard: Guard::Beside,
        guests: Guests::Checked,
        amiss: Amiss::Nothing,
        logins: Logins::Open,
        verifier: String::new(),
    })
    .await;
    let _focus = Focus::start(&second).await;
    let mut person = meet.client().await;
    person.join(&room("room"), "person", None).await.unwrap();

    let mut other = Client::anonymous(second.port, DOMAIN).await;
    let text = "This meeting is already running on another video server. Please reload the page.";
    assert_eq!(other.ask(&room("room")).await.unwrap_err(), refused("403", text));
    assert!(!other.sees(&room("room")).await);
    assert_eq!(meet.open().await, 1);
}
