//! `GET /openapi.json`: the description of the REST API in OpenAPI 3.1.
//!
//! The document is generated from the protos and from the table in `openapi/generate.rs`, and committed; a test
//! regenerates it and fails when it is stale.

#[cfg(test)]
mod generate;
#[cfg(test)]
mod schema;

use axum::{Router, http::header, routing::get};

const DOCUMENT: &str = include_str!("openapi/openapi.json");

pub(super) fn router() -> Router {
    let answer =
        || async { ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], DOCUMENT) };
    Router::new().route("/openapi.json", get(answer))
}
