use crate::world::World;

#[tokio::test]
async fn a_booked_room_opens_and_an_unknown_one_does_not() {
    let world = World::new().await;
    let server = world.server("one").await;
    world.book("standup", 0, 60).await;
    let granted = world.ask(&server, "standup").await;
    assert_eq!(granted.status, 200, "{granted:?}");
    assert_eq!(granted.body["duration"], 70 * 60);
    assert_eq!(world.ask(&server, "elsewhere").await.reason(), "unknown_room");
    assert_eq!(world.delete(&server, granted.id()).await.status, 204);
}
