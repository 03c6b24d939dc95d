//! What `/health` and `/rooms` tell: who is in which room on this node.

use serde::{Serialize, Serializer};

use crate::clock::iso8601;

/// A view of the node's rooms. The node implements it; the HTTP pages show it.
pub trait Census: Send + Sync + 'static {
    /// Sessions attached to this node.
    fn connections(&self) -> usize;

    /// All rooms, with their members in the order in which they joined.
    fn rooms(&self) -> Vec<RoomView>;
}

/// A room as `/rooms` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", into = "RoomJson")]
pub struct RoomView {
    /// The room's name.
    pub id: String,
    /// Its members.
    pub participants: Vec<ParticipantView>,
}

/// A member as `/rooms` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParticipantView {
    /// Its peer id; of a client of the rooms-ws dialect, its user id.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// When it joined, in milliseconds since the Unix epoch; shown as ISO 8601.
    #[serde(rename = "joinedAt", serialize_with = "as_iso8601")]
    pub joined_at_ms: u64,
}

/// The count stands beside the list because the clients of the seed server read it there.
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
