//! An error for people: JSON with a reason and a hint.

use std::borrow::Cow;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// `{"error": "NOT_FOUND", "hint": "…"}` with a status.
#[derive(Debug, Serialize)]
pub(crate) struct Hint {
    #[serde(skip)]
    status: StatusCode,
    error: &'static str,
    hint: Cow<'static, str>,
}

impl Hint {
    pub(crate) fn new(status: StatusCode, error: &'static str, hint: impl Into<Cow<'static, str>>) -> Self {
        Self { status, error, hint: hint.into() }
    }
}

impl IntoResponse for Hint {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}
