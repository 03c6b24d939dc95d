//! The gRPC services: `SignalingService`, `RoomService`, health and reflection.

mod compression;
mod deadline;
pub mod framing;
mod health;
mod message_deadline;
mod oversize;
mod reflection;
mod rooms;
mod signaling;
mod status;

use axum::Router;
use axum::extract::Request;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::any;
use tonic::Status;
use tonic::service::Routes;
use wigwag_node::error::ApiError;
use wigwag_node::node::Node;
use wigwag_proto::v1::{room_service_server, signaling_service_server};

use self::status::to_status;
use super::RoomApi;

pub use health::Health;
pub use message_deadline::with_message_deadline;
pub use rooms::RoomServer;
pub use signaling::SignalingServer;

/// Returns the routes of the public listener: `SignalingService`, health, `RoomService` as `rooms` says and, if
/// `reflection`, server reflection (v1 and v1alpha).
pub fn public_routes(node: &Node, rooms: RoomApi, reflection: bool) -> (Router, Health) {
    let routes = Routes::new(SignalingServer::new(node.clone()));
    let mut names = vec![signaling_service_server::SERVICE_NAME];
    let routes = match rooms {
        RoomApi::Served => {
            names.push(room_service_server::SERVICE_NAME);
            routes.add_service(RoomServer::service(node.clone()))
        }
        RoomApi::Refused(_) => routes,
    };
    let health = Health::new(&names);
    let routes = routes.add_service(health.service());
    let routes = if reflection { reflection::add(routes, names, true) } else { routes };
    let router = routes.into_axum_router().reset_fallback();
    let router = match rooms {
        RoomApi::Served => router,
        RoomApi::Refused(why) => {
            let refuse = move |_: Request| async move { Status::unimplemented(why).into_http() as Response };
            router.route("/wigwag.v1.RoomService/{*method}", any(refuse))
        }
    };
    (kept_to_the_specification(router.merge(admin_service())), health)
}

/// Returns the routes of the admin listener: `RoomService` and, if `reflection`, server reflection.
pub fn admin_routes(node: &Node, reflection: bool) -> Router {
    let routes = Routes::new(RoomServer::service(node.clone()));
    let routes =
        if reflection { reflection::add(routes, vec![room_service_server::SERVICE_NAME], false) } else { routes };
    kept_to_the_specification(routes.into_axum_router().reset_fallback().merge(admin_service()))
}

/// Returns the route of `AdminService`, which answers that this version does not have it.
pub fn admin_service() -> Router {
    let refuse = |_: Request| async {
        let why =
            "AdminService is not supported by this version: the log and /metrics of the admin listener show its state";
        to_status(&ApiError::unimplemented(why)).into_http() as Response
    };
    Router::new().route("/wigwag.v1.AdminService/{*method}", any(refuse))
}

/// Adds what gRPC's specifications ask of a server and tonic's router leaves to others: calls that declare a compression are
/// refused, deadlines are kept, and a message that is too large is RESOURCE_EXHAUSTED. Each of these calls takes the router;
/// [`framing`] does the rest itself.
pub fn kept_to_the_specification(router: Router) -> Router {
    router
        .route_layer(from_fn(oversize::report))
        .route_layer(from_fn(deadline::keep))
        .route_layer(from_fn(compression::refuse))
}
