//! Writes messages as frames.

use std::{fmt, mem, sync::Arc};

use bytes::Bytes;
use wigwag_poll::SendProgress;

use super::frames::{Opcode, put_frame, put_head};

/// Larger messages are sent in fragments of this size, so that they need no large buffer and a slow reader shows
/// progress.
const FRAGMENT_SIZE: usize = 16 * 1024;

/// Bytes that are collected before they are written.
const WRITE_SIZE: usize = 16 * 1024;

/// Collects outgoing messages as frames.
#[derive(Default)]
pub struct FrameWriter {
    bytes: Vec<u8>,
    rest: Option<Rest>,
    /// Counts the bytes of the socket.
    progress: Arc<SendProgress>,
}

/// The unsent part of a large message.
struct Rest {
    opcode: Opcode,
    body: Box<dyn LongMessage>,
}

/// A message that is encoded piece by piece, as fast as the client reads.
pub trait LongMessage: Send {
    /// Appends the next bytes of the message to `out`, at least one and at most `max`, which is at least 4. Returns whether
    /// more follow. A text message must not be cut within a character: not every client accepts that.
    fn write(&mut self, out: &mut Vec<u8>, max: usize) -> bool;
}

/// A long message that is already encoded.
struct Encoded {
    bytes: Bytes,
    is_text: bool,
}

impl LongMessage for Encoded {
    fn write(&mut self, out: &mut Vec<u8>, max: usize) -> bool {
        let mut at = self.bytes.len().min(max);
        while self.is_text && at < self.bytes.len() && self.bytes[at] & 0xC0 == 0x80 {
            at -= 1;
        }
        out.extend_from_slice(&self.bytes.split_to(at));
        !self.bytes.is_empty()
    }
}

impl FrameWriter {
    /// Writes a text message: a `String`, or bytes in UTF-8.
    pub fn text(&mut self, text: impl Into<Vec<u8>>) {
        let text = text.into();
        if text.len() > FRAGMENT_SIZE {
            self.rest = Some(Rest::new(Opcode::Text, Encoded { bytes: text.into(), is_text: true }));
        } else {
            put_frame(&mut self.bytes, true, Opcode::Text, &text);
        }
    }

    /// Writes a binary message of exactly `len` bytes, which `encode` appends.
    pub fn binary(&mut self, len: usize, encode: impl FnOnce(&mut Vec<u8>)) {
        if len > FRAGMENT_SIZE {
            let mut bytes = Vec::with_capacity(len);
            encode(&mut bytes);
            self.rest = Some(Rest::new(Opcode::Binary, Encoded { bytes: bytes.into(), is_text: false }));
        } else {
            put_head(&mut self.bytes, true, Opcode::Binary, len);
            let before = self.bytes.len();
            encode(&mut self.bytes);
            debug_assert_eq!(self.bytes.len() - before, len, "encode appends len bytes");
        }
    }

    /// Writes a text message that is encoded piece by piece.
    pub fn long_text(&mut self, message: impl LongMessage + 'static) {
        self.rest = Some(Rest::new(Opcode::Text, message));
    }

    /// Writes a binary message that is encoded piece by piece.
    pub fn long_binary(&mut self, message: impl LongMessage + 'static) {
        self.rest = Some(Rest::new(Opcode::Binary, message));
    }

    /// Returns whether a message of this size is written as one frame. A longer one is better written piece by piece.
    pub fn is_short(len: usize) -> bool {
        len <= FRAGMENT_SIZE
    }

    /// Counts the bytes of a socket.
    pub(super) fn with_progress(progress: Arc<SendProgress>) -> Self {
        Self { progress, ..Self::default() }
    }

    /// Returns the counts of the socket's bytes.
    pub fn progress(&self) -> &Arc<SendProgress> {
        &self.progress
    }

    /// Returns whether all messages written so far have been passed on.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns the position in the socket's bytes after all messages written so far. To be called when the source is
    /// polled: then no message is only partly written.
    pub fn position(&self) -> u64 {
        self.progress.put() + self.bytes.len() as u64
    }

    /// Writes a control frame, whose payload must not exceed 125 bytes.
    pub(super) fn control(&mut self, opcode: Opcode, payload: &[u8]) {
        put_frame(&mut self.bytes, true, opcode, payload);
    }

    /// Writes the next fragment of a large message. Returns `false` if there is none.
    pub(super) fn fragment(&mut self) -> bool {
        let Some(rest) = &mut self.rest else { return false };
        // The payload is encoded in place; its length decides afterwards how long the head is.
        let start = self.bytes.len();
        put_head(&mut self.bytes, true, rest.opcode, FRAGMENT_SIZE);
        let payload = self.bytes.len();
        let fin = !rest.body.write(&mut self.bytes, FRAGMENT_SIZE);
        let mut head = Vec::with_capacity(payload - start);
        put_head(&mut head, fin, mem::replace(&mut rest.opcode, Opcode::Continuation), self.bytes.len() - payload);
        self.bytes.splice(start..payload, head);
        if fin {
            self.rest = None;
        }
        true
    }

    /// Drops what was not written of the messages, so that a close frame can follow. What was written of a frame whose
    /// encoding has panicked cannot be told from whole frames, and goes with them.
    pub(super) fn discard_message(&mut self) {
        (self.bytes, self.rest) = (Vec::new(), None);
    }

    /// Returns whether the collected frames are to be written before more are added.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= WRITE_SIZE
    }

    /// Returns the collected frames, for the caller to take.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl Rest {
    fn new(opcode: Opcode, message: impl LongMessage + 'static) -> Self {
        Self { opcode, body: Box::new(message) }
    }
}

impl fmt::Debug for FrameWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameWriter").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frames of a server: their first byte and their payload.
    fn frames(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
        let mut frames = Vec::new();
        while let [first, short, rest @ ..] = bytes {
            let (len, rest) = match short {
                126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
                short => (usize::from(*short), rest),
            };
            let (payload, rest) = rest.split_at(len);
            frames.push((*first, payload));
            bytes = rest;
        }
        frames
    }

    #[test]
    fn fragments_hold_the_whole_text_and_whole_characters() {
        let text = "aé€😀".repeat(9_000);
        let mut out = FrameWriter::default();
        out.text(text.clone());
        assert!(out.bytes.is_empty(), "fragments are written on request");
        while out.fragment() {}
        let frames = frames(&out.bytes);
        let whole: String =
            frames.iter().map(|(_, part)| std::str::from_utf8(part).expect("whole characters")).collect();
        assert_eq!(whole, text);
        assert!(frames.iter().all(|(_, part)| part.len() <= FRAGMENT_SIZE));
        let firsts: Vec<u8> = frames.iter().map(|(first, _)| *first).collect();
        assert_eq!(firsts, [1, 0, 0, 0, 0, 0x80]);
    }

    #[test]
    fn a_large_binary_message_is_cut_and_a_small_one_is_not() {
        for (len, firsts) in [
            (0, &[0x82_u8][..]),
            (FRAGMENT_SIZE, &[0x82]),
            (FRAGMENT_SIZE + 1, &[2, 0x80]),
            (2 * FRAGMENT_SIZE, &[2, 0x80]),
        ] {
            let mut out = FrameWriter::default();
            out.binary(len, |bytes| bytes.resize(bytes.len() + len, 7));
            while out.fragment() {}
            let frames = frames(&out.bytes);
            assert_eq!(frames.iter().map(|(first, _)| *first).collect::<Vec<_>>(), firsts, "{len} bytes");
            assert_eq!(frames.iter().map(|(_, part)| part.len()).sum::<usize>(), len);
        }
    }
}
