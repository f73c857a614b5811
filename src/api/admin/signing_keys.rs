//! `/v1/signing-keys`: keys that room tokens are signed with. Never a private half, nor a secret, in an answer.

use actix_web::{HttpResponse, web};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{OfTenant, OfTenantQuery};
use crate::actions::signing_keys::{
    KeyOwner, KeySource, NewKey, Rotation, SigningKeyError, When, activate_signing_key_in,
    add_signing_key_in, list_signing_keys, retire_signing_key_in, withdraw_signing_key_in,
};
use crate::api::body::{Empty, Incoming, Path, Query};
use crate::api::caller::Calling;
use crate::api::field::{Field, FromJson, Reading, Unknown, from_objects, from_words, text};
use crate::api::once::{Answer, Once};
use crate::api::page::PageView;
use crate::api::problem::{FieldError, Problem, ProblemView};
use crate::app::App;
use crate::reservation::{Scope, SigningKeyId, TenantName};
use crate::signing::{Algorithm, Imported, Kid};
use crate::store::signing_keys::{self, SigningKeyRecord};
use crate::store::{Cursor, tenants};
use crate::view::{ActivatedView, TokenKeyDetailView, TokenKeyView, WithdrawnView};

/// A key that room tokens are to be signed with.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TokenKeyInput {
    /// Whose it is; the deployment's own, where none is given.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9._-]{0,62}$")]
    tenant: Field<TenantName>,
    /// What it signs with.
    #[serde(default)]
    #[schema(value_type = String, required, pattern = "^(RS256|RS384|RS512|HS256|HS384|HS512|ES256|EdDSA)$")]
    algorithm: Field<Algorithm>,
    /// What tokens call it: never what a key was called before. Its thumbprint (RFC 7638), where none is given.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, pattern = "^[A-Za-z0-9._~:/+=@-]+$")]
    kid: Field<Kid>,
    /// A key that was made elsewhere: PEM, a JWK as text, or a shared secret. One is made, where none is given.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1)]
    private_key: Field<PrivateText>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// When the next key is to sign, and what it is called.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ActivationInput {
    /// What tokens call it from now on, where who verifies gave it another name. Takes `now`.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, pattern = "^[A-Za-z0-9._~:/+=@-]+$")]
    kid: Field<Kid>,
    /// Whether it signs even if who verifies may not know it yet.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    now: Field<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// Which keys are rotated.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RotationInput {
    /// Whose they are; the deployment's own, where none is given.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9._-]{0,62}$")]
    tenant: Field<TenantName>,
    /// What they sign with; RS256, where none is given.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(RS256|RS384|RS512|HS256|HS384|HS512|ES256|EdDSA)$")]
    algorithm: Field<Algorithm>,
    /// Whether the next one signs even if who verifies may not know it yet.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    now: Field<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// A private key as text.
#[derive(Debug)]
struct PrivateText(SecretString);

from_words! { Algorithm }

impl FromJson for PrivateText {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        Ok(Self(text(&value)?.into()))
    }
}

from_objects! { TokenKeyInput, ActivationInput, RotationInput }

impl TokenKeyInput {
    fn read(self) -> Result<(KeyOwner, Algorithm, KeySource, Option<Kid>), Problem> {
        let mut reading = Reading::default();
        reading.refuse(&self.unknown);
        let owner = KeyOwner::from(reading.optional("tenant", self.tenant));
        let algorithm = reading.required("algorithm", self.algorithm);
        let kid = reading.optional("kid", self.kid);
        let private = reading.optional("private_key", self.private_key);
        let source = match (algorithm, private) {
            (Some(algorithm), Some(private)) => match Imported::read(algorithm, private.0.expose_secret()) {
                Ok(imported) => Some(KeySource::Import(imported)),
                Err(error) => {
                    reading.wrong("private_key", error);
                    None
                }
            },
            _ => Some(KeySource::Make),
        };
        let read = algorithm.zip(source).map(|(algorithm, source)| (owner, algorithm, source, kid));
        Ok(reading.done(read)?)
    }
}

