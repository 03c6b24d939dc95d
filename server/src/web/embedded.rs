//! Responses with files that are built into the binary.

use axum::http::header::{self, HeaderName};
use axum::response::{IntoResponse, Response};

/// Allows scripts, styles and requests of this server only; forbids inline ones, and framing.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

/// Returns a file that is built into the binary, for pages that load nothing from other servers.
pub(crate) fn embedded_file(content_type: &'static str, body: &'static [u8]) -> Response {
    let headers: [(HeaderName, &'static str); 5] = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // After an update of the binary, the next load must return the new file.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, body).into_response()
}
