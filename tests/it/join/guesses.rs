//! Who guesses codes.

use frontdesk::actions::join::MOST_GUESSES;
use frontdesk::credential::JoinCode;
use futures_util::stream::{self, StreamExt as _};

use super::{booked, click, consultation, doors, link_of, minutes};
use crate::world::World;

fn guess(world: &World, n: i64) -> String {
    let mut bits = [7; 16];
    bits[..8].copy_from_slice(&n.to_be_bytes());
    format!("{}/join/{}", world.url, JoinCode::new(bits).expose())
}

#[tokio::test]
async fn guesses_are_counted_on_all_replicas_together_and_forgotten_after_a_while() {
    let (world, app) = doors().await;
    let replica = World::replica_of(&world);
    let link = link_of(&booked(&app, consultation()).await, 1);
    for n in 0..MOST_GUESSES {
        let world = if n % 2 == 0 { &world } else { &replica };
        assert_eq!(click(&guess(world, n)).await.status, 404, "{n}");
    }
    for world in [&world, &replica] {
        let page = click(&guess(world, MOST_GUESSES)).await;
        assert_eq!((page.status, page.state()), (429, "too_many"));
    }
    // Others behind the same address have done nothing wrong, and what can't be a code is none.
    assert_eq!(click(&link).await.status, 200);
    assert_eq!(click(&format!("{}/join/short", world.url)).await.status, 404);
    world.advance(minutes(12));
    assert_eq!(click(&guess(&World::replica_of(&world), 0)).await.status, 404);
}

#[tokio::test]
async fn guesses_that_come_at_once_are_all_counted() {
    let (world, _) = doors().await;
    // Not all in one moment: a request has to be written within seconds of its connection, on a busy machine, too.
    let come = stream::iter(0..MOST_GUESSES + 20).map(async |n| click(&guess(&world, n)).await.status);
    let statuses: Vec<u16> = come.buffer_unordered(16).collect().await;
    let unknown = statuses.iter().filter(|status| **status == 404).count();
    assert_eq!(i64::try_from(unknown), Ok(MOST_GUESSES));
}

#[tokio::test]
async fn no_address_is_kept() {
    let (world, _) = doors().await;
    click(&guess(&world, 1)).await;
    let kept: Vec<(Vec<u8>,)> =
        sqlx::query_as("SELECT network FROM join_guesses").fetch_all(world.db()).await.unwrap();
    assert_eq!(kept.len(), 1);
    let network = &kept[0].0;
    assert_eq!(network.len(), 16);
    for told in [&[127, 0, 0, 1][..], b"127", &[0x7f, 0, 0, 1, 32]] {
        assert!(!network.windows(told.len()).any(|part| part == told), "{network:?}");
    }
    assert_ne!(network, &"::ffff:127.0.0.1".parse::<std::net::Ipv6Addr>().unwrap().octets());
}
