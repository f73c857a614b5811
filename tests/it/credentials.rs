//! Credentials of conference servers: revoked at once, and unknown ones remembered for a moment.

use frontdesk::actions::add_server::add_credential;
use frontdesk::actions::change_server::revoke_credential;
use frontdesk::credential::{Credential, CredentialKind};
use frontdesk::reservation::{CredentialId, ServerState};
use frontdesk::store::server_credentials::{self, CredentialRecord};
use frontdesk::store::servers;

use crate::live::{desk, granted};

#[tokio::test]
async fn a_revoked_credential_is_worth_nothing_at_once_and_the_others_of_the_server_stay_good() {
    let (world, one, two) = desk().await;
    let opened = granted(&world, &one, "room").await;
    let second = add_credential(&world.app, "one").await.unwrap();
    let credential = second.credential.expose();
    assert_eq!(world.ask(credential, "room").await.status, 409, "both are the same server");
    revoke_credential(&world.app, "one", second.credential_id).await.unwrap();
    assert_eq!(world.ask(credential, "room").await.status, 401);
    assert_eq!(world.get(credential, opened.id()).await.status, 401);
    assert_eq!(world.delete(credential, opened.id()).await.status, 401);
    assert_eq!(world.ask(&one, "room").await.status, 409);
    world.server_is("one", ServerState::Revoked).await;
    assert_eq!(world.ask(&one, "room").await.status, 401);
    assert_eq!(world.delete(&one, opened.id()).await.status, 401);
    assert_eq!(world.open_rows().await, 1);
    assert_eq!(world.ask(&two, "room").await.reason(), "live_elsewhere", "not yet 30 s old");
}

#[tokio::test]
async fn a_credential_that_is_not_known_is_not_looked_up_again_and_a_fresh_one_works_at_once() {
    let (world, one, _) = desk().await;
    let stranger = Credential::generate(CredentialKind::Server).unwrap();
    assert_eq!(world.ask(stranger.expose(), "room").await.status, 401);
    let server = servers::by_name(&mut world.db().acquire().await.unwrap(), "one").await.unwrap().unwrap();
    let record = CredentialRecord {
        id: CredentialId::new(),
        server: server.server.id,
        created_at: world.clock.now(),
        revoked_at: None,
    };
    server_credentials::insert(&mut world.db().acquire().await.unwrap(), stranger.hash(), &record)
        .await
        .unwrap();
    assert_eq!(world.ask(stranger.expose(), "room").await.status, 401, "it is remembered for a moment");
    revoke_credential(&world.app, "one", record.id).await.unwrap();
    let fresh = add_credential(&world.app, "one").await.unwrap();
    granted(&world, fresh.credential.expose(), "room").await;
    assert_eq!(world.ask(&one, "room").await.status, 409);
}
