//! The rooms of this node with their members, as `/health` and `/rooms` show them.

use std::sync::Arc;

use serde::Serialize;
use wigwag_hub::{RoomName, error::RoomError, member::Member};
use wigwag_node::{auth::Caller, error::ApiError, node::Node};

/// Some rooms of a node, in the order of their names.
pub(super) struct RoomPage {
    /// The rooms, with their members in the order in which they joined.
    pub(super) rooms: Vec<RoomView>,
    /// The last room of this page, if rooms follow.
    pub(super) last: Option<RoomName>,
    /// Whether all rooms that follow `after`, and all their members, are in this page.
    pub(super) complete: bool,
}

impl RoomPage {
    /// Reads at most `max_rooms` rooms after `after` that the caller may see, and at most `max_members` members in total. A room is not split: one
    /// that does not fit is left for the next page. Of a room that fits into no page only the first members are listed.
    ///
    /// # Errors
    ///
    /// When the backend's store does not answer.
    pub(super) async fn read(
        node: &Node,
        caller: &Caller,
        after: Option<&RoomName>,
        max_rooms: usize,
        max_members: usize,
    ) -> Result<Self, ApiError> {
        let (infos, mut more) = node.rooms_shown_to(caller, after, max_rooms).await?;
        let mut page = Self { rooms: Vec::new(), last: None, complete: true };
        let backend = node.backend_of(caller);
        let mut left = max_members;
        for info in infos {
            let members = match backend.members(&info.room, None, left).wait().await {
                Ok(members) => members,
                Err(RoomError::Store(error)) => return Err(error.into()),
                // It has ended meanwhile.
                Err(_) => continue,
            };
            if members.more && left < max_members {
                more = true;
                break;
            }
            left -= members.members.len();
            page.complete &= !members.more;
            page.rooms.push(RoomView {
                room_id: info.room.to_string(),
                participant_count: info.member_count.max(u32::try_from(members.members.len()).unwrap_or(u32::MAX)),
                participants: members.members.iter().map(|(_, member)| participant(&info.room, member)).collect(),
            });
            page.last = Some(info.room);
        }
        page.complete &= !more;
        page.last = page.last.filter(|_| more);
        Ok(page)
    }
}

/// A room as `/health` and `/rooms` show it. Clients of rooms-ws read the count next to the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoomView {
    room_id: String,
    participant_count: u32,
    participants: Vec<ParticipantView>,
}

/// A member as `/health` and `/rooms` show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ParticipantView {
    /// Its peer id; of a rooms-ws client, its user id.
    id: String,
    /// Its display name.
    name: String,
    /// When it joined, in milliseconds since 1970.
    joined_at: u64,
}

fn participant(room: &RoomName, member: &Arc<Member>) -> ParticipantView {
    ParticipantView {
        id: wigwag_compat::shown_id(room, &member.peer),
        name: member.display_name.to_string(),
        joined_at: member.joined_at_ms,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rooms_have_the_form_that_existing_clients_read() {
        let ada = ParticipantView { id: "p1".to_owned(), name: "Ada".to_owned(), joined_at: 1_795_193_347_120 };
        let room = RoomView { room_id: "demo".to_owned(), participant_count: 1, participants: vec![ada] };
        let expected = json!({
            "roomId": "demo",
            "participantCount": 1,
            "participants": [{"id": "p1", "name": "Ada", "joinedAt": 1_795_193_347_120_u64}],
        });
        assert_eq!(serde_json::to_value(room).expect("JSON"), expected);
    }
}
