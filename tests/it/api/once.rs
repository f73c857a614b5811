//! Requests that are sent again.

use std::time::Duration;

use frontdesk::actions::remove_tenant::remove_tenant_in;
use reqwest::Method;
use serde_json::json;

use super::client::{Client, hours, send};
use crate::world::World;

const PATH: &str = "/v1/appointments";

#[tokio::test]
async fn a_request_that_is_sent_again_is_answered_again_and_done_once() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let mut input = hours("room", "10:00", "11:00");
    input["generate_password"] = json!(true);
    let first = app.post_once(PATH, "k-1", input.clone()).await;
    let again = app.post_once(PATH, "k-1", input.clone()).await;
    assert_eq!((first.status, again.status), (201, 201), "{again:?}");
    assert_eq!(again.body, first.body);
    for header in ["etag", "location"] {
        assert_eq!(again.header(header), first.header(header));
    }
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    assert_eq!(app.get(PATH).await.body["data"].as_array().unwrap().len(), 1);
    let without = app.post(PATH, input).await;
    assert_eq!(without.code(), "room_taken");
}

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_app() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let other = Client::of(&world, "acme").await;
    assert_eq!(app.post_once(PATH, "k", hours("room", "10:00", "11:00")).await.status, 201);
    let reused = app.post_once(PATH, "k", hours("room", "11:00", "12:00")).await;
    assert_eq!((reused.status, reused.code()), (422, "idempotency_key_reused"));
    let batch = json!({ "appointments": [hours("room", "11:00", "12:00")] });
    assert_eq!(app.post_once("/v1/appointments/batch", "k", batch).await.code(), "idempotency_key_reused");
    assert_eq!(other.post_once(PATH, "k", hours("room", "11:00", "12:00")).await.status, 201);
    let long = "k".repeat(256);
    let refused = app.post_once(PATH, &long, hours("room", "12:00", "13:00")).await;
    assert_eq!(refused.pointers(), ["Idempotency-Key"]);
}

#[tokio::test]
async fn what_was_refused_may_be_tried_again_with_its_key() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let first = app.book("room", "10:00", "11:00").await;
    assert_eq!(app.post_once(PATH, "k", hours("room", "10:00", "11:00")).await.code(), "room_taken");
    app.delete(&format!("{PATH}/{}", first.id())).await;
    assert_eq!(app.post_once(PATH, "k", hours("room", "10:00", "11:00")).await.status, 201);
}

#[tokio::test]
async fn one_that_is_under_way_is_not_begun_again() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    // Holds up whoever books, as a slow disk would.
    let mut holder = world.db().begin().await.unwrap();
    sqlx::query("SELECT FROM tenants WHERE name = 'acme' FOR NO KEY UPDATE")
        .execute(&mut *holder)
        .await
        .unwrap();
    let slow = {
        let request = app.request(Method::POST, PATH).header("Idempotency-Key", "k");
        tokio::spawn(send(request.json(&hours("room", "10:00", "11:00"))))
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    let second = app.post_once(PATH, "k", hours("room", "10:00", "11:00")).await;
    assert_eq!((second.status, second.code()), (409, "idempotency_key_in_use"), "{second:?}");
    assert_eq!(second.header("retry-after"), "1");
    holder.rollback().await.unwrap();
    let slow = slow.await.unwrap();
    assert_eq!(slow.status, 201, "{slow:?}");
    assert_eq!(app.post_once(PATH, "k", hours("room", "10:00", "11:00")).await.body, slow.body);
}

#[tokio::test]
async fn who_is_removed_while_asking_is_told_so_as_who_was_removed_before() {
    let world = World::new().await;
    for round in 0.. {
        let name = format!("gone-{round}");
        world.tenant(&name, |_| {}).await;
        let app = Client::of(&world, &name).await;
        let mut removal = world.db().begin().await.unwrap();
        remove_tenant_in(&world.app, &mut removal, &name.parse().unwrap(), true).await.unwrap();
        let request = app.request(Method::POST, PATH).header("Idempotency-Key", "k");
        let asking = tokio::spawn(send(request.json(&hours("room", "10:00", "11:00"))));
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(world.db()).await.unwrap() == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        removal.commit().await.unwrap();
        let asked = asking.await.unwrap();
        // On a busy machine the wait for the key is over first.
        if asked.status == 409 && round < 20 {
            continue;
        }
        assert_eq!((asked.status, asked.code()), (401, "unauthorized"), "{asked:?}");
        let before = app.post_once(PATH, "k", hours("room", "10:00", "11:00")).await;
        assert_eq!((before.status, &before.body["detail"]), (401, &asked.body["detail"]));
        break;
    }
}

#[tokio::test]
async fn twenty_at_once_book_once_and_all_get_the_same_answer_in_the_end() {
    let world = World::new().await;
    let replica = World::replica_of(&world);
    let app = Client::of(&world, "acme").await;
    let elsewhere = app.at(&replica);
    let tries = (0..20).map(async |n| {
        let app = if n % 2 == 0 { &app } else { &elsewhere };
        loop {
            let answer = app.post_once(PATH, "k", hours("room", "10:00", "11:00")).await;
            if answer.status == 201 {
                return answer.id();
            }
            assert_eq!(answer.code(), "idempotency_key_in_use", "{answer:?}");
        }
    });
    let ids = futures_util::future::join_all(tries).await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(app.get(PATH).await.body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn answers_are_not_kept_in_clear_and_not_for_ever() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let mut input = hours("room", "10:00", "11:00");
    input["password"] = json!("open sesame");
    app.post_once(PATH, "k", input).await;
    let kept: Vec<u8> =
        sqlx::query_scalar("SELECT answer FROM idempotency_keys").fetch_one(world.db()).await.unwrap();
    assert!(!String::from_utf8_lossy(&kept).contains("sesame"));
    let retention = crate::world::config().retention;
    world.advance(chrono::TimeDelta::hours(23));
    frontdesk::actions::sweep::sweep(&world.app, retention).await.unwrap();
    let count = async || {
        let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM idempotency_keys");
        count.fetch_one(world.db()).await.unwrap()
    };
    assert_eq!(count().await, 1);
    world.advance(chrono::TimeDelta::hours(2));
    frontdesk::actions::sweep::sweep(&world.app, retention).await.unwrap();
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn an_app_that_may_no_longer_read_passwords_reads_none_in_an_old_answer() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let mut input = hours("room", "10:00", "11:00");
    input["password"] = json!("open sesame");
    let batch = json!({ "appointments": [{ "starts": "2026-12-01T10:00:00Z", "ends": null, "password": "open sesame" }] });
    for (path, input) in [(PATH, input), ("/v1/appointments/batch", batch)] {
        let first = app.post_once(path, path, input.clone()).await;
        assert!(first.body.to_string().contains("sesame"), "{first:?}");
        sqlx::query("UPDATE apps SET scopes = '{appointments:write}'").execute(world.db()).await.unwrap();
        let again = app.post_once(path, path, input).await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
        assert!(!again.body.to_string().contains("sesame"), "{again:?}");
        sqlx::query("UPDATE apps SET scopes = '{appointments:write,passwords:read}'")
            .execute(world.db())
            .await
            .unwrap();
    }
}
