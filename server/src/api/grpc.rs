//! The gRPC services: `SignalingService`, `RoomService`, health and reflection.

mod health;
mod message_deadline;
mod rooms;
mod signaling;
mod status;

use axum::Router;
use tonic::service::Routes;
use wigwag_node::node::Node;

pub use health::{Health, with_health};
pub use message_deadline::with_message_deadline;
pub use rooms::RoomServer;
pub use signaling::{SignalFastPath, SignalingServer};

/// Returns the routes of `SignalingService` and `RoomService`.
pub fn routes(node: &Node) -> Router {
    Routes::new(SignalingServer::new(node.clone())).add_service(RoomServer::service(node.clone())).into_axum_router()
}
