//! The gRPC services: `SignalingService`, `RoomService`, health and reflection.

mod admin;
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
mod unary;

use axum::Router;
use axum::extract::Request;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::any;
use tonic::Status;
use tonic::service::Routes;
use wigwag_node::error::ApiError;
use wigwag_node::node::Node;
use wigwag_proto::v1::{admin_service_server, room_service_server, signaling_service_server};

use self::admin::AdminServer;
pub(crate) use self::status::to_status;
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
    (kept_to_the_specification(router.merge(no_admin_service())), health)
}

/// Returns the routes of the admin listener: `AdminService`, `RoomService` if `rooms`, and server reflection if `reflection`.
pub fn admin_routes(node: &Node, rooms: bool, reflection: bool) -> Router {
    let mut names = vec![admin_service_server::SERVICE_NAME];
    let mut routes = Routes::new(AdminServer::service(node.clone()));
    if rooms {
        names.push(room_service_server::SERVICE_NAME);
        routes = routes.add_service(RoomServer::service(node.clone()));
    }
    let routes = if reflection { reflection::add(routes, names, false) } else { routes };
    kept_to_the_specification(routes.into_axum_router().reset_fallback())
}

/// Returns the route of `AdminService` at the public listener, which answers that it is not there.
fn no_admin_service() -> Router {
    let refuse = |_: Request| async {
        let why = "AdminService is served by the admin listener only: call it at the address of admin.listen";
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
