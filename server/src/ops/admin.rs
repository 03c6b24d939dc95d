//! The routes of the admin listener.

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;

use wigwag_net::http_error::HttpError;

/// Returns the router of the admin listener: `/metrics` serves what `metrics` returns, in the Prometheus text format 0.0.4.
pub fn admin_router(metrics: impl Fn() -> String + Send + Sync + 'static) -> Router {
    let metrics = Arc::new(metrics);
    let page = move || {
        let text = metrics();
        async { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text) }
    };
    Router::new().route("/metrics", get(page)).fallback(not_found)
}

async fn not_found() -> HttpError {
    let hint = "nothing is served at this path of the admin listener: there is /metrics, in the text format of Prometheus; \
                /health, /ready and the APIs are at the public listener";
    HttpError::new(StatusCode::NOT_FOUND, "NOT_FOUND", hint)
}
