//! `wigwag.v1.AdminService` over gRPC, on the admin listener.

use tonic::Request;
use wigwag_node::{admin::Admin, error::ApiError, node::Node};
use wigwag_proto::v1::{self as pb, admin_service_server::AdminServiceServer};

use super::{
    status::to_status,
    unary::{GrpcResult, parts, respond},
};

/// What the calls answer that are not built yet.
const NOT_SUPPORTED: &str = "this call of AdminService is not supported by this version: the log and /metrics of the admin listener show its state";

/// Largest request, in bytes.
const MAX_REQUEST: usize = 16 * 1024;

/// Implements `AdminService` over [`Admin`]. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct AdminServer(Admin);

impl AdminServer {
    /// Returns the tonic service of a node.
    pub(super) fn service(node: Node) -> AdminServiceServer<Self> {
        AdminServiceServer::new(Self(Admin::new(node))).max_decoding_message_size(MAX_REQUEST)
    }
}

/// Returns the error of the calls that are not built yet.
fn not_supported<T>() -> GrpcResult<T> {
    Err(to_status(&ApiError::unimplemented(NOT_SUPPORTED)))
}

#[tonic::async_trait]
impl pb::admin_service_server::AdminService for AdminServer {
    async fn end_session(&self, request: Request<pb::EndSessionRequest>) -> GrpcResult<pb::EndSessionResponse> {
        let (caller, request) = parts(request);
        respond(self.0.end_session(&caller, request).await)
    }

    async fn revoke(&self, request: Request<pb::RevokeRequest>) -> GrpcResult<pb::RevokeResponse> {
        let (caller, request) = parts(request);
        respond(self.0.revoke(&caller, request).await)
    }

    async fn erase_user(&self, request: Request<pb::EraseUserRequest>) -> GrpcResult<pb::EraseUserResponse> {
        let (caller, request) = parts(request);
        respond(self.0.erase_user(&caller, request).await)
    }

    async fn get_node(&self, _: Request<pb::GetNodeRequest>) -> GrpcResult<pb::GetNodeResponse> {
        not_supported()
    }

    async fn list_sessions(&self, _: Request<pb::ListSessionsRequest>) -> GrpcResult<pb::ListSessionsResponse> {
        not_supported()
    }

    async fn drain_node(&self, _: Request<pb::DrainNodeRequest>) -> GrpcResult<pb::DrainNodeResponse> {
        not_supported()
    }

    async fn list_events(&self, _: Request<pb::ListEventsRequest>) -> GrpcResult<pb::ListEventsResponse> {
        not_supported()
    }

    async fn explain_pair(&self, _: Request<pb::ExplainPairRequest>) -> GrpcResult<pb::ExplainPairResponse> {
        not_supported()
    }

    async fn set_log_level(&self, _: Request<pb::SetLogLevelRequest>) -> GrpcResult<pb::SetLogLevelResponse> {
        not_supported()
    }
}
