//! HTTP: which path leads where, and what every answer carries.

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

pub(crate) use caller::{abort_token, caller, local_caller};
pub(crate) use embedded::embedded_file;
pub(crate) use fallback::not_found;

/// Returns the router of the public listener: `grpc` over gRPC and gRPC-Web, and everything else in `others`.
///
/// `grpc` has at least one route; its fallback is replaced by one that answers gRPC calls in gRPC and all else in JSON.
pub fn router(grpc: Router, others: Router, demo: bool) -> Router {
    // gRPC-Web only around the gRPC routes: the layer answers 400 to any other HTTP/1 request.
    let grpc = grpc
        .reset_fallback()
        .route_layer(GrpcWebLayer::new())
        // nginx would buffer a whole stream.
        .route_layer(set(HeaderName::from_static("x-accel-buffering"), "no"))
        .route_layer(set(header::CACHE_CONTROL, "no-store, no-transform"))
        .route_layer(from_fn(content::explain))
        .route_layer(from_fn(caller::identify));
    let router = grpc.merge(others).merge(icon::router());
    let router = if demo { router.merge(demo::router()) } else { router };
    router.fallback(not_found)
}

fn set(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}
