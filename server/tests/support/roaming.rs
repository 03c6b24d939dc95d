//! A session that resumes over different transports, and numbers its frames as clients do.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::net::SocketAddr;

use wigwag_proto::v1::{
    AppData, ClientFrame, Envelope, ErrorFrame, Hello, Join, Joined, Left, Resume, ServerFrame, Welcome,
    app_data::Content, client_frame::Body as Up, envelope::Payload, member::State, server_frame::Body as Down,
    welcome::Outcome,
};

use crate::transports::{Connection, Transport};

/// A resumable session and the client's state of it.
pub(crate) struct RoamingSession {
    addr: SocketAddr,
    /// The connection, while there is one.
    pub(crate) connection: Option<Connection>,
    pub(crate) id: String,
    token: String,
    pub(crate) epoch: u32,
    /// The last number sent.
    pub(crate) sent: u32,
    /// The last number received.
    pub(crate) seen: u32,
}

impl RoamingSession {
    /// A new resumable session.
    pub(crate) async fn open(transport: Transport, addr: SocketAddr) -> Self {
        Self::with(transport, addr, Hello::default()).await
    }

    /// A new session with what this hello asks for; it is resumable.
    pub(crate) async fn with(transport: Transport, addr: SocketAddr, hello: Hello) -> Self {
        let connection =
            Connection::open(transport, addr, Hello { resumable: true, ..hello }).await.expect("a welcome");
        Self::of(addr, connection)
    }

    /// The new session of a connection.
    pub(crate) fn of(addr: SocketAddr, connection: Connection) -> Self {
        let (id, token) = (connection.welcome.peer_id.clone(), connection.welcome.session_token.clone());
        Self { addr, id, token, epoch: connection.welcome.epoch, connection: Some(connection), sent: 0, seen: 0 }
    }

    /// The hello that resumes it.
    pub(crate) fn hello(&self) -> Hello {
        let resume =
            Resume { session_token: self.token.clone(), epoch: self.epoch, last_seq: self.seen, ..Resume::default() };
        Hello { resumable: true, resume: Some(resume), ..Hello::default() }
    }

    /// Drops the connection without a bye.
    pub(crate) fn lose(&mut self) {
        self.connection = None;
    }

    /// Requests to resume over a transport, without going on with the connection.
    pub(crate) async fn try_resume(&self, transport: Transport) -> Result<Connection, ErrorFrame> {
        Connection::open(transport, self.addr, self.hello()).await
    }

    /// Requests to resume over a transport with a changed hello, and expects a new session instead.
    pub(crate) async fn reset(&self, transport: Transport, change: impl FnOnce(&mut Resume)) -> Welcome {
        let mut hello = self.hello();
        change(hello.resume.as_mut().expect("a resume"));
        let connection = Connection::open(transport, self.addr, hello).await.expect("a welcome");
        let welcome = connection.welcome;
        assert_eq!(welcome.outcome(), Outcome::Reset, "{transport:?}");
        assert_eq!((welcome.epoch, connection.applied), (1, 0), "{transport:?}");
        assert_ne!(welcome.peer_id, self.id, "{transport:?}");
        welcome
    }

    /// Resumes over a transport as clients do, with an acknowledgment at once.
    pub(crate) async fn resume(&mut self, transport: Transport) {
        let connection = self.try_resume(transport).await.unwrap_or_else(|error| panic!("{transport:?}: {error:?}"));
        self.take(connection).await;
    }

    /// Goes on over a connection that was resumed.
    pub(crate) async fn take(&mut self, mut connection: Connection) {
        assert_eq!(connection.welcome.outcome(), Outcome::Resumed, "{}", connection.welcome.reset_reason);
        assert_eq!((&connection.welcome.peer_id, connection.applied), (&self.id, self.sent));
        assert!(connection.welcome.epoch > self.epoch);
        self.epoch = connection.welcome.epoch;
        connection.send(ClientFrame { ack: self.seen, ..ClientFrame::default() }).await;
        self.connection = Some(connection);
    }

    /// Sends a numbered frame. Returns its number.
    pub(crate) async fn send(&mut self, body: Up) -> u32 {
        self.sent += 1;
        self.frame(ClientFrame { seq: self.sent, ack: self.seen, body: Some(body) }).await;
        self.sent
    }

    /// Sends a frame as it is.
    pub(crate) async fn frame(&mut self, frame: ClientFrame) {
        self.connection.as_mut().expect("a connection").send(frame).await;
    }

    /// Returns the next numbered frame. Skips rosters and changes of members, but no member may leave.
    pub(crate) async fn next(&mut self) -> ServerFrame {
        loop {
            let frame = self.connection.as_mut().expect("a connection").next().await;
            match &frame.body {
                Some(Down::Roster(_) | Down::MemberUpdated(_) | Down::RoomUpdated(_) | Down::MemberJoined(_)) => {}
                _ => {
                    assert_eq!(frame.seq, self.seen + 1, "{frame:?}");
                    self.seen = frame.seq;
                    return frame;
                }
            }
        }
    }

    /// Waits until a member leaves the room. Returns its id and the reason. No numbered frame may come before.
    pub(crate) async fn sees_leave(&mut self) -> (String, String) {
        loop {
            match self.connection.as_mut().expect("a connection").next().await.body {
                Some(Down::MemberLeft(left)) => return (left.peer_id, left.reason),
                Some(Down::Roster(_) | Down::MemberUpdated(_) | Down::RoomUpdated(_) | Down::MemberJoined(_)) => {}
                other => panic!("no member_left: {other:?}"),
            }
        }
    }

    /// Waits until a member is reconnecting. Returns its id.
    pub(crate) async fn sees_reconnecting(&mut self) -> String {
        loop {
            match self.connection.as_mut().expect("a connection").next().await.body {
                Some(Down::MemberUpdated(updated)) => {
                    let member = updated.member.expect("a member");
                    if member.state() == State::Reconnecting {
                        return member.peer_id;
                    }
                }
                Some(Down::Roster(_) | Down::RoomUpdated(_) | Down::MemberJoined(_)) => {}
                other => panic!("no reconnecting member: {other:?}"),
            }
        }
    }

    pub(crate) async fn join(&mut self, room: &str) -> Joined {
        let seq = self.send(Up::Join(Join { room: room.to_owned(), ..Join::default() })).await;
        let frame = self.next().await;
        assert_eq!(frame.reply_to, seq);
        let Some(Down::Joined(joined)) = frame.body else { panic!("not joined: {frame:?}") };
        joined
    }

    /// Sends a text to all other members of a room.
    pub(crate) async fn say(&mut self, room: &str, text: &str) {
        self.send(said(room, text)).await;
    }

    /// Expects this text next.
    pub(crate) async fn expect_text(&mut self, text: &str) {
        let frame = self.next().await;
        let Some(Down::Envelope(Envelope { payload: Some(Payload::Message(AppData { content })), .. })) = &frame.body
        else {
            panic!("no envelope: {frame:?}")
        };
        assert_eq!(content.as_ref(), Some(&Content::Text(text.to_owned())));
    }

    /// Expects that the session loses its membership next.
    pub(crate) async fn expect_own_left(&mut self) -> Left {
        let frame = self.next().await;
        let Some(Down::Left(left)) = frame.body else { panic!("no left: {frame:?}") };
        left
    }
}

/// Returns an envelope with a text for all other members of a room.
pub(crate) fn said(room: &str, text: &str) -> Up {
    let message = AppData { content: Some(Content::Text(text.to_owned())) };
    Up::Envelope(Envelope { room: room.to_owned(), payload: Some(Payload::Message(message)), ..Envelope::default() })
}
