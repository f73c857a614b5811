//! `/v1/servers`.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::Value;
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Type};

use super::{OfTenant, OfTenantQuery};
use crate::actions::add_server::{Serves, add_credential_in, add_server_in};
use crate::actions::change_server::{ServerChange, change_server, revoke_credential};
use crate::api::body::{Empty, Incoming, Path, Paths, Query};
use crate::api::caller::Calling;
use crate::api::field::{Field, FromJson, Reading, Unknown, from_objects, from_words, list};
use crate::api::once::{Answer, Once};
use crate::api::page::PageView;
use crate::api::problem::{FieldError, Problem, ProblemView};
use crate::app::App;
use crate::reservation::{CredentialId, Label, Scope, ServerId, ServerState, TenantName};
use crate::store::servers::ServerRecord;
use crate::store::{Cursor, server_credentials, servers, tenants};
use crate::view::{CredentialOnce, ServerView};

/// A conference server: one Prosody.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ServerInput {
    /// What operators call it.
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    name: Field<Label>,
    /// The tenant of rooms that name none.
    #[serde(default)]
    #[schema(value_type = String, required = false, pattern = "^[a-z0-9][a-z0-9._-]{0,62}$")]
    default_tenant: Field<TenantName>,
    /// More tenants that it may ask for.
    #[serde(default)]
    #[schema(schema_with = tenant_names, required = false)]
    other_tenants: Field<TenantNames>,
    /// Whether it may ask for every tenant, also those to come.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    serves_all_tenants: Field<bool>,
    /// What it is good for, in a change: `active`, `drained` (opens no more rooms), `lost` (its rooms may be opened
    /// elsewhere) or `revoked` (for good).
    #[serde(default)]
    #[schema(value_type = String, required = false, pattern = "^(active|drained|lost|revoked)$")]
    state: Field<ServerState>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// Names of tenants.
fn tenant_names() -> Array {
    let name = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[a-z0-9][a-z0-9._-]{0,62}$"));
    ArrayBuilder::new().items(name).max_items(Some(1000)).build()
}

#[derive(Debug)]
struct TenantNames(Vec<TenantName>);

impl FromJson for TenantNames {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        list(value, 1000).map(Self)
    }
}

from_words! { ServerState }

from_objects! { ServerInput }

impl ServerInput {
    fn into_new(self) -> Result<(String, Serves), Problem> {
        let mut reading = Reading::default();
        reading.refuse(&self.unknown);
        if !matches!(self.state, Field::Absent) {
            reading.wrong("state", "a new server is active");
        }
        let name = reading.required("name", self.name);
        let default = reading.required("default_tenant", self.default_tenant);
        let others = reading.present("other_tenants", self.other_tenants).map_or(Vec::new(), |names| names.0);
        let all = reading.present("serves_all_tenants", self.serves_all_tenants).unwrap_or_default();
        let read =
            name.zip(default).map(|(name, default)| (name.to_string(), Serves { default, others, all }));
        Ok(reading.done(read)?)
    }

    fn into_change(self) -> Result<ServerChange, Problem> {
        let mut reading = Reading::default();
        reading.refuse(&self.unknown);
        let change = ServerChange {
            state: reading.present("state", self.state),
            name: reading.present("name", self.name).map(|name| name.to_string()),
            default_tenant: reading.present("default_tenant", self.default_tenant),
            other_tenants: reading.present("other_tenants", self.other_tenants).map(|names| names.0),
            serves_all: reading.present("serves_all_tenants", self.serves_all_tenants),
        };
        Ok(reading.done(Some(change))?)
    }
}

/// List conference servers
#[utoipa::path(
    get, path = "/v1/servers", tag = "administration", operation_id = "listServers",
    security(("app" = ["admin"])),
    params(OfTenantQuery),
    responses((status = 200, description = "A page of servers, the oldest first", body = PageView<ServerView>)),
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
        None => None,
        Some(name) => {
            let known = tenants::by_name(&mut db, &name).await?;
            Some(known.ok_or_else(|| Problem::not_found("tenant"))?.id)
        }
    };
    let after = paging.after.map(|cursor| cursor.id.into());
    let found = servers::page(&mut db, tenant, after, paging.fetch()).await?;
    let ids: Vec<_> = found.iter().map(|server| server.server.id).collect();
    let credentials = server_credentials::list(&mut db, &ids).await?;
    let place = |server: &ServerRecord| Cursor { at: server.created_at, id: server.server.id.into() };
    Ok(HttpResponse::Ok().json(paging.page(found, place, |server| ServerView::new(server, &credentials))))
}

