//! Frames from the client: reassembly, and each type's rules (RFC 9113, section 6).

use bytes::{Buf as _, Bytes};

use super::stream_slots;
use super::{Connection, SHUTDOWN_PING, State, WINDOW_PING};
use crate::Service;
use crate::error::{Error, ErrorCode, FrameError};
use crate::frame::{
    self, DEFAULT_HEADER_TABLE_SIZE, DEFAULT_WINDOW_SIZE, FrameHeader, HEADER_LEN, MASK_31, MAX_FRAME_SIZE,
    MAX_WINDOW_SIZE, flag, kind, leading_u32, setting,
};

impl<S: Service> Connection<S> {
    /// Processes all complete frames, and keeps the beginning of the next one.
    pub(super) fn recv_chunk(&mut self, mut chunk: Bytes) -> Result<(), Error> {
        while !self.recv.partial.is_empty() && !chunk.is_empty() && !self.is_closed() {
            let partial = &mut self.recv.partial;
            let needed = match partial.first_chunk::<HEADER_LEN>() {
                Some(header) => HEADER_LEN + payload_len(FrameHeader::parse(header))?,
                None => HEADER_LEN,
            };
            let missing = (needed - partial.len()).min(chunk.len());
            partial.extend_from_slice(&chunk.split_to(missing));
            if let Some(header) = partial.first_chunk::<HEADER_LEN>().map(FrameHeader::parse)
                && partial.len() == HEADER_LEN + payload_len(header)?
            {
                let mut payload = std::mem::take(partial).freeze();
                payload.advance(HEADER_LEN);
                self.recv_frame(header, payload)?;
            }
        }
        while !self.is_closed()
            && let Some(header) = chunk.first_chunk::<HEADER_LEN>().map(FrameHeader::parse)
            && chunk.len() >= HEADER_LEN + payload_len(header)?
        {
            chunk.advance(HEADER_LEN);
            let payload = chunk.split_to(header.len);
            self.recv_frame(header, payload)?;
        }
        if !self.is_closed() {
            self.recv.partial.extend_from_slice(&chunk);
        }
        Ok(())
    }

    fn recv_frame(&mut self, header: FrameHeader, payload: Bytes) -> Result<(), Error> {
        let FrameHeader { len, kind, flags, stream } = header;
        tracing::trace!(kind, flags, stream, len, "frame received");
        let outcome = self.dispatch(header, payload).or_else(|error| match error {
            FrameError::Stream(code) => {
                self.reset(stream, code);
                self.ticking = true;
                self.resets.count_provoked(&self.limits)
            }
            FrameError::Connection(..) => Err(error),
        });
        match outcome {
            Err(FrameError::Connection(code, reason)) => Err(Error::new(code, reason)),
            Ok(()) | Err(FrameError::Stream(_)) => {
                // The frame may have closed the last stream of a shutdown; frames after it are not processed.
                self.close_if_done();
                Ok(())
            }
        }
    }

    fn dispatch(&mut self, header: FrameHeader, payload: Bytes) -> Result<(), FrameError> {
        if self.state == State::AwaitingSettings {
            if header.kind != kind::SETTINGS || header.has(flag::ACK) {
                return Err(FrameError::protocol("first frame is not SETTINGS"));
            }
            self.state = State::Open;
        }
        if self.recv.header_block.is_some() && header.kind != kind::CONTINUATION {
            return Err(FrameError::protocol("frame other than CONTINUATION inside a header block"));
        }
        match header.kind {
            kind::DATA => self.recv_data(header, payload),
            kind::HEADERS => self.recv_headers(header, payload),
            kind::CONTINUATION => self.recv_continuation(header, &payload),
            kind::WINDOW_UPDATE => self.recv_window_update(header, &payload),
            kind::RST_STREAM => self.recv_rst_stream(header, &payload),
            kind::SETTINGS => self.recv_settings(header, &payload),
            kind::PING => self.recv_ping(header, &payload),
            kind::PRIORITY => self.recv_priority(header, &payload),
            kind::GOAWAY => self.recv_goaway(header, &payload),
            kind::PUSH_PROMISE => Err(FrameError::protocol("PUSH_PROMISE from a client")),
            // Section 5.5: frames of unknown types are ignored.
            _ => Ok(()),
        }
    }

