//! Many apps at once, on more than one replica.

use futures_util::future::join_all;
use serde_json::json;

use super::client::{Client, hours};
use crate::world::World;

#[tokio::test]
async fn of_many_who_book_a_slot_at_once_one_gets_it_and_the_others_hear_who() {
    let world = World::new().await;
    let replica = World::replica_of(&world);
    let apps = [Client::of(&world, "acme").await, Client::of(&replica, "acme").await];
    for round in 0..5 {
        let room = format!("room-{round}");
        let tries =
            (0..16).map(|n| apps[n % 2].book(&room, "10:00", if n % 3 == 0 { "11:00" } else { "12:00" }));
        let answers = join_all(tries).await;
        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
        assert_eq!(won.len(), 1, "{answers:?}");
        for lost in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!((lost.code(), &lost.body["appointment"]), ("room_taken", &won[0].body["id"]));
        }
    }
}

#[tokio::test]
async fn two_who_move_into_each_other_at_once_never_overlap() {
    let world = World::new().await;
    let replica = World::replica_of(&world);
    let apps = [Client::of(&world, "acme").await, Client::of(&replica, "acme").await];
    for round in 0..8 {
        let room = format!("room-{round}");
        let (early, late) =
            (apps[0].book(&room, "10:00", "11:00").await, apps[0].book(&room, "14:00", "15:00").await);
        let moved = json!({ "starts": "2026-12-01T12:00:00Z" });
        let paths = [early, late].map(|one| format!("/v1/appointments/{}", one.id()));
        let answers =
            tokio::join!(apps[0].patch(&paths[0], moved.clone()), apps[1].patch(&paths[1], moved.clone()));
        let statuses = [answers.0.status, answers.1.status];
        assert!(statuses == [200, 409] || statuses == [409, 200], "{answers:?}");
    }
}

#[tokio::test]
async fn of_many_changes_to_one_version_one_is_made() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let booked = app.book("room", "10:00", "11:00").await;
    let path = format!("/v1/appointments/{}", booked.id());
    let tries = (0..12).map(async |n| {
        let request = app.request(reqwest::Method::PATCH, &path).header("If-Match", "\"1\"");
        super::client::send(request.json(&json!({ "title": format!("{n}") }))).await
    });
    let answers = join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.code() == "precondition_failed"));
    assert_eq!(app.get(&path).await.body["revision"], 2);
}

#[tokio::test]
async fn batches_that_meet_in_the_middle_end_with_one_of_them() {
    let world = World::new().await;
    let replica = World::replica_of(&world);
    let apps = [Client::of(&world, "acme").await, Client::of(&replica, "acme").await];
    let of = |names: &mut dyn Iterator<Item = usize>| {
        let all: Vec<_> = names.map(|n| hours(&format!("room-{n}"), "10:00", "11:00")).collect();
        json!({ "appointments": all })
    };
    // In opposite orders, so that each waits for the other.
    let (up, down) = (of(&mut (0..40)), of(&mut (0..40).rev()));
    let answers = tokio::join!(
        apps[0].post("/v1/appointments/batch", up),
        apps[1].post("/v1/appointments/batch", down),
    );
    let mut statuses = [answers.0.status, answers.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422], "{:?} {:?}", answers.0.body["detail"], answers.1.body["detail"]);
    let listed = apps[0].get("/v1/appointments?limit=200").await;
    assert_eq!(listed.body["data"].as_array().unwrap().len(), 40);
}
