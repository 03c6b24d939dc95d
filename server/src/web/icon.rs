//! `/favicon.ico`, which browsers request from every server: two crossed flags.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

const ICON: &str = concat!(
    r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M2 2l10 12M14 2L4 14" stroke="#555"/>"##,
    r##"<path d="M2 2h5v5H6z" fill="#d33"/><path d="M14 2H9v5h1z" fill="#fc3"/></svg>"##,
);

/// Returns the route of the icon.
pub(super) fn router() -> Router {
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "max-age=86400")];
    Router::new().route("/favicon.ico", get(move || async move { (headers, ICON).into_response() }))
}
