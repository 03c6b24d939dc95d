//! What comes in: frames, one after the other.

use std::sync::Arc;

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, StatusCode};

use super::connection::{Connection, DRAIN_PING, State};
use super::error::{Error, ErrorCode, FrameError};
use super::frame::{
    self, DEFAULT_TABLE, DEFAULT_WINDOW, HEAD, Head, MAX_PAYLOAD, MAX_WINDOW, flag, kind, number, setting,
};
use super::headers::{self, Fields};
use super::limits::{MAX_BLOCK, MAX_CONTINUATIONS};
use super::request_body::{BodyBuffer, RequestBody};
use super::stream::{Input, Output, Service, Stream, Work};
use super::stream_slots;
use super::tunnel::{ConnectUpgrade, TunnelBuffers};

/// A header block on its way.
pub(super) struct Block {
    stream: u32,
    ends_stream: bool,
    /// Its stream depends on itself.
    selfish: bool,
    bytes: BytesMut,
    pieces: usize,
}

impl<S: Service> Connection<S> {
    /// Reads all frames that are whole, and keeps the rest.
    pub(super) fn read(&mut self, mut chunk: Bytes) -> Result<(), Error> {
        while !self.input.partial.is_empty() && !chunk.is_empty() && !self.is_over() {
            let partial = &mut self.input.partial;
            let whole = match partial.first_chunk::<HEAD>() {
                Some(head) => HEAD + payload_len(Head::read(head))?,
                None => HEAD,
            };
            let missing = (whole - partial.len()).min(chunk.len());
            partial.extend_from_slice(&chunk.split_to(missing));
            if let Some(head) = partial.first_chunk::<HEAD>().map(Head::read)
                && partial.len() == HEAD + payload_len(head)?
            {
                let mut frame = std::mem::take(partial).freeze();
                frame.advance(HEAD);
                self.frame(head, frame)?;
            }
        }
        while !self.is_over()
            && let Some(head) = chunk.first_chunk::<HEAD>().map(Head::read)
            && chunk.len() >= HEAD + payload_len(head)?
        {
            chunk.advance(HEAD);
            let payload = chunk.split_to(head.len);
            self.frame(head, payload)?;
        }
        if !self.is_over() {
            self.input.partial.extend_from_slice(&chunk);
        }
        Ok(())
    }

    fn frame(&mut self, head: Head, payload: Bytes) -> Result<(), Error> {
        tracing::trace!(kind = head.kind, flags = head.flags, stream = head.stream, len = head.len, "frame came");
        let outcome = self.accept(head, payload).or_else(|error| match error {
            FrameError::Stream(code) => {
                self.reset(head.stream, code);
                self.resets.provoked(&self.limits)
            }
            FrameError::Connection(..) => Err(error),
        });
        match outcome {
            Err(FrameError::Connection(code, reason)) => Err(Error { code, reason }),
            Ok(()) | Err(FrameError::Stream(_)) => {
                // It may have been the last frame, or have ended the last stream: what stands behind it is not read.
                self.rest();
                Ok(())
            }
        }
    }

    fn accept(&mut self, head: Head, payload: Bytes) -> Result<(), FrameError> {
        if self.state == State::Fresh {
            if head.kind != kind::SETTINGS || head.has(flag::ACK) {
                return Err(FrameError::protocol("the first frame is not SETTINGS"));
            }
            self.state = State::Open;
        }
        if self.input.block.is_some() && head.kind != kind::CONTINUATION {
            return Err(FrameError::protocol("a frame inside a header block"));
        }
        match head.kind {
            kind::DATA => self.data(head, payload),
            kind::HEADERS => self.headers(head, payload),
            kind::CONTINUATION => self.continuation(head, &payload),
            kind::WINDOW_UPDATE => self.window_update(head, &payload),
            kind::RST_STREAM => self.rst_stream(head, &payload),
            kind::SETTINGS => self.settings(head, &payload),
            kind::PING => self.pinged(head, &payload),
            kind::PRIORITY => self.priority(head, &payload),
            kind::GOAWAY if head.stream != 0 => Err(FrameError::protocol("GOAWAY on a stream")),
            kind::GOAWAY if payload.len() < 8 => Err(FrameError::size("GOAWAY of less than 8 bytes")),
            kind::GOAWAY => {
                self.input.peer_leaves = true;
                Ok(())
            }
            kind::PUSH_PROMISE => Err(FrameError::protocol("PUSH_PROMISE from a client")),
            // Unknown types are for others.
            _ => Ok(()),
        }
    }

