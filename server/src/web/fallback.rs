//! The response to unknown paths: in gRPC to a gRPC call, in JSON to any other request.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tonic::Status;
use tonic_web::GrpcWebLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};
use wigwag_net::http_error::HttpError;

use super::content::{self, Content};

/// Answers a request for an unknown path in the protocol of the request.
pub(crate) async fn not_found(request: Request) -> Response {
    match content::of(&request) {
        Content::Grpc | Content::GrpcWeb(_) => {
            status_in_protocol(request, || {
                Status::unimplemented("this server has no such method: grpcurl lists those it has")
            })
            .await
        }
        Content::OtherFormat { web } => content::other_format(web),
        Content::Other => {
            let hint = "nothing is served at this path: there are / (the demo page), /health, /rooms, /ready, the WebSocket \
                        /v1/signal, /v1/rooms (described at /docs) and the gRPC services of package wigwag.v1 (list \
                        them with grpcurl)";
            HttpError::new(StatusCode::NOT_FOUND, "NOT_FOUND", hint).into_response()
        }
    }
}

/// Answers a gRPC or gRPC-Web call with a status.
pub(crate) async fn status_in_protocol(
    mut request: Request,
    status: impl Fn() -> Status + Clone + Send + Sync + 'static,
) -> Response {
    // The layer encodes the status for a gRPC-Web client.
    let Content::GrpcWeb(kind) = content::of(&request) else { return status().into_http() };
    content::canonicalize(request.headers_mut(), kind);
    let answer = move |_| {
        let status = status();
        async move { Ok::<Response, Infallible>(status.into_http()) }
    };
    let service = GrpcWebLayer::new().layer(service_fn(answer));
    let Ok(response) = service.oneshot(request).await;
    response.map(Body::new)
}
