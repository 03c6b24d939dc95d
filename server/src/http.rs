//! HTTP: which path leads where, and what every answer carries.

mod admin;
mod census;
mod content;
mod demo;
mod fallback;
mod hint;
mod host;
mod icon;
mod origin;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use tonic_web::GrpcWebLayer;
use tower_http::set_header::SetResponseHeaderLayer;

pub use admin::admin_router;
pub use census::{Census, ParticipantView, RoomView};
pub(crate) use demo::page;
pub(crate) use hint::Hint;
pub use host::Hosts;
pub(crate) use host::{caller, refusal};
pub use origin::Origins;
pub use status::Readiness;

/// What the router shows and obeys.
#[derive(Clone)]
pub struct Pages {
    /// The rooms of `/health` and `/rooms`.
    pub census: Arc<dyn Census>,
    /// The answer of `/ready`.
    pub readiness: Readiness,
    /// Which web pages may call.
    pub origins: Origins,
    /// Under which names the rooms are told.
    pub hosts: Hosts,
    /// Whether the demo page is served.
    pub demo: bool,
}

/// The router of the public listener: `grpc` over gRPC and gRPC-Web, the other `doors`, and the pages.
///
/// `grpc` has at least one route; its fallback is replaced by one that answers gRPC calls in gRPC and all else in JSON.
/// Doors that take calls of web pages ask [`Origins`] themselves.
pub fn router(grpc: Router, doors: Router, pages: Pages) -> Router {
    let Pages { census, readiness, origins, hosts, demo } = pages;
    // gRPC-Web only around the gRPC routes: the layer answers 400 to any other HTTP/1 request.
    let grpc = grpc
        .reset_fallback()
        .route_layer(GrpcWebLayer::new())
        // nginx would hold a stream back until it ends.
        .route_layer(set(HeaderName::from_static("x-accel-buffering"), "no"))
        .route_layer(set(header::CACHE_CONTROL, "no-store, no-transform"))
        .route_layer(from_fn(content::explain))
        .route_layer(from_fn(identify));
    let router = grpc.merge(doors).merge(status::router(census, hosts, readiness)).merge(icon::router());
    let router = if demo { router.merge(demo::router()) } else { router };
    router
        .fallback(fallback::not_found)
        .layer(from_fn_with_state(origins.clone(), origin::refuse_strangers))
        // Outermost, so that refusals and unknown paths can be read by the pages that may call.
        .layer(origins.cors())
}

/// Says who calls, for services that are asked for what may be reserved to this machine.
async fn identify(mut request: Request, next: Next) -> Response {
    let caller = host::caller(&request);
    request.extensions_mut().insert(caller);
    next.run(request).await
}

fn set(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}
