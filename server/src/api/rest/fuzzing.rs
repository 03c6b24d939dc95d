//! The entry point of the fuzz target `rest_request`.

use axum::http::Request;
use wigwag_node::json;
use wigwag_proto::v1 as pb;

use super::request::Target;

/// Reads a REST request: its target in the first line, its body in the rest.
pub fn rest_request(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (target, body) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if let Ok(request) = Request::builder().uri(target).body(()) {
        let target = Target::of(&request.into_parts().0);
        let _ = (target.resource(), target.room(), target.peer_id(), target.number("pageSize"), target.flag("ban"));
    }
    for error in [
        json::read::<pb::CreateRoomRequest>(body).err(),
        json::read::<pb::UpdateRoomRequest>(body).err(),
        json::read::<pb::SendToRoomRequest>(body).err(),
    ] {
        assert!(error.is_none_or(|bad| bad.to_error().message.len() < 2_000));
    }
}
