//! Several at once, on several replicas.

use std::collections::HashSet;

use frontdesk::actions::signing_keys::{
    KeyOwner, KeySource, Rotation, When, activate_signing_key, add_signing_key, keep_signing_keys,
    withdraw_signing_key,
};
use frontdesk::signing::Algorithm;
use frontdesk::store::signing_keys::KeyState;
use futures_util::future::join_all;

use super::{DEPLOYMENT, keys, make, of, states};
use crate::world::World;

const ES: Algorithm = Algorithm::Es256;

async fn count(world: &World, state: KeyState) -> usize {
    states(world, &DEPLOYMENT).await.into_iter().filter(|other| *other == state).count()
}

#[tokio::test]
async fn of_many_first_keys_one_signs_and_the_others_follow() {
    let world = World::new().await;
    let replica = World::replica_of(&world);
    let add = async |world: &World, owner: &KeyOwner| {
        add_signing_key(&world.app, owner, ES, KeySource::Make, None).await.unwrap()
    };
    for owner in [of("acme"), DEPLOYMENT] {
        let replicas = [&world, &replica];
        join_all((0..8).map(async |n| add(replicas[n % 2], &owner).await)).await;
        let mut states = states(&world, &owner).await;
        states.sort_by_key(ToString::to_string);
        assert_eq!((states.len(), states[0]), (8, KeyState::Active));
        assert!(states[1..].iter().all(|state| *state == KeyState::Next), "{states:?}");
    }
}

#[tokio::test]
async fn of_many_rotations_at_once_one_is_done() {
    let world = World::new().await;
    let replica = World::replica_of(&world);
    make(&world, &DEPLOYMENT, ES).await;
    make(&world, &DEPLOYMENT, ES).await;
    for round in 2..6 {
        let prepared = (0..8).map(|n| {
            let app = if n % 2 == 0 { &world.app } else { &replica.app };
            async move { (app, Rotation::prepare(app, DEPLOYMENT, ES, When::Now).await.unwrap()) }
        });
        let prepared = join_all(prepared).await;
        let done =
            join_all(prepared.iter().map(async |(app, rotation)| rotation.run(app).await.unwrap())).await;
        let first: Vec<_> = done.iter().filter_map(|rotated| rotated.retired.as_ref()).collect();
        assert_eq!(first.len(), 1, "one retires the key that signed");
        let active: HashSet<_> = done.iter().map(|rotated| rotated.active.id).collect();
        assert_eq!(active.len(), 1, "all are told of the same key");
        assert_eq!(keys(&world, &DEPLOYMENT).await.len(), round + 1);
    }
}

#[tokio::test]
async fn whatever_happens_at_once_one_key_signs() {
    let world = World::new().await;
    let replica = World::replica_of(&world);
    for _ in 0..6 {
        make(&world, &DEPLOYMENT, ES).await;
    }
    let all = keys(&world, &DEPLOYMENT).await;
    let work = all.iter().enumerate().map(async |(n, (id, _))| {
        let app = if n % 2 == 0 { &world.app } else { &replica.app };
        // Some lose, and say so.
        if n % 3 == 0 {
            _ = withdraw_signing_key(app, &DEPLOYMENT, *id).await.unwrap();
        } else {
            _ = activate_signing_key(app, &DEPLOYMENT, *id, None, When::Now).await;
        }
    });
    join_all(work).await;
    assert_eq!(count(&world, KeyState::Active).await, 1, "{:?}", keys(&world, &DEPLOYMENT).await);
    assert_eq!(count(&world, KeyState::Withdrawn).await, 2);
}

#[tokio::test]
async fn replicas_that_start_together_make_two_keys_between_them() {
    let world = World::new().await;
    let replica = World::replica_of(&world);
    let kept =
        join_all([&world, &replica, &world, &replica].map(async |world| keep_signing_keys(&world.app).await));
    let made: usize = kept.await.into_iter().map(|kept| kept.unwrap().made).sum();
    assert_eq!(made, 2);
    assert_eq!(states(&world, &DEPLOYMENT).await, [KeyState::Active, KeyState::Next]);
}
