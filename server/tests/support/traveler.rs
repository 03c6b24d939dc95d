//! A session that goes from door to door, and keeps its numbers as clients do.

use std::net::SocketAddr;

use wigwag_proto::v1::{
    AppData, ClientFrame, Envelope, ErrorFrame, Hello, Join, Joined, Left, Resume, ServerFrame, Welcome,
    app_data::Content, client_frame::Body as Up, envelope::Payload, member::State, server_frame::Body as Down,
    welcome::Outcome,
};

use crate::doors::{Door, Line};

pub(crate) struct Traveler {
    addr: SocketAddr,
    /// The connection, while there is one.
    pub(crate) line: Option<Line>,
    pub(crate) id: String,
    token: String,
    pub(crate) epoch: u32,
    /// The last number sent.
    pub(crate) sent: u32,
    /// The last number received.
    pub(crate) seen: u32,
}

impl Traveler {
    /// A new resumable session.
    pub(crate) async fn open(door: Door, addr: SocketAddr) -> Self {
        Self::with(door, addr, Hello::default()).await
    }

    /// A new session with what this hello asks for; it is resumable.
    pub(crate) async fn with(door: Door, addr: SocketAddr, hello: Hello) -> Self {
        let line = Line::open(door, addr, Hello { resumable: true, ..hello }).await.expect("a welcome");
        let (id, token) = (line.welcome.peer_id.clone(), line.welcome.session_token.clone());
        Self { addr, id, token, epoch: line.welcome.epoch, line: Some(line), sent: 0, seen: 0 }
    }

    /// The hello that resumes it.
    pub(crate) fn hello(&self) -> Hello {
        let resume =
            Resume { session_token: self.token.clone(), epoch: self.epoch, last_seq: self.seen, ..Resume::default() };
        Hello { resumable: true, resume: Some(resume), ..Hello::default() }
    }

    /// Lets the connection go without a word.
    pub(crate) fn lose(&mut self) {
        self.line = None;
    }

    /// Asks to be resumed through a door, and does nothing with the answer.
    pub(crate) async fn knock(&self, door: Door) -> Result<Line, ErrorFrame> {
        Line::open(door, self.addr, self.hello()).await
    }

    /// Asks to be resumed through a door, with a change to what is usual, and expects a new session in its place.
    pub(crate) async fn reset(&self, door: Door, change: impl FnOnce(&mut Resume)) -> Welcome {
        let mut hello = self.hello();
        change(hello.resume.as_mut().expect("a resume"));
        let line = Line::open(door, self.addr, hello).await.expect("a welcome");
        let welcome = line.welcome;
        assert_eq!(welcome.outcome(), Outcome::Reset, "{door:?}");
        assert_eq!((welcome.epoch, line.applied), (1, 0), "{door:?}");
        assert_ne!(welcome.peer_id, self.id, "{door:?}");
        welcome
    }

    /// Resumes through a door, as clients do: with an acknowledgement at once.
    pub(crate) async fn enter(&mut self, door: Door) {
        let line = self.knock(door).await.unwrap_or_else(|error| panic!("{door:?}: {error:?}"));
        self.take(line).await;
    }

    /// Goes on over a connection it was welcomed on.
    pub(crate) async fn take(&mut self, mut line: Line) {
        assert_eq!(line.welcome.outcome(), Outcome::Resumed, "{}", line.welcome.reset_reason);
        assert_eq!((&line.welcome.peer_id, line.applied), (&self.id, self.sent));
        assert!(line.welcome.epoch > self.epoch);
        self.epoch = line.welcome.epoch;
        line.send(ClientFrame { ack: self.seen, ..ClientFrame::default() }).await;
        self.line = Some(line);
    }

    /// Sends a numbered frame; gives its number.
    pub(crate) async fn send(&mut self, body: Up) -> u32 {
        self.sent += 1;
        self.frame(ClientFrame { seq: self.sent, ack: self.seen, body: Some(body) }).await;
        self.sent
    }

    /// Sends a frame as it is.
    pub(crate) async fn frame(&mut self, frame: ClientFrame) {
        self.line.as_mut().expect("a connection").send(frame).await;
    }

    /// The next numbered frame. Nobody is seen to leave before it; rosters and changes of members are passed over.
    pub(crate) async fn next(&mut self) -> ServerFrame {
        loop {
            let frame = self.line.as_mut().expect("a connection").next().await;
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

    /// Waits until somebody left the room, and tells who and why. Nothing numbered comes before.
    pub(crate) async fn sees_leave(&mut self) -> (String, String) {
        loop {
            match self.line.as_mut().expect("a connection").next().await.body {
                Some(Down::MemberLeft(left)) => return (left.peer_id, left.reason),
                Some(Down::Roster(_) | Down::MemberUpdated(_) | Down::RoomUpdated(_) | Down::MemberJoined(_)) => {}
                other => panic!("nobody left: {other:?}"),
            }
        }
    }

    /// Waits until a member is shown as reconnecting, and tells which.
    pub(crate) async fn sees_reconnecting(&mut self) -> String {
        loop {
            match self.line.as_mut().expect("a connection").next().await.body {
                Some(Down::MemberUpdated(updated)) => {
                    let member = updated.member.expect("a member");
                    if member.state() == State::Reconnecting {
                        return member.peer_id;
                    }
                }
                Some(Down::Roster(_) | Down::RoomUpdated(_) | Down::MemberJoined(_)) => {}
                other => panic!("nobody is reconnecting: {other:?}"),
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

    /// Writes to everybody else in a room.
    pub(crate) async fn say(&mut self, room: &str, text: &str) {
        self.send(said(room, text)).await;
    }

    /// Expects this text next.
    pub(crate) async fn hears(&mut self, text: &str) {
        let frame = self.next().await;
        let Some(Down::Envelope(Envelope { payload: Some(Payload::Message(AppData { content })), .. })) = &frame.body
        else {
            panic!("no envelope: {frame:?}")
        };
        assert_eq!(content.as_ref(), Some(&Content::Text(text.to_owned())));
    }

    /// Expects to hear next that its own seat is gone.
    pub(crate) async fn hears_own_left(&mut self) -> Left {
        let frame = self.next().await;
        let Some(Down::Left(left)) = frame.body else { panic!("no left: {frame:?}") };
        left
    }
}

/// A text for everybody else in a room.
pub(crate) fn said(room: &str, text: &str) -> Up {
    let message = AppData { content: Some(Content::Text(text.to_owned())) };
    Up::Envelope(Envelope { room: room.to_owned(), payload: Some(Payload::Message(message)), ..Envelope::default() })
}
