//! The public HTTP router: gRPC and gRPC-Web, web pages, and the fallback for unknown paths.

mod caller;
mod content;
mod demo;
mod embedded;
mod fallback;
mod icon;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::from_fn;
use tonic_web::GrpcWebLayer;
use tower_http::set_header::SetResponseHeaderLayer;

pub(crate) use caller::{abort, caller, caller_with_token, grpc_caller, local_caller, token_of, with_webhook_headers};
pub(crate) use content::{Content, of as content_of};
pub(crate) use embedded::embedded_file;
pub(crate) use fallback::{not_found, status_in_protocol};

/// Returns the router of the public listener: `grpc` over gRPC and gRPC-Web, `others`, the icon, and the demo page if
/// `demo`.
///
/// `grpc` must have at least one route. Its fallback is replaced by one that answers unknown paths in the protocol of the
/// call: gRPC, gRPC-Web, or JSON.
pub fn router(grpc: Router, others: Router, demo: bool) -> Router {
    let grpc = grpc_web(grpc);
    let router = grpc.merge(others).merge(icon::router());
    let router = if demo { router.merge(demo::router()) } else { router };
    router.fallback(not_found)
}

/// Returns the router of an admin listener without pages: `grpc` over gRPC and gRPC-Web, and `others` with their fallback.
pub fn admin_router(grpc: Router, others: Router) -> Router {
    grpc_web(grpc).merge(others)
}

fn grpc_web(grpc: Router) -> Router {
    // gRPC-Web only around the gRPC routes: the layer answers 400 to any other HTTP/1 request.
    grpc.reset_fallback()
        .route_layer(GrpcWebLayer::new())
        // Without this header nginx buffers a stream until it ends.
        .route_layer(set(HeaderName::from_static("x-accel-buffering"), "no"))
        .route_layer(set(header::CACHE_CONTROL, "no-store, no-transform"))
        .route_layer(from_fn(content::reject_other_content))
        .route_layer(from_fn(caller::identify))
}

fn set(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}
