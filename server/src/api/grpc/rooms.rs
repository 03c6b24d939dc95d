//! `wigwag.v1.RoomService` over gRPC.

use futures_util::stream::{MapErr, TryStreamExt as _};
use tonic::{Request, Status};
use wigwag_node::{
    error::ApiError,
    node::Node,
    rooms::{MAX_REQUEST, RoomEvents, Rooms},
};
use wigwag_proto::v1::{self as pb, room_service_server::RoomServiceServer};

use super::{
    status::to_status,
    unary::{GrpcResult, parts, respond},
};

/// Implements `RoomService` over [`Rooms`]. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RoomServer(Rooms);

impl RoomServer {
    /// Returns the tonic service of a node.
    pub fn service(node: Node) -> RoomServiceServer<Self> {
        RoomServiceServer::new(Self(Rooms::new(node))).max_decoding_message_size(MAX_REQUEST)
    }
}

#[tonic::async_trait]
impl pb::room_service_server::RoomService for RoomServer {
    type WatchRoomsStream = MapErr<RoomEvents, fn(ApiError) -> Status>;

    async fn create_room(&self, request: Request<pb::CreateRoomRequest>) -> GrpcResult<pb::CreateRoomResponse> {
        let (caller, request) = parts(request);
        respond(self.0.create(&caller, request).await)
    }

    async fn get_room(&self, request: Request<pb::GetRoomRequest>) -> GrpcResult<pb::GetRoomResponse> {
        let (caller, request) = parts(request);
        respond(self.0.get(&caller, request).await)
    }

    async fn list_rooms(&self, request: Request<pb::ListRoomsRequest>) -> GrpcResult<pb::ListRoomsResponse> {
        let (caller, request) = parts(request);
        respond(self.0.list(&caller, request).await)
    }

    async fn update_room(&self, request: Request<pb::UpdateRoomRequest>) -> GrpcResult<pb::UpdateRoomResponse> {
        let (caller, request) = parts(request);
        respond(self.0.update(&caller, request).await)
    }

    async fn end_room(&self, request: Request<pb::EndRoomRequest>) -> GrpcResult<pb::EndRoomResponse> {
        let (caller, request) = parts(request);
        respond(self.0.end(&caller, request).await)
    }

    async fn list_members(&self, request: Request<pb::ListMembersRequest>) -> GrpcResult<pb::ListMembersResponse> {
        let (caller, request) = parts(request);
        respond(self.0.members(&caller, request).await)
    }

    async fn get_member(&self, request: Request<pb::GetMemberRequest>) -> GrpcResult<pb::GetMemberResponse> {
        let (caller, request) = parts(request);
        respond(self.0.member(&caller, request).await)
    }

    async fn remove_member(&self, request: Request<pb::RemoveMemberRequest>) -> GrpcResult<pb::RemoveMemberResponse> {
        let (caller, request) = parts(request);
        respond(self.0.remove_member(&caller, request).await)
    }

    async fn update_member(&self, request: Request<pb::UpdateMemberRequest>) -> GrpcResult<pb::UpdateMemberResponse> {
        let (caller, request) = parts(request);
        respond(self.0.update_member(&caller, request).await)
    }

    async fn send_to_user(&self, request: Request<pb::SendToUserRequest>) -> GrpcResult<pb::SendToUserResponse> {
        let (caller, request) = parts(request);
        respond(self.0.send_to_user(&caller, request).await)
    }

    async fn create_ticket(&self, request: Request<pb::CreateTicketRequest>) -> GrpcResult<pb::CreateTicketResponse> {
        let (caller, request) = parts(request);
        respond(self.0.create_ticket(&caller, request).await)
    }

    async fn send_to_room(&self, request: Request<pb::SendToRoomRequest>) -> GrpcResult<pb::SendToRoomResponse> {
        let (caller, request) = parts(request);
        respond(self.0.send(&caller, request).await)
    }

    async fn watch_rooms(&self, request: Request<pb::WatchRoomsRequest>) -> GrpcResult<Self::WatchRoomsStream> {
        let (caller, request) = parts(request);
        respond(
            self.0.watch(&caller, &request).await.map(|events| events.map_err(into_status as fn(ApiError) -> Status)),
        )
    }
}

fn into_status(error: ApiError) -> Status {
    to_status(&error)
}
