//! `/metrics`, for Prometheus.

use actix_web::{HttpResponse, web};

use crate::app::App;

/// All metrics, in the OpenMetrics text format. Never touches the database.
pub async fn metrics(app: web::Data<App>) -> HttpResponse {
    app.metrics.pool("desk", app.desk.pool().size(), app.desk.pool().num_idle());
    app.metrics.pool("general", app.db.size(), app.db.num_idle());
    match app.metrics.render() {
        Ok(text) => HttpResponse::Ok()
            .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
            .body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