/// Add a conference server
///
/// Its credential is in the answer, this once. Each Prosody needs one of its own: two that share one would split a room.
#[utoipa::path(
    post, path = "/v1/servers", tag = "administration", operation_id = "createServer",
    security(("app" = ["admin"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repetitions harmless",
        min_length = 1, max_length = 255)),
    request_body = ServerInput,
    responses(
        (status = 201, description = "The server's credential", body = CredentialOnce,
            headers(("Location" = String))),
        (status = 409, description = "There is one of that name", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn create(
    app: web::Data<App>,
    caller: Calling,
    once: Once,
    body: Incoming<ServerInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let body = body.read().await?;
    let (name, serves) = body.value.into_new()?;
    once.run(&app, &caller, body.hash, async |db| {
        let added = add_server_in(&app, db, name.clone(), serves.clone()).await?;
        let place = format!("/v1/servers/{}", added.server.server.id);
        Ok(Answer::created(Some(place), CredentialOnce::from(&added)))
    })
    .await
}

/// Show a conference server
#[utoipa::path(
    get, path = "/v1/servers/{id}", tag = "administration", operation_id = "getServer",
    security(("app" = ["admin"])),
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The server", body = ServerView)),
)]
pub async fn show(app: web::Data<App>, caller: Calling, id: Path<ServerId>) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let mut db = app.db.acquire().await?;
    let found = servers::find(&mut db, id.0.into()).await?;
    answer(&mut db, &found.ok_or_else(|| Problem::not_found("conference server"))?).await
}

/// Change, drain or revoke a conference server
///
/// A JSON merge patch (RFC 7396). Revoking takes all its credentials, at once and for good.
#[utoipa::path(
    patch, path = "/v1/servers/{id}", tag = "administration", operation_id = "updateServer",
    security(("app" = ["admin"])),
    params(("id" = uuid::Uuid, Path)),
    request_body = ServerInput,
    responses(
        (status = 200, description = "The server as it is now", body = ServerView),
        (status = 409, description = "The name is taken, or the server is revoked", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn change(
    app: web::Data<App>,
    caller: Calling,
    id: Path<ServerId>,
    body: Incoming<ServerInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let body = body.read().await?;
    let changed = change_server(&app, id.0, body.value.into_change()?).await?;
    answer(&mut *app.db.acquire().await?, &changed).await
}

/// Give a conference server another credential
///
/// Two can be live at a time, so that one can be replaced without a gap.
#[utoipa::path(
    post, path = "/v1/servers/{id}/credentials", tag = "administration", operation_id = "createServerCredential",
    security(("app" = ["admin"])),
    params(("id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header,
        description = "Makes repetitions harmless", min_length = 1, max_length = 255)),
    request_body = Option<Empty>,
    responses(
        (status = 201, description = "The credential, this once", body = CredentialOnce),
        (status = 409, description = "Two are live already, or the server is revoked", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn add_credential(
    app: web::Data<App>,
    caller: Calling,
    once: Once,
    id: Path<ServerId>,
    body: Incoming<Empty>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let body = body.read_or_empty().await?;
    once.run(&app, &caller, body.hash, async |db| {
        let equipped = add_credential_in(&app, db, id.0.into()).await?;
        Ok(Answer::created(None, CredentialOnce::from(&equipped)))
    })
    .await
}

/// Revoke a credential of a conference server
#[utoipa::path(
    delete, path = "/v1/servers/{id}/credentials/{credential}", tag = "administration",
    operation_id = "revokeServerCredential",
    security(("app" = ["admin"])),
    params(("id" = uuid::Uuid, Path), ("credential" = uuid::Uuid, Path)),
    responses((status = 200, description = "The server as it is now", body = ServerView)),
)]
pub async fn remove_credential(
    app: web::Data<App>,
    caller: Calling,
    ids: Paths<ServerId, CredentialId>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let record = revoke_credential(&app, ids.0, ids.1).await?;
    answer(&mut *app.db.acquire().await?, &record).await
}

async fn answer(db: &mut PgConnection, server: &ServerRecord) -> Result<HttpResponse, Problem> {
    let credentials = server_credentials::list(db, &[server.server.id]).await?;
    Ok(HttpResponse::Ok().json(ServerView::new(server, &credentials)))
}
