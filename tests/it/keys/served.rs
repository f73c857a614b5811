//! Keys on the wire: forms, headers, and how little it costs to ask for them.

use std::fmt::Write as _;
use std::time::Duration;

use frontdesk::actions::signing_keys::withdraw_signing_key;
use frontdesk::reservation::{ServerId, ServerState};
use frontdesk::signing::{Algorithm, Kid};
use frontdesk::store::servers;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::Value;

use super::{DEPLOYMENT, fetch, make, of, served};
use crate::rig::eventually;
use crate::world::World;

const JWKS: &str = "/.well-known/jwks.json";

async fn server(world: &World, name: &str) -> ServerId {
    let mut db = world.app.db.acquire().await.unwrap();
    servers::by_name(&mut db, name).await.unwrap().unwrap().server.id
}

fn file(kid: &Kid) -> String {
    let mut name = String::new();
    for byte in kid.hash() {
        _ = write!(name, "{byte:02x}");
    }
    name + ".pem"
}

fn header<'a>(response: &'a reqwest::Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn the_deployments_keys_are_served_in_each_form() {
    let world = World::new().await;
    let rsa = make(&world, &DEPLOYMENT, Algorithm::Rs256).await;
    let ec = make(&world, &DEPLOYMENT, Algorithm::Es256).await;
    make(&world, &DEPLOYMENT, Algorithm::Hs256).await;
    make(&world, &of("acme"), Algorithm::EdDsa).await;
    let response = fetch(&world, JWKS).await;
    assert_eq!(header(&response, "content-type"), "application/jwk-set+json");
    assert_eq!(header(&response, "cache-control"), "public, max-age=900");
    assert_eq!(header(&response, "access-control-allow-origin"), "*");
    let set: Value = response.json().await.unwrap();
    assert_eq!(set["keys"].as_array().unwrap().len(), 2, "no secret, and no tenant's: {set}");
    let key = &set["keys"][0];
    assert_eq!(
        (&key["kid"], &key["kty"], &key["use"]),
        (&rsa.kid.as_str().into(), &"RSA".into(), &"sig".into())
    );
    assert_eq!(key["alg"], "RS256");
    for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
        assert!(set["keys"].as_array().unwrap().iter().all(|key| key.get(private).is_none()), "{set}");
    }

    let response = fetch(&world, &format!("/keys/asap/{}", file(&ec.kid))).await;
    assert_eq!(header(&response, "content-type"), "application/x-pem-file");
    assert_eq!(header(&response, "cache-control"), "public, max-age=900");
    assert_eq!(response.text().await.unwrap(), ec.public.unwrap().as_pem());

    let response = fetch(&world, "/keys/certificates.json").await;
    assert_eq!(header(&response, "content-type"), "application/json");
    let map: Value = response.json().await.unwrap();
    assert_eq!(map[rsa.kid.as_str()], rsa.certificate.unwrap());
    assert!(map[rsa.kid.as_str()].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
}

#[tokio::test]
async fn a_conference_server_gets_rsa_keys_and_no_others() {
    let world = World::new().await;
    world.server("prosody").await;
    let id = server(&world, "prosody").await;
    let shared = make(&world, &DEPLOYMENT, Algorithm::Rs256).await;
    let ec = make(&world, &DEPLOYMENT, Algorithm::Es256).await;
    let own = make(&world, &of("acme"), Algorithm::Rs512).await;
    let kids = [shared.kid.as_str(), own.kid.as_str()];
    assert_eq!(served(&world, &format!("/keys/{id}/jwks.json")).await, kids);
    let map: Value = fetch(&world, &format!("/keys/{id}/certificates.json")).await.json().await.unwrap();
    assert_eq!(map.as_object().unwrap().keys().collect::<Vec<_>>(), kids);
    for (kid, status) in [(&shared.kid, 200), (&own.kid, 200), (&ec.kid, 404)] {
        assert_eq!(fetch(&world, &format!("/keys/{id}/asap/{}", file(kid))).await.status(), status);
    }
}

