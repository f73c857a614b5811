//! Rooms open with their terms, or stay shut with a sentence.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use frontdesk::actions::change_tenant::change_tenant;
use frontdesk::reservation::wording::Language;
use futures_util::future::join_all;

use super::Meet;
use super::client::{Refusal, room};
use super::server::DOMAIN;

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_booked_room_opens_and_asks_for_its_password() {
    let meet = Meet::new().await;
    meet.book_with("secret", |booking| booking.password = Some("sesame opens".parse().unwrap())).await;
    let mut person = meet.client().await;
    person.ask(&room("secret")).await.unwrap();
    for wrong in [None, Some("sesame"), Some("")] {
        let refusal = person.enter(&room("secret"), "person", wrong).await.unwrap_err();
        assert_eq!(refusal.condition, "not-authorized", "{wrong:?}");
    }
    person.enter(&room("secret"), "person", Some("sesame opens")).await.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 200"]);
    let asked = &meet.tap.exchanges()[0];
    assert_eq!(asked.field("name"), "secret");
    assert_eq!(asked.field("mail_owner"), person.address.split('/').next().unwrap().replace('@', "%40"));
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn as_many_as_were_booked_may_come_in_and_one_more_may_when_one_has_left() {
    let meet = Meet::new().await;
    meet.book_with("small", |booking| booking.max_occupants = Some(3)).await;
    let mut people = join_all([(); 4].map(|()| meet.client())).await;
    for (n, person) in people.iter_mut().enumerate().take(3) {
        person.join(&room("small"), &n.to_string(), None).await.unwrap();
    }
    let refusal = people[3].join(&room("small"), "3", None).await.unwrap_err();
    assert_eq!((refusal.condition.as_str(), refusal.code.as_str()), ("service-unavailable", ""));
    people[0].leave(&room("small"), "0").await;
    people[3].join(&room("small"), "3", None).await.unwrap();
    assert_eq!(meet.tap.summary(), ["POST 200"]);
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_room_with_a_lobby_lets_in_who_knows_the_password_and_has_the_others_wait() {
    let meet = Meet::new().await;
    meet.book_with("hearing", |booking| {
        booking.lobby = true;
        booking.password = Some("sesame opens".parse().unwrap());
    })
    .await;
    let mut stranger = meet.client().await;
    let refusal = stranger.join(&room("hearing"), "stranger", None).await.unwrap_err();
    let lobby = format!("hearing@lobby.{DOMAIN}");
    assert_eq!(
        (refusal.condition.as_str(), refusal.lobby.as_str()),
        ("registration-required", lobby.as_str())
    );
    stranger.enter(&lobby, "stranger", None).await.unwrap();
    let mut invited = meet.client().await;
    invited.join(&room("hearing"), "invited", Some("sesame opens")).await.unwrap();
    stranger.leave(&lobby, "stranger").await;
    invited.leave(&room("hearing"), "invited").await;
    meet.eventually_asked(&["POST 200", "DELETE 204"]).await;
}

/// What clients get of a refusal of Frontdesk's.
pub fn refused(code: &str, text: &str) -> Refusal {
    Refusal {
        condition: "service-unavailable".to_owned(),
        text: text.to_owned(),
        code: code.to_owned(),
        lobby: String::new(),
    }
}

/// Ten o'clock UTC on 15 January of next year, so that people are told the year too.
fn next_year(now: DateTime<Utc>) -> DateTime<Utc> {
    format!("{}-01-15T10:00:00Z", now.year() + 1).parse().unwrap()
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn people_read_why_a_room_stays_shut() {
    let meet = Meet::new().await;
    let starts = next_year(meet.app.clock.now());
    let ends = Some(starts + TimeDelta::hours(1));
    meet.book_with("early", |booking| (booking.starts, booking.ends) = (starts, ends)).await;
    meet.book_with("over", |booking| {
        booking.ends = Some(booking.starts + TimeDelta::seconds(30));
        booking.grace = Some(TimeDelta::zero());
    })
    .await;
    let cancelled = meet.book("cancelled").await;
    meet.cancel(&cancelled).await;

    let mut person = meet.client().await;
    let early = format!("This room opens on 15 January {} at 09:50 UTC.", starts.year());
    for (name, code, text) in [
        ("unknown", "404", "No meeting is scheduled in this room."),
        ("early", "403", early.as_str()),
        ("over", "410", "This meeting is over."),
        ("cancelled", "410", "This meeting was cancelled."),
    ] {
        assert_eq!(person.ask(&room(name)).await.unwrap_err(), refused(code, text));
        assert!(!person.sees(&room(name)).await);
    }
    assert_eq!(meet.tap.summary(), ["POST 404", "POST 403", "POST 410", "POST 410"]);
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn people_read_it_in_the_tenants_language_and_time_zone() {
    let meet = Meet::new().await;
    change_tenant(&meet.app, &"main".parse().unwrap(), None, |policy| {
        policy.language = Language::De;
        policy.time_zone = chrono_tz::Europe::Berlin;
    })
    .await
    .unwrap();
    let starts = next_year(meet.app.clock.now());
    let ends = Some(starts + TimeDelta::hours(1));
    meet.book_with("early", |booking| (booking.starts, booking.ends) = (starts, ends)).await;

    let mut person = meet.client().await;
    let early = format!("Dieser Raum öffnet am 15. Januar {} um 10:50 CET.", starts.year());
    for (name, code, text) in
        [("unknown", "404", "In diesem Raum ist kein Termin geplant."), ("early", "403", early.as_str())]
    {
        assert_eq!(person.ask(&room(name)).await.unwrap_err(), refused(code, text));
    }
}
