//! Writes messages as frames.

use std::mem;

use bytes::Bytes;

use super::frames::{Opcode, put_frame, put_head};

/// Larger messages are sent in fragments of this size, so that they need no large buffer and a slow reader shows
/// progress.
const FRAGMENT_SIZE: usize = 16 * 1024;

/// Bytes that are collected before they are written.
const WRITE_SIZE: usize = 16 * 1024;

/// Collects outgoing messages as frames.
#[derive(Debug, Default)]
pub struct FrameWriter {
    bytes: Vec<u8>,
    rest: Option<Rest>,
}

/// The unsent part of a large message.
#[derive(Debug)]
struct Rest {
    opcode: Opcode,
    bytes: Bytes,
    is_text: bool,
}

impl FrameWriter {
    /// Writes a text message: a `String`, or bytes in UTF-8.
    pub fn text(&mut self, text: impl Into<Vec<u8>>) {
        let text = text.into();
        if text.len() > FRAGMENT_SIZE {
            self.rest = Some(Rest { opcode: Opcode::Text, bytes: text.into(), is_text: true });
        } else {
            put_frame(&mut self.bytes, true, Opcode::Text, &text);
        }
    }

    /// Writes a binary message of exactly `len` bytes, which `encode` appends.
    pub fn binary(&mut self, len: usize, encode: impl FnOnce(&mut Vec<u8>)) {
        if len > FRAGMENT_SIZE {
            let mut bytes = Vec::with_capacity(len);
            encode(&mut bytes);
            self.rest = Some(Rest { opcode: Opcode::Binary, bytes: bytes.into(), is_text: false });
        } else {
            put_head(&mut self.bytes, true, Opcode::Binary, len);
            let before = self.bytes.len();
            encode(&mut self.bytes);
            debug_assert_eq!(self.bytes.len() - before, len, "encode appends len bytes");
        }
    }

    /// Writes a control frame, whose payload must not exceed 125 bytes.
    pub(super) fn control(&mut self, opcode: Opcode, payload: &[u8]) {
        put_frame(&mut self.bytes, true, opcode, payload);
    }

    /// Writes the next fragment of a large message. Returns `false` if there is none.
    pub(super) fn fragment(&mut self) -> bool {
        let Some(rest) = &mut self.rest else { return false };
        let mut at = rest.bytes.len().min(FRAGMENT_SIZE);
        // Not every client accepts fragments that end within a character.
        while rest.is_text && at < rest.bytes.len() && rest.bytes[at] & 0xC0 == 0x80 {
            at -= 1;
        }
        let fragment = rest.bytes.split_to(at);
        let fin = rest.bytes.is_empty();
        put_frame(&mut self.bytes, fin, mem::replace(&mut rest.opcode, Opcode::Continuation), &fragment);
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
