//! One key after the other: what can be done with it, and when.

use std::sync::Arc;

use chrono::TimeDelta;
use frontdesk::actions::forget_master_key::forget_master_key;
use frontdesk::actions::private_keys::{UnlockKeyError, opened, unlock};
use frontdesk::actions::remove_tenant::remove_tenant;
use frontdesk::actions::signing_keys::{
    KeySource, SigningKeyError, When, activate_signing_key, add_signing_key, keep_signing_keys,
    retire_signing_key, withdraw_signing_key,
};
use frontdesk::reservation::{SigningKeyId, TenantId};
use frontdesk::signing::{Algorithm, Kid};
use frontdesk::store::signing_keys::KeyState::{Active, Next, Retired, Withdrawn};
use frontdesk::store::signing_keys::SigningKeyRecord;
use frontdesk::store::{signing_keys, tenants};

use super::{DEPLOYMENT, import, keys, make, of, read, rotate, states};
use crate::master_keys::new_only;
use crate::world::World;

const ES: Algorithm = Algorithm::Es256;

/// When a key is known everywhere that is served from now on: a quarter of an hour, a tenth of that, and a second.
fn known() -> TimeDelta {
    TimeDelta::seconds(900 + 90 + 1)
}

async fn tenant(world: &World, name: &str) -> TenantId {
    let mut db = world.app.db.acquire().await.unwrap();
    tenants::by_name(&mut db, &name.parse().unwrap()).await.unwrap().unwrap().id
}

/// Which key signs for `acme`.
async fn signs(world: &World) -> SigningKeyId {
    let acme = tenant(world, "acme").await;
    let mut db = world.app.db.acquire().await.unwrap();
    signing_keys::signing_for(&mut db, acme, ES).await.unwrap().unwrap().id
}

/// Signs a token for `acme` that is good for an hour.
async fn sign(world: &World, key: SigningKeyId) {
    let ends = world.clock.now() + TimeDelta::hours(1);
    let mut db = world.app.db.acquire().await.unwrap();
    assert!(signing_keys::note_token(&mut db, key, ends).await.unwrap());
}

#[tokio::test]
async fn what_nobody_could_have_known_otherwise_signs_at_once_and_what_follows_waits() {
    let world = World::new().await;
    let first = make(&world, &DEPLOYMENT, ES).await;
    assert_eq!((first.state(), make(&world, &DEPLOYMENT, ES).await.state()), (Active, Next));
    assert_eq!(make(&world, &DEPLOYMENT, Algorithm::EdDsa).await.state(), Active, "another algorithm");

    let own = make(&world, &of("acme"), ES).await;
    assert_eq!(own.state(), Next, "its rooms are signed for by a key that verifiers know");
    assert_eq!(signs(&world).await, first.id);
    assert_eq!(make(&world, &of("acme"), Algorithm::Hs256).await.state(), Active);
}

#[tokio::test]
async fn a_key_that_verifiers_may_not_know_does_not_sign_unless_told_to() {
    let world = World::new().await;
    let first = make(&world, &DEPLOYMENT, ES).await;
    let (second, third) = (make(&world, &DEPLOYMENT, ES).await, make(&world, &DEPLOYMENT, ES).await);
    let activate = async |id, when| {
        activate_signing_key(&world.app, &DEPLOYMENT, id, None, when).await.map(|done| done.active.id)
    };

    world.advance(known() - TimeDelta::milliseconds(1));
    let refused = activate(second.id, When::Known).await.unwrap_err();
    assert!(
        matches!(&refused, SigningKeyError::TooYoung { id, known_at } if *id == second.id && *known_at == world.clock.now() + TimeDelta::milliseconds(1)),
        "{refused:?}"
    );
    assert!(refused.to_string().contains("before 2026-12-01T09:16:31Z"), "{refused}");
    assert!(matches!(
        rotate(&world, &DEPLOYMENT, ES, When::Known).await,
        Err(SigningKeyError::TooYoung { .. })
    ));
    assert_eq!(signs(&world).await, first.id);

    world.advance(TimeDelta::milliseconds(1));
    assert_eq!(activate(second.id, When::Known).await.unwrap(), second.id);
    assert_eq!(read(&world, first.id).await.state(), Retired);
    let fourth = make(&world, &DEPLOYMENT, ES).await;
    assert_eq!(activate(fourth.id, When::Now).await.unwrap(), fourth.id);
    assert_eq!(
        keys(&world, &DEPLOYMENT).await,
        [(first.id, Retired), (second.id, Retired), (third.id, Next), (fourth.id, Active)]
    );
    for old in [first.id, fourth.id] {
        let refused = activate(old, When::Now).await.unwrap_err();
        assert!(matches!(refused, SigningKeyError::NotNext { .. }), "{refused:?}");
    }
}

