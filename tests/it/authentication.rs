//! Who calls: apps with a credential, and apps with a token that they signed.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use frontdesk::actions::add_app::{AddedApp, add_app};
use frontdesk::actions::app_credentials::{
    AddedSigningKey, NewSigningKey, add_app_credential, add_signing_key, revoke_app_credential,
    revoke_signing_key,
};
use frontdesk::actions::authenticate::{AuthenticateError, Caller, authenticate};
use frontdesk::actions::change_app::{AppChange, change_app, revoke_app};
use frontdesk::actions::change_tenant::change_tenant;
use frontdesk::credential::{Credential, CredentialKind};
use frontdesk::reservation::{AppId, CredentialId, Scope, Scopes, TenantName};
use frontdesk::signing::{Terms, TokenError};
use frontdesk::store::app_credentials::{self, AppCredentialRecord};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::world::World;

fn acme() -> TenantName {
    "acme".parse().unwrap()
}

async fn calendar(world: &World) -> AddedApp {
    add_app(&world.app, &acme(), "calendar".to_owned(), Scopes::usual()).await.unwrap()
}

async fn call(world: &World, token: &str) -> Result<Caller, AuthenticateError> {
    let called = authenticate(&world.app, &format!("Bearer {token}").parse().unwrap(), Terms::Usual).await;
    if let Err(error) = &called {
        assert!(token.is_empty() || !error.to_string().contains(token), "{error}");
    }
    called
}

async fn refused(world: &World, token: &str) -> AuthenticateError {
    call(world, token).await.map(|caller| caller.app_name).unwrap_err()
}

/// What is wrong with a token.
async fn wrong(world: &World, token: &str) -> TokenError {
    match refused(world, token).await {
        AuthenticateError::Token(error) => error,
        other => panic!("{other:?}"),
    }
}

async fn secret(world: &World, app: &str) -> AddedSigningKey {
    add_signing_key(&world.app, &acme(), app, &NewSigningKey::Secret, None).await.unwrap()
}

fn clear(added: &AddedSigningKey) -> &str {
    added.secret.as_ref().unwrap().expose()
}

/// A private key, and its public half in PEM.
fn rsa() -> (EncodingKey, String) {
    let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let private = AsDer::<Pkcs8V1Der>::as_der(&key).unwrap();
    let public = AsDer::<PublicKeyX509Der>::as_der(&key.public_key()).unwrap();
    let pem = |kind, der: &[u8]| {
        format!("-----BEGIN {kind} KEY-----\n{}\n-----END {kind} KEY-----\n", STANDARD.encode(der))
    };
    let private = EncodingKey::from_rsa_pem(pem("PRIVATE", private.as_ref()).as_bytes()).unwrap();
    (private, pem("PUBLIC", public.as_ref()))
}

/// A token of that app, good for an hour.
fn token(world: &World, app: AppId, algorithm: Algorithm, key: &EncodingKey) -> String {
    token_with(world, app, algorithm, key, &json!({}))
}

fn token_with(world: &World, app: AppId, algorithm: Algorithm, key: &EncodingKey, changes: &Value) -> String {
    let mut claims = json!({ "app": app, "exp": world.clock.now().timestamp() + 3600 });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    encode(&Header::new(algorithm), &claims, key).unwrap()
}

fn hmac(secret: &str) -> EncodingKey {
    EncodingKey::from_secret(secret.as_bytes())
}

