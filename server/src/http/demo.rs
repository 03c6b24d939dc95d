//! The demo page: a browser-to-browser call, built into the binary.

use axum::Router;
use axum::http::header::{self, HeaderName};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Scripts, styles and calls of this server only; nothing inline, no frames.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

const INDEX: &[u8] = include_bytes!("../../../examples/browser-call/dist/index.html");
const SCRIPT: &[u8] = include_bytes!("../../../examples/browser-call/dist/app.js");
const STYLE: &[u8] = include_bytes!("../../../examples/browser-call/dist/style.css");

pub(super) fn router() -> Router {
    Router::new()
        .route("/", get(|| async { page("text/html; charset=utf-8", INDEX) }))
        .route("/app.js", get(|| async { page("text/javascript; charset=utf-8", SCRIPT) }))
        .route("/style.css", get(|| async { page("text/css; charset=utf-8", STYLE) }))
}

/// A file that is built into the binary, for pages that load nothing from elsewhere.
pub(crate) fn page(content_type: &'static str, body: &'static [u8]) -> Response {
    let headers: [(HeaderName, &'static str); 5] = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // The page belongs to the binary: after an update the next load must see the new one.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, body).into_response()
}
