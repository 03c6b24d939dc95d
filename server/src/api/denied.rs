//! The answer to clients whose address is denied, in the protocol of their request.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tonic::Status;
use wigwag_net::http_error::HttpError;
use wigwag_net::listener::DeniedClient;
use wigwag_node::error::ApiError;

use super::{grpc, rest};
use crate::web::{Content, content_of, status_in_protocol};

const DENIED: &str = "this address is denied by the operator of the server: ask the operator";

/// Returns a router that refuses clients whose address is denied, in front of `router`.
pub fn refuse_denied(router: Router) -> Router {
    router.layer(from_fn(refuse))
}

/// Refuses requests of clients whose address is denied; others go on to `next`.
async fn refuse(request: Request, next: Next) -> Response<Body> {
    if !DeniedClient::is(request.extensions()) {
        return next.run(request).await;
    }
    let error = ApiError::denied(DENIED);
    match content_of(&request) {
        Content::Grpc | Content::GrpcWeb(_) | Content::OtherFormat { .. } => {
            status_in_protocol(request, || -> Status { grpc::to_status(&ApiError::denied(DENIED)) }).await
        }
        Content::Other if rest::is_path(request.uri().path()) => rest::error_response(error),
        Content::Other => HttpError::new(StatusCode::FORBIDDEN, error.reason, error.message).into_response(),
    }
}
