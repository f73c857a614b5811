//! Apps, servers and tenants are managed: how many credentials there may be, and names that are taken.

use frontdesk::actions::add_app::{AddAppError, add_app, add_app_in};
use frontdesk::actions::add_server::{AddServerError, Serves, add_credential, add_server_in};
use frontdesk::actions::add_tenant::{AddTenantError, add_tenant_in};
use frontdesk::actions::app_credentials::{
    AppCredentialError, NewSigningKey, add_app_credential, add_signing_key, revoke_app_credential,
    revoke_signing_key,
};
use frontdesk::actions::change_app::{AppChange, ChangeAppError, change_app, change_app_in, revoke_app};
use frontdesk::actions::change_server::{
    ChangeServerError, ServerChange, change_server, change_server_in, revoke_credential,
};
use frontdesk::reservation::{CredentialId, Policy, Scope, Scopes, ServerState, TenantName};
use frontdesk::store::{apps, servers, tenants};
use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, Connection as _};

use crate::world::World;

fn acme() -> TenantName {
    "acme".parse().unwrap()
}

async fn app(world: &World, name: &str) {
    add_app(&world.app, &acme(), name.to_owned(), Scopes::usual()).await.unwrap();
}

/// How many rows of the table are not revoked.
async fn live(world: &World, table: &str) -> i64 {
    let rows = AssertSqlSafe(format!("SELECT count(*) FROM {table} WHERE revoked_at IS NULL"));
    sqlx::query_scalar(rows).fetch_one(world.db()).await.unwrap()
}

#[tokio::test]
async fn of_credentials_added_at_once_no_more_than_two_are_live() {
    let world = World::new().await;
    app(&world, "calendar").await;
    world.server("one").await;
    let (app, acme) = (&world.app, &acme());
    for _ in 0..5 {
        let added = join_all((0..8).map(async |_| add_app_credential(app, acme, "calendar").await)).await;
        let (made, refused): (Vec<_>, Vec<_>) = added.into_iter().partition(Result::is_ok);
        assert_eq!(made.len(), 1);
        for refused in refused.into_iter().map(Result::unwrap_err) {
            assert!(matches!(refused, AppCredentialError::TooManyCredentials(_)), "{refused:?}");
        }
        assert_eq!(live(&world, "app_credentials").await, 2);
        let made = made.into_iter().next().unwrap().unwrap();
        revoke_app_credential(app, acme, "calendar", made.credential_id).await.unwrap();

        let added = join_all((0..8).map(async |_| add_credential(app, "one").await)).await;
        let (made, refused): (Vec<_>, Vec<_>) = added.into_iter().partition(Result::is_ok);
        assert_eq!(made.len(), 1);
        for refused in refused.into_iter().map(Result::unwrap_err) {
            assert!(matches!(refused, AddServerError::TooManyCredentials(_)), "{refused:?}");
        }
        assert_eq!(live(&world, "server_credentials").await, 2);
        let made = made.into_iter().next().unwrap().unwrap();
        revoke_credential(app, "one", made.credential_id).await.unwrap();
    }
}

