//! `/v1/apps`.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::Value;
use sqlx::PgConnection;
use strum::VariantNames as _;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Type};

use super::{OfTenant, OfTenantQuery};
use crate::actions::add_app::add_app_with_key_in;
use crate::actions::app_credentials::{
    NewSigningKey, add_app_credential_in, add_signing_key_in, revoke_app_credential, revoke_signing_key,
};
use crate::actions::change_app::{AppChange, change_app, revoke_app};
use crate::api::body::{Empty, Incoming, Path, Paths, Query};
use crate::api::caller::Calling;
use crate::api::field::{Field, FromJson, Reading, Unknown, from_objects, from_words, list, text, wrong};
use crate::api::once::{Answer, Once};
use crate::api::page::PageView;
use crate::api::problem::{FieldError, Problem, ProblemView};
use crate::app::App;
use crate::reservation::{AppId, CredentialId, Label, Scope, Scopes, TenantName};
use crate::signing::{AppAlgorithm, Issuer, PublicKey};
use crate::store::apps::{self, AppRecord};
use crate::store::{Cursor, app_credentials, app_signing_keys, tenants};
use crate::view::{AppDetailView, AppOnce, AppView, CredentialOnce, SigningKeyOnce};

/// An app: a client of this API.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AppInput {
    /// The tenant that a new one belongs to; the caller's, where none is given.
    #[serde(default)]
    #[schema(value_type = String, required = false, pattern = "^[a-z0-9][a-z0-9._-]{0,62}$")]
    tenant: Field<TenantName>,
    /// What operators call it.
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    name: Field<Label>,
    /// What it may do. A new one has to be given its scopes.
    #[serde(default)]
    #[schema(schema_with = scopes, required = false)]
    scopes: Field<Scopes>,
    /// What a new one signs its own tokens with, if it is to sign any: `HS256` with a secret, `RS256` with a private key.
    /// Either is made, and shown this once.
    #[serde(default)]
    #[schema(value_type = String, required = false, pattern = "^(HS256|RS256)$")]
    auth: Field<AppAlgorithm>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// The scopes that there are.
fn scopes() -> Array {
    let scope =
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Scope::VARIANTS.iter().copied()));
    ArrayBuilder::new().items(scope).max_items(Some(20)).build()
}

from_objects! { AppInput }

impl FromJson for Scope {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        text(&value)?.parse().map_err(wrong)
    }
}

impl FromJson for Scopes {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        Ok(list::<Scope>(value, 20)?.into_iter().collect())
    }
}

/// A key that an app signs its tokens with.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SigningKeyInput {
    /// `HS256`: a secret that is made, and shown this once. `RS256`: the app's own key, of which it gives the public half;
    /// or one that is made, whose private half is shown this once.
    #[serde(default)]
    #[schema(value_type = String, required, pattern = "^(HS256|RS256)$")]
    algorithm: Field<AppAlgorithm>,
    /// The public half of the app's own key as PEM, for `RS256`. One is made, where none is given.
    #[serde(default)]
    #[schema(value_type = String, required = false)]
    public_key: Field<PublicKey>,
    /// What the tokens' `iss` has to be; where none is given, it says nothing.
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    issuer: Field<Issuer>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

from_words! { AppAlgorithm }

from_objects! { SigningKeyInput }

impl SigningKeyInput {
    fn read(self) -> Result<(AppAlgorithm, Option<PublicKey>, Option<Issuer>), Problem> {
        let mut reading = Reading::default();
        reading.refuse(&self.unknown);
        let algorithm = reading.required("algorithm", self.algorithm);
        let public_key = reading.present("public_key", self.public_key);
        if algorithm == Some(AppAlgorithm::Hs256) && public_key.is_some() {
            reading.wrong("public_key", "an HS256 key has no public half");
        }
        let issuer = reading.present("issuer", self.issuer);
        Ok(reading.done(algorithm.map(|algorithm| (algorithm, public_key, issuer)))?)
    }
}

/// List a tenant's apps
#[utoipa::path(
    get, path = "/v1/apps", tag = "administration", operation_id = "listApps",
    security(("app" = ["admin"])),
    params(OfTenantQuery),
    responses((status = 200, description = "A page of apps, the oldest first; the caller's tenant's, where none is named",
        body = PageView<AppView>)),
)]
pub async fn list_all(
    app: web::Data<App>,
    caller: Calling,
    query: Query<OfTenant>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let OfTenant { tenant, paging } = query.0;
    let mut db = app.db.acquire().await?;
    let tenant = match tenant {
        None => caller.tenant.id,
        Some(name) => {
            let known = tenants::by_name(&mut db, &name).await?;
            known.ok_or_else(|| Problem::not_found("tenant"))?.id
        }
    };
    let after = paging.after.map(|cursor| cursor.id.into());
    let found = apps::page(&mut db, tenant, after, paging.fetch()).await?;
    let place = |app: &AppRecord| Cursor { at: app.created_at, id: app.id.into() };
    Ok(HttpResponse::Ok().json(paging.page(found, place, |app| AppView::from(app))))
}

