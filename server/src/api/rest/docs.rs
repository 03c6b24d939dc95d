//! `GET /docs`: a page that renders `/openapi.json`. Built into the binary; loads nothing from other servers.

use axum::{Router, routing::get};

use crate::web::embedded_file;

/// Returns the routes of the page and its files.
pub(super) fn router() -> Router {
    Router::new()
        .route("/docs", get(|| async { embedded_file("text/html; charset=utf-8", include_bytes!("docs/index.html")) }))
        .route(
            "/docs/docs.js",
            get(|| async { embedded_file("text/javascript; charset=utf-8", include_bytes!("docs/docs.js")) }),
        )
        .route(
            "/docs/docs.css",
            get(|| async { embedded_file("text/css; charset=utf-8", include_bytes!("docs/docs.css")) }),
        )
}
