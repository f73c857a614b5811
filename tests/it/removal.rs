//! A tenant that is taken away.

use frontdesk::actions::add_app::add_app;
use frontdesk::reservation::Scopes;
use frontdesk::store::removal::remove_tenant;
use frontdesk::store::tenants;
use sqlx::AssertSqlSafe;

use crate::world::World;

#[tokio::test]
async fn a_tenant_is_removed_with_everything_of_it_and_nothing_else() {
    let world = World::new().await;
    world.tenant("globex", |_| {}).await;
    let both = world.server_for("both", "globex", &["acme"], false).await;
    let own = world.server_for("own", "acme", &["globex"], false).await;
    world.book("standup", 0, 60).await;
    assert_eq!(world.ask(&own, "standup").await.status, 200);
    add_app(&world.app, &"acme".parse().unwrap(), "app".to_owned(), Scopes::all_but_admin()).await.unwrap();
    let mut db = world.app.db.acquire().await.unwrap();
    let acme = tenants::by_name(&mut db, &"acme".parse().unwrap()).await.unwrap().unwrap();
    remove_tenant(&mut db, acme.id).await.unwrap();
    for table in
        ["appointments", "occurrences", "conferences", "apps", "app_credentials", "conference_server_tenants"]
    {
        let rows = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let rows: i64 = sqlx::query_scalar(rows).fetch_one(&mut *db).await.unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    assert_eq!(world.ask(&own, "standup").await.status, 401);
    assert_eq!(world.ask(&both, "standup").await.status, 404, "the other tenant's server is as it was");
}
