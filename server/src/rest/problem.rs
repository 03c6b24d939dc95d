//! Errors of the door: `google.rpc.Status` in protobuf JSON, with the HTTP status of its code.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tonic::Code;

use crate::fault::{DOMAIN, Fault};

/// An error as an answer.
#[derive(Debug)]
pub(super) struct Problem {
    fault: Fault,
    status: StatusCode,
}

impl Problem {
    /// Where HTTP has a closer status than that of the code.
    pub(super) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self { status: http_status(fault.code), fault }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(body(&self.fault))).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.fault.retry_after_ms > 0 {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(self.fault.retry_after_ms.div_ceil(1_000)));
        }
        response
    }
}

/// `google.rpc.Status`, with the details that gRPC clients get in `grpc-status-details-bin`.
pub(super) fn body(fault: &Fault) -> Value {
    let kind = |name: &str| format!("type.googleapis.com/google.rpc.{name}");
    let metadata: serde_json::Map<String, Value> =
        fault.metadata.iter().map(|(key, value)| ((*key).to_owned(), value.as_str().into())).collect();
    let field = fault.metadata.iter().find(|(key, _)| *key == "field").map(|(_, field)| field);
    let mut details = vec![json!({
        "@type": kind("ErrorInfo"), "reason": fault.reason, "domain": DOMAIN, "metadata": metadata,
    })];
    if let Some(field) = field {
        let violation = json!({"field": field, "description": fault.message});
        details.push(json!({"@type": kind("BadRequest"), "fieldViolations": [violation]}));
    }
    if fault.retry_after_ms > 0 {
        let (seconds, millis) = (fault.retry_after_ms / 1_000, fault.retry_after_ms % 1_000);
        let delay = if millis == 0 { format!("{seconds}s") } else { format!("{seconds}.{millis:03}s") };
        details.push(json!({"@type": kind("RetryInfo"), "retryDelay": delay}));
    }
    json!({"code": fault.code as i32, "message": fault.message, "details": details})
}

/// The mapping that `google/rpc/code.proto` gives.
fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Aborted | Code::AlreadyExists => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Internal | Code::Unknown | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_those_of_grpc() {
        let body = body(&Fault::invalid("room", "is empty").retry_after(1_500));
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
    fn waiting_is_said_in_a_header_too() {
        let response = Problem::from(Fault::draining()).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    }
}
