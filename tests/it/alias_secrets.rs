//! What becomes of the secrets of aliases when master keys do.

use frontdesk::actions::forget_master_key::forget_master_key;
use frontdesk::actions::reseal::reseal;
use frontdesk::app::App;
use frontdesk::reservation::AliasId;
use frontdesk::store::aliases;
use frontdesk::store::sealed::SealedColumn;

use crate::master_keys::{new_only, old, rotated, state};
use crate::world::{World, nine_o_clock};

/// The alias's secret, opened by that app; `None` where there is no such alias.
async fn secret(app: &App, id: &AliasId) -> Option<String> {
    let alias = aliases::by_id(&mut app.db.acquire().await.unwrap(), id).await.unwrap()?;
    let context = SealedColumn::AliasSecret.context(alias.tenant.into(), alias.appointment.into());
    let opened = app.keys.open(&context, &alias.secret).unwrap();
    Some(String::from_utf8(opened.to_vec()).unwrap())
}

#[tokio::test]
async fn secrets_of_aliases_are_sealed_anew_and_open_without_the_old_key() {
    let world = World::new().await;
    let one = world.alias(&world.book("one", 0, 60).await, "first").await;
    let other = world.alias(&world.book("other", 0, 60).await, "second").await;
    let between = World::with_keys(&world, rotated());
    let done = reseal(&between.app).await.unwrap();
    assert_eq!((done.rows.get(&SealedColumn::AliasSecret), done.unreadable), (Some(&2), 0), "{done:?}");
    assert!(state(&between, old()).await.unwrap().may_go());
    let after = World::with_keys(&world, new_only());
    for (id, expected) in [(one, "first"), (other, "second")] {
        assert_eq!(secret(&after.app, &id).await.as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn aliases_go_with_a_lost_key_and_their_rooms_stay_booked() {
    let world = World::new().await;
    let server = world.server("one").await;
    let lost = world.alias(&world.book("room", 0, 60).await, "first").await;
    let between = World::with_keys(&world, rotated());
    let kept = between.alias(&world.book("other", 0, 60).await, "second").await;
    let after = World::with_keys(&world, new_only());
    let mut db = world.db().acquire().await.unwrap();
    forget_master_key(&mut db, Some(&new_only()), old(), nine_o_clock()).await.unwrap();
    assert_eq!(secret(&after.app, &lost).await, None, "nobody can tell who may ask for it");
    assert_eq!(secret(&after.app, &kept).await.as_deref(), Some("second"));
    assert_eq!(after.ask(&server, "room").await.status, 200);
}
