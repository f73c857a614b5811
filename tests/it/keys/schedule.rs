//! What becomes of keys by themselves.

use chrono::TimeDelta;
use frontdesk::actions::signing_keys::{
    Kept, KeyOwner, KeySource, When, activate_signing_key, add_signing_key, keep_signing_keys,
    list_signing_keys, retire_signing_key, rotating_since, withdraw_signing_key,
};
use frontdesk::reservation::SigningKeyId;
use frontdesk::signing::Algorithm;
use frontdesk::store::signing_keys::KeyState::{Active, Next, Retired, Withdrawn};
use frontdesk::store::{key_rotation, signing_keys};

use super::{DEPLOYMENT, import, keys, make, of, read, settings, states};
use crate::master_keys::so_many_wait;
use crate::world::World;

const ES: Algorithm = Algorithm::Es256;

async fn keep(world: &World) -> Kept {
    keep_signing_keys(&world.app).await.unwrap()
}

#[tokio::test]
async fn the_deployment_has_a_key_that_signs_and_a_next_one_and_they_move_on_every_ninety_days() {
    let world = World::new().await;
    assert_eq!(keep(&world).await, Kept { made: 2, rotated: 0, withdrawn: 0 });
    assert_eq!(keep(&world).await, Kept::default());
    let before = keys(&world, &DEPLOYMENT).await;
    assert!(before.iter().all(|(id, _)| id != &before[0].0 || before[0].1 == Active));
    assert_eq!(read(&world, before[0].0).await.algorithm, Algorithm::Rs256);

    world.advance(TimeDelta::days(90) - TimeDelta::milliseconds(1));
    assert_eq!(keep(&world).await, Kept::default());
    world.advance(TimeDelta::milliseconds(1));
    assert_eq!(keep(&world).await, Kept { made: 0, rotated: 1, withdrawn: 0 });
    assert_eq!(states(&world, &DEPLOYMENT).await, [Retired, Active, Next]);
    assert_eq!(keys(&world, &DEPLOYMENT).await[1].0, before[1].0, "the one that was served all the time");
    // It signed nothing, so nobody needs it.
    assert_eq!(keep(&world).await, Kept { made: 0, rotated: 0, withdrawn: 1 });
    assert_eq!(states(&world, &DEPLOYMENT).await, [Withdrawn, Active, Next]);
}

#[tokio::test]
async fn a_key_that_is_not_known_yet_waits_also_where_the_old_one_is_due() {
    let world = World::new().await;
    keep(&world).await;
    let [_, (next, _)] = keys(&world, &DEPLOYMENT).await[..] else { panic!("two keys") };
    world.advance(TimeDelta::days(90));
    withdraw_signing_key(&world.app, &DEPLOYMENT, next).await.unwrap();
    assert_eq!(keep(&world).await, Kept { made: 1, rotated: 0, withdrawn: 0 });
    world.advance(TimeDelta::seconds(990));
    assert_eq!(keep(&world).await, Kept::default());
    world.advance(TimeDelta::seconds(1));
    assert_eq!(keep(&world).await, Kept { made: 0, rotated: 1, withdrawn: 0 });
}

#[tokio::test]
async fn keys_of_tenants_move_on_too_but_not_those_that_verifiers_are_told_by_hand() {
    let world = World::new().await;
    for tenant in ["globex", "hooli", "initech"] {
        world.tenant(tenant, |_| {}).await;
    }
    make(&world, &of("acme"), ES).await;
    import(&world, &of("globex"), ES).await;
    let named = Some("vpaas-magic-cookie-1/2".parse().unwrap());
    add_signing_key(&world.app, &of("hooli"), ES, KeySource::Make, named).await.unwrap();
    make(&world, &of("initech"), Algorithm::Hs256).await;
    // The deployment's two, and the next one of acme.
    assert_eq!(keep(&world).await.made, 3);
    world.advance(TimeDelta::days(90));
    assert_eq!(keep(&world).await.rotated, 2);
    assert_eq!(states(&world, &of("acme")).await, [Retired, Active, Next]);
    for tenant in ["globex", "hooli", "initech"] {
        assert_eq!(states(&world, &of(tenant)).await, [Active], "{tenant}");
    }
}

