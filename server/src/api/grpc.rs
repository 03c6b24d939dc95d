//! The gRPC services: `SignalingService`, `RoomService`, health and reflection.

mod health;
mod rooms;
mod signaling;
mod status;

pub use health::{Health, with_health};
pub use rooms::RoomServer;
pub use signaling::{SignalFastPath, SignalingServer};

use axum::Router;
use tonic::service::Routes;
use wigwag_node::node::Node;

/// Returns the services of a node.
pub fn routes(node: &Node) -> Router {
    Routes::new(SignalingServer::new(node.clone())).add_service(RoomServer::service(node.clone())).into_axum_router()
}
