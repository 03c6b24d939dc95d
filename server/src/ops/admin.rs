//! The admin listener's pages.

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::routing::get;

use crate::web::not_found;

/// Serves `/metrics`: what `metrics` returns, in the Prometheus text format 0.0.4. For the admin listener only.
pub fn admin_router(metrics: impl Fn() -> String + Send + Sync + 'static) -> Router {
    let metrics = Arc::new(metrics);
    let page = move || {
        let text = metrics();
        async { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text) }
    };
    Router::new().route("/metrics", get(page)).fallback(not_found)
}