#[tokio::test]
async fn who_has_the_keys_already_is_not_sent_them_again() {
    let world = World::new().await;
    make(&world, &DEPLOYMENT, Algorithm::Es256).await;
    let client = reqwest::Client::new();
    let url = format!("{}{JWKS}", world.url);
    let tag = header(&fetch(&world, JWKS).await, "etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 20, "{tag}");
    for known in [tag.clone(), format!("\"x\", {tag}"), "*".to_owned()] {
        let response = client.get(&url).header("If-None-Match", known).send().await.unwrap();
        assert_eq!((response.status().as_u16(), header(&response, "etag")), (304, tag.as_str()));
        assert_eq!(header(&response, "cache-control"), "public, max-age=900");
        assert_eq!(response.text().await.unwrap(), "");
    }
    let head = client.head(&url).send().await.unwrap();
    assert_eq!((head.status().as_u16(), header(&head, "etag")), (200, tag.as_str()));

    make(&world, &DEPLOYMENT, Algorithm::Es256).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let response = client.get(&url).header("If-None-Match", &tag).send().await.unwrap();
    assert_eq!(response.status(), 200, "a new key shows after a second");
    assert_ne!(header(&response, "etag"), tag);
}

#[tokio::test]
async fn what_is_not_there_is_not_there_for_a_moment_only() {
    let world = World::new().await;
    world.server("gone").await;
    let gone = server(&world, "gone").await;
    make(&world, &DEPLOYMENT, Algorithm::Rs256).await;
    assert_eq!(fetch(&world, &format!("/keys/{gone}/jwks.json")).await.status(), 200);
    world.server_is("gone", ServerState::Revoked).await;
    let nowhere = ServerId::new();
    for path in [
        format!("/keys/{gone}/jwks.json"),
        format!("/keys/{nowhere}/jwks.json"),
        format!("/keys/{nowhere}/certificates.json"),
        "/keys/prosody/jwks.json".to_owned(),
        "/keys/asap/unknown.pem".to_owned(),
        "/keys/asap/..%2f..%2fetc%2fpasswd".to_owned(),
    ] {
        let response = fetch(&world, &path).await;
        assert_eq!(
            (response.status().as_u16(), header(&response, "cache-control")),
            (404, "public, max-age=5"),
            "{path}"
        );
    }
    let client = reqwest::Client::new();
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer = client.request(method, format!("{}{JWKS}", world.url)).body("{}").send().await.unwrap();
        assert_eq!(answer.status(), 405);
    }
}

#[tokio::test]
async fn where_there_are_no_keys_yet_that_is_not_kept_for_long() {
    let world = World::new().await;
    let response = fetch(&world, JWKS).await;
    assert_eq!((response.status().as_u16(), header(&response, "cache-control")), (200, "public, max-age=5"));
    assert_eq!(response.text().await.unwrap(), r#"{"keys":[]}"#);
}

#[tokio::test]
async fn a_withdrawn_key_is_served_no_more_after_a_second() {
    let world = World::new().await;
    let key = make(&world, &DEPLOYMENT, Algorithm::Es256).await;
    let path = format!("/keys/asap/{}", file(&key.kid));
    assert_eq!(fetch(&world, &path).await.status(), 200);
    withdraw_signing_key(&world.app, &DEPLOYMENT, key.id).await.unwrap();
    assert_eq!(fetch(&world, &path).await.status(), 404);
}

/// How often keys were read.
async fn reads(world: &World) -> u64 {
    let text = reqwest::get(format!("{}/metrics", world.url)).await.unwrap().text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("frontdesk_key_set_reads_total "));
    line.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_flood_reads_the_database_once_a_second() {
    let world = World::new().await;
    world.server("prosody").await;
    let id = server(&world, "prosody").await;
    make(&world, &DEPLOYMENT, Algorithm::Rs256).await;
    let client = reqwest::Client::new();
    let began = std::time::Instant::now();
    for _ in 0..5 {
        let asks = (0..200).map(|n| {
            let path = match n % 4 {
                0 => JWKS.to_owned(),
                1 => format!("/keys/{id}/jwks.json"),
                2 => format!("/keys/{}/jwks.json", ServerId::new()),
                _ => format!("/keys/{id}/asap/{n}.pem"),
            };
            client.get(format!("{}{path}", world.url)).send()
        });
        for answer in join_all(asks).await {
            assert!([200, 404].contains(&answer.unwrap().status().as_u16()));
        }
    }
    let most = 2 * (began.elapsed().as_secs() + 1);
    let reads = reads(&world).await;
    assert!((2..=most).contains(&reads), "1000 requests in {:?}: {reads} reads", began.elapsed());
}

#[tokio::test]
async fn while_the_database_is_away_what_was_served_last_is_served_on() {
    let world = World::new().await;
    make(&world, &DEPLOYMENT, Algorithm::Es256).await;
    let before = fetch(&world, JWKS).await.text().await.unwrap();
    world.app.db.close().await;
    eventually("what was read is a second old", async || {
        fetch(&world, JWKS).await.headers()["cache-control"] == "public, max-age=5"
    })
    .await;
    let response = fetch(&world, JWKS).await;
    assert_eq!((response.status().as_u16(), response.text().await.unwrap()), (200, before));
    let response = fetch(&world, "/keys/asap/x.pem").await;
    assert_eq!(response.status(), 404, "of the same keys");
    let response = fetch(&world, &format!("/keys/{}/jwks.json", ServerId::new())).await;
    assert_eq!((response.status().as_u16(), header(&response, "retry-after")), (503, "1"));
}
