//! An app may do what its scopes say, and nothing else.

use frontdesk::reservation::Scope;
use serde_json::json;
use strum::IntoEnumIterator as _;

use super::client::Client;
use super::document::operations;
use crate::world::World;

#[tokio::test]
async fn every_operation_needs_the_scope_that_the_document_says() {
    let world = World::new().await;
    for operation in operations(&world).await {
        let enough = operation.scopes();
        let others: Vec<Scope> = Scope::iter().filter(|scope| !enough.contains(&scope.into())).collect();
        let app = Client::with(&world, "acme", &others).await;
        let refused = operation.ask(&app, &operation.nowhere(), &json!({})).await;
        assert_eq!((refused.status, refused.code()), (403, "insufficient_scope"), "{}", operation.id);
        assert_eq!(refused.body["scope"], operation.scope(), "{}", operation.id);
    }
}

#[tokio::test]
async fn every_operation_needs_no_other_scope() {
    let world = World::new().await;
    for operation in operations(&world).await {
        for scope in operation.scopes() {
            let app = Client::with(&world, "acme", &[scope.parse().unwrap()]).await;
            let answer = operation.ask(&app, &operation.nowhere(), &json!({})).await;
            let id = &operation.id;
            assert!(
                answer.status < 500 && ![401, 403].contains(&answer.status),
                "{id} by {scope}: {answer:?}"
            );
        }
    }
}
