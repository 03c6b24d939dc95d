//! The answer to clients whose address is denied, in the protocol of their request.

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tonic::Status;
use wigwag_net::http_error::HttpError;
use wigwag_net::listener::DeniedClient;
use wigwag_node::error::ApiError;

use super::content::{self, Content};
use super::fallback::status_in_protocol;
use crate::api::{grpc, rest};

const DENIED: &str = "this address is denied by the operator of the server: ask the operator";

/// Refuses requests of clients whose address is denied; others go on to `next`.
pub(super) async fn refuse(request: Request, next: Next) -> Response<Body> {
    if !DeniedClient::is(request.extensions()) {
        return next.run(request).await;
    }
    let error = ApiError::denied(DENIED);
    match content::of(&request) {
        Content::Grpc | Content::GrpcWeb(_) | Content::OtherFormat { .. } => {
            status_in_protocol(request, || -> Status { grpc::to_status(&ApiError::denied(DENIED)) }).await
        }
        Content::Other if rest::is_path(request.uri().path()) => rest::error_response(error),
        Content::Other => HttpError::new(StatusCode::FORBIDDEN, error.reason, error.message).into_response(),
    }
}