#[tokio::test]
async fn an_app_is_known_by_its_credential_until_that_is_revoked() {
    let world = World::new().await;
    let first = calendar(&world).await;
    let second = add_app_credential(&world.app, &acme(), "calendar").await.unwrap();
    let caller = call(&world, first.credential.expose()).await.unwrap();
    assert_eq!((caller.app, caller.app_name.as_str()), (first.app.id, "calendar"));
    assert_eq!((caller.tenant.id, caller.credential), (first.app.tenant, first.credential_id));
    assert_eq!(caller.scopes, Scopes::usual());

    revoke_app_credential(&world.app, &acme(), "calendar", first.credential_id).await.unwrap();
    let error = refused(&world, first.credential.expose()).await;
    assert!(matches!(error, AuthenticateError::UnknownCredential), "{error:?}");
    let caller = call(&world, second.credential.expose()).await.unwrap();
    assert_eq!(caller.credential, second.credential_id);

    assert!(revoke_app(&world.app, &acme(), "calendar").await.unwrap());
    let error = refused(&world, second.credential.expose()).await;
    assert!(matches!(error, AuthenticateError::UnknownCredential), "{error:?}");
}

#[tokio::test]
async fn what_an_app_may_do_is_what_it_may_do_at_this_call() {
    let world = World::new().await;
    let app = calendar(&world).await;
    call(&world, app.credential.expose()).await.unwrap();
    let scopes: Scopes = [Scope::Admin].into_iter().collect();
    let change =
        AppChange { name: Some("boss".to_owned()), scopes: Some(scopes.clone()), ..AppChange::default() };
    change_app(&world.app, &acme(), app.app.id, change).await.unwrap();
    let caller = call(&world, app.credential.expose()).await.unwrap();
    assert_eq!((caller.app_name.as_str(), caller.scopes), ("boss", scopes));
}

#[tokio::test]
async fn an_unknown_credential_is_not_looked_up_again_for_a_moment() {
    let world = World::new().await;
    let app = calendar(&world).await;
    let stranger = Credential::generate(CredentialKind::App).unwrap();
    let unknown = |error: AuthenticateError| {
        assert!(matches!(error, AuthenticateError::UnknownCredential), "{error:?}");
    };
    unknown(refused(&world, stranger.expose()).await);
    let record = AppCredentialRecord {
        tenant: app.app.tenant,
        app: app.app.id,
        id: CredentialId::new(),
        created_at: world.clock.now(),
        revoked_at: None,
    };
    app_credentials::insert(&mut world.db().acquire().await.unwrap(), stranger.hash(), &record)
        .await
        .unwrap();
    unknown(refused(&world, stranger.expose()).await);
    unknown(refused(&world, &app.credential.expose()[..40]).await);
    call(&world, app.credential.expose()).await.unwrap();
    let server = world.server("one").await;
    assert_eq!(wrong(&world, &server).await, TokenError::Malformed);
}

#[tokio::test]
async fn an_app_that_is_not_there_is_not_looked_up_again_for_a_moment() {
    let world = World::new().await;
    let app = calendar(&world).await;
    let unknown = |error| assert!(matches!(error, AuthenticateError::UnknownApp), "{error:?}");
    // It is there, and signs from its first key on.
    unknown(refused(&world, &token(&world, app.app.id, Algorithm::HS256, &hmac("x"))).await);
    let key = hmac(clear(&secret(&world, "calendar").await));
    let good = token(&world, app.app.id, Algorithm::HS256, &key);
    call(&world, &good).await.unwrap();

    sqlx::query("UPDATE apps SET revoked_at = created_at").execute(world.db()).await.unwrap();
    unknown(refused(&world, &good).await);
    sqlx::query("UPDATE apps SET revoked_at = NULL").execute(world.db()).await.unwrap();
    unknown(refused(&world, &good).await);
    let elsewhere = World::replica_of(&world);
    call(&elsewhere, &good).await.unwrap();
}

#[tokio::test]
async fn an_app_of_a_disabled_tenant_is_told_so_once_it_is_known() {
    let world = World::new().await;
    let app = calendar(&world).await;
    let key = secret(&world, "calendar").await;
    change_tenant(&world.app, &acme(), Some(false), |_| {}).await.unwrap();
    let good = token(&world, app.app.id, Algorithm::HS256, &hmac(clear(&key)));
    for credential in [app.credential.expose(), &good] {
        let error = refused(&world, credential).await;
        assert!(matches!(&error, AuthenticateError::TenantDisabled(name) if *name == acme()), "{error:?}");
    }
    let forged = token(&world, app.app.id, Algorithm::HS256, &hmac("x"));
    assert_eq!(wrong(&world, &forged).await, TokenError::BadSignature);
    change_tenant(&world.app, &acme(), Some(true), |_| {}).await.unwrap();
    call(&world, &good).await.unwrap();
}

