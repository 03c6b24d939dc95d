//! Health (`grpc.health.v1`) and server reflection.

use axum::Router;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tonic_reflection::server::Builder;
use wigwag_proto::v1::{room_service_server, signaling_service_server};

/// Largest request of health and reflection, in bytes. Theirs are tiny; tonic's default of 4 MiB is reserved per request.
const MAX_REQUEST: usize = 16 * 1024;

/// The services whose health is told by name; `""` stands for the whole server.
const SERVICES: [&str; 3] = ["", signaling_service_server::SERVICE_NAME, room_service_server::SERVICE_NAME];

/// Tells the health of this node's services (`grpc.health.v1`). Starts serving.
#[derive(Clone, Debug)]
pub struct Health(HealthReporter);

impl Health {
    /// The node goes: checks and watches hear NOT_SERVING.
    pub async fn set_draining(&self) {
        self.set(ServingStatus::NotServing).await;
    }

    async fn set(&self, status: ServingStatus) {
        for service in SERVICES {
            self.0.set_service_status(service, status).await;
        }
    }
}

/// Adds health and, if `reflection`, server reflection (v1 and v1alpha) to the node's own services.
pub async fn with_health(services: Router, reflection: bool) -> (Router, Health) {
    let (reporter, server) = tonic_health::server::health_reporter();
    let health = Health(reporter);
    health.set(ServingStatus::Serving).await;
    let routes = Routes::from(services).add_service(server.max_decoding_message_size(MAX_REQUEST));
    let routes = if reflection { reflect(routes) } else { routes };
    (routes.into_axum_router(), health)
}

/// Two services, because tools ask for either: v1 is the standard, v1alpha what older ones know.
fn reflect(routes: Routes) -> Routes {
    let described = || {
        Builder::configure()
            .register_encoded_file_descriptor_set(wigwag_proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let v1 = described().build_v1().expect("the descriptors are built in and tested");
    let v1alpha = described().build_v1alpha().expect("the descriptors are built in and tested");
    routes
        .add_service(v1.max_decoding_message_size(MAX_REQUEST))
        .add_service(v1alpha.max_decoding_message_size(MAX_REQUEST))
}