/// List keys for room tokens
#[utoipa::path(
    get, path = "/v1/signing-keys", tag = "administration", operation_id = "listSigningKeys",
    security(("app" = ["admin"])),
    params(OfTenantQuery),
    responses((status = 200, description = "A page of keys, the oldest first; the deployment's own, where no tenant is named",
        body = PageView<TokenKeyView>)),
)]
pub async fn list_all(
    app: web::Data<App>,
    caller: Calling,
    query: Query<OfTenant>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let OfTenant { tenant, paging } = query.0;
    let owner = KeyOwner::from(tenant);
    let found = list_signing_keys(&mut *app.db.acquire().await?, &owner).await;
    let mut found = found.map_err(|error| match error {
        SigningKeyError::UnknownTenant(_) => Problem::not_found("tenant"),
        error => error.into(),
    })?;
    let place = |key: &SigningKeyRecord| Cursor { at: key.created_at, id: key.id.into() };
    if let Some(after) = paging.after {
        found.retain(|key| (key.created_at, key.id) > (after.at, after.id.into()));
    }
    found.truncate(usize::try_from(paging.fetch()).unwrap_or(usize::MAX));
    Ok(HttpResponse::Ok().json(paging.page(found, place, |key| TokenKeyView::new(&owner, key))))
}

