//! What Frontdesk mints, at the door of a Prosody that verifies it with Jitsi's own modules: what docs/prosody.md says.

mod attacks;
mod dialects;
mod door;
mod privileges;
mod rotation;

use std::time::Duration;

use chrono::TimeDelta;
use frontdesk::signing::Algorithm;
use serde_json::json;
use tokio::time::sleep;

use self::door::{Door, Verifier, jitsi_reads_jwk_sets, room_of_acme, use_tokens};
use super::client::{Client, room};
use super::server::DOMAIN;

/// All that a verifier has to see, whatever it verifies with.
async fn takes_what_is_good_and_refuses_the_rest(verifier: Verifier) {
    let door = Door::new(verifier).await;
    the_right_room(&door).await;
    the_right_time(&door).await;
    the_right_signature(&door).await;
    the_right_tenant(&door).await;
    more_rooms_than_one(&door).await;
}

async fn the_right_room(door: &Door) {
    let (standup, other) = (door.meet.book("standup").await, door.meet.book("other").await);
    let token = door.of(&standup, json!({ "person": { "id": "7", "name": "Ada" } })).await;
    door.lets_in(&token, &room("standup")).await;
    door.keeps_out(&token, &room("other")).await;
    door.lets_in(&door.of(&other, json!({})).await, &room("other")).await;

    door.meet.book("Grüße Raum").await;
    let token = door.minted("/v1/rooms/Gr%C3%BC%C3%9Fe%20Raum/tokens", json!({})).await;
    door.lets_in(&token, &room("gr%c3%bc%c3%9fe%20raum")).await;
    let townhall = door.meet.book("TownHall").await;
    let mut person = door.login(&door.of(&townhall, json!({})).await).await;
    person.ask(&room("townhall")).await.unwrap();
    person.enter(&room("TOWNHALL"), "person", None).await.unwrap();

    let made = door.main.post("/v1/instant-rooms", json!({ "duration_seconds": 3600 })).await;
    let name = made.body["room"].as_str().unwrap().to_owned();
    door.lets_in(made.body["token"]["token"].as_str().unwrap(), &room(&name)).await;
}

async fn the_right_time(door: &Door) {
    let booked = door.meet.book("soon-over").await;
    let ends = door.meet.app.clock.now() + TimeDelta::seconds(2);
    let token = door.of(&booked, json!({ "expires_at": ends })).await;
    // It ends with the whole second before that.
    while door.meet.app.clock.now() < ends {
        sleep(Duration::from_millis(50)).await;
    }
    door.says_it_is_over(&token).await;
    door.lets_in(&door.of(&booked, json!({})).await, &room("soon-over")).await;

    let later = door
        .meet
        .book_with("later", |booking| {
            booking.starts += TimeDelta::hours(1);
            booking.ends = booking.ends.map(|ends| ends + TimeDelta::hours(1));
        })
        .await;
    assert_eq!(door.failure(&door.of(&later, json!({})).await).await, "Not acceptable by nbf");
}

async fn the_right_signature(door: &Door) {
    let booked = door.meet.book("signed").await;
    let token = door.of(&booked, json!({})).await;
    let another = door.of(&booked, json!({})).await;
    let parts: Vec<_> = token.split('.').collect();
    let theirs: Vec<_> = another.split('.').collect();
    for tampered in [
        [parts[0], theirs[1], parts[2]].join("."),
        [parts[0], parts[1], theirs[2]].join("."),
        [parts[0], parts[1], &parts[2][..parts[2].len() - 8]].join("."),
    ] {
        assert_eq!(door.failure(&tampered).await, "Invalid signature");
    }
    door.lets_in(&token, &room("signed")).await;
    // A tenant that this server doesn't serve says that its rooms are those of this domain.
    let stranger = door.stranger().await;
    let (token, expected) = (stranger.token, stranger.refused_with);
    assert_eq!(stranger.claims["sub"], DOMAIN);
    assert_eq!(door.failure(&token).await, expected);
}

async fn the_right_tenant(door: &Door) {
    let theirs = door.meet.book_with("standup", |booking| booking.tenant = "acme".parse().unwrap()).await;
    let theirs =
        door.minted_by(&door.acme, &format!("/v1/appointments/{}/tokens", theirs.id), json!({})).await;
    door.lets_in(&theirs, &room_of_acme("standup")).await;
    door.keeps_out(&theirs, &room("standup")).await;
    let ours = door.minted("/v1/rooms/standup/tokens", json!({})).await;
    door.keeps_out(&ours, &room_of_acme("standup")).await;
    door.lets_in(&ours, &room("standup")).await;
}

