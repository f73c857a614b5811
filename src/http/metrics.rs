//! `/metrics`, for Prometheus.

use actix_web::{HttpResponse, web};

use crate::app::App;

/// All metrics, in the OpenMetrics text format. Never touches the database.
pub async fn metrics(app: web::Data<App>) -> HttpResponse {
    app.metrics.pool("desk", app.desk.pool().fill());
    app.metrics.pool("general", app.db.fill());
    match app.metrics.render() {
        Ok(text) => HttpResponse::Ok()
            .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
            .body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
