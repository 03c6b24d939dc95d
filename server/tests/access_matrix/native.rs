//! A client of Wigwag's own API, over any of its transports.

use std::net::SocketAddr;

use wigwag_proto::v1::{
    AppData, ClientFrame, Envelope, Hello, Leave, Member, ServerFrame, app_data::Content, client_frame::Body as Up,
    envelope::Payload, member::Role, server_frame::Body as Down,
};

use crate::{
    model::{self, Event},
    transports::{Connection, Transport},
};

/// A client with a session.
pub(crate) struct Native {
    connection: Connection,
    pub(crate) id: String,
    sent: u32,
    seen: u32,
}

impl Native {
    pub(crate) async fn open(transport: Transport, addr: SocketAddr, token: String) -> Self {
        let hello = Hello { token, resumable: true, ..Hello::default() };
        let connection = Connection::open(transport, addr, hello).await.expect("a welcome");
        let id = connection.welcome.peer_id.clone();
        Self { connection, id, sent: 0, seen: 0 }
    }

    pub(crate) async fn send(&mut self, body: Up) {
        self.sent += 1;
        self.connection.send(ClientFrame { seq: self.sent, ack: self.seen, body: Some(body) }).await;
    }

    /// Sends a request that is refused: its answer follows all that was put into the mailbox before.
    pub(crate) async fn fence(&mut self) -> Event {
        self.send(Up::Leave(Leave { room: "none".to_owned() })).await;
        Event::refused("NOT_JOINED")
    }

    /// Reads the next frame, and returns it with the text of an error.
    pub(crate) async fn read(&mut self) -> (Event, String) {
        let frame = self.connection.next().await;
        if frame.seq > 0 {
            assert_eq!(frame.seq, self.seen + 1, "{frame:?}");
            self.seen = frame.seq;
        }
        let answers = matches!(frame.body, Some(Down::Joined(_) | Down::Done(_) | Down::Refreshed(_) | Down::Error(_)));
        if answers || frame.reply_to > 0 {
            assert_eq!(frame.reply_to, self.sent, "{frame:?}");
        }
        self.event_of(frame)
    }

    fn event_of(&self, frame: ServerFrame) -> (Event, String) {
        let mut error_text = String::new();
        let event = match frame.body {
            Some(Down::Envelope(envelope)) => {
                assert!(envelope.to.is_empty() || envelope.to == self.id, "{}: {envelope:?}", self.id);
                let (kind, text) = match envelope.payload {
                    Some(Payload::Message(AppData { content: Some(Content::Text(text)) })) => {
                        ("message".to_owned(), text)
                    }
                    Some(Payload::Description(description)) => (description.r#type, description.sdp),
                    other => panic!("another payload: {other:?}"),
                };
                Event::Signal { room: envelope.room, from: envelope.from, kind, text }
            }
            Some(Down::Joined(joined)) => {
                let (info, me) = (joined.room_info.expect("a room"), joined.me.expect("its own entry"));
                let others: Vec<_> = joined.members.iter().map(entry).collect();
                assert_eq!((info.room.as_str(), info.member_count as usize), (joined.room.as_str(), others.len() + 1));
                Event::Entered { room: joined.room, me: me.peer_id, others, first: joined.created }
            }
            Some(Down::Left(left)) => Event::Out { room: left.room, reason: left.reason },
            Some(Down::Done(_)) => Event::Done,
            Some(Down::Refreshed(_)) => Event::Refreshed,
            Some(Down::MemberJoined(event)) => {
                Event::Joined { room: event.room, entry: entry(&event.member.expect("a member")) }
            }
            Some(Down::MemberUpdated(event)) => {
                Event::Updated { room: event.room, entry: entry(&event.member.expect("a member")) }
            }
            Some(Down::MemberLeft(event)) => Event::Left { room: event.room, id: event.peer_id, reason: event.reason },
            Some(Down::RoomUpdated(event)) => {
                let info = event.room_info.expect("a room");
                assert_eq!(info.room, event.room);
                Event::RoomUpdated { room: event.room, owner: info.owner, count: info.member_count as usize }
            }
            Some(Down::Error(error)) => {
                assert!(!error.fatal, "{}: {error:?}", self.id);
                let metadata: std::collections::BTreeMap<_, _> = error.metadata.iter().collect();
                error_text = format!("{} {metadata:?}", error.message);
                Event::Refused { reason: error.reason }
            }
            other => panic!("{}: {other:?}", self.id),
        };
        (event, error_text)
    }
}

fn entry(member: &Member) -> String {
    let owner = match member.role() {
        Role::Owner => true,
        Role::Member => false,
        Role::Unspecified => panic!("no role: {member:?}"),
    };
    model::entry(&member.peer_id, &member.user_id, &member.display_name, owner)
}

/// An envelope with text.
pub(crate) fn text(room: &str, to: &str, from: &str, text: &str) -> Envelope {
    let message = AppData { content: Some(Content::Text(text.to_owned())) };
    Envelope {
        room: room.to_owned(),
        to: to.to_owned(),
        from: from.to_owned(),
        payload: Some(Payload::Message(message)),
        ..Envelope::default()
    }
}
