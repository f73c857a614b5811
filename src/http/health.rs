//! `/livez` and `/readyz`.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use serde::Serialize;
use tokio::time::timeout;

use crate::app::App;
use crate::store::{StoreError, health};

/// How long the database may take to say how it is.
const PATIENCE: Duration = Duration::from_millis(1500);

/// How far the database's clock may be off, in seconds.
const CLOCK_TOLERANCE: f64 = 1.0;

#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    database: &'static str,
    /// How far the database's clock is ahead of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_offset_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<&'static str>,
}

/// Whether the process lives. Never touches the database: restarting us would not mend it.
pub async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "live" }))
}

/// Whether the database answers, over a connection that nothing else uses: a rush of asks or of API calls must not take
/// a replica out of service.
pub async fn readyz(app: web::Data<App>) -> HttpResponse {
    let Ok(Ok(offset)) = timeout(PATIENCE, clock_offset(&app)).await else {
        return HttpResponse::ServiceUnavailable().json(Readiness {
            status: "not ready",
            database: "not reachable",
            clock_offset_seconds: None,
            warning: None,
        });
    };
    app.metrics.database_clock_offset.set(offset);
    HttpResponse::Ok().json(Readiness {
        status: "ready",
        database: "reachable",
        clock_offset_seconds: Some(offset),
        warning: (offset.abs() > CLOCK_TOLERANCE)
            .then_some("the clocks of this host and of the database differ by more than a second"),
    })
}

/// How far the database's clock is ahead of ours, in seconds; the way there and back is shared out.
async fn clock_offset(app: &App) -> Result<f64, StoreError> {
    let mut db = app.readiness.acquire().await?;
    let before = app.clock.now();
    let theirs = health::time(&mut db).await?;
    let ours = before + (app.clock.now() - before) / 2;
    Ok((theirs - ours).as_seconds_f64())
}