#[tokio::test]
async fn a_tenants_first_key_signs_when_verifiers_know_it() {
    let world = World::new().await;
    let (shared, own) = (make(&world, &DEPLOYMENT, ES).await, make(&world, &of("acme"), ES).await);
    let activate = async |when| activate_signing_key(&world.app, &of("acme"), own.id, None, when).await;
    assert!(matches!(activate(When::Known).await, Err(SigningKeyError::TooYoung { .. })));
    world.advance(known());
    assert!(activate(When::Known).await.unwrap().retired.is_none());
    assert_eq!(signs(&world).await, own.id);

    // And the deployment's again, once it wants no key any more.
    retire_signing_key(&world.app, &of("acme"), own.id).await.unwrap();
    assert_eq!(signs(&world).await, shared.id);
}

#[tokio::test]
async fn rotating_moves_all_on_by_one_and_forgets_the_old_private_half() {
    let world = World::new().await;
    let (first, second) = (make(&world, &DEPLOYMENT, ES).await, make(&world, &DEPLOYMENT, ES).await);
    world.advance(known());
    let rotated = rotate(&world, &DEPLOYMENT, ES, When::Known).await.unwrap();
    assert_eq!((rotated.active.id, rotated.retired.unwrap().id), (second.id, first.id));
    let third = rotated.next.unwrap();
    assert_eq!(keys(&world, &DEPLOYMENT).await, [(first.id, Retired), (second.id, Active), (third.id, Next)]);
    let old = read(&world, first.id).await;
    assert!(matches!(unlock(&world.app.keys, &old), Err(UnlockKeyError::Gone)));
    unlock(&world.app.keys, &read(&world, third.id).await).unwrap();
}

#[tokio::test]
async fn imported_keys_follow_each_other_and_none_is_made() {
    let world = World::new().await;
    let (first, second) = (import(&world, &of("acme"), ES).await, import(&world, &of("acme"), ES).await);
    world.advance(known());
    let rotated = rotate(&world, &of("acme"), ES, When::Known).await.unwrap();
    assert_eq!((rotated.active.id, rotated.next.is_none()), (second.id, true));
    assert_eq!(states(&world, &of("acme")).await, [Retired, Active]);
    let refused = rotate(&world, &of("acme"), ES, When::Now).await.unwrap_err();
    assert!(matches!(refused, SigningKeyError::NoNext(_)), "{refused:?}");
    assert_eq!(read(&world, first.id).await.state(), Retired);
}

#[tokio::test]
async fn a_secret_is_told_by_hand_so_it_need_not_be_known_and_verifies_when_it_signs_no_more() {
    let world = World::new().await;
    let hs = Algorithm::Hs256;
    let first = make(&world, &DEPLOYMENT, hs).await;
    make(&world, &DEPLOYMENT, hs).await;
    sign(&world, first.id).await;
    let rotated = rotate(&world, &DEPLOYMENT, hs, When::Known).await.unwrap();
    assert!(rotated.next.is_none(), "nobody could be told of another one");
    unlock(&world.app.keys, &read(&world, first.id).await).unwrap();
    world.advance(TimeDelta::hours(1));
    assert_eq!(keep_signing_keys(&world.app).await.unwrap().withdrawn, 1);
    assert!(unlock(&world.app.keys, &read(&world, first.id).await).is_err());
}

#[tokio::test]
async fn a_retired_key_is_there_for_as_long_as_its_tokens() {
    let world = World::new().await;
    let (first, _) = (make(&world, &DEPLOYMENT, ES).await, make(&world, &DEPLOYMENT, ES).await);
    sign(&world, first.id).await;
    rotate(&world, &DEPLOYMENT, ES, When::Now).await.unwrap();
    let mut db = world.app.db.acquire().await.unwrap();
    let later = world.clock.now() + TimeDelta::days(1);
    assert!(!signing_keys::note_token(&mut db, first.id, later).await.unwrap(), "it signs no more");
    drop(db);
    world.advance(TimeDelta::hours(1) - TimeDelta::milliseconds(1));
    keep_signing_keys(&world.app).await.unwrap();
    assert_eq!(read(&world, first.id).await.state(), Retired);
    world.advance(TimeDelta::milliseconds(1));
    assert_eq!(keep_signing_keys(&world.app).await.unwrap().withdrawn, 1);
    assert_eq!(read(&world, first.id).await.state(), Withdrawn);
}