    fn data(&mut self, head: Head, payload: Bytes) -> Result<(), FrameError> {
        let id = self.not_idle(head.stream)?;
        self.input.window -= i64::try_from(head.len).unwrap_or(i64::MAX);
        if self.input.window < 0 {
            return Err(FrameError::Connection(
                ErrorCode::FLOW_CONTROL_ERROR,
                "more data than the connection's window",
            ));
        }
        let len = u32::try_from(head.len).unwrap_or(u32::MAX);
        let content = unpadded(head, payload)?;
        let slot = self.streams.find(id);
        let Some((slot, stream)) = slot.and_then(|slot| Some((slot, self.streams.get(slot)?))) else {
            self.give_back(len);
            return if self.resets.remembers(id) { Ok(()) } else { Err(FrameError::Stream(ErrorCode::STREAM_CLOSED)) };
        };
        let input = &mut stream.input;
        input.held += len;
        input.window -= i64::from(len);
        if !input.open {
            return Err(FrameError::Stream(ErrorCode::STREAM_CLOSED));
        }
        if input.window < 0 && len > 0 {
            return Err(FrameError::Stream(ErrorCode::FLOW_CONTROL_ERROR));
        }
        if let Some(left) = &mut input.left {
            // Section 8.1.1: as much as was declared.
            let now_left =
                left.checked_sub(content.len() as u64).ok_or(FrameError::Stream(ErrorCode::PROTOCOL_ERROR))?;
            *left = now_left;
            if head.has(flag::END_STREAM) && now_left > 0 {
                return Err(FrameError::Stream(ErrorCode::PROTOCOL_ERROR));
            }
        }
        let padding = len - u32::try_from(content.len()).unwrap_or(len);
        if let Some(buffer) = input.buffer.as_ref().filter(|_| !content.is_empty()) {
            buffer.put(content);
        }
        if head.has(flag::END_STREAM) {
            input.end(None);
        }
        self.output.unfinished |= stream_slots::slot_bit(slot);
        if padding > 0 {
            self.was_read(slot, padding);
        }
        Ok(())
    }

    fn headers(&mut self, head: Head, payload: Bytes) -> Result<(), FrameError> {
        if head.stream == 0 {
            return Err(FrameError::protocol("HEADERS on stream 0"));
        }
        let (mut bytes, mut selfish) = (unpadded(head, payload)?, false);
        if head.has(flag::PRIORITY) {
            let depends_on = number(&bytes).filter(|_| bytes.len() >= 5);
            let depends_on = depends_on.ok_or(FrameError::size("HEADERS without room for its priority"))?;
            bytes.advance(5);
            selfish = depends_on & (u32::MAX >> 1) == head.stream;
        }
        let ends_stream = head.has(flag::END_STREAM);
        let block = Block { stream: head.stream, ends_stream, selfish, bytes: BytesMut::new(), pieces: 0 };
        if head.has(flag::END_HEADERS) {
            return self.block(&block, &bytes);
        }
        self.input.block = Some(Block { bytes: bytes.into(), ..block });
        Ok(())
    }

    fn continuation(&mut self, head: Head, payload: &[u8]) -> Result<(), FrameError> {
        let Some(block) = &mut self.input.block else {
            return Err(FrameError::protocol("CONTINUATION without HEADERS"));
        };
        if block.stream != head.stream {
            return Err(FrameError::protocol("CONTINUATION of another stream"));
        }
        block.pieces += 1;
        if block.bytes.len() + payload.len() > MAX_BLOCK || block.pieces > MAX_CONTINUATIONS {
            return Err(FrameError::Connection(ErrorCode::ENHANCE_YOUR_CALM, "a header block without end"));
        }
        block.bytes.extend_from_slice(payload);
        match self.input.block.take_if(|_| head.has(flag::END_HEADERS)) {
            Some(whole) => self.block(&whole, &whole.bytes),
            None => Ok(()),
        }
    }

