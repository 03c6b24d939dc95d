//! A peer on a `Signal` stream that does what a test says, and numbers what it sends unless told otherwise.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::ops::{Deref, DerefMut};

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use wigwag_proto::v1::{
    ClientFrame, ErrorFrame, Hello, Joined, client_frame::Body as Up, server_frame::Body as Down, welcome::Outcome,
};

use crate::frames::{self, join, resumable};
use crate::inbox::Inbox;
use crate::node::{Client, Node, soon};

/// Frames a test may be ahead of the network.
const QUEUE: usize = 4_096;

pub(crate) struct Peer {
    inbox: Inbox,
    /// The last number sent.
    pub(crate) sent: u32,
    /// Put `ack` into each frame.
    pub(crate) acks: bool,
}

impl Deref for Peer {
    type Target = Inbox;

    fn deref(&self) -> &Inbox {
        &self.inbox
    }
}

impl DerefMut for Peer {
    fn deref_mut(&mut self) -> &mut Inbox {
        &mut self.inbox
    }
}

impl Peer {
    /// Opens a resumable session on a new connection.
    pub(crate) async fn open(node: &Node) -> Self {
        Self::with(&mut node.client().await, resumable()).await
    }

    /// Opens a session for live delivery only, on a new connection.
    pub(crate) async fn live(node: &Node) -> Self {
        Self::with(&mut node.client().await, Hello::default()).await
    }

    /// A resumable session that is in a room.
    pub(crate) async fn in_room(node: &Node, room: &str) -> Self {
        let mut peer = Self::open(node).await;
        peer.join(room).await;
        peer
    }

    /// A session opened, or resumed, with this hello.
    pub(crate) async fn with(client: &mut Client, hello: Hello) -> Self {
        match Self::try_with(client, hello).await {
            Ok(peer) => peer,
            Err((error, _)) => panic!("no welcome but {error:?}"),
        }
    }

    /// As [`Self::with`], or the fatal error and the status that came in place of a welcome.
    pub(crate) async fn try_with(client: &mut Client, hello: Hello) -> Result<Self, (ErrorFrame, Status)> {
        let hello = ClientFrame { body: Some(Up::Hello(hello)), ..ClientFrame::default() };
        Self::begin(client, vec![hello]).await
    }

    /// A connection that begins with these frames.
    pub(crate) async fn begin(client: &mut Client, frames: Vec<ClientFrame>) -> Result<Self, (ErrorFrame, Status)> {
        let (up, queue) = mpsc::channel(QUEUE);
        for frame in frames {
            up.send(frame).await.expect("the queue has room");
        }
        let answer = soon("the stream", client.signal(ReceiverStream::new(queue))).await;
        let mut inbox = Inbox::open(answer.expect("a stream").into_inner()).await?;
        inbox.up = Some(up);
        let sent = inbox.applied;
        Ok(Self { inbox, sent, acks: true })
    }

    /// Lets the connection go without a word and resumes the session over another one. The numbers go on.
    pub(crate) async fn reconnect(self, node: &Node) -> Self {
        self.reconnect_with(&mut node.client().await).await
    }

    /// As [`Self::reconnect`], with this client.
    pub(crate) async fn reconnect_with(self, client: &mut Client) -> Self {
        let (hello, sent, seen) = (self.resume(), self.sent, self.seen);
        drop(self);
        let mut peer = Self::with(client, hello).await;
        assert_eq!(peer.welcome.outcome(), Outcome::Resumed, "{}", peer.welcome.reset_reason);
        peer.sent = sent;
        peer.seen = seen;
        peer
    }

    /// The hello that resumes this session.
    pub(crate) fn resume(&self) -> Hello {
        frames::resume(&self.welcome, self.seen)
    }

    /// Sends a numbered frame; gives its number.
    pub(crate) async fn send(&mut self, body: Up) -> u32 {
        self.sent += 1;
        let ack = if self.acks { self.seen } else { 0 };
        self.frame(ClientFrame { seq: self.sent, ack, body: Some(body) }).await;
        self.sent
    }

    /// Sends a frame as it is.
    pub(crate) async fn frame(&self, frame: ClientFrame) {
        // A connection that is over takes nothing; its end is read from the other direction.
        let _ = self.up.as_ref().expect("not half closed").send(frame).await;
    }

    /// Acknowledges everything received so far.
    pub(crate) async fn ack(&self) {
        self.frame(ClientFrame { ack: self.seen, ..ClientFrame::default() }).await;
    }

    /// Closes the way up.
    pub(crate) fn half_close(&mut self) {
        self.up = None;
    }

    pub(crate) async fn join(&mut self, room: &str) -> Joined {
        let seq = self.send(join(room)).await;
        let frame = self.next().await;
        assert_eq!(frame.reply_to, seq);
        let Some(Down::Joined(joined)) = frame.body else { panic!("not joined: {frame:?}") };
        joined
    }
}
