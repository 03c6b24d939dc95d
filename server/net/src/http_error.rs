//! An HTTP error response for people: JSON with a reason and a hint.

use std::borrow::Cow;

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// A response with a status and `{"error": "NOT_FOUND", "hint": "…"}`, for requests that do not reach an API with its
/// own error format.
#[derive(Debug, Serialize)]
pub struct HttpError {
    #[serde(skip)]
    status: StatusCode,
    #[serde(skip)]
    header: Option<(HeaderName, HeaderValue)>,
    error: &'static str,
    hint: Cow<'static, str>,
}

impl HttpError {
    /// Creates an error: `error` is for programs, `hint` says what is wrong and what to do.
    pub fn new(status: StatusCode, error: &'static str, hint: impl Into<Cow<'static, str>>) -> Self {
        Self { status, header: None, error, hint: hint.into() }
    }

    /// Adds a header to the response.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.header = Some((name, HeaderValue::from_static(value)));
        self
    }
}

impl IntoResponse for HttpError {
    fn into_response(mut self) -> Response {
        let header = self.header.take();
        let mut response = (self.status, Json(self)).into_response();
        response.headers_mut().extend(header);
        response
    }
}
