//! Assembles messages from bytes.

use std::mem;

use bytes::{Buf as _, Bytes, BytesMut};

use super::{
    head::{Head, Opcode},
    mask,
    message::Message,
    text::Text,
    violation::Violation,
};

/// The most bytes allocated for a payload before it has arrived, whatever length its frame announces.
const MAX_PREALLOCATION: usize = 16 * 1024;

/// Reads a client's frames from chunks of any size.
///
/// Holds no memory between messages that arrive in one chunk.
#[derive(Debug)]
pub(in super::super) struct Reader {
    /// Received bytes that are not read yet.
    chunk: BytesMut,
    /// The frame whose payload is incomplete.
    frame: Option<Frame>,
    /// The unmasked beginning of an incomplete message, followed by that of a control frame between its fragments.
    partial: BytesMut,
    /// The length of the complete fragments in `partial`.
    assembled: usize,
    /// The opcode of the fragmented message.
    open: Option<Opcode>,
    max_message: usize,
}

/// A frame whose header was read.
#[derive(Debug)]
struct Frame {
    fin: bool,
    opcode: Opcode,
    /// The mask, rotated for the next byte.
    mask: [u8; 4],
    /// Payload bytes that have not arrived.
    left: usize,
}

impl Reader {
    /// Creates a reader for messages of up to `max_message` bytes.
    pub(in super::super) fn new(max_message: usize) -> Self {
        Self { chunk: BytesMut::new(), frame: None, partial: BytesMut::new(), assembled: 0, open: None, max_message }
    }

    /// Adds received bytes. To be called when [`next`](Self::next) has returned `None`.
    pub(in super::super) fn feed(&mut self, chunk: BytesMut) {
        if self.chunk.is_empty() {
            self.chunk = chunk;
        } else {
            // `self.chunk` holds the beginning of a header.
            self.chunk.extend_from_slice(&chunk);
        }
    }

    /// Returns the next message; `None` if more bytes are needed. Must not be called again after a violation.
    pub(in super::super) fn next(&mut self) -> Result<Option<Message>, Violation> {
        loop {
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None => match self.begin()? {
                    Some(frame) => frame,
                    None => return Ok(None),
                },
            };
            let mut payload = self.take(frame.left);
            mask::unmask(&mut payload, frame.mask);
            if payload.len() < frame.left {
                frame.left -= payload.len();
                frame.mask = mask::advance(frame.mask, payload.len());
                if self.partial.capacity() == 0 && !payload.is_empty() {
                    self.partial.reserve((payload.len() + frame.left).min(MAX_PREALLOCATION));
                }
                self.partial.extend_from_slice(&payload);
                self.frame = Some(frame);
                return Ok(None);
            }
            let message = match frame.opcode {
                Opcode::Ping => Some(Message::Ping(self.end_control(payload))),
                Opcode::Pong => Some(Message::Pong(self.end_control(payload))),
                Opcode::Close => Some(close(self.end_control(payload))?),
                opcode => self.end_data(opcode, frame.fin, payload)?,
            };
            if message.is_some() {
                return Ok(message);
            }
        }
    }

    /// Returns how many bytes are allocated.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.chunk.capacity() + self.partial.capacity()
    }

    /// Reads a header.
    fn begin(&mut self) -> Result<Option<Frame>, Violation> {
        let Some(Head { fin, opcode, mask, len, size }) = Head::read(&self.chunk)? else {
            // Copies these few bytes, so that they do not keep the read buffer alive.
            self.chunk = if self.chunk.is_empty() { BytesMut::new() } else { BytesMut::from(&self.chunk[..]) };
            return Ok(None);
        };
        // A fragmented message must be continued, and only a fragmented message can be.
        if !opcode.is_control() && (opcode == Opcode::Continuation) != self.open.is_some() {
            return Err(Violation::Protocol);
        }
        let before = if opcode.is_control() { 0 } else { self.assembled };
        let left = usize::try_from(len).ok().filter(|len| *len <= self.max_message.saturating_sub(before));
        let left = left.ok_or(Violation::TooLong)?;
        self.chunk.advance(size);
        Ok(Some(Frame { fin, opcode, mask, left }))
    }

    /// Takes up to `len` received bytes.
    fn take(&mut self, len: usize) -> BytesMut {
        // Usually a chunk ends with the message, which avoids splitting it.
        if len < self.chunk.len() { self.chunk.split_to(len) } else { mem::take(&mut self.chunk) }
    }

    /// Returns the whole payload of a control frame that ends with these bytes.
    fn end_control(&mut self, payload: BytesMut) -> Bytes {
        if self.partial.len() <= self.assembled {
            return payload.freeze();
        }
        let mut whole = BytesMut::from(&self.partial[self.assembled..]);
        whole.extend_from_slice(&payload);
        self.partial.truncate(self.assembled);
        if self.open.is_none() {
            self.partial = BytesMut::new();
        }
        whole.freeze()
    }

    /// Returns the whole message if it ends with these bytes.
    fn end_data(&mut self, opcode: Opcode, fin: bool, payload: BytesMut) -> Result<Option<Message>, Violation> {
        let opcode = self.open.unwrap_or(opcode);
        let whole = if fin && self.partial.is_empty() {
            payload
        } else {
            self.partial.extend_from_slice(&payload);
            if !fin {
                self.open = Some(opcode);
                self.assembled = self.partial.len();
                return Ok(None);
            }
            mem::take(&mut self.partial)
        };
        (self.open, self.assembled) = (None, 0);
        let whole = whole.freeze();
        Ok(Some(if opcode == Opcode::Text { Message::Text(Text::check(whole)?) } else { Message::Binary(whole) }))
    }
}

/// Validates the payload of a close frame (RFC 6455, sections 5.5.1 and 7.4).
fn close(payload: Bytes) -> Result<Message, Violation> {
    match &*payload {
        [] => {}
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            // 1004 is reserved; 1005, 1006 and 1015 must not be sent.
            if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                return Err(Violation::Protocol);
            }
            if std::str::from_utf8(reason).is_err() {
                return Err(Violation::NotUtf8);
            }
        }
        [_] => return Err(Violation::Protocol),
    }
    Ok(Message::Close(payload))
}