async fn more_rooms_than_one(door: &Door) {
    for name in ["ward-12", "ward-12b"] {
        door.meet.book(name).await;
    }
    let all = door.for_many(json!({})).await;
    for name in ["standup", "ward-12"] {
        door.lets_in(&all, &room(name)).await;
    }
    door.keeps_out(&all, &room_of_acme("standup")).await;

    let matching = door.for_many(json!({ "room_pattern": "ward%-%d+" })).await;
    door.lets_in(&matching, &room("ward-12")).await;
    door.keeps_out(&matching, &room("ward-12b")).await;
    door.keeps_out_as(&matching, &room("standup"), "Room name cannot be matched to the one from token.")
        .await;
    // What a pattern captures is held against the name, not what it matches.
    let part = door.for_many(json!({ "room_pattern": "ward" })).await;
    door.keeps_out(&part, &room("ward-12")).await;
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_secret_for_hs256() {
    takes_what_is_good_and_refuses_the_rest(Verifier::Secret(Algorithm::Hs256)).await;
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_secret_for_hs512() {
    takes_what_is_good_and_refuses_the_rest(Verifier::Secret(Algorithm::Hs512)).await;
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn keys_each_in_a_file() {
    takes_what_is_good_and_refuses_the_rest(Verifier::Files).await;
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn keys_in_a_jwk_set() {
    if jitsi_reads_jwk_sets() {
        takes_what_is_good_and_refuses_the_rest(Verifier::JwkSet).await;
    }
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn keys_in_a_map_of_certificates() {
    takes_what_is_good_and_refuses_the_rest(Verifier::Certificates).await;
}

/// Source: `Util:verify_room` then looks whether the name ends with `]` and the token's room, and never at patterns.
#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn without_domain_verification_a_token_opens_the_rooms_of_that_name_of_all_tenants() {
    let off = "enable_domain_verification = false\n";
    let door = Door::with(Verifier::Secret(Algorithm::Hs256), off).await;
    let standup = door.meet.book("standup").await;
    for name in ["standup", "secret"] {
        door.meet.book_with(name, |booking| booking.tenant = "acme".parse().unwrap()).await;
    }
    let token = door.of(&standup, json!({})).await;
    door.lets_in(&token, &room("standup")).await;
    door.lets_in(&token, &room_of_acme("standup")).await;
    let mismatch = "Room does not match the room from token";
    door.keeps_out_as(&token, &room_of_acme("secret"), mismatch).await;
    let all = door.for_many(json!({})).await;
    door.lets_in(&all, &room_of_acme("secret")).await;
    let matching = door.for_many(json!({ "room_pattern": "stand.*" })).await;
    door.keeps_out_as(&matching, &room("standup"), mismatch).await;
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_tenant_with_the_meeting_url_of_another_one_opens_the_other_one_s_rooms() {
    let door = Door::new(Verifier::Files).await;
    door.meet.book("standup").await;
    let theirs = door.meet.book_with("standup", |booking| booking.tenant = "acme".parse().unwrap()).await;
    use_tokens(&door.meet.app, "acme", DOMAIN, Algorithm::Rs256).await;
    let path = format!("/v1/appointments/{}/tokens", theirs.id);
    let token = door.minted_by(&door.acme, &path, json!({})).await;
    door.lets_in(&token, &room("standup")).await;
    door.keeps_out(&token, &room_of_acme("standup")).await;
}

#[tokio::test]
#[ignore = "needs a Prosody with Jitsi's plugins: make test-prosody"]
async fn a_token_is_looked_at_at_login_only_and_its_end_puts_nobody_out() {
    let door = Door::new(Verifier::Secret(Algorithm::Hs256)).await;
    let booked = door.meet.book("standup").await;
    let ends = door.meet.app.clock.now() + TimeDelta::seconds(4);
    let token = door.of(&booked, json!({ "expires_at": ends })).await;
    let (mut inside, mut outside) = (door.login(&token).await, door.login(&token).await);
    inside.join(&room("standup"), "inside", None).await.unwrap();
    while door.meet.app.clock.now() < ends {
        sleep(Duration::from_millis(50)).await;
    }
    door.says_it_is_over(&token).await;
    outside.join(&room("standup"), "outside", None).await.unwrap();
    assert!(inside.sees(&room("standup")).await);
    let guest = Client::try_with_token(door.meet.prosody.port, DOMAIN, "").await;
    assert_eq!(guest.err().unwrap().condition, "not-allowed");
}
