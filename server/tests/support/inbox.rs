//! The frames received over a connection.

#![allow(dead_code, reason = "each test file uses a part of this")]

use tokio::sync::mpsc;
use tonic::{Status, Streaming};
use wigwag_proto::v1::{
    ClientFrame, ErrorFrame, Joined, Left, MemberLeft, Receipt, Roster, ServerFrame, Welcome, member::State,
    server_frame::Body as Down, welcome::Outcome,
};

use crate::frames::{pong, reason, text_of};
use crate::node::soon;

/// The receiving side of a connection, after its welcome.
pub(crate) struct Inbox {
    down: Streaming<ServerFrame>,
    /// Where pongs go.
    pub(crate) up: Option<mpsc::Sender<ClientFrame>>,
    pub(crate) welcome: Welcome,
    /// The highest `ack` of the server.
    pub(crate) applied: u32,
    /// The last number received.
    pub(crate) seen: u32,
    /// Answer pings.
    pub(crate) alive: bool,
}

impl Inbox {
    /// Reads the welcome. Returns the fatal error and the status if the server refuses.
    pub(crate) async fn open(mut down: Streaming<ServerFrame>) -> Result<Self, (ErrorFrame, Status)> {
        let first = soon("a first frame", down.message()).await.expect("no status").expect("a frame");
        match first.body {
            Some(Down::Welcome(welcome)) => {
                Ok(Self { down, up: None, welcome, applied: first.ack, seen: 0, alive: true })
            }
            Some(Down::Error(error)) => {
                let status = soon("the end", down.message()).await.expect_err("a fatal error ends the stream");
                Err((error, status))
            }
            other => panic!("the first frame is {other:?}"),
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.welcome.peer_id
    }

    pub(crate) fn is_reset(&self, reason: &str) -> bool {
        self.welcome.outcome() == Outcome::Reset && self.welcome.reset_reason == reason
    }

    /// Returns the next frame with a body. Answers pings, records bare acks.
    pub(crate) async fn next(&mut self) -> ServerFrame {
        match self.try_next().await {
            Ok(Some(frame)) => frame,
            Ok(None) => panic!("the stream ended"),
            Err(status) => panic!("the stream ended: {status:?}"),
        }
    }

    /// As [`Self::next`], or how the stream ended.
    pub(crate) async fn try_next(&mut self) -> Result<Option<ServerFrame>, Status> {
        loop {
            let Some(frame) = soon("a frame", self.down.message()).await? else { return Ok(None) };
            self.applied = self.applied.max(frame.ack);
            match frame.body {
                Some(Down::Ping(_)) if self.alive => {
                    if let Some(up) = &self.up {
                        let _ = up.send(pong()).await;
                    }
                }
                None | Some(Down::Ping(_)) => {}
                _ if frame.seq == 0 => return Ok(Some(frame)),
                _ => {
                    assert_eq!(frame.seq, self.seen + 1, "numbers are contiguous: {frame:?}");
                    self.seen = frame.seq;
                    return Ok(Some(frame));
                }
            }
        }
    }

    /// The next frame of any kind, pings and bare acks included. Nothing is answered.
    pub(crate) async fn any(&mut self) -> ServerFrame {
        let frame = soon("a frame", self.down.message()).await.expect("no status").expect("a frame");
        self.applied = self.applied.max(frame.ack);
        self.seen = self.seen.max(frame.seq);
        frame
    }

    /// Waits until the server has acknowledged this number.
    pub(crate) async fn applied(&mut self, seq: u32) {
        while self.applied < seq {
            let frame = self.any().await;
            assert!(matches!(frame.body, None | Some(Down::Ping(_))), "only an ack was due: {frame:?}");
        }
    }

    /// Expects an envelope with this text, and gives its sender.
    pub(crate) async fn expect_text(&mut self, text: &str) -> String {
        let frame = self.next().await;
        assert_eq!(text_of(&frame), text);
        let Some(Down::Envelope(envelope)) = frame.body else { unreachable!("it had a text") };
        envelope.from
    }

    pub(crate) async fn expect_joined(&mut self, peer: &str) {
        let frame = self.next().await;
        let Some(Down::MemberJoined(joined)) = &frame.body else { panic!("no member_joined: {frame:?}") };
        assert_eq!(joined.member.as_ref().expect("a member").peer_id, peer);
    }

    pub(crate) async fn expect_left(&mut self) -> MemberLeft {
        let frame = self.next().await;
        let Some(Down::MemberLeft(left)) = frame.body else { panic!("no member_left: {frame:?}") };
        left
    }

    /// Expects the answer to `seq` to be an error that is not fatal.
    pub(crate) async fn refused(&mut self, seq: u32) -> ErrorFrame {
        let frame = self.next().await;
        let Some(Down::Error(error)) = frame.body else { panic!("no error: {frame:?}") };
        assert_eq!(frame.reply_to, seq);
        assert!(!error.fatal && frame.seq > 0, "{error:?}");
        assert!(!error.message.is_empty());
        error
    }

    pub(crate) async fn receipt(&mut self, seq: u32) -> Receipt {
        let frame = self.next().await;
        assert_eq!(frame.reply_to, seq, "{frame:?}");
        let Some(Down::Receipt(receipt)) = frame.body else { panic!("no receipt: {frame:?}") };
        receipt
    }

    /// Expects a fatal error, and the end of the stream with the status that belongs to it. Other frames may come before.
    pub(crate) async fn expect_fatal(&mut self) -> ErrorFrame {
        let error = loop {
            let frame = self.next().await;
            if let Some(Down::Error(error)) = frame.body {
                assert_eq!((frame.seq, error.fatal), (0, true), "{error:?}");
                break error;
            }
        };
        let status = self.ends().await.expect_err("a fatal error ends the stream with a status");
        assert_eq!((status.code() as i32, reason(&status)), (error.code, error.reason.clone()));
        error
    }

    /// Reads to the end of the stream, which must come within the bound.
    pub(crate) async fn ends(&mut self) -> Result<(), Status> {
        let end = async {
            loop {
                match self.down.message().await {
                    Ok(Some(_)) => {}
                    Ok(None) => return Ok(()),
                    Err(status) => return Err(status),
                }
            }
        };
        soon("the end of the stream", end).await
    }

    pub(crate) async fn expect_own_left(&mut self) -> Left {
        let frame = self.next().await;
        let Some(Down::Left(left)) = frame.body else { panic!("no left: {frame:?}") };
        left
    }

    pub(crate) async fn expect_joined_room(&mut self) -> Joined {
        let frame = self.next().await;
        let Some(Down::Joined(joined)) = frame.body else { panic!("not joined: {frame:?}") };
        joined
    }

    pub(crate) async fn expect_roster(&mut self) -> Roster {
        let frame = self.next().await;
        let Some(Down::Roster(roster)) = frame.body else { panic!("no roster: {frame:?}") };
        roster
    }

    /// Expects a member to have changed, and gives its state.
    pub(crate) async fn expect_state(&mut self) -> State {
        let frame = self.next().await;
        let Some(Down::MemberUpdated(updated)) = &frame.body else { panic!("no member_updated: {frame:?}") };
        updated.member.as_ref().expect("a member").state()
    }
}
