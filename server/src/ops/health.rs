//! `/health`, `/rooms` and `/ready`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use wigwag_net::host::Hosts;
use wigwag_node::clock::{iso8601, unix_ms};
use wigwag_node::node::Node;

use super::rooms_page::{self, RoomView};

/// Whether the node accepts new sessions, which `/ready` reports to load balancers. Cheap to clone; starts ready.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<AtomicBool>);

impl Default for Readiness {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Readiness {
    /// Makes `/ready` answer 503 from now on.
    pub fn set_draining(&self) {
        self.0.store(false, SeqCst);
    }

    /// Returns whether `/ready` answers 200.
    pub fn is_ready(&self) -> bool {
        self.0.load(SeqCst)
    }
}

/// The state of `/health` and `/rooms`: what they show, and the host names under which they show members.
#[derive(Clone)]
struct Pages {
    node: Node,
    hosts: Hosts,
}

/// Returns the routes of `/health`, `/rooms` and `/ready`.
pub fn router(node: Node, hosts: Hosts, readiness: Readiness) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/rooms", get(rooms))
        .with_state(Pages { node, hosts })
        .route("/ready", get(ready).with_state(readiness))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    status: &'static str,
    rooms: usize,
    connections: usize,
    room_details: Vec<RoomView>,
    timestamp: String,
}

/// Under a host name that may not see members it returns counts only, so that probes work under any name.
async fn health(State(pages): State<Pages>, uri: Uri, headers: HeaderMap) -> Json<Health> {
    let rooms = rooms_page::rooms(&pages.node).await;
    Json(Health {
        status: "ok",
        rooms: rooms.len(),
        connections: pages.node.backend().stats().attached,
        room_details: if pages.hosts.allow(&uri, &headers) { rooms } else { Vec::new() },
        timestamp: iso8601(unix_ms()),
    })
}

#[derive(Serialize)]
struct Rooms {
    rooms: Vec<RoomView>,
}

async fn rooms(State(pages): State<Pages>, uri: Uri, headers: HeaderMap) -> Response {
    if !pages.hosts.allow(&uri, &headers) {
        return Hosts::refusal().into_response();
    }
    Json(Rooms { rooms: rooms_page::rooms(&pages.node).await }).into_response()
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    reason: &'static str,
}

async fn ready(State(readiness): State<Readiness>) -> Response {
    if readiness.is_ready() {
        Json(Ready { ready: true, reason: "" }).into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(Ready { ready: false, reason: "DRAINING" })).into_response()
    }
}