#[tokio::test]
async fn a_withdrawn_key_is_gone_at_once_and_the_next_one_signs() {
    let world = World::new().await;
    let (first, second) = (make(&world, &DEPLOYMENT, ES).await, make(&world, &DEPLOYMENT, ES).await);
    sign(&world, first.id).await;
    let done = withdraw_signing_key(&world.app, &DEPLOYMENT, first.id).await.unwrap();
    assert_eq!((done.withdrawn.state(), done.active.unwrap().id), (Withdrawn, second.id));
    assert_eq!(signs(&world).await, second.id);
    assert!(read(&world, first.id).await.private.is_none());
    // Again, which takes nothing from the other one.
    let done = withdraw_signing_key(&world.app, &DEPLOYMENT, first.id).await.unwrap();
    assert_eq!((done.withdrawn.id, done.active.is_none()), (first.id, true));
    assert_eq!(states(&world, &DEPLOYMENT).await, [Withdrawn, Active]);
    retire_signing_key(&world.app, &DEPLOYMENT, first.id).await.unwrap();
    assert_eq!(states(&world, &DEPLOYMENT).await, [Withdrawn, Active]);
}

#[tokio::test]
async fn an_opened_key_is_kept_for_the_next_token_and_let_go_when_it_is_withdrawn() {
    let (world, blobs) = (World::new().await, |key: &SigningKeyRecord| key.private.clone().unwrap());
    let first = make(&world, &DEPLOYMENT, ES).await;
    let kept = |key: &SigningKeyRecord| world.app.opened_keys.get(key.id, &blobs(key));
    let once = opened(&world.app, &first).unwrap();
    assert!(Arc::ptr_eq(&once, &opened(&world.app, &first).unwrap()), "it is parsed once");
    withdraw_signing_key(&world.app, &DEPLOYMENT, first.id).await.unwrap();
    assert!(kept(&first).is_none());
    assert_eq!(Arc::strong_count(&once), 1, "nobody else has it");
    assert!(matches!(opened(&world.app, &read(&world, first.id).await), Err(UnlockKeyError::Gone)));
    // What another replica withdraws is let go at the next turn, also where the database is away.
    let second = make(&world, &DEPLOYMENT, ES).await;
    opened(&world.app, &second).unwrap();
    world.app.db.close().await;
    keep_signing_keys(&world.app).await.unwrap_err();
    assert!(kept(&second).is_none());
}

#[tokio::test]
async fn a_key_whose_master_key_is_lost_is_retired_and_a_secret_withdrawn() {
    let world = World::new().await;
    let pair = make(&world, &DEPLOYMENT, Algorithm::Rs256).await;
    let follower = make(&world, &DEPLOYMENT, Algorithm::Rs256).await;
    let secret = make(&world, &of("acme"), Algorithm::Hs256).await;
    sign(&world, pair.id).await;
    let mut db = world.db().acquire().await.unwrap();
    let lost = world.app.keys.first_id();
    forget_master_key(&mut db, Some(&new_only()), lost, world.app.clock.now()).await.unwrap();
    for (key, state) in [(&pair, Retired), (&follower, Retired), (&secret, Withdrawn)] {
        let now = read(&world, key.id).await;
        assert_eq!((now.state(), now.private.is_none()), (state, true), "{}", key.algorithm);
    }
    // It goes on by itself, and nothing stands in the way of others.
    let after = World::with_keys(&world, new_only());
    keep_signing_keys(&after.app).await.unwrap();
    let states = states(&after, &DEPLOYMENT).await;
    assert_eq!(states, [Retired, Withdrawn, Active, Next], "the one that signed is served for its tokens");
    assert_eq!(make(&after, &of("acme"), Algorithm::Hs256).await.state(), Active);
}

