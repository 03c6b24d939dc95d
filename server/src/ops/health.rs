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

/// Whether the node takes new sessions, as `/ready` tells a load balancer. Cheap to clone; starts ready.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<AtomicBool>);

impl Default for Readiness {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Readiness {
    /// The node goes: from now on `/ready` answers 503.
    pub fn set_draining(&self) {
        self.0.store(false, SeqCst);
    }

    /// Whether `/ready` answers 200.
    pub fn is_ready(&self) -> bool {
        self.0.load(SeqCst)
    }
}

/// What the pages show, and under which names.
#[derive(Clone)]
struct Pages {
    node: Node,
    hosts: Hosts,
}

/// Returns the routes.
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

/// Under a name that may not know who is here it counts only, so that whoever watches over the server still can.
async fn health(State(pages): State<Pages>, uri: Uri, headers: HeaderMap) -> Json<Health> {
    let rooms = rooms_page::rooms(&pages.node);
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
    Json(Rooms { rooms: rooms_page::rooms(&pages.node) }).into_response()
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