#[tokio::test]
async fn what_somebody_else_prepared_is_not_activated_for_them() {
    let world = World::new().await;
    make(&world, &of("acme"), ES).await;
    let theirs = import(&world, &of("acme"), ES).await;
    world.advance(TimeDelta::days(100));
    keep(&world).await;
    assert_eq!(read(&world, theirs.id).await.state(), Next);
    assert_eq!(states(&world, &of("acme")).await, [Active, Next]);
    activate_signing_key(&world.app, &of("acme"), theirs.id, None, When::Known).await.unwrap();
    keep(&world).await;
    assert_eq!(states(&world, &of("acme")).await, [Withdrawn, Active]);
}

#[tokio::test]
async fn the_deployment_is_never_left_without_a_key_that_signs() {
    let world = World::new().await;
    keep(&world).await;
    let [(first, _), (second, _)] = keys(&world, &DEPLOYMENT).await[..] else { panic!("two keys") };
    retire_signing_key(&world.app, &DEPLOYMENT, first).await.unwrap();
    keep(&world).await;
    assert_eq!(read(&world, second).await.state(), Active);
    for (id, _) in keys(&world, &DEPLOYMENT).await {
        withdraw_signing_key(&world.app, &DEPLOYMENT, id).await.unwrap();
    }
    keep(&world).await;
    let states = states(&world, &DEPLOYMENT).await;
    assert!(states.ends_with(&[Active, Next]), "{states:?}");
}

#[tokio::test]
async fn a_key_that_is_just_being_retired_stays_retired() {
    let world = World::new().await;
    keep(&world).await;
    // One with a next key, and two without; one of these is the deployment's.
    world.tenant("globex", |_| {}).await;
    make(&world, &of("globex"), ES).await;
    keep(&world).await;
    make(&world, &of("acme"), ES).await;
    make(&world, &DEPLOYMENT, ES).await;
    for owner in [of("acme"), DEPLOYMENT, of("globex")] {
        world.advance(TimeDelta::days(100));
        let signing = signs(&world, &owner).await.unwrap();
        let mut retiring = world.db().begin().await.unwrap();
        let tenant = read(&world, signing).await.tenant;
        key_rotation::lock_owner(&mut retiring, tenant).await.unwrap();
        signing_keys::retire(&mut retiring, signing, world.app.clock.now()).await.unwrap();
        let retired = async {
            so_many_wait(&world, 1).await;
            retiring.commit().await.unwrap();
        };
        tokio::join!(keep(&world), retired);
        assert!(signs(&world, &owner).await.is_none(), "{owner:?}");
        keep(&world).await;
        assert!(signs(&world, &owner).await.is_none(), "{owner:?}");
    }
}

/// The owner's key that signs ES256.
async fn signs(world: &World, owner: &KeyOwner) -> Option<SigningKeyId> {
    let mut db = world.app.db.acquire().await.unwrap();
    let all = list_signing_keys(&mut db, owner).await.unwrap();
    all.iter().find(|key| key.algorithm == ES && key.state() == Active).map(|key| key.id)
}

#[tokio::test]
async fn the_age_of_keys_is_that_of_those_that_should_move_on() {
    let world = World::new().await;
    let since = async |world: &World| {
        rotating_since(&world.app, &mut world.app.db.acquire().await.unwrap()).await.unwrap()
    };
    let named = Some("named".parse().unwrap());
    add_signing_key(&world.app, &DEPLOYMENT, ES, KeySource::Make, named).await.unwrap();
    import(&world, &DEPLOYMENT, Algorithm::EdDsa).await;
    make(&world, &DEPLOYMENT, Algorithm::Hs256).await;
    make(&world, &of("acme"), ES).await;
    assert_eq!(since(&world).await, None);
    world.advance(TimeDelta::days(100));
    keep(&world).await;
    let now = world.app.clock.now();
    assert_eq!(since(&world).await, Some(now));
    world.advance(TimeDelta::days(1));
    assert_eq!(since(&world).await, Some(now));
    let by_hand = World::rotating(settings("off", "15m")).await;
    keep(&by_hand).await;
    assert_eq!(since(&by_hand).await, None);
}

#[tokio::test]
async fn where_keys_are_rotated_by_hand_nothing_moves_on() {
    let world = World::rotating(settings("off", "15m")).await;
    keep(&world).await;
    sqlx::query(
        "UPDATE signing_keys SET created_at = created_at - interval '10 years',
                                         activated_at = activated_at - interval '10 years'",
    )
    .execute(world.db())
    .await
    .unwrap();
    assert_eq!(keep(&world).await, Kept::default());
    assert_eq!(states(&world, &DEPLOYMENT).await, [Active, Next]);
}
