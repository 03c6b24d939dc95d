//! Messages that are larger than a method's limit.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use tonic::{Code, Status};
use wigwag_node::error::{self, ApiError};

use super::status::to_status;

/// Reports a message that is too large as RESOURCE_EXHAUSTED (FRAME_TOO_LARGE), as gRPC's status codes say. tonic reports
/// OUT_OF_RANGE, which no method here returns in headers without details.
pub(super) async fn report(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match tonic_refusal(response.headers()) {
        Some(status) => {
            let text = format!("{}: send a smaller message", status.message());
            to_status(&ApiError::new(error::Code::ResourceExhausted, "FRAME_TOO_LARGE", text)).into_http()
        }
        None => response,
    }
}

fn tonic_refusal(headers: &HeaderMap) -> Option<Status> {
    let out_of_range = headers.get("grpc-status").is_some_and(|status| status == "11");
    let status = Status::from_header_map(headers).filter(|_| out_of_range)?;
    (status.code() == Code::OutOfRange && status.details().is_empty()).then_some(status)
}
