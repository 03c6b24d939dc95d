//! Health (`grpc.health.v1`) and server reflection.

use axum::Router;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tonic_reflection::server::Builder;
use wigwag_proto::v1::{room_service_server, signaling_service_server};

/// Largest request of health and reflection, in bytes. tonic reserves what a request announces, up to this limit (by
/// default 4 MiB).
const MAX_REQUEST: usize = 16 * 1024;

/// The services whose health is reported; `""` stands for the whole server.
const SERVICES: [&str; 3] = ["", signaling_service_server::SERVICE_NAME, room_service_server::SERVICE_NAME];

/// Sets the health of this node's services (`grpc.health.v1`).
#[derive(Clone, Debug)]
pub struct Health(HealthReporter);

impl Health {
    /// Makes checks and watches of all services return NOT_SERVING.
    pub async fn set_draining(&self) {
        self.set(ServingStatus::NotServing).await;
    }

    async fn set(&self, status: ServingStatus) {
        for service in SERVICES {
            self.0.set_service_status(service, status).await;
        }
    }
}

/// Adds health and, if `reflection`, server reflection (v1 and v1alpha) to `services`. All services start as SERVING.
pub async fn with_health(services: Router, reflection: bool) -> (Router, Health) {
    let (reporter, server) = tonic_health::server::health_reporter();
    let health = Health(reporter);
    health.set(ServingStatus::Serving).await;
    let routes = Routes::from(services).add_service(server.max_decoding_message_size(MAX_REQUEST));
    let routes = if reflection { add_reflection(routes) } else { routes };
    (routes.into_axum_router(), health)
}

/// Adds both versions of server reflection: v1 is the standard, older tools only support v1alpha.
fn add_reflection(routes: Routes) -> Routes {
    let builder = || {
        Builder::configure()
            .register_encoded_file_descriptor_set(wigwag_proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let v1 = builder().build_v1().expect("the descriptors are built in and tested");
    let v1alpha = builder().build_v1alpha().expect("the descriptors are built in and tested");
    routes
        .add_service(v1.max_decoding_message_size(MAX_REQUEST))
        .add_service(v1alpha.max_decoding_message_size(MAX_REQUEST))
}
