//! Requests by content type: gRPC, gRPC-Web, and others.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_http::timeout::TimeoutBody;
use wigwag_net::http_error::HttpError;

/// The kind of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// `application/grpc` with any message format.
    Grpc,
    /// `application/grpc-web`, binary or text.
    GrpcWeb,
    /// Everything else.
    Other,
}

/// Returns the kind of a request.
pub(super) fn of<B>(request: &axum::http::Request<B>) -> Content {
    let content_type = request.headers().get(header::CONTENT_TYPE).map(|value| value.as_bytes()).unwrap_or_default();
    if content_type.starts_with(b"application/grpc-web") {
        Content::GrpcWeb
    } else if content_type.starts_with(b"application/grpc") {
        Content::Grpc
    } else {
        Content::Other
    }
}

/// Longest pause in the body of a gRPC-Web request, which is a single message. gRPC streams may pause for longer: there the
/// heartbeat of the session detects a dead peer.
const BODY_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers requests to gRPC methods that are not gRPC calls with a JSON error. Without it a browser or curl would get an
/// empty 400, or a gRPC status in headers that it does not show.
pub(super) async fn reject_other_content(request: Request, next: Next) -> Response {
    let refusal = match of(&request) {
        _ if request.method() != Method::POST => Some((
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            "gRPC methods must be called with POST: use grpcurl, or a client of this server",
        )),
        Content::Other => Some((
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "gRPC methods need content-type application/grpc over HTTP/2, or application/grpc-web+proto",
        )),
        Content::Grpc if request.version() < Version::HTTP_2 => Some((
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            "HTTP2_REQUIRED",
            "gRPC needs HTTP/2 (with curl: --http2-prior-knowledge): over HTTP/1.1 use gRPC-Web",
        )),
        _ => None,
    };
    match refusal {
        None if of(&request) == Content::GrpcWeb => {
            next.run(request.map(|body| Body::new(TimeoutBody::new(BODY_READ_TIMEOUT, body)))).await
        }
        None => next.run(request).await,
        Some((status, error, hint)) => HttpError::new(status, error, hint).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::Router;
    use axum::body::Bytes;
    use axum::middleware::from_fn;
    use axum::routing::post;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_incomplete_grpc_web_request_times_out() {
        // `Bytes` reads the whole body, and answers 400 when it breaks off.
        let app = Router::new().route("/", post(|_: Bytes| async {})).layer(from_fn(reject_other_content));
        let never = futures_util::stream::pending::<Result<Bytes, Infallible>>();
        let request = Request::post("/").header("content-type", "application/grpc-web+proto");
        let request = request.body(Body::from_stream(never)).expect("a request");
        let began = tokio::time::Instant::now();
        let Ok(response) = app.oneshot(request).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert!(began.elapsed() >= BODY_READ_TIMEOUT && began.elapsed() < BODY_READ_TIMEOUT * 2);
    }
}
