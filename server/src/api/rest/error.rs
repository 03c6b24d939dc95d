//! Errors of the REST API: `google.rpc.Status` in protobuf JSON, with the HTTP status for their code.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use wigwag_node::error::{ApiError, Code, DOMAIN};

/// An error as a response.
#[derive(Debug)]
pub(super) struct RestError {
    error: ApiError,
    status: StatusCode,
}

impl RestError {
    /// Replaces the status by one that is more precise than that for the code.
    pub(super) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

impl From<ApiError> for RestError {
    fn from(error: ApiError) -> Self {
        Self { status: http_status(error.code), error }
    }
}

impl IntoResponse for RestError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(body(&self.error))).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.error.retry_after_ms > 0 {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(self.error.retry_after_ms.div_ceil(1_000)));
        }
        response
    }
}

/// Returns an error as `google.rpc.Status`, with the details that gRPC clients receive in `grpc-status-details-bin`.
pub(super) fn body(error: &ApiError) -> Value {
    let kind = |name: &str| format!("type.googleapis.com/google.rpc.{name}");
    let metadata: serde_json::Map<String, Value> =
        error.metadata.iter().map(|(key, value)| ((*key).to_owned(), value.as_str().into())).collect();
    let field = error.metadata.iter().find(|(key, _)| *key == "field").map(|(_, field)| field);
    let mut details = vec![json!({
        "@type": kind("ErrorInfo"), "reason": error.reason, "domain": DOMAIN, "metadata": metadata,
    })];
    if let Some(field) = field {
        let violation = json!({"field": field, "description": error.message});
        details.push(json!({"@type": kind("BadRequest"), "fieldViolations": [violation]}));
    }
    if error.retry_after_ms > 0 {
        let (seconds, millis) = (error.retry_after_ms / 1_000, error.retry_after_ms % 1_000);
        let delay = if millis == 0 { format!("{seconds}s") } else { format!("{seconds}.{millis:03}s") };
        details.push(json!({"@type": kind("RetryInfo"), "retryDelay": delay}));
    }
    json!({"code": error.code as i32, "message": error.message, "details": details})
}

/// Returns the HTTP status for a code, as `google/rpc/code.proto` maps them.
fn http_status(code: Code) -> StatusCode {
    match code {
        Code::InvalidArgument | Code::FailedPrecondition => StatusCode::BAD_REQUEST,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Aborted | Code::AlreadyExists => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_the_same_as_over_grpc() {
        let body = body(&ApiError::invalid("room", "is empty").retry_after(1_500));
        assert_eq!(
            body,
            json!({
                "code": 3,
                "message": "room is empty",
                "details": [
                    {
                        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                        "reason": "INVALID_FIELD", "domain": "wigwag", "metadata": {"field": "room"},
                    },
                    {
                        "@type": "type.googleapis.com/google.rpc.BadRequest",
                        "fieldViolations": [{"field": "room", "description": "room is empty"}],
                    },
                    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.500s"},
                ],
            })
        );
    }

    #[test]
    fn the_time_to_wait_is_also_in_a_header() {
        let response = RestError::from(ApiError::draining()).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    }
}
