//! Calls of a backend.

use serde_json::Value;
use tonic::transport::Endpoint;
use tonic_types::StatusExt;
use wigwag_proto::v1::{
    CreateRoomRequest, EndRoomRequest, Envelope, RemoveMemberRequest, SendToRoomRequest, UpdateRoomRequest,
    room_service_client::RoomServiceClient,
};

use crate::{fields::Fields, payload::payload};

/// Makes the call named by the `method` of the step. `Err(Ok(reason))`: the server refused it.
pub(crate) async fn call(
    url: String,
    step: &mut Fields,
    peer: impl Fn(&str) -> Result<String, String>,
) -> Result<(), Result<String, String>> {
    let method: String = step.take("method").map_err(Err)?;
    let room = step.take("room").map_err(Err)?;
    let whom = |step: &mut Fields, field: &str| -> Result<String, Result<String, String>> {
        let name: Option<String> = step.find(field).map_err(Err)?;
        peer(&name.unwrap_or_default()).map_err(Err)
    };
    let endpoint = Endpoint::from_shared(url).map_err(|error| Err(error.to_string()))?;
    let mut rooms = RoomServiceClient::new(endpoint.connect_lazy());
    let refused = |status: tonic::Status| match status.get_details_error_info() {
        Some(info) => Ok(info.reason),
        None => Err(status.to_string()),
    };
    match method.as_str() {
        "CreateRoom" => {
            let max_members = step.find("maxMembers").map_err(Err)?.unwrap_or_default();
            let request = CreateRoomRequest { room, max_members, ..Default::default() };
            rooms.create_room(request).await.map(drop)
        }
        "UpdateRoom" => {
            let display_name = step.find("displayName").map_err(Err)?;
            let request = UpdateRoomRequest { room, display_name, ..Default::default() };
            rooms.update_room(request).await.map(drop)
        }
        "EndRoom" => rooms.end_room(EndRoomRequest { room }).await.map(drop),
        "RemoveMember" => {
            let peer_id = whom(step, "peer")?;
            let ban = step.find("ban").map_err(Err)?.unwrap_or_default();
            rooms.remove_member(RemoveMemberRequest { room, peer_id, ban }).await.map(drop)
        }
        "SendToRoom" => {
            let to = whom(step, "to")?;
            let content = payload(&step.take::<Value>("payload").map_err(Err)?).map_err(Err)?;
            let envelope = Some(Envelope { room, to, payload: Some(content.into()), ..Default::default() });
            rooms.send_to_room(SendToRoomRequest { envelope, ..Default::default() }).await.map(drop)
        }
        other => return Err(Err(format!("RoomService has no method {other:?} here"))),
    }
    .map_err(refused)
}
