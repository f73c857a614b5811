//! What a tenant's room tokens are like. It is nine o'clock on Tuesday, 1 December 2026.

use frontdesk::actions::signing_keys::{KeyOwner, KeySource, add_signing_key};
use frontdesk::signing::{Algorithm, Imported, SigningKey};
use frontdesk::token::VerifierKind;
use serde_json::{Value, json};

use super::tokens::{RSA, claims, key, settings, signing};

#[tokio::test]
async fn whose_rooms_they_are_is_said_by_the_address_or_by_the_settings() {
    let (world, app, key) = signing().await;
    let booked = app.book("room", "10:00", "11:00").await;
    let path = format!("/v1/appointments/{}/tokens", booked.id());
    for (url, subject) in
        [("https://meet.example.org/Acme", "acme"), ("https://MEET.example.org:8443", "meet.example.org")]
    {
        world.policy(|policy| policy.meeting_url = Some(url.parse().unwrap())).await;
        assert_eq!(claims(&app.post(&path, json!({})).await, &key)["sub"], subject);
    }
    settings(&world, |settings| settings.subject = Some("meet.jitsi".parse().unwrap())).await;
    assert_eq!(claims(&app.post(&path, json!({})).await, &key)["sub"], "meet.jitsi");
    world.policy(|policy| policy.meeting_url = None).await;
    let made = app.post(&path, json!({})).await;
    assert_eq!((&made.body["url"], &made.body["claims"]["sub"]), (&Value::Null, &json!("meet.jitsi")));
    settings(&world, |settings| settings.subject = None).await;
    assert_eq!(app.post(&path, json!({})).await.code(), "tokens_not_set_up");
}

#[tokio::test]
async fn a_tenant_s_own_key_goes_before_the_deployment_s_and_each_algorithm_has_its_own() {
    let (world, app, shared) = signing().await;
    let booked = app.book("room", "10:00", "11:00").await;
    let path = format!("/v1/appointments/{}/tokens", booked.id());
    claims(&app.post(&path, json!({})).await, &shared);
    let own = key(&world, &KeyOwner::Tenant("acme".parse().unwrap()), Algorithm::Rs256).await;
    claims(&app.post(&path, json!({})).await, &own);
    settings(&world, |settings| settings.algorithm = Algorithm::Rs512).await;
    let missing = app.post(&path, json!({})).await;
    assert_eq!(missing.code(), "tokens_not_set_up");
    assert!(missing.body["detail"].as_str().unwrap().contains("RS512"), "{missing:?}");
    let stronger = key(&world, &KeyOwner::Deployment, Algorithm::Rs512).await;
    claims(&app.post(&path, json!({})).await, &stronger);
    settings(&world, |settings| settings.algorithm = Algorithm::Es256).await;
    let refused = app.post(&path, json!({})).await;
    assert_eq!(refused.code(), "tokens_not_set_up");
    assert!(refused.body["detail"].as_str().unwrap().contains("Jitsi's Prosody verifies"), "{refused:?}");
    settings(&world, |settings| settings.verifier = VerifierKind::Other).await;
    let curved = key(&world, &KeyOwner::Deployment, Algorithm::Es256).await;
    claims(&app.post(&path, json!({})).await, &curved);
}

#[tokio::test]
async fn jaas_has_its_constants_its_strings_and_its_kind_of_key() {
    let (world, app, _) = signing().await;
    let booked = app.book("room", "10:00", "11:00").await;
    let path = format!("/v1/appointments/{}/tokens", booked.id());
    settings(&world, |settings| settings.verifier = VerifierKind::Jaas).await;
    assert_eq!(app.post(&path, json!({})).await.code(), "tokens_not_set_up", "JaaS needs an AppID");
    settings(&world, |settings| settings.subject = Some("vpaas-magic-cookie-1fc5".parse().unwrap())).await;
    assert_eq!(app.post(&path, json!({})).await.code(), "tokens_not_set_up", "not with a key of ours");
    let owner = KeyOwner::Tenant("acme".parse().unwrap());
    let kid = Some("vpaas-magic-cookie-1fc5/4f49".parse().unwrap());
    let key = SigningKey::read(Algorithm::Rs256, RSA.clone().into()).unwrap();
    let source = KeySource::Import(Imported { key, kid });
    let key = add_signing_key(&world.app, &owner, Algorithm::Rs256, source, None).await.unwrap();
    let body = json!({ "person": { "id": "7" }, "role": "host", "features": { "recording": true } });
    let claims = claims(&app.post(&path, body).await, &key);
    assert_eq!(
        (&claims["iss"], &claims["aud"], &claims["sub"], &claims["room"]),
        (&json!("chat"), &json!("jitsi"), &json!("vpaas-magic-cookie-1fc5"), &json!("room"))
    );
    assert_eq!(
        claims["context"],
        json!({
            "user": { "id": "7", "moderator": "true", "hidden-from-recorder": "false" },
            "features": { "recording": "true" },
        })
    );
}