    fn recv_data(&mut self, header: FrameHeader, payload: Bytes) -> Result<(), FrameError> {
        let id = self.known_stream(header.stream)?;
        // Section 6.9.1: padding counts, and so do frames on streams that are closed.
        self.recv.window -= i64::try_from(header.len).unwrap_or(i64::MAX);
        if self.recv.window < 0 {
            return Err(FrameError::flow_control("DATA exceeds the connection's flow-control window"));
        }
        let len = u32::try_from(header.len).unwrap_or(u32::MAX);
        self.release_connection(len);
        let content = without_padding(header, payload)?;
        let slot = self.streams.find(id);
        let Some((slot, stream)) = slot.and_then(|slot| Some((slot, self.streams.get(slot)?))) else {
            return self.recv_late(id, header.has(flag::END_STREAM), FrameError::Stream(ErrorCode::STREAM_CLOSED));
        };
        let recv = &mut stream.recv;
        recv.unread += len;
        self.recv.held += len;
        recv.window -= i64::from(len);
        if !recv.open {
            return Err(FrameError::Stream(ErrorCode::STREAM_CLOSED));
        }
        if recv.window < 0 && len > 0 {
            return Err(FrameError::Stream(ErrorCode::FLOW_CONTROL_ERROR));
        }
        if let Some(content_left) = &mut recv.content_left {
            // Section 8.1.1: the body has the length that content-length declared.
            let left =
                content_left.checked_sub(content.len() as u64).ok_or(FrameError::Stream(ErrorCode::PROTOCOL_ERROR))?;
            *content_left = left;
            if header.has(flag::END_STREAM) && left > 0 {
                return Err(FrameError::Stream(ErrorCode::PROTOCOL_ERROR));
            }
        }
        let padding = len - u32::try_from(content.len()).unwrap_or(len);
        if let Some(body) = recv.body.as_ref().filter(|_| !content.is_empty()) {
            body.put(content);
        }
        if header.has(flag::END_STREAM) {
            recv.end(None);
        }
        stream.signal.set_woken();
        self.send.ready |= stream_slots::slot_bit(slot);
        if padding > 0 {
            self.release(slot, padding);
        }
        self.bound_memory();
        Ok(())
    }

    /// Handles DATA or HEADERS on a closed stream: ignored if this side ended it, else an error.
    pub(super) fn recv_late(&mut self, id: u32, ends_stream: bool, error: FrameError) -> Result<(), FrameError> {
        if !self.resets.may_be_ours(id) {
            return Err(error);
        }
        if ends_stream {
            self.resets.client_ended(id);
        }
        Ok(())
    }

    fn recv_window_update(&mut self, header: FrameHeader, payload: &[u8]) -> Result<(), FrameError> {
        let increment = leading_u32(payload).filter(|_| payload.len() == 4);
        let increment = increment.ok_or(FrameError::size("WINDOW_UPDATE payload is not 4 bytes"))? & MASK_31;
        if header.stream == 0 {
            self.send.window.add(increment);
            if increment == 0 {
                return Err(FrameError::protocol("WINDOW_UPDATE with an increment of 0"));
            }
            if self.send.window.left > MAX_WINDOW_SIZE {
                return Err(FrameError::flow_control("WINDOW_UPDATE raises the connection's window above 2^31-1"));
            }
            self.send.stalled = 0;
            let blocked = std::mem::take(&mut self.send.blocked);
            self.send.turn = self.send.window.turn(blocked.count_ones());
            self.send.ready |= blocked;
            return Ok(());
        }
        let id = self.known_stream(header.stream)?;
        let Some(slot) = self.streams.find(id) else { return Ok(()) };
        let Some(stream) = self.streams.get(slot) else { return Ok(()) };
        if increment == 0 {
            return Err(FrameError::Stream(ErrorCode::PROTOCOL_ERROR));
        }
        self.send.window.add_to_stream(increment, &mut stream.send);
        if stream.send.window > MAX_WINDOW_SIZE {
            return Err(FrameError::Stream(ErrorCode::FLOW_CONTROL_ERROR));
        }
        self.send.ready |= stream_slots::slot_bit(slot);
        Ok(())
    }