    /// A whole header block: a request, or what follows its body.
    fn block(&mut self, block: &Block, bytes: &[u8]) -> Result<(), FrameError> {
        let &Block { stream: id, ends_stream: ends, selfish, .. } = block;
        let (mut fields, max) = (Fields::default(), self.limits.max_header_list);
        // Read in any case: later blocks refer to it.
        let decoded = self.input.decoder.decode(bytes, |field| fields.take(field, max));
        decoded
            .map_err(|_| FrameError::Connection(ErrorCode::COMPRESSION_ERROR, "a header block that cannot be read"))?;
        if let Some(slot) = self.streams.find(id) {
            return self.trailers(slot, ends, fields);
        }
        if id.is_multiple_of(2) {
            return Err(FrameError::protocol("a stream of an even number"));
        }
        if id <= self.input.last {
            let known = self.resets.remembers(id);
            return if known {
                Ok(())
            } else {
                Err(FrameError::Connection(ErrorCode::STREAM_CLOSED, "HEADERS on a closed stream"))
            };
        }
        self.input.last = id;
        if matches!(self.state, State::Closing) {
            // The peer knows that these are not taken.
            self.resets.remember(id);
            return Ok(());
        }
        self.input.taken = id;
        if self.streams.count() >= self.limits.max_streams as usize {
            self.reset(id, ErrorCode::REFUSED_STREAM);
            return Ok(());
        }
        if selfish {
            // RFC 7540, section 5.3.1.
            return Err(FrameError::Stream(ErrorCode::PROTOCOL_ERROR));
        }
        if fields.is_over(max) {
            self.refuse_head(id, ends);
            return Ok(());
        }
        let head = fields.request(ends).map_err(|_| FrameError::Stream(ErrorCode::PROTOCOL_ERROR))?;
        self.open(id, ends, head);
        Ok(())
    }

    fn trailers(&mut self, slot: usize, ends: bool, fields: Fields) -> Result<(), FrameError> {
        let over = fields.is_over(self.limits.max_header_list);
        let Some(stream) = self.streams.get(slot) else { return Ok(()) };
        if !stream.input.open {
            return Err(FrameError::Stream(ErrorCode::STREAM_CLOSED));
        }
        let trailers =
            fields.trailers().ok().filter(|_| ends && !over && stream.input.left.is_none_or(|left| left == 0));
        let trailers: HeaderMap = trailers.ok_or(FrameError::Stream(ErrorCode::PROTOCOL_ERROR))?;
        stream.input.end(Some(trailers));
        Ok(())
    }

    fn open(&mut self, id: u32, ends: bool, head: headers::RequestHead) {
        let headers::RequestHead { mut request, protocol, declared } = head;
        let slot = self.streams.next_slot();
        let waker = self.wakes.waker(stream_slots::slot_bit(slot));
        // Section 6.9.3: until it knows better, the peer may send as much as the protocol allows at first.
        let window = i64::from(self.limits.stream_window) + if self.input.settled { 0 } else { self.unsettled() };
        let buffer = (!ends).then(|| Arc::new(BodyBuffer::new(declared, waker.clone())));
        let mut tunnel = None;
        let body = match (protocol, &buffer) {
            (Some(protocol), Some(buffer)) => {
                let tunnel_buffers = tunnel.insert(Arc::new(TunnelBuffers::new(waker.clone()))).clone();
                request.extensions_mut().insert(ConnectUpgrade::new(protocol, buffer.clone(), tunnel_buffers));
                // The bytes are for the tunnel, if there will be one.
                RequestBody::empty()
            }
            (None, Some(buffer)) => RequestBody::of(buffer.clone()),
            (_, None) => RequestBody::empty(),
        };
        let work = Work::Calling(self.service.call(request.map(|()| body)));
        let input = Input { buffer, open: !ends, window, held: 0, credit: 0, left: declared };
        let output = Output {
            window: self.output.stream_window,
            answered: false,
            rest: Bytes::new(),
            end: None,
            tunnel_buffers: tunnel,
        };
        self.streams.add(Box::new(Stream { id, waker, work, input, output }));
        self.output.unfinished |= stream_slots::slot_bit(slot);
    }