#[tokio::test]
async fn an_app_is_known_by_a_token_that_it_signed_with_either_of_its_keys() {
    let world = World::new().await;
    let app = calendar(&world).await;
    let shared = secret(&world, "calendar").await;
    let (private, public) = rsa();
    let new = NewSigningKey::Public(public.parse().unwrap());
    let issuer = "https://calendar.test".parse().unwrap();
    let own = add_signing_key(&world.app, &acme(), "calendar", &new, Some(&issuer)).await.unwrap();
    assert!(own.secret.is_none());

    let by_secret = token(&world, app.app.id, Algorithm::HS256, &hmac(clear(&shared)));
    let caller = call(&world, &by_secret).await.unwrap();
    assert_eq!((caller.app, caller.credential), (app.app.id, shared.key.id));
    let from = |issuer| token_with(&world, app.app.id, Algorithm::RS256, &private, &json!({ "iss": issuer }));
    let caller = call(&world, &from("https://calendar.test")).await.unwrap();
    assert_eq!((caller.app, caller.credential), (app.app.id, own.key.id));
    assert_eq!(wrong(&world, &from("https://other.test")).await, TokenError::WrongIssuer);

    revoke_signing_key(&world.app, &acme(), "calendar", shared.key.id).await.unwrap();
    assert_eq!(wrong(&world, &by_secret).await, TokenError::WrongAlgorithm, "only the other key is left");
    revoke_signing_key(&world.app, &acme(), "calendar", own.key.id).await.unwrap();
    for token in [by_secret, from("https://calendar.test")] {
        let error = refused(&world, &token).await;
        assert!(matches!(error, AuthenticateError::UnknownApp), "{error:?}");
    }
}

#[tokio::test]
async fn a_token_can_not_choose_what_it_is_verified_with() {
    let world = World::new().await;
    let app = calendar(&world).await;
    let (private, public) = rsa();
    let new = NewSigningKey::Public(public.parse().unwrap());
    let own = add_signing_key(&world.app, &acme(), "calendar", &new, None).await.unwrap();
    for secret in [public.as_str(), public.trim()] {
        let confused = token(&world, app.app.id, Algorithm::HS256, &hmac(secret));
        assert_eq!(wrong(&world, &confused).await, TokenError::WrongAlgorithm);
    }
    let claims = json!({ "app": app.app.id, "exp": world.clock.now().timestamp() + 3600 });
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    for none in ["none", "None", "nOnE"] {
        let header = URL_SAFE_NO_PAD.encode(json!({ "alg": none }).to_string());
        assert_eq!(wrong(&world, &format!("{header}.{claims}.")).await, TokenError::WrongAlgorithm, "{none}");
    }
    revoke_signing_key(&world.app, &acme(), "calendar", own.key.id).await.unwrap();
    let shared = secret(&world, "calendar").await;
    let confused = token(&world, app.app.id, Algorithm::RS256, &private);
    assert_eq!(wrong(&world, &confused).await, TokenError::WrongAlgorithm);
    // The key is the whole text: not what stands after its prefix, and not what that decodes to.
    let (_, random) = clear(&shared).rsplit_once("secret_").unwrap();
    let decoded = EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(random).unwrap());
    for key in [hmac(random), decoded, hmac("")] {
        let forged = token(&world, app.app.id, Algorithm::HS256, &key);
        assert_eq!(wrong(&world, &forged).await, TokenError::BadSignature);
    }
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let other = token(&world, app.app.id, algorithm, &hmac(clear(&shared)));
        assert_eq!(wrong(&world, &other).await, TokenError::WrongAlgorithm);
    }
}