#[tokio::test]
async fn of_signing_keys_added_at_once_no_more_than_two_are_live() {
    let world = World::new().await;
    app(&world, "calendar").await;
    let (app, acme) = (&world.app, &acme());
    let add = async |_| add_signing_key(app, acme, "calendar", &NewSigningKey::Secret, None).await;
    for _ in 0..5 {
        let added = join_all((0..8).map(add)).await;
        let (made, refused): (Vec<_>, Vec<_>) = added.into_iter().partition(Result::is_ok);
        assert_eq!(made.len(), 2);
        for refused in refused.into_iter().map(Result::unwrap_err) {
            assert!(matches!(refused, AppCredentialError::TooManySigningKeys(_)), "{refused:?}");
        }
        assert_eq!(live(&world, "app_signing_keys").await, 2);
        for made in made.into_iter().map(Result::unwrap) {
            revoke_signing_key(app, acme, "calendar", made.key.id).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_revoked_app_gets_nothing_new_and_nothing_is_revoked_twice() {
    let world = World::new().await;
    app(&world, "calendar").await;
    let second = add_app_credential(&world.app, &acme(), "calendar").await.unwrap();
    let key = add_signing_key(&world.app, &acme(), "calendar", &NewSigningKey::Secret, None).await.unwrap();
    assert!(revoke_app(&world.app, &acme(), second.app.id).await.unwrap());
    assert!(!revoke_app(&world.app, &acme(), "calendar").await.unwrap(), "it was revoked before");
    assert_eq!(live(&world, "app_credentials").await + live(&world, "app_signing_keys").await, 0);

    let refused = add_app_credential(&world.app, &acme(), "calendar").await.unwrap_err();
    assert!(matches!(refused, AppCredentialError::Revoked(_)), "{refused:?}");
    let refused =
        add_signing_key(&world.app, &acme(), "calendar", &NewSigningKey::Secret, None).await.unwrap_err();
    assert!(matches!(refused, AppCredentialError::Revoked(_)), "{refused:?}");
    let refused = change_app(&world.app, &acme(), "calendar", AppChange::default()).await.unwrap_err();
    assert!(matches!(refused, ChangeAppError::Revoked(_)), "{refused:?}");
    let refused = revoke_app_credential(&world.app, &acme(), "calendar", second.credential_id).await;
    assert!(matches!(refused, Err(AppCredentialError::UnknownCredential(_))), "{refused:?}");
    let refused = revoke_signing_key(&world.app, &acme(), "calendar", key.key.id).await;
    assert!(matches!(refused, Err(AppCredentialError::UnknownSigningKey(_))), "{refused:?}");
    let refused = revoke_app(&world.app, &acme(), "nobody").await.unwrap_err();
    assert_eq!(refused.to_string(), "the tenant has no app `nobody`");
}

#[tokio::test]
async fn an_app_of_another_tenant_is_not_there() {
    let world = World::new().await;
    world.tenant("globex", |_| {}).await;
    let globex: TenantName = "globex".parse().unwrap();
    let added = add_app(&world.app, &acme(), "calendar".to_owned(), Scopes::usual()).await.unwrap();
    let refused = revoke_app(&world.app, &globex, added.app.id).await.unwrap_err();
    assert!(matches!(refused, ChangeAppError::Unknown(_)), "{refused:?}");
    let refused =
        revoke_app_credential(&world.app, &globex, added.app.id, added.credential_id).await.unwrap_err();
    assert!(matches!(refused, AppCredentialError::Unknown(_)), "{refused:?}");
    app(&world, "other").await;
    let refused = revoke_app_credential(&world.app, &acme(), "other", added.credential_id).await.unwrap_err();
    assert!(matches!(refused, AppCredentialError::UnknownCredential(_)), "{refused:?}");
    assert_eq!(live(&world, "app_credentials").await, 2);
}

#[tokio::test]
async fn a_name_that_is_taken_does_not_cost_the_transaction() {
    let world = World::new().await;
    for name in ["calendar", "crm"] {
        app(&world, name).await;
    }
    for name in ["one", "two"] {
        world.server(name).await;
    }
    let mut db = world.db().acquire().await.unwrap();
    let mut db = db.begin().await.unwrap();
    let serves = || Serves { default: acme(), others: Vec::new(), all: false };

    let taken = add_tenant_in(&world.app, &mut db, acme(), Policy::default()).await.unwrap_err();
    assert!(matches!(taken, AddTenantError::Exists(_)), "{taken:?}");
    let scopes = Scopes::usual();
    let taken = add_app_in(&world.app, &mut db, &acme(), "crm".to_owned(), scopes).await.unwrap_err();
    assert!(matches!(taken, AddAppError::Exists(_)), "{taken:?}");
    let change = AppChange { name: Some("crm".to_owned()), ..AppChange::default() };
    let taken = change_app_in(&mut db, &acme(), "calendar".into(), change).await.unwrap_err();
    assert!(matches!(taken, ChangeAppError::Exists(_)), "{taken:?}");
    let taken = add_server_in(&world.app, &mut db, "one".to_owned(), serves()).await.unwrap_err();
    assert!(matches!(taken, AddServerError::Exists(_)), "{taken:?}");
    let change = ServerChange { name: Some("two".to_owned()), ..ServerChange::default() };
    let taken = change_server_in(&world.app, &mut db, "one".into(), change).await.unwrap_err();
    assert!(matches!(taken, ChangeServerError::Exists(_)), "{taken:?}");

    add_server_in(&world.app, &mut db, "three".to_owned(), serves()).await.unwrap();
    db.commit().await.unwrap();
    let mut db = world.db().acquire().await.unwrap();
    assert!(servers::by_name(&mut db, "three").await.unwrap().is_some());
}

#[tokio::test]
async fn a_server_serves_what_it_was_changed_to() {
    let world = World::new().await;
    for name in ["globex", "initech"] {
        world.tenant(name, |policy| policy.unscheduled.allow = true).await;
    }
    let server = world.server_for("one", "acme", &["globex"], false).await;
    assert_eq!(world.ask(&server, "[globex]room").await.status, 200);
    let change = ServerChange {
        name: Some("uno".to_owned()),
        default_tenant: Some("initech".parse().unwrap()),
        other_tenants: Some(vec!["acme".parse().unwrap(), "initech".parse().unwrap()]),
        ..ServerChange::default()
    };
    let changed = change_server(&world.app, "one", change).await.unwrap();
    assert_eq!(changed.other_tenants, [acme()], "the default one is not another one");
    assert_eq!(world.ask(&server, "[globex]other").await.reason(), "not_your_tenant");
    assert_eq!(world.ask(&server, "other").await.status, 200, "a room of the new default tenant");
    let known = servers::find(&mut world.db().acquire().await.unwrap(), changed.server.id.into()).await;
    assert_eq!(known.unwrap().unwrap().name, "uno");

    let nowhere = ServerChange { default_tenant: Some("gone".parse().unwrap()), ..ServerChange::default() };
    let refused = change_server(&world.app, "uno", nowhere).await.unwrap_err();
    assert!(matches!(refused, ChangeServerError::UnknownTenant(_)), "{refused:?}");
    change_server(&world.app, "uno", ServerState::Revoked).await.unwrap();
    assert_eq!(live(&world, "server_credentials").await, 0);
    let refused = change_server(&world.app, "uno", ServerState::Active).await.unwrap_err();
    assert!(matches!(refused, ChangeServerError::Revoked(_)), "{refused:?}");
    let refused = revoke_credential(&world.app, "uno", CredentialId::new()).await.unwrap_err();
    assert!(matches!(refused, ChangeServerError::UnknownCredential(_)), "{refused:?}");
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let world = World::new().await;
    for name in ["globex", "initech", "hooli", "umbrella"] {
        world.tenant(name, |_| {}).await;
        world.server_for(name, name, &[], false).await;
        app(&world, name).await;
    }
    world.server_for("all", "globex", &[], true).await;
    let mut db = world.db().acquire().await.unwrap();
    let acme = tenants::by_name(&mut db, &acme()).await.unwrap().unwrap();

    let (mut seen, mut after) = (Vec::new(), None);
    while let Some(last) = tenants::page(&mut db, after, 2).await.unwrap().last() {
        seen.extend(tenants::page(&mut db, after, 2).await.unwrap().iter().map(|t| t.name.to_string()));
        after = Some(last.id);
    }
    assert_eq!(seen, ["acme", "globex", "initech", "hooli", "umbrella"]);
    let (mut seen, mut after) = (Vec::new(), None);
    while let Some(last) = servers::page(&mut db, None, after, 2).await.unwrap().last() {
        seen.extend(servers::page(&mut db, None, after, 2).await.unwrap().into_iter().map(|s| s.name));
        after = Some(last.server.id);
    }
    assert_eq!(seen, ["globex", "initech", "hooli", "umbrella", "all"]);
    let serving = servers::page(&mut db, Some(acme.id), None, 9).await.unwrap();
    assert_eq!(serving.iter().map(|server| server.name.as_str()).collect::<Vec<_>>(), ["all"]);
    let (mut seen, mut after) = (Vec::new(), None);
    while let Some(last) = apps::page(&mut db, acme.id, after, 3).await.unwrap().last() {
        seen.extend(apps::page(&mut db, acme.id, after, 3).await.unwrap().into_iter().map(|a| a.name));
        after = Some(last.id);
    }
    assert_eq!(seen, ["globex", "initech", "hooli", "umbrella"]);
    assert_eq!(tenants::by_id(&mut db, acme.id).await.unwrap().unwrap().name, acme.name);
}

#[tokio::test]
async fn a_scope_is_added_to_those_that_an_app_has() {
    let world = World::new().await;
    app(&world, "calendar").await;
    let more: Scopes = [Scope::TokensWildcard].into_iter().collect();
    let change = AppChange { more_scopes: more, ..AppChange::default() };
    let changed = change_app(&world.app, &acme(), "calendar", change).await.unwrap();
    let all: Scopes = Scopes::usual().iter().chain([Scope::TokensWildcard]).collect();
    assert_eq!((changed.scopes, changed.name.as_str()), (all, "calendar"));
}