    /// Answers a request whose head is too large; nobody but its stream comes to harm.
    fn refuse_head(&mut self, id: u32, ends: bool) {
        self.put_head(id, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, &HeaderMap::new(), true);
        self.resets.remember(id);
        if !ends {
            frame::put(kind::RST_STREAM, 0, id, &ErrorCode::NO_ERROR.0.to_be_bytes(), &mut self.output.bytes);
        }
    }

    fn window_update(&mut self, head: Head, payload: &[u8]) -> Result<(), FrameError> {
        let more = number(payload).filter(|_| payload.len() == 4);
        let more = more.ok_or(FrameError::size("WINDOW_UPDATE of other than 4 bytes"))? & (u32::MAX >> 1);
        if head.stream == 0 {
            self.output.window += i64::from(more);
            if more == 0 {
                return Err(FrameError::protocol("WINDOW_UPDATE by nothing"));
            }
            if self.output.window > MAX_WINDOW {
                return Err(FrameError::Connection(
                    ErrorCode::FLOW_CONTROL_ERROR,
                    "a window over the largest there is",
                ));
            }
            self.output.unfinished |= std::mem::take(&mut self.output.blocked);
            return Ok(());
        }
        let id = self.not_idle(head.stream)?;
        let Some(slot) = self.streams.find(id) else { return Ok(()) };
        let Some(stream) = self.streams.get(slot) else { return Ok(()) };
        if more == 0 {
            return Err(FrameError::Stream(ErrorCode::PROTOCOL_ERROR));
        }
        stream.output.window += i64::from(more);
        if stream.output.window > MAX_WINDOW {
            return Err(FrameError::Stream(ErrorCode::FLOW_CONTROL_ERROR));
        }
        self.output.unfinished |= stream_slots::slot_bit(slot);
        Ok(())
    }

    fn rst_stream(&mut self, head: Head, payload: &[u8]) -> Result<(), FrameError> {
        let code = number(payload).filter(|_| payload.len() == 4);
        let code = code.ok_or(FrameError::size("RST_STREAM of other than 4 bytes"))?;
        let id = self.not_idle(head.stream)?;
        let Some(stream) = self.remove(id) else { return Ok(()) };
        stream.fail(&Error { code: ErrorCode(code), reason: "the stream was reset by its client" });
        if !stream.output.answered {
            self.resets.early(&self.limits)?;
        }
        Ok(())
    }

    fn settings(&mut self, head: Head, payload: &[u8]) -> Result<(), FrameError> {
        if head.stream != 0 {
            return Err(FrameError::protocol("SETTINGS on a stream"));
        }
        let (settings, rest) = payload.as_chunks::<6>();
        if !rest.is_empty() || (head.has(flag::ACK) && !payload.is_empty()) {
            return Err(FrameError::size("SETTINGS of an odd size"));
        }
        if head.has(flag::ACK) {
            self.settled();
            return Ok(());
        }
        for &[n0, n1, v0, v1, v2, v3] in settings {
            let value = u32::from_be_bytes([v0, v1, v2, v3]);
            match u16::from_be_bytes([n0, n1]) {
                setting::HEADER_TABLE_SIZE => self.output.disown_table |= value < DEFAULT_TABLE,
                setting::ENABLE_PUSH if value > 1 => {
                    return Err(FrameError::protocol("ENABLE_PUSH is neither 0 nor 1"));
                }
                setting::INITIAL_WINDOW_SIZE => self.change_stream_windows(value)?,
                setting::MAX_FRAME_SIZE if !(16_384..1 << 24).contains(&value) => {
                    return Err(FrameError::protocol("MAX_FRAME_SIZE out of its range"));
                }
                // Frames of the smallest size are sent, lists of headers are short, nothing is pushed.
                _ => {}
            }
        }
        frame::put(kind::SETTINGS, flag::ACK, 0, &[], &mut self.output.bytes);
        Ok(())
    }

