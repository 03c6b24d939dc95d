//! The routes of the admin listener.

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::routing::get;

use crate::web::not_found;

/// Returns the router of the admin listener: `/metrics` serves what `metrics` returns, in the Prometheus text format 0.0.4.
pub fn admin_router(metrics: impl Fn() -> String + Send + Sync + 'static) -> Router {
    let metrics = Arc::new(metrics);
    let page = move || {
        let text = metrics();
        async { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text) }
    };
    Router::new().route("/metrics", get(page)).fallback(not_found)
}
