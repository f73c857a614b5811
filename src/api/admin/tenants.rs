//! `/v1/tenants`.

use actix_web::{HttpResponse, web};

use super::tenant_input::TenantInput;
use crate::actions::add_tenant::add_tenant_in;
use crate::actions::change_tenant::change_tenant_in;
use crate::actions::transaction::transact;
use crate::api::body::{Incoming, Path, Query};
use crate::api::caller::Calling;
use crate::api::code::Code;
use crate::api::conditional::IfMatch;
use crate::api::once::{Answer, Once};
use crate::api::page::{PageQuery, PageView, Paging};
use crate::api::problem::{Problem, ProblemView};
use crate::app::App;
use crate::reservation::{Policy, Scope, Tenant, TenantName};
use crate::store::{Cursor, tenants};
use crate::view::TenantView;

/// List tenants
#[utoipa::path(
    get, path = "/v1/tenants", tag = "administration", operation_id = "listTenants",
    security(("app" = ["admin"])),
    params(PageQuery),
    responses((status = 200, description = "A page of tenants, the oldest first", body = PageView<TenantView>)),
)]
pub async fn list(
    app: web::Data<App>,
    caller: Calling,
    paging: Query<Paging>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let paging = paging.0;
    let after = paging.after.map(|cursor| cursor.id.into());
    let found = tenants::page(&mut *app.db.acquire().await?, after, paging.fetch()).await?;
    let place = |tenant: &Tenant| Cursor { at: tenant.created_at, id: tenant.id.into() };
    Ok(HttpResponse::Ok().json(paging.page(found, place, |tenant| TenantView::from(tenant))))
}

/// Add a tenant
#[utoipa::path(
    post, path = "/v1/tenants", tag = "administration", operation_id = "createTenant",
    security(("app" = ["admin"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repetitions harmless",
        min_length = 1, max_length = 255)),
    request_body = TenantInput,
    responses(
        (status = 201, description = "The tenant", body = TenantView,
            headers(("ETag" = String), ("Location" = String))),
        (status = 409, description = "There is one of that name", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn create(
    app: web::Data<App>,
    caller: Calling,
    once: Once,
    body: Incoming<TenantInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let body = body.read().await?;
    let change = body.value.read(true)?;
    let Some(name) = change.name.clone() else {
        return Err(Problem::new(Code::InvalidFields, "this is missing").at("/name"));
    };
    once.run(&app, &caller, body.hash, async |db| {
        let mut policy = Policy::default();
        change.clone().apply(&mut policy);
        let mut tenant = add_tenant_in(&app, db, name.clone(), policy).await?;
        if change.disabled == Some(true) {
            tenant = change_tenant_in(&app, db, &name, Some(false), |_| {}).await?;
        }
        let place = format!("/v1/tenants/{name}");
        Ok(Answer::created(Some(place), TenantView::from(&tenant)).at_revision(tenant.revision))
    })
    .await
}

/// Show a tenant
#[utoipa::path(
    get, path = "/v1/tenants/{name}", tag = "administration", operation_id = "getTenant",
    security(("app" = ["admin"])),
    params(("name" = String, Path)),
    responses((status = 200, description = "The tenant", body = TenantView, headers(("ETag" = String)))),
)]
pub async fn show(
    app: web::Data<App>,
    caller: Calling,
    name: Path<TenantName>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let found = tenants::by_name(&mut *app.db.acquire().await?, &name.0).await?;
    let tenant = found.ok_or_else(|| Problem::not_found("tenant"))?;
    Ok(Answer::ok(TenantView::from(&tenant)).at_revision(tenant.revision).respond())
}

/// Change a tenant's policy
///
/// A JSON merge patch (RFC 7396). It holds from the next ask on; rooms that are open keep what they were opened with.
#[utoipa::path(
    patch, path = "/v1/tenants/{name}", tag = "administration", operation_id = "updateTenant",
    security(("app" = ["admin"])),
    params(
        ("name" = String, Path),
        ("If-Match" = String, Header, description = "The `ETag` of the version that you change, or `*`"),
    ),
    request_body = TenantInput,
    responses(
        (status = 200, description = "The tenant as it is now", body = TenantView, headers(("ETag" = String))),
        (status = 412, description = "It was changed meanwhile", body = ProblemView,
            content_type = "application/problem+json"),
        (status = 428, description = "`If-Match` is missing", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn change(
    app: web::Data<App>,
    caller: Calling,
    name: Path<TenantName>,
    if_match: IfMatch,
    body: Incoming<TenantInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let body = body.read().await?;
    let change = body.value.read(false)?;
    let expected = if_match.required()?;
    let changed: Tenant = transact(&app, async |db| {
        let now = tenants::by_name_for_update(db, &name.0).await?;
        let now = now.ok_or_else(|| Problem::not_found("tenant"))?.revision;
        if expected.is_some_and(|expected| expected != now) {
            let detail = format_args!("the tenant was changed meanwhile: it is at revision {now}");
            return Err(Problem::new(Code::PreconditionFailed, detail).with("revision", now));
        }
        let enabled = change.disabled.map(|disabled| !disabled);
        Ok(change_tenant_in(&app, db, &name.0, enabled, |policy| change.clone().apply(policy)).await?)
    })
    .await?;
    Ok(Answer::ok(TenantView::from(&changed)).at_revision(changed.revision).respond())
}