#[tokio::test]
async fn nobody_changes_the_keys_of_others() {
    let world = World::new().await;
    world.tenant("globex", |_| {}).await;
    let key = make(&world, &of("acme"), ES).await.id;
    for owner in [DEPLOYMENT, of("globex")] {
        let refused = [
            activate_signing_key(&world.app, &owner, key, None, When::Now).await.err(),
            retire_signing_key(&world.app, &owner, key).await.err(),
            withdraw_signing_key(&world.app, &owner, key).await.err(),
        ];
        assert!(
            refused.iter().all(|error| matches!(error, Some(SigningKeyError::Unknown(_)))),
            "{refused:?}"
        );
    }
    let refused = add_signing_key(&world.app, &of("nobody"), ES, KeySource::Make, None).await.unwrap_err();
    assert!(matches!(refused, SigningKeyError::UnknownTenant(_)), "{refused:?}");
    assert_eq!(states(&world, &of("acme")).await, [Active]);
}

#[tokio::test]
async fn a_verifier_may_give_a_key_its_name_before_it_signs() {
    let world = World::new().await;
    make(&world, &DEPLOYMENT, ES).await;
    let key = make(&world, &of("acme"), ES).await;
    let name: Kid = "vpaas-magic-cookie-1fc542/4f4910".parse().unwrap();
    let activate = async |kid, when| activate_signing_key(&world.app, &of("acme"), key.id, kid, when).await;
    world.advance(known());
    let refused = activate(Some(&name), When::Known).await.unwrap_err();
    assert!(
        matches!(refused, SigningKeyError::TooYoung { .. }),
        "under that name nobody knows it: {refused:?}"
    );
    assert_eq!(read(&world, key.id).await.kid, key.kid, "nothing was done");

    let active = activate(Some(&name), When::Now).await.unwrap().active;
    assert_eq!(
        (active.kid.as_str(), read(&world, key.id).await.kid.as_str()),
        (name.as_str(), name.as_str())
    );
    assert_ne!(active.certificate, key.certificate, "the certificate names it");
    let claims = serde_json::json!({});
    assert!(unlock(&world.app.keys, &active).unwrap().sign(&name, &claims).is_ok());
    let refused = activate(Some(&"another".parse().unwrap()), When::Now).await.unwrap_err();
    assert!(matches!(refused, SigningKeyError::NotNext { .. }), "{refused:?}");
}

#[tokio::test]
async fn no_two_keys_ever_have_the_same_name_not_even_after_their_tenant() {
    let world = World::new().await;
    world.tenant("globex", |_| {}).await;
    make(&world, &DEPLOYMENT, ES).await;
    let renamed = make(&world, &of("globex"), ES).await;
    let names: [Kid; 2] = ["first", "second"].map(|name| name.parse().unwrap());
    let add = async |name: &Kid| {
        add_signing_key(&world.app, &of("acme"), ES, KeySource::Make, Some(name.clone())).await
    };
    add(&names[0]).await.unwrap();
    let activate =
        async |kid| activate_signing_key(&world.app, &of("globex"), renamed.id, Some(kid), When::Now).await;
    let refused = activate(&names[0]).await.unwrap_err();
    assert!(matches!(refused, SigningKeyError::KidUsed(_)), "{refused:?}");
    activate(&names[1]).await.unwrap();
    remove_tenant(&world.app, &"globex".parse().unwrap(), false).await.unwrap();
    for taken in [&names[0], &names[1], &renamed.kid] {
        let refused = add(taken).await.unwrap_err();
        assert!(matches!(&refused, SigningKeyError::KidUsed(kid) if kid == taken), "{refused:?}");
    }
    assert_eq!(states(&world, &of("acme")).await.len(), 1);
}

#[tokio::test]
async fn a_key_is_sealed_under_a_master_key_that_everybody_has() {
    let world = World::new().await;
    make(&world, &DEPLOYMENT, ES).await;
    let noted: Vec<String> = sqlx::query_scalar("SELECT unnest(master_key_ids) FROM deployment")
        .fetch_all(world.db())
        .await
        .unwrap();
    assert_eq!(noted, [world.app.keys.first_id().to_string()]);
    // What would be the same key elsewhere opens nothing.
    let mut key = read(&world, keys(&world, &DEPLOYMENT).await[0].0).await;
    key.tenant = Some(tenant(&world, "acme").await);
    assert!(matches!(unlock(&world.app.keys, &key), Err(UnlockKeyError::Sealed(_))));
}