/// Add an app
///
/// Its key is in the answer, this once, and what it signs with, where it is to sign its own tokens.
#[utoipa::path(
    post, path = "/v1/apps", tag = "administration", operation_id = "createApp",
    security(("app" = ["admin"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repetitions harmless",
        min_length = 1, max_length = 255)),
    request_body = AppInput,
    responses(
        (status = 201, description = "The app's key, and what it signs with", body = AppOnce,
            headers(("Location" = String))),
        (status = 409, description = "The tenant has one of that name", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn create(
    app: web::Data<App>,
    caller: Calling,
    once: Once,
    body: Incoming<AppInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let body = body.read().await?;
    let mut reading = Reading::default();
    reading.refuse(&body.value.unknown);
    let tenant = reading.present("tenant", body.value.tenant);
    let tenant = tenant.unwrap_or_else(|| caller.tenant.name.clone());
    let name = reading.required("name", body.value.name);
    let scopes = reading.required("scopes", body.value.scopes);
    let auth = reading.present("auth", body.value.auth);
    let (name, scopes) = reading.done(name.zip(scopes))?;
    let key = match auth {
        None => None,
        Some(algorithm) => Some(NewSigningKey::make(algorithm).await.map_err(Problem::internal)?),
    };
    once.run(&app, &caller, body.hash, async |db| {
        let (name, scopes) = (name.to_string(), scopes.clone());
        let (added, key) = add_app_with_key_in(&app, db, &tenant, name, scopes, key.as_ref()).await?;
        let place = format!("/v1/apps/{}", added.app.id);
        Ok(Answer::created(Some(place), AppOnce::new(&added, key.as_ref())))
    })
    .await
}

/// Show an app
#[utoipa::path(
    get, path = "/v1/apps/{id}", tag = "administration", operation_id = "getApp",
    security(("app" = ["admin"])),
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The app", body = AppDetailView)),
)]
pub async fn show(app: web::Data<App>, caller: Calling, id: Path<AppId>) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    answer(&mut *app.db.acquire().await?, id.0).await
}

/// Change an app
///
/// A JSON merge patch (RFC 7396). New scopes hold from its next call on.
#[utoipa::path(
    patch, path = "/v1/apps/{id}", tag = "administration", operation_id = "updateApp",
    security(("app" = ["admin"])),
    params(("id" = uuid::Uuid, Path)),
    request_body = AppInput,
    responses(
        (status = 200, description = "The app as it is now", body = AppDetailView),
        (status = 409, description = "The name is taken, or the app is revoked", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn change(
    app: web::Data<App>,
    caller: Calling,
    id: Path<AppId>,
    body: Incoming<AppInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let body = body.read().await?;
    let mut reading = Reading::default();
    reading.refuse(&body.value.unknown);
    if !matches!(body.value.tenant, Field::Absent) {
        reading.wrong("tenant", "an app stays with its tenant");
    }
    if !matches!(body.value.auth, Field::Absent) {
        reading
            .wrong("auth", "an app that is there gets a signing key of its own: POST to its `signing-keys`");
    }
    let change = AppChange {
        name: reading.present("name", body.value.name).map(|name| name.to_string()),
        scopes: reading.present("scopes", body.value.scopes),
        ..AppChange::default()
    };
    let change = reading.done(Some(change))?;
    let tenant = tenant_of(&mut *app.db.acquire().await?, id.0).await?;
    change_app(&app, &tenant, id.0, change).await?;
    answer(&mut *app.db.acquire().await?, id.0).await
}

/// Revoke an app
///
/// It ends with all its keys, at once and for good. It may be repeated.
#[utoipa::path(
    delete, path = "/v1/apps/{id}", tag = "administration", operation_id = "revokeApp",
    security(("app" = ["admin"])),
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The revoked app", body = AppDetailView)),
)]
pub async fn revoke(app: web::Data<App>, caller: Calling, id: Path<AppId>) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let tenant = tenant_of(&mut *app.db.acquire().await?, id.0).await?;
    revoke_app(&app, &tenant, id.0).await?;
    answer(&mut *app.db.acquire().await?, id.0).await
}

