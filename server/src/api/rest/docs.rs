//! `GET /docs`: a page about all APIs. It renders `/openapi.json`, the generated `signaling.json` and docs/websocket.md. Built
//! into the binary; loads nothing from other servers.

use axum::{Router, routing::get};

use crate::web::embedded_file;

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The paths, media types and contents of the page and its files.
const FILES: [(&str, &str, &[u8]); 7] = [
    ("/docs", "text/html; charset=utf-8", include_bytes!("docs/index.html")),
    ("/docs/docs.js", SCRIPT, include_bytes!("docs/docs.js")),
    ("/docs/markdown.js", SCRIPT, include_bytes!("docs/markdown.js")),
    ("/docs/try.js", SCRIPT, include_bytes!("docs/try.js")),
    ("/docs/docs.css", "text/css; charset=utf-8", include_bytes!("docs/docs.css")),
    ("/docs/signaling.json", "application/json", include_bytes!("docs/signaling.json")),
    ("/docs/websocket.md", "text/markdown; charset=utf-8", include_bytes!("../../../../docs/websocket.md")),
];

/// Returns the routes of the page and its files.
pub(super) fn router() -> Router {
    FILES.into_iter().fold(Router::new(), |router, (path, content_type, content)| {
        router.route(path, get(move || async move { embedded_file(content_type, content) }))
    })
}