#[tokio::test]
async fn a_token_is_good_in_its_time_by_the_clock_of_the_service() {
    let world = World::new().await;
    let app = calendar(&world).await;
    let key = hmac(clear(&secret(&world, "calendar").await));
    let at = world.clock.now().timestamp();
    let with = |changes: Value| token_with(&world, app.app.id, Algorithm::HS256, &key, &changes);
    let short = with(json!({ "exp": at + 60, "nbf": at }));
    call(&world, &short).await.unwrap();
    for (changes, error) in [
        (json!({ "exp": at - 30 }), TokenError::Expired),
        (json!({ "exp": at + 25 * 3600 }), TokenError::TooLong),
        (json!({ "nbf": at + 60 }), TokenError::NotYetValid),
        (json!({ "exp": null }), TokenError::BadClaim("exp")),
    ] {
        assert_eq!(wrong(&world, &with(changes.clone())).await, error, "{changes}");
    }
    let endless = encode(&Header::default(), &json!({ "app": app.app.id }), &key).unwrap();
    assert_eq!(wrong(&world, &endless).await, TokenError::MissingClaim("exp"));
    let nobodys = encode(&Header::default(), &json!({ "exp": at + 60 }), &key).unwrap();
    assert_eq!(wrong(&world, &nobodys).await, TokenError::MissingClaim("app"));
    world.advance(TimeDelta::seconds(89));
    call(&world, &short).await.unwrap();
    world.advance(TimeDelta::seconds(1));
    assert_eq!(wrong(&world, &short).await, TokenError::Expired);
}

#[tokio::test]
async fn a_key_signs_for_its_own_app_only() {
    let world = World::new().await;
    world.tenant("globex", |_| {}).await;
    let globex: TenantName = "globex".parse().unwrap();
    let app = calendar(&world).await;
    let key = hmac(clear(&secret(&world, "calendar").await));
    let other = add_app(&world.app, &globex, "calendar".to_owned(), Scopes::usual()).await.unwrap();
    let foreign = token(&world, other.app.id, Algorithm::HS256, &key);
    let unknown =
        |error: AuthenticateError| assert!(matches!(error, AuthenticateError::UnknownApp), "{error:?}");
    unknown(refused(&world, &foreign).await);
    unknown(refused(&world, &token(&world, AppId::new(), Algorithm::HS256, &key)).await);
    add_signing_key(&world.app, &globex, "calendar", &NewSigningKey::Secret, None).await.unwrap();
    assert_eq!(wrong(&world, &foreign).await, TokenError::BadSignature);

    let own = token(&world, app.app.id, Algorithm::HS256, &key);
    call(&world, &own).await.unwrap();
    revoke_app(&world.app, &acme(), app.app.id).await.unwrap();
    unknown(refused(&world, &own).await);
}

#[tokio::test]
async fn a_signing_secret_is_sealed_for_its_own_row() {
    let world = World::new().await;
    let app = calendar(&world).await;
    let (one, two) = (secret(&world, "calendar").await, secret(&world, "calendar").await);
    let sealed: Vec<Vec<u8>> = sqlx::query_scalar("SELECT secret FROM app_signing_keys ORDER BY id")
        .fetch_all(world.db())
        .await
        .unwrap();
    for blob in &sealed {
        let found = blob.windows(clear(&one).len()).any(|window| window == clear(&one).as_bytes());
        assert!(!found, "it lies there in clear");
    }
    // Somebody with the database moves a secret that he knows to another key.
    sqlx::query("UPDATE app_signing_keys SET secret = $1 WHERE id = $2")
        .bind(&sealed[0])
        .bind(uuid::Uuid::from(two.key.id))
        .execute(world.db())
        .await
        .unwrap();
    let token = token(&world, app.app.id, Algorithm::HS256, &hmac(clear(&two)));
    let error = refused(&world, &token).await;
    assert!(matches!(error, AuthenticateError::Secret(_)), "{error:?}");
    assert_eq!(world.app.metrics.unseal_failures.get(), 1);
}
