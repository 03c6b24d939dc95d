//! The answer to a path nobody serves: in gRPC to a gRPC call, in JSON to everything else.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tonic_web::GrpcWebLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::content::{self, Content};
use wigwag_net::http_error::HttpError;

pub(crate) async fn not_found(request: Request) -> Response {
    match content::of(&request) {
        Content::Grpc => unimplemented(),
        // The layer turns the status into what a gRPC-Web client reads.
        Content::GrpcWeb => {
            let service = GrpcWebLayer::new().layer(service_fn(|_| async { Ok::<_, Infallible>(unimplemented()) }));
            let Ok(response) = service.oneshot(request).await;
            response.map(Body::new)
        }
        Content::Other => {
            let hint = "nothing is served here; there are / (the demo page), /health, /rooms, /ready, the WebSocket \
                        /v1/signal, /v1/rooms (described at /docs) and the gRPC services of package wigwag.v1 (list \
                        them with grpcurl)";
            HttpError::new(StatusCode::NOT_FOUND, "NOT_FOUND", hint).into_response()
        }
    }
}

fn unimplemented() -> Response {
    let text = "this server has no such method; grpcurl can list those it has";
    tonic::Status::unimplemented(text).into_http()
}
