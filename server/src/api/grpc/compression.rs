//! Compressed calls, which this server does not read (gRPC's compression.md).

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tonic::Status;

/// Returns whether the messages of a call may be compressed.
pub(super) fn is_declared(headers: &HeaderMap) -> bool {
    headers.get("grpc-encoding").is_some_and(|encoding| encoding != "identity")
}

/// Answers a call that declares a compression with UNIMPLEMENTED, and names what is accepted.
pub(super) async fn refuse(request: Request, next: Next) -> Response {
    if !is_declared(request.headers()) {
        return next.run(request).await;
    }
    let mut response: Response =
        Status::unimplemented("messages must not be compressed: leave grpc-encoding out").into_http();
    let accepted = HeaderName::from_static("grpc-accept-encoding");
    response.headers_mut().insert(accepted, HeaderValue::from_static("identity"));
    response
}