    /// Bytes by which the window of a stream is larger while the peer does not know this side's settings.
    fn unsettled(&self) -> i64 {
        DEFAULT_WINDOW.saturating_sub(self.limits.stream_window).into()
    }

    /// The peer knows this side's settings.
    fn settled(&mut self) {
        if !std::mem::replace(&mut self.input.settled, true) {
            let less = self.unsettled();
            for stream in self.streams.all() {
                stream.input.window -= less;
            }
        }
    }

    /// Section 6.9.2: a change counts for the streams that are open, and may make their windows negative.
    fn change_stream_windows(&mut self, window: u32) -> Result<(), FrameError> {
        const TOO_LARGE: FrameError =
            FrameError::Connection(ErrorCode::FLOW_CONTROL_ERROR, "a window over the largest there is");
        let window = i64::from(window);
        if window > MAX_WINDOW {
            return Err(TOO_LARGE);
        }
        let change = window - self.output.stream_window;
        self.output.stream_window = window;
        for stream in self.streams.all() {
            stream.output.window += change;
            if stream.output.window > MAX_WINDOW {
                return Err(TOO_LARGE);
            }
        }
        if change > 0 {
            self.output.unfinished = u64::MAX;
        }
        Ok(())
    }

    fn pinged(&mut self, head: Head, payload: &[u8]) -> Result<(), FrameError> {
        if head.stream != 0 {
            return Err(FrameError::protocol("PING on a stream"));
        }
        if payload.len() != 8 {
            return Err(FrameError::size("PING of other than 8 bytes"));
        }
        if !head.has(flag::ACK) {
            frame::put(kind::PING, flag::ACK, 0, payload, &mut self.output.bytes);
        } else if payload == DRAIN_PING && self.state == State::Leaving {
            self.state = State::Closing;
            self.go_away(self.input.taken, ErrorCode::NO_ERROR, "");
        }
        Ok(())
    }

    /// Priorities are not used any more (section 5.3.2), but read for what is wrong with them.
    fn priority(&mut self, head: Head, payload: &[u8]) -> Result<(), FrameError> {
        if head.stream == 0 {
            return Err(FrameError::protocol("PRIORITY on stream 0"));
        }
        let (code, reason) = match number(payload).filter(|_| payload.len() == 5) {
            None => (ErrorCode::FRAME_SIZE_ERROR, "PRIORITY of other than 5 bytes"),
            // RFC 7540, section 5.3.1.
            Some(on) if on & (u32::MAX >> 1) == head.stream => {
                (ErrorCode::PROTOCOL_ERROR, "a stream that depends on itself")
            }
            Some(_) => return Ok(()),
        };
        // A stream that is still idle cannot be reset (section 6.4).
        Err(if head.stream > self.input.last { FrameError::Connection(code, reason) } else { FrameError::Stream(code) })
    }

    /// The number of a stream that is, or was.
    fn not_idle(&self, id: u32) -> Result<u32, FrameError> {
        if id == 0 || id > self.input.last || id.is_multiple_of(2) {
            return Err(FrameError::protocol("a frame on a stream that was never opened"));
        }
        Ok(id)
    }
}

/// Bytes of a frame's payload, unless they are too many.
fn payload_len(head: Head) -> Result<usize, Error> {
    if head.len > MAX_PAYLOAD {
        return Err(Error { code: ErrorCode::FRAME_SIZE_ERROR, reason: "a frame over the largest size" });
    }
    Ok(head.len)
}

/// What is left of a payload without its padding.
fn unpadded(head: Head, mut payload: Bytes) -> Result<Bytes, FrameError> {
    if head.has(flag::PADDED) {
        let padding = usize::from(*payload.first().ok_or(FrameError::size("no room for the length of the padding"))?);
        payload.advance(1);
        let content = payload.len().checked_sub(padding);
        payload.truncate(content.ok_or(FrameError::protocol("more padding than there is payload"))?);
    }
    Ok(payload)
}
