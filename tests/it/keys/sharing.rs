//! A key whose private half a tenant has would sign for everybody's rooms on a server: so no server has it that others
//! share.

use frontdesk::actions::change_server::{ServerChange, change_server};
use frontdesk::signing::Algorithm;
use frontdesk::store::served_keys::served_to;
use frontdesk::store::servers;

use super::{DEPLOYMENT, import, make, of};
use crate::world::World;

/// How the keys are called that the server gets: which of `shared`, `made` and `imported`.
async fn gets(world: &World, server: &str, names: &[(String, &'static str)]) -> Vec<&'static str> {
    let mut db = world.app.db.acquire().await.unwrap();
    let id = servers::by_name(&mut db, server).await.unwrap().unwrap().server.id;
    let keys = served_to(&mut db, id).await.unwrap().unwrap();
    let name = |kid: &str| names.iter().find(|(known, _)| known == kid).unwrap().1;
    keys.iter().map(|key| name(key.kid.as_str())).collect()
}

const ALL: [&str; 3] = ["shared", "made", "imported"];
const OURS: [&str; 2] = ["shared", "made"];

/// Keys of the deployment and of `acme`, and the tenants `globex` and `hooli` without any.
async fn furnished() -> (World, Vec<(String, &'static str)>) {
    let world = World::new().await;
    for tenant in ["globex", "hooli"] {
        world.tenant(tenant, |_| {}).await;
    }
    let keys = [
        (make(&world, &DEPLOYMENT, Algorithm::Es256).await, "shared"),
        (make(&world, &of("acme"), Algorithm::Es256).await, "made"),
        (import(&world, &of("acme"), Algorithm::Es256).await, "imported"),
    ];
    let names = keys.map(|(key, name)| (key.kid.as_str().to_owned(), name));
    (world, names.to_vec())
}

#[tokio::test]
async fn an_imported_key_goes_to_no_server_that_others_share() {
    let (world, names) = furnished().await;
    for (name, default, others, all, expected) in [
        ("its own", "acme", &[][..], false, &ALL[..]),
        ("its own, named twice", "acme", &["acme"], false, &ALL),
        ("shared by default", "acme", &["globex"], false, &OURS),
        ("shared as one of several", "globex", &["acme"], false, &OURS),
        ("shared by three", "globex", &["acme", "hooli"], false, &OURS),
        ("everybody's", "acme", &[], true, &OURS),
        ("everybody's, of another", "globex", &[], true, &OURS),
        ("another's", "globex", &["hooli"], false, &["shared"]),
    ] {
        world.server_for(name, default, others, all).await;
        assert_eq!(gets(&world, name, &names).await, expected, "{name}");
    }
}

#[tokio::test]
async fn it_goes_as_soon_as_others_come_and_comes_back_when_they_go() {
    let (world, names) = furnished().await;
    world.server("prosody").await;
    assert_eq!(gets(&world, "prosody", &names).await, ALL);
    let tenants = |names: &[&str]| Some(names.iter().map(|name| name.parse().unwrap()).collect());
    for (change, expected) in [
        (ServerChange { other_tenants: tenants(&["globex"]), ..ServerChange::default() }, &OURS[..]),
        (ServerChange { other_tenants: tenants(&[]), ..ServerChange::default() }, &ALL),
        (ServerChange { serves_all: Some(true), ..ServerChange::default() }, &OURS),
        (ServerChange { serves_all: Some(false), ..ServerChange::default() }, &ALL),
        (
            ServerChange { default_tenant: Some("globex".parse().unwrap()), ..ServerChange::default() },
            &["shared"],
        ),
    ] {
        change_server(&world.app, "prosody", change).await.unwrap();
        assert_eq!(gets(&world, "prosody", &names).await, expected);
    }
}
