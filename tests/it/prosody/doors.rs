//! More ways past `mod_reservations` that `prosody/mod_reservations_guard.lua` closes: by Jicofo's own address, into components
//! that are not for meetings, by a late answer, and through a configuration that lacks something.

use super::Meet;
use super::client::{Client, Refusal, focus_host, room};
use super::focus;
use super::guard::{book_secret, without_the_guard};
use super::rooms::refused;
use super::server::{Amiss, DOMAIN, Guests};
use crate::rig::eventually;

/// A room where Jicofo meets bridges and recorders.
fn internal(name: &str) -> String {
    format!("{name}@internal.auth.{DOMAIN}")
}

/// That somebody may not enter a room by this address.
async fn stays_out(person: &mut Client, address: &str) {
    let refusal = person.enter(address, "person", None).await.unwrap_err();
    assert_eq!(refusal.condition, "not-allowed", "{address}");
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn without_the_guard_people_ask_jicofo_behind_its_proxy_and_meet_in_its_internal_component() {
    let meet = Meet::with(without_the_guard).await;
    let (mut person, mut guest) = (meet.client().await, meet.guest().await);
    for address in [room("unbooked"), internal("party")] {
        person.ask_by("set", &meet.focus.address, &address).await.unwrap();
        person.enter(&address, "person", None).await.unwrap();
        guest.enter(&address, "guest", None).await.unwrap();
    }
    assert!(meet.tap.summary().is_empty());
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_the_guard_nobody_asks_jicofo_behind_its_proxy() {
    let meet = Meet::new().await;
    let (mut person, mut guest) = (meet.client().await, meet.guest().await);
    let bare = meet.focus.address.split('/').next().unwrap();
    let text = "This conference request is not addressed as it should be.";
    for to in [&meet.focus.address, bare] {
        for address in [room("unbooked"), internal("party")] {
            assert_eq!(person.ask_by("set", to, &address).await, Err(refused("400", text)));
            assert_eq!(guest.ask_by("set", to, &address).await, Err(refused("400", text)));
            assert!(!person.sees(&address).await);
        }
    }
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_the_guard_people_and_jicofo_meet_in_no_internal_room_but_bridges_and_jicofo_do() {
    let meet = Meet::new().await;
    meet.prosody.register("jvb", "the bridge is me");
    let mut jicofo = focus::login(&meet.prosody).await;
    let auth = format!("auth.{DOMAIN}");
    let mut bridge = Client::with_password(meet.prosody.port, &auth, "jvb", "the bridge is me").await;
    let (mut person, mut guest) = (meet.client().await, meet.guest().await);
    // As where it was asked by HTTP.
    jicofo.enter(&internal("brewery"), "focus", None).await.unwrap();
    stays_out(&mut person, &internal("brewery")).await;
    stays_out(&mut guest, &internal("brewery")).await;
    bridge.enter(&internal("brewery"), "bridge", None).await.unwrap();
    // Nor does it come where somebody waits for it.
    guest.enter(&internal("trap"), "guest", None).await.unwrap();
    stays_out(&mut jicofo, &internal("trap")).await;
    bridge.enter(&internal("other"), "bridge", None).await.unwrap();
    jicofo.enter(&internal("other"), "focus", None).await.unwrap();
}

/// Nothing is seen of what they ask; but rooms are guarded.
#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_the_guard_guests_who_are_not_checked_meet_jicofo_in_no_internal_room() {
    let meet = Meet::with(|settings| settings.guests = Guests::Unchecked).await;
    let mut guest = meet.guest().await;
    guest.ask_by("set", &meet.focus.address, &internal("party")).await.unwrap();
    stays_out(&mut guest, &internal("party")).await;
    guest.ask_by("set", &meet.focus.address, &room("unbooked")).await.unwrap_err();
    stays_out(&mut guest, &room("unbooked")).await;
}

/// As an admin of everything, Jicofo gets past `restrict_room_creation` everywhere.
#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_the_guard_people_and_jicofo_do_not_meet_in_lobbies() {
    let meet = Meet::with(|settings| settings.amiss = Amiss::AdminEverywhere).await;
    let (mut person, mut guest) = (meet.client().await, meet.guest().await);
    let party = format!("party@lobby.{DOMAIN}");
    let text = "This conference request is not addressed as it should be.";
    assert_eq!(person.ask_by("set", &meet.focus.address, &party).await, Err(refused("400", text)));
    let mut jicofo = focus::login(&meet.prosody).await;
    jicofo.enter(&party, "focus", None).await.unwrap();
    stays_out(&mut person, &party).await;
    stays_out(&mut guest, &party).await;
}

/// A guest's ask waits for its answer, while the room is opened and left over the other VirtualHost: that one's module then drops
/// the guests' terms, too. Gives what the guest is told.
async fn answer_late(meet: &Meet, guest: &mut Client) -> Result<(), Refusal> {
    meet.book_with("secret", |booking| booking.password = Some("sesame opens".parse().unwrap())).await;
    meet.tap.break_all(Some("guest.meet.test"));
    let secret = room("secret");
    let mut person = meet.client().await;
    let opens_and_leaves = async {
        meet.eventually_asked(&["POST 503"]).await;
        person.ask(&secret).await.unwrap();
        person.enter(&secret, "person", Some("sesame opens")).await.unwrap();
        person.leave(&secret, "person").await;
        eventually("the room is gone", async || meet.tap.summary().contains(&"DELETE 204".to_owned())).await;
        meet.tap.break_all(None);
    };
    let (answer, ()) = tokio::join!(guest.ask(&secret), opens_and_leaves);
    let mut asked = meet.tap.summary();
    // How often the guest's is repeated meanwhile is a matter of time.
    assert_eq!(asked.first().unwrap(), "POST 503");
    asked.retain(|one| one != "POST 503");
    assert_eq!(asked, ["POST 200", "DELETE 204", "POST 200"]);
    answer
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn without_the_guard_an_answer_that_comes_late_opens_the_room_without_its_password() {
    let meet = Meet::with(without_the_guard).await;
    let mut guest = meet.guest().await;
    answer_late(&meet, &mut guest).await.unwrap();
    guest.enter(&room("secret"), "guest", None).await.unwrap();
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_the_guard_an_answer_that_comes_late_opens_nothing_and_the_next_ask_gives_the_terms() {
    let meet = Meet::new().await;
    let mut guest = meet.guest().await;
    let refusal = answer_late(&meet, &mut guest).await.unwrap_err();
    assert_eq!(
        (refusal.condition.as_str(), refusal.text.as_str()),
        ("resource-constraint", "Please try again.")
    );
    stays_out(&mut guest, &room("secret")).await;
    assert!(!guest.sees(&room("secret")).await);
    let refusal = guest.join(&room("secret"), "guest", None).await.unwrap_err();
    assert_eq!(refusal.condition, "not-authorized");
    guest.enter(&room("secret"), "guest", Some("sesame opens")).await.unwrap();
    assert_eq!(meet.open().await, 1);
}

/// What is missing, and what Prosody's log says about it.
const MISSING: [(Amiss, &str); 3] = [
    (Amiss::NoAddress, "reservations_api_prefix must be set"),
    (Amiss::NoFocus, "main_muc, and focus_component or muc_mapper_domain_base, must be set"),
    (Amiss::NoReservations, "reservations"),
];

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_the_guard_no_room_opens_where_something_is_missing() {
    for (amiss, problem) in MISSING {
        let meet = Meet::with(|settings| settings.amiss = amiss).await;
        book_secret(&meet).await;
        let (mut person, mut guest) = (meet.client().await, meet.guest().await);
        let refusal = refused("400", "This video server is not set up.");
        for to in [&focus_host(), &meet.focus.address] {
            for name in ["unbooked", "secret"] {
                assert_eq!(person.ask_by("set", to, &room(name)).await, Err(refusal.clone()));
                assert_eq!(guest.ask_by("set", to, &room(name)).await, Err(refusal.clone()));
                stays_out(&mut person, &room(name)).await;
            }
        }
        let said = meet.prosody.said();
        let errors = said.lines().filter(|line| line.contains("Every conference request is refused"));
        assert!(
            errors.filter(|line| line.contains("error") && line.contains(problem)).count() == 2,
            "{said}"
        );
        assert!(meet.tap.summary().is_empty());
        // Without Jicofo's address nobody can tell its rooms from others.
        if !matches!(amiss, Amiss::NoFocus) {
            let mut jicofo = focus::login(&meet.prosody).await;
            let refusal = jicofo.enter(&room("unbooked"), "focus", None).await.unwrap_err();
            assert_eq!(refusal.condition, "not-allowed");
        }
    }
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn with_the_guard_only_jicofo_makes_rooms_even_where_prosody_lets_anybody() {
    let meet = Meet::with(|settings| settings.amiss = Amiss::AnybodyMakesRooms).await;
    book_secret(&meet).await;
    meet.focus.hang().await;
    let (mut person, mut other) = (meet.client().await, meet.client().await);
    let secret = room("secret");
    for address in [&secret, &room("__jicofo-health-check-1f")] {
        stays_out(&mut other, address).await;
        assert!(!other.sees(address).await);
    }
    // Nor is anybody quicker than Jicofo.
    tokio::select! {
        answer = person.ask(&secret) => panic!("nobody was to answer: {answer:?}"),
        () = eventually("the request is on its way", async || {
            meet.prosody.said().contains("Reservation created successfully")
        }) => {}
    }
    stays_out(&mut other, &secret).await;
    let mut jicofo = focus::login(&meet.prosody).await;
    jicofo.enter(&secret, "focus", None).await.unwrap();
    let refusal = other.enter(&secret, "other", None).await.unwrap_err();
    assert_eq!(refusal.condition, "not-authorized");
    other.enter(&secret, "other", Some("sesame opens")).await.unwrap();
}
