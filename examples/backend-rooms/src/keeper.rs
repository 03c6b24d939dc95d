//! Creates, watches and ends the rooms of this backend.

use std::collections::HashSet;

use tonic::{Code, Status, Streaming, transport::Channel};
use tonic_types::StatusExt;
use wigwag_proto::v1::{
    AppData, CreateRoomRequest, EndRoomRequest, Envelope, Member, RemoveMemberRequest, SendToRoomRequest,
    WatchRoomsRequest, WatchRoomsResponse, app_data::Content, envelope::Payload,
    room_service_client::RoomServiceClient, watch_rooms_response::Event,
};

pub(crate) struct Keeper {
    service: RoomServiceClient<Channel>,
    rooms: Vec<String>,
    banned: HashSet<String>,
    max_members: u32,
}

/// How a watch ended.
pub(crate) struct Ended {
    /// The error, for people.
    pub(crate) status: String,
    /// Whether it delivered events before it ended.
    pub(crate) had_events: bool,
    /// Whether a retry would fail in the same way.
    pub(crate) is_permanent: bool,
}

impl Keeper {
    pub(crate) fn new(
        service: RoomServiceClient<Channel>,
        rooms: Vec<String>,
        banned: HashSet<String>,
        max_members: u32,
    ) -> Self {
        Self { service, rooms, banned, max_members }
    }

    /// Creates the rooms that do not exist, then watches until the stream ends.
    pub(crate) async fn keep(&mut self) -> Ended {
        let mut had_events = false;
        let status = match self.open().await {
            Ok(mut events) => loop {
                match events.message().await {
                    Ok(Some(event)) => {
                        had_events = true;
                        self.handle(event).await;
                    }
                    Ok(None) => break Status::unavailable("the server ended the watch"),
                    Err(status) => break status,
                }
            },
            Err(status) => status,
        };
        let is_permanent = matches!(
            status.code(),
            Code::PermissionDenied | Code::Unauthenticated | Code::InvalidArgument | Code::Unimplemented
        );
        Ended { status: format!("{}: {}", reason(&status), status.message()), had_events, is_permanent }
    }

    async fn open(&mut self) -> Result<Streaming<WatchRoomsResponse>, Status> {
        for room in self.rooms.clone() {
            let request = CreateRoomRequest {
                room: room.clone(),
                max_members: self.max_members,
                metadata: [("kept-by".into(), "backend-rooms".into())].into(),
                ..CreateRoomRequest::default()
            };
            match self.service.create_room(request).await {
                Ok(_) => println!("{room}: created"),
                Err(status) if reason(&status) == "ROOM_EXISTS" => println!("{room}: exists"),
                Err(status) => return Err(status),
            }
        }
        Ok(self.service.watch_rooms(WatchRoomsRequest::default()).await?.into_inner())
    }

    async fn handle(&mut self, event: WatchRoomsResponse) {
        match event.event {
            Some(Event::Snapshot(snapshot)) => {
                let room = snapshot.room_info.unwrap_or_default().room;
                for member in snapshot.members {
                    self.enforce_ban(&room, member).await;
                }
            }
            Some(Event::Synced(_)) => println!("watching"),
            Some(Event::MemberJoined(joined)) => {
                let member = joined.member.unwrap_or_default();
                println!("{}: {} joined", joined.room, member.display_name);
                self.enforce_ban(&joined.room, member).await;
            }
            Some(Event::MemberUpdated(updated)) => {
                // A member may have taken a banned name after joining.
                self.enforce_ban(&updated.room, updated.member.unwrap_or_default()).await;
            }
            Some(Event::MemberLeft(left)) => println!("{}: a member left ({})", left.room, left.reason),
            Some(Event::RoomEnded(ended)) => println!("{}: ended ({})", ended.room, ended.reason),
            _ => {}
        }
    }

    async fn enforce_ban(&mut self, room: &str, member: Member) {
        if !self.rooms.iter().any(|kept| kept == room) || !self.banned.contains(&member.display_name) {
            return;
        }
        let (room, name) = (room.to_owned(), member.display_name);
        let remove = RemoveMemberRequest { room: room.clone(), peer_id: member.peer_id, ban: true };
        match self.service.remove_member(remove).await {
            Ok(_) => println!("{room}: {name} was banned"),
            // The member has left meanwhile, or the room has ended.
            Err(status) if matches!(reason(&status).as_str(), "PEER_NOT_FOUND" | "ROOM_NOT_FOUND") => return,
            Err(status) => return println!("{room}: {name} could not be banned: {}", reason(&status)),
        }
        let text = format!("{name} was banned from this room");
        let message = Payload::Message(AppData { content: Some(Content::Text(text)) });
        let envelope = Some(Envelope { room, payload: Some(message), ..Envelope::default() });
        // Fails only if the room is empty or has ended, when no one is left to notify.
        let _ = self.service.send_to_room(SendToRoomRequest { envelope, ..SendToRoomRequest::default() }).await;
    }

    /// Ends the rooms.
    pub(crate) async fn end(&mut self) {
        for room in std::mem::take(&mut self.rooms) {
            match self.service.end_room(EndRoomRequest { room: room.clone() }).await {
                Ok(_) => println!("{room}: ended"),
                Err(status) => println!("{room}: {}", reason(&status)),
            }
        }
    }
}

/// Returns the reason of an error of this API, or the status code of any other error.
fn reason(status: &Status) -> String {
    match status.get_details_error_info() {
        Some(info) if info.domain == "wigwag" => info.reason,
        _ => format!("{:?}", status.code()),
    }
}