    fn recv_rst_stream(&mut self, header: FrameHeader, payload: &[u8]) -> Result<(), FrameError> {
        let code = leading_u32(payload).filter(|_| payload.len() == 4);
        let code = code.ok_or(FrameError::size("RST_STREAM payload is not 4 bytes"))?;
        let id = self.known_stream(header.stream)?;
        self.counts.resets_received += 1;
        self.ticking = true;
        let Some(stream) = self.remove(id) else {
            self.resets.client_ended(id);
            return Ok(());
        };
        stream.fail(&Error::new(ErrorCode::from(code), "the client reset the stream"));
        if !stream.send.answered {
            self.resets.count_early(&self.limits);
        }
        Ok(())
    }

    fn recv_settings(&mut self, header: FrameHeader, payload: &[u8]) -> Result<(), FrameError> {
        if header.stream != 0 {
            return Err(FrameError::protocol("SETTINGS on a stream"));
        }
        let (settings, rest) = payload.as_chunks::<6>();
        if !rest.is_empty() || (header.has(flag::ACK) && !payload.is_empty()) {
            return Err(FrameError::size("SETTINGS payload is not a multiple of 6 bytes, or an ACK is not empty"));
        }
        if header.has(flag::ACK) {
            self.settings_acknowledged();
            return Ok(());
        }
        // Only the last value of a setting counts, so that a frame changes the windows of the streams once.
        let mut initial_window = None;
        for &[n0, n1, v0, v1, v2, v3] in settings {
            let value = u32::from_be_bytes([v0, v1, v2, v3]);
            match u16::from_be_bytes([n0, n1]) {
                setting::HEADER_TABLE_SIZE => self.send.table_size_update |= value < DEFAULT_HEADER_TABLE_SIZE,
                setting::ENABLE_PUSH if value > 1 => {
                    return Err(FrameError::protocol("SETTINGS_ENABLE_PUSH is neither 0 nor 1"));
                }
                setting::INITIAL_WINDOW_SIZE if i64::from(value) > MAX_WINDOW_SIZE => return Err(WINDOW_TOO_LARGE),
                setting::INITIAL_WINDOW_SIZE => initial_window = Some(value),
                setting::MAX_FRAME_SIZE if !(16_384..1 << 24).contains(&value) => {
                    return Err(FrameError::protocol("SETTINGS_MAX_FRAME_SIZE is outside 2^14 to 2^24-1"));
                }
                // The others do not change what is sent: frames of the smallest maximum, no pushes, and header lists
                // that are short.
                _ => {}
            }
        }
        if let Some(window) = initial_window {
            self.set_initial_stream_window(window.into())?;
        }
        frame::put(kind::SETTINGS, flag::ACK, 0, &[], &mut self.send.buffer);
        Ok(())
    }

    /// Returns how much larger than `stream_window` the window of a stream is until the client has acknowledged this
    /// side's SETTINGS: it may have sent as much as the protocol's initial window allows (section 6.9.3).
    pub(super) fn initial_window_excess(&self) -> i64 {
        DEFAULT_WINDOW_SIZE.saturating_sub(self.limits.stream_window).into()
    }

    /// Applies this side's settings, which the client has acknowledged.
    fn settings_acknowledged(&mut self) {
        if !std::mem::replace(&mut self.recv.settings_acknowledged, true) {
            let excess = self.initial_window_excess();
            for stream in self.streams.all() {
                stream.recv.window -= excess;
            }
        }
    }

    /// Applies SETTINGS_INITIAL_WINDOW_SIZE, which also changes the windows of open streams and may make them negative
    /// (section 6.9.2).
    fn set_initial_stream_window(&mut self, window: i64) -> Result<(), FrameError> {
        let change = window - self.send.initial_stream_window;
        self.send.initial_stream_window = window;
        for stream in self.streams.all() {
            stream.send.window += change;
            stream.send.largest_window += change;
            if stream.send.window > MAX_WINDOW_SIZE {
                return Err(WINDOW_TOO_LARGE);
            }
        }
        if change > 0 {
            self.send.ready = u64::MAX;
        }
        Ok(())
    }

