//! From bytes to messages.

use std::mem;

use bytes::{Buf as _, Bytes, BytesMut};

use super::{
    Message, Text, Violation,
    head::{Head, Opcode},
    mask,
};

/// Allocated for a payload before it has come: what a frame announces is only a promise.
const EAGER: usize = 16 * 1024;

/// Reads a client's frames, wherever the bytes are cut.
///
/// Holds no memory between messages that came whole.
#[derive(Debug)]
pub(in super::super) struct Reader {
    /// What came and was not read yet.
    chunk: BytesMut,
    /// The frame that has not come whole.
    frame: Option<Frame>,
    /// What has come of a message that has not come whole, unmasked, and after it the same of a control frame in between.
    partial: BytesMut,
    /// How much of `partial` is whole fragments.
    assembled: usize,
    /// What the fragments are fragments of.
    open: Option<Opcode>,
    max_message: usize,
}

/// A frame whose head was read.
#[derive(Debug)]
struct Frame {
    fin: bool,
    opcode: Opcode,
    /// For the next byte.
    mask: [u8; 4],
    /// Bytes still to come.
    left: usize,
}

impl Reader {
    /// A reader of messages of up to `max_message` bytes.
    pub(in super::super) fn new(max_message: usize) -> Self {
        Self { chunk: BytesMut::new(), frame: None, partial: BytesMut::new(), assembled: 0, open: None, max_message }
    }

    /// Takes what came next. To be called when [`next`](Self::next) has found no more.
    pub(in super::super) fn feed(&mut self, chunk: BytesMut) {
        if self.chunk.is_empty() {
            self.chunk = chunk;
        } else {
            // The beginning of a head.
            self.chunk.extend_from_slice(&chunk);
        }
    }

    /// The next message. `None`: more must come first. After a violation nothing more can be read.
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
                    self.partial.reserve((payload.len() + frame.left).min(EAGER));
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

    /// Bytes of memory it holds.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.chunk.capacity() + self.partial.capacity()
    }

    /// Reads a head.
    fn begin(&mut self) -> Result<Option<Frame>, Violation> {
        let Some(Head { fin, opcode, mask, len, size }) = Head::read(&self.chunk)? else {
            // A copy of these few bytes, so that they do not hold what they were read into.
            self.chunk = if self.chunk.is_empty() { BytesMut::new() } else { BytesMut::from(&self.chunk[..]) };
            return Ok(None);
        };
        // A message goes on with a continuation, and begins with anything else.
        if !opcode.is_control() && (opcode == Opcode::Continuation) != self.open.is_some() {
            return Err(Violation::Protocol);
        }
        let before = if opcode.is_control() { 0 } else { self.assembled };
        let left = usize::try_from(len).ok().filter(|len| *len <= self.max_message.saturating_sub(before));
        let left = left.ok_or(Violation::TooLong)?;
        self.chunk.advance(size);
        Ok(Some(Frame { fin, opcode, mask, left }))
    }

    /// Up to `len` bytes of what came.
    fn take(&mut self, len: usize) -> BytesMut {
        // Mostly one message comes at a time, and there is no need to share what it came in.
        if len < self.chunk.len() { self.chunk.split_to(len) } else { mem::take(&mut self.chunk) }
    }

    /// The whole payload of a control frame that ends with this.
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

    /// The whole message, if it ends with this.
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

/// RFC 6455, sections 5.5.1 and 7.4.
fn close(payload: Bytes) -> Result<Message, Violation> {
    match &*payload {
        [] => {}
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            // 1004 means nothing yet; 1005, 1006 and 1015 are never sent.
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