/// Give an app another key
///
/// Two can be live at a time, so that one can be replaced without a gap.
#[utoipa::path(
    post, path = "/v1/apps/{id}/credentials", tag = "administration", operation_id = "createAppCredential",
    security(("app" = ["admin"])),
    params(("id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header,
        description = "Makes repetitions harmless", min_length = 1, max_length = 255)),
    request_body = Option<Empty>,
    responses(
        (status = 201, description = "The key, this once", body = CredentialOnce),
        (status = 409, description = "Two are live already, or the app is revoked", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn add_credential(
    app: web::Data<App>,
    caller: Calling,
    once: Once,
    id: Path<AppId>,
    body: Incoming<Empty>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let body = body.read_or_empty().await?;
    once.run(&app, &caller, body.hash, async |db| {
        let tenant = tenant_of(db, id.0).await?;
        let added = add_app_credential_in(&app, db, &tenant, id.0.into()).await?;
        Ok(Answer::created(None, CredentialOnce::from(&added)))
    })
    .await
}

/// Revoke a key of an app
#[utoipa::path(
    delete, path = "/v1/apps/{id}/credentials/{credential}", tag = "administration",
    operation_id = "revokeAppCredential",
    security(("app" = ["admin"])),
    params(("id" = uuid::Uuid, Path), ("credential" = uuid::Uuid, Path)),
    responses((status = 200, description = "The app as it is now", body = AppDetailView)),
)]
pub async fn remove_credential(
    app: web::Data<App>,
    caller: Calling,
    ids: Paths<AppId, CredentialId>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let tenant = tenant_of(&mut *app.db.acquire().await?, ids.0).await?;
    revoke_app_credential(&app, &tenant, ids.0, ids.1).await?;
    answer(&mut *app.db.acquire().await?, ids.0).await
}

/// Give an app a key to sign tokens with
#[utoipa::path(
    post, path = "/v1/apps/{id}/signing-keys", tag = "administration", operation_id = "createAppSigningKey",
    security(("app" = ["admin"])),
    params(("id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header,
        description = "Makes repetitions harmless", min_length = 1, max_length = 255)),
    request_body = SigningKeyInput,
    responses(
        (status = 201, description = "The signing key; with what was made in clear, this once", body = SigningKeyOnce),
        (status = 409, description = "Two are live already, or the app is revoked", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn add_key(
    app: web::Data<App>,
    caller: Calling,
    once: Once,
    id: Path<AppId>,
    body: Incoming<SigningKeyInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let body = body.read().await?;
    let (algorithm, brought, issuer) = body.value.read()?;
    let key = match brought {
        Some(key) => NewSigningKey::Public(key),
        None => NewSigningKey::make(algorithm).await.map_err(Problem::internal)?,
    };
    once.run(&app, &caller, body.hash, async |db| {
        let tenant = tenant_of(db, id.0).await?;
        let added = add_signing_key_in(&app, db, &tenant, id.0.into(), &key, issuer.as_ref()).await?;
        Ok(Answer::created(None, SigningKeyOnce::from(&added)))
    })
    .await
}

/// Revoke a signing key of an app
#[utoipa::path(
    delete, path = "/v1/apps/{id}/signing-keys/{key}", tag = "administration", operation_id = "revokeAppSigningKey",
    security(("app" = ["admin"])),
    params(("id" = uuid::Uuid, Path), ("key" = uuid::Uuid, Path)),
    responses((status = 200, description = "The app as it is now", body = AppDetailView)),
)]
pub async fn remove_key(
    app: web::Data<App>,
    caller: Calling,
    ids: Paths<AppId, CredentialId>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let tenant = tenant_of(&mut *app.db.acquire().await?, ids.0).await?;
    revoke_signing_key(&app, &tenant, ids.0, ids.1).await?;
    answer(&mut *app.db.acquire().await?, ids.0).await
}

/// The tenant that an app belongs to: administrators name apps by their ids alone.
async fn tenant_of(db: &mut PgConnection, app: AppId) -> Result<TenantName, Problem> {
    apps::tenant_of(db, app).await?.map(|tenant| tenant.name).ok_or_else(|| Problem::not_found("app"))
}

async fn answer(db: &mut PgConnection, id: AppId) -> Result<HttpResponse, Problem> {
    let tenant = apps::tenant_of(db, id).await?.ok_or_else(|| Problem::not_found("app"))?.id;
    let found = apps::find(db, tenant, id.into()).await?;
    let record = found.ok_or_else(|| Problem::not_found("app"))?;
    let credentials = app_credentials::list(db, tenant, &[id]).await?;
    let keys = app_signing_keys::list(db, tenant, &[id]).await?;
    Ok(HttpResponse::Ok().json(AppDetailView::new(&record, &credentials, &keys)))
}
