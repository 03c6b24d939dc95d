//! The demo page: a browser-to-browser call, built into the binary.

use axum::Router;
use axum::routing::get;

use super::embedded_file;

const INDEX: &[u8] = include_bytes!("../../../examples/browser-call/src/index.html");
const SCRIPT: &[u8] = include_bytes!("../../../examples/browser-call/dist/app.js");
const STYLE: &[u8] = include_bytes!("../../../examples/browser-call/src/style.css");

/// Returns the routes of the page and its files.
pub(super) fn router() -> Router {
    Router::new()
        .route("/", get(|| async { embedded_file("text/html; charset=utf-8", INDEX) }))
        .route("/app.js", get(|| async { embedded_file("text/javascript; charset=utf-8", SCRIPT) }))
        .route("/style.css", get(|| async { embedded_file("text/css; charset=utf-8", STYLE) }))
}
