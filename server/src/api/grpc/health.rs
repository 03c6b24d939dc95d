//! Health (`grpc.health.v1`).

use std::pin::Pin;
use std::sync::Arc;

use futures_core::Stream;
use futures_util::stream;
use tokio::sync::watch;
use tonic::{Request, Response, Status};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_check_response::ServingStatus,
    health_server::{self, HealthServer},
};

use super::reflection::MAX_REQUEST;

/// The health of this node's services, which serve together or not at all. Cheap to clone; starts as SERVING.
#[derive(Clone, Debug)]
pub struct Health {
    status: Arc<watch::Sender<ServingStatus>>,
    /// The services that have a status; `""` is the whole server.
    names: Arc<[&'static str]>,
}

impl Health {
    /// Creates the health of the services with these names.
    pub(super) fn new(services: &[&'static str]) -> Self {
        let names = [&[""], services].concat();
        Self { status: Arc::new(watch::Sender::new(ServingStatus::Serving)), names: names.into() }
    }

    /// Makes checks and watches of all services return NOT_SERVING.
    pub fn set_draining(&self) {
        self.status.send_replace(ServingStatus::NotServing);
    }

    pub(super) fn service(&self) -> HealthServer<Self> {
        HealthServer::new(self.clone()).max_decoding_message_size(MAX_REQUEST)
    }

    fn is_known(&self, service: &str) -> bool {
        self.names.contains(&service)
    }
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}

type Statuses = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

#[tonic::async_trait]
impl health_server::Health for Health {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        if !self.is_known(&request.get_ref().service) {
            return Err(Status::not_found("this server has no such service: leave the name out for the whole server"));
        }
        Ok(Response::new(response(*self.status.borrow())))
    }

    type WatchStream = Statuses;

    /// Streams the status and its changes. The stream of an unknown service begins with SERVICE_UNKNOWN and stays open, as
    /// health.proto asks: clients retry a watch that ends.
    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Statuses>, Status> {
        let known = self.is_known(&request.get_ref().service);
        let changes = stream::unfold((self.status.subscribe(), true), move |(mut status, first)| async move {
            if !first && (!known || status.changed().await.is_err()) {
                std::future::pending::<()>().await;
            }
            let now = *status.borrow_and_update();
            let shown = if known { now } else { ServingStatus::ServiceUnknown };
            Some((Ok(response(shown)), (status, false)))
        });
        Ok(Response::new(Box::pin(changes)))
    }
}
