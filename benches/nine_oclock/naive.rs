//! What one would write on the first day: a transaction with a query for each step, on a pool as it comes.

use actix_web::{App, HttpResponse, HttpServer, web};
use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::clock::Clock;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use crate::Done;

#[derive(Deserialize)]
struct Form {
    name: String,
    mail_owner: String,
}

pub fn serve(port: &str, url: &str) -> Done {
    let (port, url) = (port.parse::<u16>()?, url.to_owned());
    actix_web::rt::System::new().block_on(async move {
        let pool = web::Data::new(PgPoolOptions::new().max_connections(16).connect(&url).await?);
        let server = HttpServer::new(move || {
            App::new()
                .app_data(pool.clone())
                .route("/readyz", web::get().to(HttpResponse::Ok))
                .route("/conference", web::post().to(open))
        });
        Ok(server.bind(("127.0.0.1", port))?.run().await?)
    })
}

async fn open(
    pool: web::Data<PgPool>,
    request: actix_web::HttpRequest,
    form: web::Form<Form>,
) -> HttpResponse {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let credential = header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    match ask(&pool, credential, &form).await {
        Ok(Some(id)) => HttpResponse::Ok().json(json!({ "id": id, "name": form.name })),
        Ok(None) => HttpResponse::NotFound()
            .json(json!({ "message": "No meeting is scheduled in this room.", "reason": "unknown_room" })),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

type Date = (Uuid, DateTime<Utc>, DateTime<Utc>, Option<DateTime<Utc>>, bool);

/// The conference that was opened; none, where none may be.
async fn ask(pool: &PgPool, credential: &str, form: &Form) -> Result<Option<Uuid>, sqlx::Error> {
    let now = Clock::system().now();
    let (tenant, room) = form.name.trim_start_matches('[').split_once(']').unwrap_or_default();
    let mut work = pool.begin().await?;
    let server: Option<Uuid> = sqlx::query_scalar(
        "SELECT s.id FROM server_credentials k JOIN conference_servers s ON s.id = k.server_id
         WHERE k.hash = $1 AND k.revoked_at IS NULL AND s.state = 'active'",
    )
    .bind(Sha256::digest(credential).to_vec())
    .fetch_optional(&mut *work)
    .await?;
    let tenant: Option<(Uuid, i32)> =
        sqlx::query_as("SELECT id, grace_s FROM tenants WHERE name = $1 AND disabled_at IS NULL")
            .bind(tenant)
            .fetch_optional(&mut *work)
            .await?;
    let (Some(server), Some((tenant, grace))) = (server, tenant) else { return Ok(None) };
    let date: Option<Date> = sqlx::query_as(
        "SELECT appointment_id, original_start, starts, ends, lobby FROM occurrences
         WHERE tenant_id = $1 AND room = $2 AND starts <= $3 AND cancelled_at IS NULL ORDER BY starts DESC LIMIT 1",
    )
    .bind(tenant)
    .bind(room)
    .bind(now)
    .fetch_optional(&mut *work)
    .await?;
    let Some((appointment, original_start, starts, ends, lobby)) = date else { return Ok(None) };
    let closes = ends.unwrap_or(now + TimeDelta::hours(24)) + TimeDelta::seconds(grace.into());
    let live: Option<Uuid> = sqlx::query_scalar(
        "SELECT id FROM conferences WHERE tenant_id = $1 AND room = $2 AND closed_at IS NULL",
    )
    .bind(tenant)
    .bind(room)
    .fetch_optional(&mut *work)
    .await?;
    if closes <= now || live.is_some() {
        return Ok(None);
    }
    let opened: Option<Uuid> = sqlx::query_scalar(
        "INSERT INTO conferences (tenant_id, id, room, node, server_id, mail_owner, usual, appointment_id,
                                  original_start, booked_start, opened_at, ends_at, lobby)
         VALUES ($1, $2, $3, $4, $5, $6, true, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (tenant_id, room) WHERE closed_at IS NULL DO NOTHING RETURNING id",
    )
    .bind(tenant)
    .bind(Uuid::now_v7())
    .bind(room)
    .bind(&form.name)
    .bind(server)
    .bind(&form.mail_owner)
    .bind(appointment)
    .bind(original_start)
    .bind(starts)
    .bind(now)
    .bind(closes)
    .bind(lobby)
    .fetch_optional(&mut *work)
    .await?;
    work.commit().await?;
    Ok(opened)
}