/// Make or import a key for room tokens
///
/// Where nothing signs with that algorithm it signs at once, else it is the next. Its private half is never told.
#[utoipa::path(
    post, path = "/v1/signing-keys", tag = "administration", operation_id = "createSigningKey",
    security(("app" = ["admin"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repetitions harmless",
        min_length = 1, max_length = 255)),
    request_body = TokenKeyInput,
    responses(
        (status = 201, description = "The key", body = TokenKeyView, headers(("Location" = String))),
        (status = 409, description = "A key was called so before", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn create(
    app: web::Data<App>,
    caller: Calling,
    once: Once,
    body: Incoming<TokenKeyInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let body = body.read().await?;
    let (owner, algorithm, source, kid) = body.value.read()?;
    let new = NewKey::new(algorithm, source, kid).await.map_err(Problem::internal)?;
    once.run(&app, &caller, body.hash, async |db| {
        let key = add_signing_key_in(&app, db, &owner, &new).await?;
        Ok(Answer::created(Some(format!("/v1/signing-keys/{}", key.id)), TokenKeyView::new(&owner, &key)))
    })
    .await
}

/// Show a key for room tokens, with its public half
#[utoipa::path(
    get, path = "/v1/signing-keys/{id}", tag = "administration", operation_id = "getSigningKey",
    security(("app" = ["admin"])),
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The key", body = TokenKeyDetailView)),
)]
pub async fn show(
    app: web::Data<App>,
    caller: Calling,
    id: Path<SigningKeyId>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let (owner, key) = find(&mut *app.db.acquire().await?, id.0).await?;
    Ok(HttpResponse::Ok().json(TokenKeyDetailView::new(&owner, &key)))
}

/// Let a next key sign
///
/// The one that signs is retired. Too young a key is refused: who verifies may not know it yet.
#[utoipa::path(
    post, path = "/v1/signing-keys/{id}/activate", tag = "administration", operation_id = "activateSigningKey",
    security(("app" = ["admin"])),
    params(("id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header,
        description = "Makes repetitions harmless", min_length = 1, max_length = 255)),
    request_body = Option<ActivationInput>,
    responses(
        (status = 200, description = "What signs now, and what did", body = ActivatedView),
        (status = 409, description = "It is not next, or too young, or the name was used", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn activate(
    app: web::Data<App>,
    caller: Calling,
    once: Once,
    id: Path<SigningKeyId>,
    body: Incoming<ActivationInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let body = body.read_or_empty().await?;
    let mut reading = Reading::default();
    reading.refuse(&body.value.unknown);
    let kid = reading.optional("kid", body.value.kid);
    let when = When::now_if(reading.optional("now", body.value.now).unwrap_or_default());
    let kid = reading.done(Some(kid))?;
    once.run(&app, &caller, body.hash, async |db| {
        let (owner, _) = find(db, id.0).await?;
        let done = activate_signing_key_in(&app, db, &owner, id.0, kid.as_ref(), when).await?;
        Ok(Answer::ok(ActivatedView::new(&owner, &done)))
    })
    .await
}

/// Rotate the keys of an owner
///
/// The next one signs, the one that did is retired, and where such keys are made here another next one is made.
#[utoipa::path(
    post, path = "/v1/signing-keys/rotate", tag = "administration", operation_id = "rotateSigningKeys",
    security(("app" = ["admin"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repetitions harmless",
        min_length = 1, max_length = 255)),
    request_body = Option<RotationInput>,
    responses(
        (status = 200, description = "What signs now, what did, and what will", body = ActivatedView),
        (status = 409, description = "There is no next key, or it is too young", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn rotate(
    app: web::Data<App>,
    caller: Calling,
    once: Once,
    body: Incoming<RotationInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let body = body.read_or_empty().await?;
    let mut reading = Reading::default();
    reading.refuse(&body.value.unknown);
    let owner = KeyOwner::from(reading.optional("tenant", body.value.tenant));
    let algorithm = reading.optional("algorithm", body.value.algorithm).unwrap_or(Algorithm::Rs256);
    let when = When::now_if(reading.optional("now", body.value.now).unwrap_or_default());
    reading.done(Some(()))?;
    let rotation = Rotation::prepare(&app, owner.clone(), algorithm, when).await?;
    once.run(&app, &caller, body.hash, async |db| {
        Ok(Answer::ok(ActivatedView::new(&owner, &rotation.run_in(&app, db).await?)))
    })
    .await
}

/// Retire a key
///
/// It signs no more, and its tokens stay good. Of the deployment's own for RS256 the next one signs within seconds; of
/// others none takes its place, and a tenant is signed for with the deployment's. It may be repeated.
#[utoipa::path(
    post, path = "/v1/signing-keys/{id}/retire", tag = "administration", operation_id = "retireSigningKey",
    security(("app" = ["admin"])),
    params(("id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header,
        description = "Makes repetitions harmless", min_length = 1, max_length = 255)),
    request_body = Option<Empty>,
    responses((status = 200, description = "The key as it is now", body = TokenKeyView)),
)]
pub async fn retire(
    app: web::Data<App>,
    caller: Calling,
    once: Once,
    id: Path<SigningKeyId>,
    body: Incoming<Empty>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let body = body.read_or_empty().await?;
    once.run(&app, &caller, body.hash, async |db| {
        let (owner, _) = find(db, id.0).await?;
        let key = retire_signing_key_in(&app, db, &owner, id.0).await?;
        Ok(Answer::ok(TokenKeyView::new(&owner, &key)))
    })
    .await
}

/// Withdraw a key
///
/// As when somebody else has it: it signs nothing and is served to nobody, at once and for good. Where it signed, the next
/// one does. It may be repeated.
#[utoipa::path(
    post, path = "/v1/signing-keys/{id}/withdraw", tag = "administration", operation_id = "withdrawSigningKey",
    security(("app" = ["admin"])),
    params(("id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header,
        description = "Makes repetitions harmless", min_length = 1, max_length = 255)),
    request_body = Option<Empty>,
    responses((status = 200, description = "The key as it is now, and the one in its place", body = WithdrawnView)),
)]
pub async fn withdraw(
    app: web::Data<App>,
    caller: Calling,
    once: Once,
    id: Path<SigningKeyId>,
    body: Incoming<Empty>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let body = body.read_or_empty().await?;
    once.run(&app, &caller, body.hash, async |db| {
        let (owner, _) = find(db, id.0).await?;
        let done = withdraw_signing_key_in(&app, db, &owner, id.0).await?;
        Ok(Answer::ok(WithdrawnView::new(&owner, &done)))
    })
    .await
}

/// The key and its owner: administrators name keys by their ids alone.
async fn find(db: &mut PgConnection, id: SigningKeyId) -> Result<(KeyOwner, SigningKeyRecord), Problem> {
    let missing = || Problem::not_found("signing key");
    let key = signing_keys::by_id(db, id).await?.ok_or_else(missing)?;
    let owner = match key.tenant {
        None => KeyOwner::Deployment,
        Some(tenant) => KeyOwner::Tenant(tenants::by_id(db, tenant).await?.ok_or_else(missing)?.name),
    };
    Ok((owner, key))
}
