//! Frames to the server: numbered, written, and kept until the server acknowledges them.

use std::collections::VecDeque;

use prost::Message;
use wigwag_proto::v1::{ClientFrame, client_frame};

/// Limits the unacknowledged frames. At the limit the application's calls wait.
pub(crate) const MAX_FRAMES: usize = 1_024;
/// Limits the unacknowledged bytes: 1 MiB, like the server's mailbox in the other direction.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// Numbered frames the server has not acknowledged, in order.
#[derive(Debug, Default)]
pub(crate) struct SendBuffer {
    /// The last number assigned.
    last: u32,
    /// The last number acknowledged; `frames` begins with the next one.
    acked: u32,
    frames: VecDeque<(ClientFrame, usize)>,
    bytes: usize,
    /// How many of `frames`, from the front, have been written on the present connection.
    written: usize,
}

/// All 2^32-1 sequence numbers are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeqExhausted;

/// The server acknowledged a frame that was never sent, or withdrew an acknowledgment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server acknowledged {got} of {sent} frames after acknowledging {acked}")]
pub(crate) struct BadAck {
    pub(crate) acked: u32,
    pub(crate) sent: u32,
    pub(crate) got: u32,
}

impl SendBuffer {
    /// Numbers a frame and keeps it.
    pub(crate) fn push(&mut self, body: client_frame::Body) -> Result<u32, SeqExhausted> {
        let seq = self.last.checked_add(1).ok_or(SeqExhausted)?;
        let frame = ClientFrame { seq, ack: 0, body: Some(body) };
        let bytes = frame.encoded_len();
        self.last = seq;
        self.bytes += bytes;
        self.frames.push_back((frame, bytes));
        Ok(seq)
    }

    /// Returns whether another frame may be pushed.
    pub(crate) fn has_room(&self) -> bool {
        self.frames.len() < MAX_FRAMES && self.bytes < MAX_BYTES
    }

    pub(crate) fn has_unwritten(&self) -> bool {
        self.written < self.frames.len()
    }

    /// Returns the next frame that was not written on this connection, and keeps it.
    pub(crate) fn pop_unwritten(&mut self) -> Option<ClientFrame> {
        let (frame, _) = self.frames.get(self.written)?;
        self.written += 1;
        Some(frame.clone())
    }

    /// Drops every frame up to `ack`. Ignores an older acknowledgment and zero.
    pub(crate) fn acknowledged(&mut self, ack: u32) -> Result<(), BadAck> {
        // A frame that was not written on this connection cannot be acknowledged on it.
        let sent = self.acked + self.written as u32;
        if ack > sent {
            return Err(BadAck { acked: self.acked, sent, got: ack });
        }
        self.release(ack);
        Ok(())
    }

    /// Resumes the session on a new connection: every frame after `ack` is written again.
    pub(crate) fn resumed(&mut self, ack: u32) -> Result<(), BadAck> {
        if ack < self.acked || ack > self.last {
            return Err(BadAck { acked: self.acked, sent: self.last, got: ack });
        }
        self.release(ack);
        self.written = 0;
        Ok(())
    }

    /// Returns the last number the server acknowledged.
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

    fn with(frames: usize) -> SendBuffer {
        let mut buffer = SendBuffer::default();
        for expected in 1..=frames {
            assert_eq!(buffer.push(body()), Ok(expected as u32));
        }
        buffer
    }

    #[test]
    fn frames_are_written_once_and_released_by_cumulative_acks() {
        let mut buffer = with(3);
        let written: Vec<_> = std::iter::from_fn(|| buffer.pop_unwritten()).map(|frame| frame.seq).collect();
        assert_eq!(written, [1, 2, 3]);
        buffer.acknowledged(2).expect("ack");
        buffer.acknowledged(1).expect("an older ack is ignored");
        buffer.acknowledged(0).expect("zero is ignored");
        assert_eq!(buffer.acked(), 2);
        assert!(!buffer.has_unwritten());
        buffer.resumed(2).expect("resume");
        assert_eq!(buffer.pop_unwritten().map(|frame| frame.seq), Some(3));
    }

    #[test]
    fn an_ack_of_an_unwritten_frame_is_refused() {
        let mut buffer = with(2);
        buffer.pop_unwritten();
        assert_eq!(buffer.acknowledged(2), Err(BadAck { acked: 0, sent: 1, got: 2 }));
        buffer.resumed(2).expect("an earlier connection may have carried it");
    }

    #[test]
    fn a_full_buffer_has_no_room_until_an_ack() {
        let mut buffer = with(MAX_FRAMES);
        assert!(!buffer.has_room());
        buffer.pop_unwritten();
        buffer.acknowledged(1).expect("ack");
        assert!(buffer.has_room());
        let sealed = wigwag_proto::v1::Envelope {
            payload: Some(wigwag_proto::v1::envelope::Payload::Sealed(vec![0; MAX_BYTES])),
            ..Default::default()
        };
        let mut buffer = SendBuffer::default();
        buffer.push(client_frame::Body::Envelope(sealed)).expect("number");
        assert!(!buffer.has_room());
    }

    #[test]
    fn numbers_end_at_their_maximum() {
        let mut buffer = SendBuffer { last: u32::MAX - 1, acked: u32::MAX - 1, ..SendBuffer::default() };
        assert_eq!(buffer.push(body()), Ok(u32::MAX));
        assert_eq!(buffer.push(body()), Err(SeqExhausted));
    }
}