    fn recv_ping(&mut self, header: FrameHeader, payload: &[u8]) -> Result<(), FrameError> {
        if header.stream != 0 {
            return Err(FrameError::protocol("PING on a stream"));
        }
        if payload.len() != 8 {
            return Err(FrameError::size("PING payload is not 8 bytes"));
        }
        if !header.has(flag::ACK) {
            frame::put(kind::PING, flag::ACK, 0, payload, &mut self.send.buffer);
        } else if payload == WINDOW_PING {
            self.send.window_ping_answered = true;
        } else if payload == SHUTDOWN_PING && self.state == State::GoingAway {
            self.state = State::Closing;
            self.put_goaway(self.recv.last_accepted_id, ErrorCode::NO_ERROR, "");
        }
        Ok(())
    }

    fn recv_goaway(&mut self, header: FrameHeader, payload: &[u8]) -> Result<(), FrameError> {
        if header.stream != 0 {
            return Err(FrameError::protocol("GOAWAY on a stream"));
        }
        if payload.len() < 8 {
            return Err(FrameError::size("GOAWAY payload is shorter than 8 bytes"));
        }
        self.recv.goaway_received = true;
        Ok(())
    }

    /// Checks a PRIORITY frame. Priorities themselves are deprecated and ignored (section 5.3.2).
    fn recv_priority(&mut self, header: FrameHeader, payload: &[u8]) -> Result<(), FrameError> {
        if header.stream == 0 {
            return Err(FrameError::protocol("PRIORITY on stream 0"));
        }
        let (code, reason) = match leading_u32(payload).filter(|_| payload.len() == 5) {
            None => (ErrorCode::FRAME_SIZE_ERROR, "PRIORITY payload is not 5 bytes"),
            // RFC 7540, section 5.3.1.
            Some(dependency) if dependency & MASK_31 == header.stream => {
                (ErrorCode::PROTOCOL_ERROR, "PRIORITY makes a stream depend on itself")
            }
            Some(_) => return Ok(()),
        };
        // An idle stream cannot be reset (section 6.4).
        let is_idle = header.stream > self.recv.last_stream_id;
        Err(if is_idle { FrameError::Connection(code, reason) } else { FrameError::Stream(code) })
    }

    /// Returns the identifier of a stream that the client has opened; a frame on an idle stream is a connection error
    /// (section 5.1).
    fn known_stream(&self, id: u32) -> Result<u32, FrameError> {
        if id == 0 || id > self.recv.last_stream_id || id.is_multiple_of(2) {
            return Err(FrameError::protocol("frame on stream 0 or on an idle stream"));
        }
        Ok(id)
    }
}

const WINDOW_TOO_LARGE: FrameError =
    FrameError::flow_control("SETTINGS_INITIAL_WINDOW_SIZE raises a window above 2^31-1");

/// Returns the length of a payload, unless the frame is too large (section 4.2).
fn payload_len(header: FrameHeader) -> Result<usize, Error> {
    if header.len > MAX_FRAME_SIZE {
        return Err(Error::new(ErrorCode::FRAME_SIZE_ERROR, "frame exceeds SETTINGS_MAX_FRAME_SIZE (16384)"));
    }
    Ok(header.len)
}

/// Returns the payload of DATA or HEADERS without its padding (section 6.1).
pub(super) fn without_padding(header: FrameHeader, mut payload: Bytes) -> Result<Bytes, FrameError> {
    if header.has(flag::PADDED) {
        let padding = *payload.first().ok_or(FrameError::size("PADDED frame without a padding length"))?;
        payload.advance(1);
        let content = payload.len().checked_sub(usize::from(padding));
        payload.truncate(content.ok_or(FrameError::protocol("padding exceeds the payload"))?);
    }
    Ok(payload)
}
