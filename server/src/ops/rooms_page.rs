//! The rooms of this node with their members, as `/health` and `/rooms` show them.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use wigwag_hub::member::Member;
use wigwag_node::{clock::iso8601, node::Node};

/// Returns all rooms of a node, with their members in the order in which they joined.
pub(super) async fn rooms(node: &Node) -> Vec<RoomView> {
    let mut views = Vec::new();
    for info in node.backend().rooms(None, usize::MAX).wait().await {
        // A room may have ended meanwhile.
        let Ok(snapshot) = node.backend().snapshot(&info.room).wait().await else { continue };
        let participant = |member: &Arc<Member>| ParticipantView {
            id: wigwag_compat::shown_id(&info.room, &member.peer),
            name: member.display_name.to_string(),
            joined_at_ms: member.joined_at_ms,
        };
        let participants = snapshot.members.iter().map(participant).collect();
        views.push(RoomView { id: info.room.to_string(), participants });
    }
    views
}

/// A room as `/rooms` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", into = "RoomJson")]
pub(super) struct RoomView {
    /// The room's name.
    pub(super) id: String,
    /// Its members.
    pub(super) participants: Vec<ParticipantView>,
}

/// A member as `/rooms` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ParticipantView {
    /// Its peer id; of a rooms-ws client, its user id.
    pub(super) id: String,
    /// Its display name.
    pub(super) name: String,
    /// When it joined, in milliseconds since the Unix epoch; shown as ISO 8601.
    #[serde(rename = "joinedAt", serialize_with = "as_iso8601")]
    pub(super) joined_at_ms: u64,
}

/// The JSON of a room. Clients of rooms-ws read the count next to the list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoomJson {
    room_id: String,
    participant_count: usize,
    participants: Vec<ParticipantView>,
}

impl From<RoomView> for RoomJson {
    fn from(RoomView { id, participants }: RoomView) -> Self {
        Self { room_id: id, participant_count: participants.len(), participants }
    }
}

// serde fixes the signature.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn as_iso8601<S: Serializer>(unix_ms: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&iso8601(*unix_ms))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rooms_have_the_form_that_existing_clients_read() {
        let ada = ParticipantView { id: "p1".to_owned(), name: "Ada".to_owned(), joined_at_ms: 1_795_193_347_120 };
        let room = RoomView { id: "demo".to_owned(), participants: vec![ada] };
        let expected = json!({
            "roomId": "demo",
            "participantCount": 1,
            "participants": [{"id": "p1", "name": "Ada", "joinedAt": "2026-11-20T16:49:07.120Z"}],
        });
        assert_eq!(serde_json::to_value(room).expect("JSON"), expected);
    }
}
