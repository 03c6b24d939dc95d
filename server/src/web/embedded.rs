//! Files that are built into the binary.

use axum::http::header::{self, HeaderName};
use axum::response::{IntoResponse, Response};

/// Scripts, styles and calls of this server only; nothing inline, no frames.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

/// A file that is built into the binary, for pages that load nothing from elsewhere.
pub(crate) fn embedded_file(content_type: &'static str, body: &'static [u8]) -> Response {
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
