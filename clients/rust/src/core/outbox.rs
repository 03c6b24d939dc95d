//! The way up: frames numbered, written, and held until the server acknowledges them.

use std::collections::VecDeque;

use prost::Message;
use wigwag_proto::v1::{ClientFrame, client_frame};

/// Most frames held unacknowledged. When they are reached the application's calls wait.
pub(crate) const MAX_FRAMES: usize = 1_024;
/// Most bytes held unacknowledged: 1 MiB, as much as the server's mailbox in the other direction.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// Numbered frames the server has not acknowledged, in order.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// The last number given out.
    last: u32,
    /// The last number acknowledged; `frames` starts right after it.
    acked: u32,
    frames: VecDeque<(ClientFrame, usize)>,
    bytes: usize,
    /// How many of `frames`, from the front, have been written on the present connection.
    written: usize,
}

/// All 2^32-1 numbers are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeqExhausted;

/// The server acknowledged what was never sent, or took an acknowledgment back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server acknowledged {got} of {sent} frames after acknowledging {acked}")]
pub(crate) struct BadAck {
    pub(crate) acked: u32,
    pub(crate) sent: u32,
    pub(crate) got: u32,
}

impl Outbox {
    /// Numbers a frame and holds it.
    pub(crate) fn push(&mut self, body: client_frame::Body) -> Result<u32, SeqExhausted> {
        let seq = self.last.checked_add(1).ok_or(SeqExhausted)?;
        let frame = ClientFrame { seq, ack: 0, body: Some(body) };
        let bytes = frame.encoded_len();
        self.last = seq;
        self.bytes += bytes;
        self.frames.push_back((frame, bytes));
        Ok(seq)
    }

    /// Whether another frame may be pushed.
    pub(crate) fn has_room(&self) -> bool {
        self.frames.len() < MAX_FRAMES && self.bytes < MAX_BYTES
    }

    pub(crate) fn has_unwritten(&self) -> bool {
        self.written < self.frames.len()
    }

    /// The next frame this connection has not carried yet. It stays held.
    pub(crate) fn pop_unwritten(&mut self) -> Option<ClientFrame> {
        let (frame, _) = self.frames.get(self.written)?;
        self.written += 1;
        Some(frame.clone())
    }

    /// Lets go of every frame up to `ack`. An older or empty acknowledgment says nothing.
    pub(crate) fn acknowledged(&mut self, ack: u32) -> Result<(), BadAck> {
        // A number that waits here unwritten cannot have been acknowledged either.
        let sent = self.acked + self.written as u32;
        if ack > sent {
            return Err(BadAck { acked: self.acked, sent, got: ack });
        }
        self.release(ack);
        Ok(())
    }

    /// A connection resumed the session: what lies beyond `ack` is to be written again.
    pub(crate) fn resumed(&mut self, ack: u32) -> Result<(), BadAck> {
        if ack < self.acked || ack > self.last {
            return Err(BadAck { acked: self.acked, sent: self.last, got: ack });
        }
        self.release(ack);
        self.written = 0;
        Ok(())
    }

    /// The last number the server acknowledged.
    pub(crate) fn acked(&self) -> u32 {
        self.acked
    }

    fn release(&mut self, ack: u32) {
        while self.acked < ack {
            let Some((_, bytes)) = self.frames.pop_front() else { return };
            self.acked += 1;
            self.bytes -= bytes;
            self.written = self.written.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> client_frame::Body {
        client_frame::Body::Leave(Default::default())
    }

    fn with(frames: usize) -> Outbox {
        let mut outbox = Outbox::default();
        for expected in 1..=frames {
            assert_eq!(outbox.push(body()), Ok(expected as u32));
        }
        outbox
    }

    #[test]
    fn frames_are_written_once_and_released_by_cumulative_acks() {
        let mut outbox = with(3);
        let written: Vec<_> = std::iter::from_fn(|| outbox.pop_unwritten()).map(|frame| frame.seq).collect();
        assert_eq!(written, [1, 2, 3]);
        outbox.acknowledged(2).expect("ack");
        outbox.acknowledged(1).expect("an older ack says nothing");
        outbox.acknowledged(0).expect("no ack says nothing");
        assert_eq!(outbox.acked(), 2);
        assert!(!outbox.has_unwritten());
        outbox.resumed(2).expect("resume");
        assert_eq!(outbox.pop_unwritten().map(|frame| frame.seq), Some(3));
    }

    #[test]
    fn an_ack_of_what_was_never_written_is_refused() {
        let mut outbox = with(2);
        outbox.pop_unwritten();
        assert_eq!(outbox.acknowledged(2), Err(BadAck { acked: 0, sent: 1, got: 2 }));
        outbox.resumed(2).expect("an earlier connection may have carried it");
    }

    #[test]
    fn a_full_outbox_has_no_room_until_an_ack() {
        let mut outbox = with(MAX_FRAMES);
        assert!(!outbox.has_room());
        outbox.pop_unwritten();
        outbox.acknowledged(1).expect("ack");
        assert!(outbox.has_room());
        let sealed = wigwag_proto::v1::Envelope {
            payload: Some(wigwag_proto::v1::envelope::Payload::Sealed(vec![0; MAX_BYTES])),
            ..Default::default()
        };
        let mut outbox = Outbox::default();
        outbox.push(client_frame::Body::Envelope(sealed)).expect("number");
        assert!(!outbox.has_room());
    }

    #[test]
    fn the_numbers_end_at_their_maximum() {
        let mut outbox = Outbox { last: u32::MAX - 1, acked: u32::MAX - 1, ..Outbox::default() };
        assert_eq!(outbox.push(body()), Ok(u32::MAX));
        assert_eq!(outbox.push(body()), Err(SeqExhausted));
    }
}
