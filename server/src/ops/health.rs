//! `/health`, `/rooms` and `/ready`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use axum::extract::State;
use axum::http::{Extensions, HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use wigwag_hub::RoomName;
use wigwag_net::host::Hosts;
use wigwag_net::http_error::HttpError;
use wigwag_node::auth::{Action, Caller};
use wigwag_node::clock::{iso8601, unix_ms};
use wigwag_node::error::{ApiError, Code};
use wigwag_node::node::Node;

use super::CallerOf;
use super::rooms_page::{RoomPage, RoomView};

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

/// Most rooms, and members in total, in an answer of `/health`: a probe costs the same however many there are.
const HEALTH_ROOMS: usize = 100;
const HEALTH_MEMBERS: usize = 100;

/// Most rooms, and members in total, in a page of `/rooms`.
const PAGE_ROOMS: usize = 100;
const PAGE_MEMBERS: usize = 1_000;

/// The state of `/health` and `/rooms`.
#[derive(Clone)]
struct Pages {
    node: Node,
    /// The host names under which they show rooms.
    hosts: Hosts,
    /// Whether they show rooms at all, or counts only.
    show_rooms: bool,
    caller_of: CallerOf,
}

/// Returns the routes of `/health`, `/rooms` and `/ready`. Without `show_rooms` they tell how many rooms there are and not
/// which.
pub fn router(node: Node, hosts: Hosts, show_rooms: bool, readiness: Readiness, caller_of: CallerOf) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/rooms", get(rooms))
        .with_state(Pages { node, hosts, show_rooms, caller_of })
        .route("/ready", get(ready).with_state(readiness))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    status: &'static str,
    rooms: usize,
    connections: usize,
    room_details: Vec<RoomView>,
    /// Left out if all rooms and members are in `room_details`, or if it may show none.
    #[serde(skip_serializing_if = "Option::is_none")]
    room_details_truncated: Option<bool>,
    timestamp: String,
}

/// Under a host name that may not see rooms it returns counts only, so that probes work under any name.
async fn health(State(pages): State<Pages>, uri: Uri, headers: HeaderMap, extensions: Extensions) -> Json<Health> {
    let stats = pages.node.stats();
    let rooms = room_count(&pages.node).await;
    // With authentication it shows counts to everyone and rooms to no one: probes have no token.
    let shows = pages.show_rooms && !pages.node.policy().requires_tokens();
    let (room_details, complete) = if shows && pages.hosts.allow(&uri, &headers, &extensions) {
        // A node is alive even if its store does not answer: it shows counts then.
        let page = RoomPage::read(&pages.node, &Caller::default(), None, HEALTH_ROOMS, HEALTH_MEMBERS).await;
        page.map_or_else(|_| (Vec::new(), false), |page| (page.rooms, page.complete))
    } else {
        (Vec::new(), true)
    };
    Json(Health {
        status: "ok",
        rooms,
        connections: stats.attached,
        room_details,
        room_details_truncated: (!complete).then_some(true),
        timestamp: iso8601(unix_ms()),
    })
}

/// Returns how many rooms there are; those that this node knows if the store does not answer.
async fn room_count(node: &Node) -> usize {
    node.totals().await.map_or_else(|_| node.stats().rooms, |totals| totals.rooms)
}

#[derive(Serialize)]
struct Rooms {
    rooms: Vec<RoomView>,
    /// The path of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// What `/rooms` shows when it may not name rooms.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoomCounts {
    rooms: [RoomView; 0],
    room_count: usize,
    connections: usize,
    hint: &'static str,
}

const COUNTS_ONLY: &str = "other machines can reach this server, so it does not show rooms and members to everyone: set \
                           public_rooms = true to show them, or ask RoomService from its machine";

async fn rooms(State(pages): State<Pages>, uri: Uri, headers: HeaderMap, extensions: Extensions) -> Response {
    let mut caller = Caller::default();
    if pages.node.policy().requires_tokens() {
        // The token or the certificate says what is shown, whatever the host name.
        match admit(&pages.node, &(pages.caller_of)(&extensions, &headers), Action::Manage).await {
            Ok(manager) => caller = manager,
            Err(error) => return refusal(error).into_response(),
        }
    } else if !pages.show_rooms {
        let stats = pages.node.stats();
        let (room_count, connections) = (room_count(&pages.node).await, stats.attached);
        return Json(RoomCounts { rooms: [], room_count, connections, hint: COUNTS_ONLY }).into_response();
    }
    if caller.identity.is_none() && !pages.hosts.allow(&uri, &headers, &extensions) {
        return Hosts::refusal().into_response();
    }
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let after = match query.filter(|(name, _)| name == "after").last().map(|(_, room)| RoomName::parse(&room)) {
        None => None,
        Some(Ok(room)) => Some(room),
        Some(Err(_)) => {
            let hint = "after is not the name of a room: follow the path in next of the page before";
            return HttpError::new(StatusCode::BAD_REQUEST, "INVALID_FIELD", hint).into_response();
        }
    };
    let page = match RoomPage::read(&pages.node, &caller, after.as_ref(), PAGE_ROOMS, PAGE_MEMBERS).await {
        Ok(page) => page,
        Err(error) => {
            return HttpError::new(StatusCode::SERVICE_UNAVAILABLE, error.reason, error.message).into_response();
        }
    };
    let next = page.last.map(|room| {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("after", room.as_str()).finish();
        format!("/rooms?{query}")
    });
    Json(Rooms { rooms: page.rooms, next }).into_response()
}

/// Returns who the caller is if it may do this.
pub(super) async fn admit(node: &Node, caller: &Caller, action: Action) -> Result<Caller, ApiError> {
    let caller = node.identify(caller).await?;
    node.policy().allow(&caller, action, None)?;
    Ok(caller)
}

pub(super) fn refusal(error: ApiError) -> HttpError {
    match error.code {
        Code::PermissionDenied => HttpError::new(StatusCode::FORBIDDEN, error.reason, error.message),
        Code::Unauthenticated => HttpError::new(StatusCode::UNAUTHORIZED, error.reason, error.message)
            .header(header::WWW_AUTHENTICATE, "Bearer"),
        _ => HttpError::new(StatusCode::SERVICE_UNAVAILABLE, error.reason, error.message),
    }
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
