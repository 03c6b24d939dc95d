//! The routes of the admin listener.

use std::sync::Arc;

use axum::Router;
use axum::http::{Extensions, HeaderMap, StatusCode, Uri, header};
use axum::routing::get;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use wigwag_net::host::Hosts;
use wigwag_net::http_error::HttpError;
use wigwag_node::auth::Action;
use wigwag_node::node::Node;

use super::CallerOf;
use super::health::{admit, refusal};

/// Returns the router of the admin listener: `/metrics` serves what `metrics` returns, in the Prometheus text format 0.0.4,
/// under the host names of `hosts`.
pub fn admin_router(hosts: Hosts, metrics: impl Fn() -> String + Send + Sync + 'static) -> Router {
    let metrics = Arc::new(metrics);
    let page = move |uri: Uri, headers: HeaderMap, extensions: Extensions| {
        // A page whose name points here (DNS rebinding) could read them: to its browser it is of the same origin.
        let response = if hosts.allow(&uri, &headers, &extensions) {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics()).into_response()
        } else {
            Hosts::refusal().into_response()
        };
        std::future::ready(response)
    };
    Router::new().route("/metrics", get(page)).fallback(not_found)
}

/// Serves a router to callers with the grant `admin` only, for an admin listener that other machines can reach.
pub fn for_operators(router: Router, node: Node, caller_of: CallerOf) -> Router {
    router.layer(from_fn_with_state((node, caller_of), require_admin))
}

async fn require_admin(State((node, caller_of)): State<(Node, CallerOf)>, request: Request, next: Next) -> Response {
    match admit(&node, &caller_of(request.extensions(), request.headers()), Action::Operate).await {
        Ok(_) => next.run(request).await,
        Err(error) => refusal(error).into_response(),
    }
}

async fn not_found() -> HttpError {
    let hint = "nothing is served at this path of the admin listener: there is /metrics, in the text format of Prometheus; \
                /health, /ready and the APIs are at the public listener";
    HttpError::new(StatusCode::NOT_FOUND, "NOT_FOUND", hint)
}
