//! What a token says of its holder, as far as Prosody alone makes something of it.

use frontdesk::signing::Algorithm;
use serde_json::json;

use super::door::{Door, Verifier, jitsi_has, jitsi_reads_jwk_sets};
use crate::prosody::client::{Client, room};

const HS256: Verifier = Verifier::Secret(Algorithm::Hs256);

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn everybody_in_the_room_sees_who_a_token_is_for() {
    let door = Door::new(HS256).await;
    let booked = door.meet.book("standup").await;
    let person = json!({ "id": "7", "name": "Ada", "email": "ada@example.org", "avatar": "https://example.org/ada.png" });
    let token = door.of(&booked, json!({ "person": person, "group": "ward-3" })).await;
    let anybody = door.of(&booked, json!({})).await;
    let mut other = door.login(&anybody).await;
    other.join(&room("standup"), "other", None).await.unwrap();
    let mut ada = door.login(&token).await;
    ada.join(&room("standup"), "ada", None).await.unwrap();
    let seen = other
        .wait("Ada", |stanza| stanza.name == "presence" && stanza.attribute("from").ends_with("/ada"))
        .await;
    let identity = seen.child("identity").unwrap();
    let user = identity.child("user").unwrap();
    for (name, expected) in person.as_object().unwrap() {
        assert_eq!(user.child(name).unwrap().text, expected.as_str().unwrap());
    }
    assert_eq!(identity.child("group").unwrap().text, "ward-3");
}

/// Whether Prosody lets them start a recording, or a stream.
async fn may_start(person: &mut Client, mode: &str) -> bool {
    let start =
        format!("<jibri xmlns='http://jitsi.org/protocol/jibri' action='start' recording_mode='{mode}'/>");
    // Nobody is there who could do so.
    let refusal = person.set(&format!("{}/nobody", room("standup")), &start).await.unwrap_err();
    match refusal.condition.as_str() {
        "forbidden" => false,
        "item-not-found" => true,
        other => panic!("{other}"),
    }
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn features_are_the_whole_list_of_what_its_holder_may_do() {
    let door = Door::new(HS256).await;
    let booked = door.meet.book("standup").await;
    door.lets_in(&door.of(&booked, json!({})).await, &room("standup")).await;
    // Without a list everybody could, and with recent plugins moderators can.
    let everybody = !jitsi_reads_jwk_sets();
    for (body, recording, streaming) in [
        (json!({ "role": "participant" }), everybody, everybody),
        (json!({ "role": "observer" }), false, false),
        (json!({ "role": "host", "features": { "recording": true } }), true, false),
        (json!({ "role": "host", "features": { "recording": false, "livestreaming": true } }), false, true),
    ] {
        let mut person = door.login(&door.of(&booked, body.clone()).await).await;
        person.join(&room("standup"), "person", None).await.unwrap();
        let may = (may_start(&mut person, "file").await, may_start(&mut person, "stream").await);
        assert_eq!(may, (recording, streaming), "{body}");
    }
}

/// The last affiliation that the room tells of itself.
async fn affiliation(person: &mut Client, nick: &str, expected: &str) {
    let nick = format!("/{nick}");
    person
        .wait(expected, |stanza| {
            let affiliation = stanza.find("item").map(|item| item.attribute("affiliation").to_owned());
            stanza.attribute("from").ends_with(&nick) && affiliation.as_deref() == Some(expected)
        })
        .await;
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_host_s_token_makes_an_owner_where_there_is_token_affiliation() {
    if !jitsi_has("mod_token_affiliation.lua") {
        return;
    }
    let door = Door::new(HS256).await;
    let booked = door.meet.book("standup").await;
    let mut first = door.login(&door.of(&booked, json!({})).await).await;
    first.join(&room("standup"), "first", None).await.unwrap();
    for (role, expected) in [("participant", "member"), ("host", "owner")] {
        let mut person = door.login(&door.of(&booked, json!({ "role": role })).await).await;
        person.join(&room("standup"), role, None).await.unwrap();
        affiliation(&mut first, role, expected).await;
    }
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_host_s_token_walks_past_the_lobby_where_there_is_token_lobby_bypass() {
    if !jitsi_has("mod_token_lobby_bypass.lua") {
        return;
    }
    let door = Door::new(HS256).await;
    let booked = door.meet.book_with("hearing", |booking| booking.lobby = true).await;
    let mut participant = door.login(&door.of(&booked, json!({ "role": "participant" })).await).await;
    let refusal = participant.join(&room("hearing"), "participant", None).await.unwrap_err();
    assert_eq!(refusal.condition, "registration-required");
    door.lets_in(&door.of(&booked, json!({ "role": "host" })).await, &room("hearing")).await;
}
