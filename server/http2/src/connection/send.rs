//! Responses to the client, as far as windows and the send buffer admit.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body::Body as _;

use super::stream::{ResponseState, Stream, StreamEnd};
use super::{Connection, stream_slots};
use crate::error::{Error, ErrorCode};
use crate::frame::{self, FrameHeader, HEADER_LEN, MAX_FRAME_SIZE, flag, kind};
use crate::tunnel::TunnelOutput;
use crate::{Service, WriteBody as _, WriteBuf, Written, headers, hpack};

/// How far a stream came when it was polled.
enum StreamPoll {
    /// It waits for its service, a window, or space in the send buffer.
    Pending,
    /// The response is complete.
    Done,
    /// It ends with an error.
    Failed(ErrorCode),
}

/// What polling a response led to.
enum ResponsePoll {
    Pending,
    /// The body appended bytes to the send buffer, after space for a frame header that begins at this position.
    InPlace(usize),
    /// The stream's state has changed; poll again.
    Progress,
}

impl<S: Service> Connection<S> {
    /// Polls a stream until it waits for something, and removes it when it is closed.
    pub(super) fn poll_stream(&mut self, slot: usize) {
        // Other streams may share the bit of the one that was woken.
        if !self.streams.get(slot).is_some_and(|stream| stream.take_due()) {
            return;
        }
        let Some(mut stream) = self.streams.take(slot) else { return };
        self.send.last_polled = slot;
        let poll = self.drive(slot, &mut stream);
        let id = stream.id;
        self.streams.put_back(slot, stream);
        self.release_read(slot);
        match poll {
            StreamPoll::Pending => {}
            StreamPoll::Done => self.response_done(id),
            StreamPoll::Failed(code) => self.reset(id, code),
        }
    }

    fn drive(&mut self, slot: usize, stream: &mut Stream<S::Body>) -> StreamPoll {
        if stream.signal.is_reset() {
            self.counts.aborted += 1;
            self.ticking = true;
            return StreamPoll::Failed(ErrorCode::CANCEL);
        }
        // What is left of the window when this stream's turn is over.
        let turn_end = self.send.window.left.saturating_sub(self.send.turn);
        loop {
            // A body that writes no more than the windows admit has nothing pending, and waits for both of them.
            if self.holds_back(&stream.send) {
                self.send.blocked |= stream_slots::slot_bit(slot);
            }
            if !self.send_pending(slot, stream, turn_end) {
                let aborted = matches!(&stream.response, ResponseState::Tunnel(buffers) if buffers.is_aborted());
                return if aborted { StreamPoll::Failed(ErrorCode::CANCEL) } else { StreamPoll::Pending };
            }
            if let Some(end) = stream.send.end.take() {
                self.put_stream_end(stream.id, end);
                return StreamPoll::Done;
            }
            if self.is_full() || self.send.window.left <= turn_end {
                stream.signal.set_woken();
                self.send.ready |= stream_slots::slot_bit(slot);
                return StreamPoll::Pending;
            }
            match self.poll_response(stream, turn_end) {
                Ok(ResponsePoll::Pending) => return StreamPoll::Pending,
                Ok(ResponsePoll::Progress) => {}
                Ok(ResponsePoll::InPlace(start)) => self.frame_in_place(start, stream),
                Err(code) => return StreamPoll::Failed(code),
            }
        }
    }

    /// Sends pending bytes of the body as far as possible. Returns whether all were sent.
    fn send_pending(&mut self, slot: usize, stream: &mut Stream<S::Body>, turn_end: i64) -> bool {
        while !stream.send.pending.is_empty() {
            let window = self.sendable(&stream.send);
            let turn = self.send.window.left.saturating_sub(turn_end);
            if window <= 0 {
                if stream.send.window > 0 {
                    self.send.blocked |= stream_slots::slot_bit(slot);
                }
                self.ticking = true;
                return false;
            }
            if self.is_full() || turn <= 0 {
                self.send.ready |= stream_slots::slot_bit(slot);
                return false;
            }
            let pending = &mut stream.send.pending;
            let len = pending.len().min(MAX_FRAME_SIZE).min(usize::try_from(window.min(turn)).unwrap_or(usize::MAX));
            let part = pending.split_to(len);
            let mut flags = 0;
            if pending.is_empty() {
                // An emptied `Bytes` would keep its memory.
                *pending = Bytes::new();
                if stream.send.end.take_if(|end| matches!(end, StreamEnd::LastData)).is_some() {
                    flags = flag::END_STREAM;
                    stream.send.end = Some(StreamEnd::Sent);
                }
            }
            frame::put(kind::DATA, flags, stream.id, &part, &mut self.send.buffer);
            if let ResponseState::Tunnel(tunnel) = &stream.response {
                tunnel.add_sent(len);
            }
            self.send.window.consume(len, &mut stream.send);
        }
        true
    }

    /// Makes a DATA frame of the bytes that a body wrote into the send buffer. If a window or the frame size does not
    /// admit them, moves them to the stream's pending bytes.
    fn frame_in_place(&mut self, start: usize, stream: &mut Stream<S::Body>) {
        let window = self.sendable(&stream.send);
        let out = &mut self.send.buffer;
        let len = out.len().saturating_sub(start + HEADER_LEN);
        if len > MAX_FRAME_SIZE || i64::try_from(len).unwrap_or(i64::MAX) > window {
            stream.send.pending = Bytes::copy_from_slice(&out[start + HEADER_LEN..]);
            out.truncate(start);
            return;
        }
        let header = FrameHeader { len, kind: kind::DATA, flags: 0, stream: stream.id };
        out[start..start + HEADER_LEN].copy_from_slice(&header.to_bytes());
        self.send.window.consume(len, &mut stream.send);
    }

    fn poll_response(&mut self, stream: &mut Stream<S::Body>, turn_end: i64) -> Result<ResponsePoll, ErrorCode> {
        let cx = &mut Context::from_waker(&stream.waker);
        match &mut stream.response {
            ResponseState::Pending(response) => match response.as_mut().poll(cx) {
                Poll::Pending => Ok(ResponsePoll::Pending),
                Poll::Ready(Ok(response)) => {
                    self.start_response(stream, response);
                    Ok(ResponsePoll::Progress)
                }
                Poll::Ready(Err(error)) => {
                    tracing::debug!(error, "service failed");
                    Err(ErrorCode::INTERNAL_ERROR)
                }
            },
            ResponseState::Body(body) => {
                let turn = self.send.window.left.saturating_sub(turn_end);
                let window = self.sendable(&stream.send).min(turn).max(0);
                let limit = usize::try_from(window).unwrap_or(usize::MAX).min(MAX_FRAME_SIZE);
                let mut buf = WriteBuf::new(&mut self.send.buffer, HEADER_LEN)
                    .with_limit(limit)
                    .with_progress(self.send.progress.as_ref());
                let written = Pin::new(&mut *body).poll_write(cx, &mut buf);
                stream.send.body_waits = buf.is_waiting();
                self.ticking |= stream.send.body_waits;
                let prefix = buf.prefix();
                if let (Poll::Ready(Some(Ok(Written::InPlace))), Some(prefix)) = (&written, prefix) {
                    return Ok(ResponsePoll::InPlace(prefix));
                }
                // A body that writes and then returns something else must not corrupt the frames before it.
                self.send.buffer.truncate(prefix.unwrap_or(usize::MAX));
                match written {
                    Poll::Pending => return Ok(ResponsePoll::Pending),
                    Poll::Ready(Some(Ok(Written::InPlace))) => {}
                    Poll::Ready(Some(Ok(Written::Chunk(chunk)))) => {
                        let last = if chunk.is_empty() { StreamEnd::EmptyData } else { StreamEnd::LastData };
                        stream.send.end = body.is_end_stream().then_some(last);
                        stream.send.pending = chunk;
                    }
                    Poll::Ready(Some(Ok(Written::Trailers(trailers)))) => {
                        stream.send.end = Some(StreamEnd::Trailers(Box::new(trailers)));
                    }
                    Poll::Ready(None) => stream.send.end = Some(StreamEnd::EmptyData),
                    // The body has logged the reason.
                    Poll::Ready(Some(Err(_))) => return Err(ErrorCode::INTERNAL_ERROR),
                }
                Ok(ResponsePoll::Progress)
            }
            ResponseState::Tunnel(buffers) => {
                match buffers.take() {
                    TunnelOutput::Pending => return Ok(ResponsePoll::Pending),
                    TunnelOutput::Bytes(bytes) => stream.send.pending = bytes.into(),
                    TunnelOutput::End => stream.send.end = Some(StreamEnd::EmptyData),
                }
                Ok(ResponsePoll::Progress)
            }
        }
    }

    /// Sends the header section of a response.
    fn start_response(&mut self, stream: &mut Stream<S::Body>, response: Response<S::Body>) {
        let (mut parts, body) = response.into_parts();
        stream.send.answered = true;
        self.recv.held -= std::mem::take(&mut stream.recv.head);
        let is_success = parts.status.is_success();
        let tunnel = stream.send.tunnel.clone().filter(|tunnel| is_success && tunnel.is_accepted());
        if let Some(tunnel) = tunnel {
            self.put_response_head(stream.id, parts.status, &parts.headers, false);
            stream.response = ResponseState::Tunnel(tunnel);
            return;
        }
        let ends_stream = body.is_end_stream();
        if let Some(length) = body.size_hint().exact().filter(|_| !ends_stream) {
            parts.headers.entry(header::CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
        }
        self.put_response_head(stream.id, parts.status, &parts.headers, ends_stream);
        stream.send.end = ends_stream.then_some(StreamEnd::Sent);
        stream.response = ResponseState::Body(body);
    }

    pub(super) fn put_response_head(&mut self, id: u32, status: StatusCode, headers: &HeaderMap, ends_stream: bool) {
        let mut block = self.new_header_block();
        headers::put_response(status, headers, &mut block);
        let flags = if ends_stream { flag::END_STREAM } else { 0 };
        frame::put_header_block(flags, id, &block, &mut self.send.buffer);
    }

    fn put_stream_end(&mut self, id: u32, end: StreamEnd) {
        match end {
            StreamEnd::Trailers(trailers) => {
                let mut block = self.new_header_block();
                headers::put_fields(&trailers, &mut block);
                frame::put_header_block(flag::END_STREAM, id, &block, &mut self.send.buffer);
            }
            StreamEnd::EmptyData | StreamEnd::LastData => {
                frame::put(kind::DATA, flag::END_STREAM, id, &[], &mut self.send.buffer)
            }
            StreamEnd::Sent => {}
        }
    }

    fn new_header_block(&mut self) -> Vec<u8> {
        let mut block = Vec::with_capacity(128);
        if std::mem::take(&mut self.send.table_size_update) {
            hpack::put_empty_table(&mut block);
        }
        block
    }

    /// Closes a stream whose response is complete.
    fn response_done(&mut self, id: u32) {
        self.resets.count_answered();
        let Some(stream) = self.remove(id) else { return };
        if stream.recv.open {
            // Section 8.1: the rest of the request is not needed.
            self.remember_answered(id);
            stream.fail(&Error::new(ErrorCode::NO_ERROR, "the response was complete before the request"));
        }
    }

    /// Sends RST_STREAM and closes the stream, if it is not closed already.
    pub(super) fn reset(&mut self, id: u32, code: ErrorCode) {
        if let Some(stream) = self.remove(id) {
            stream.fail(&Error::new(code, "the server reset the stream"));
        }
        self.put_rst_stream(id, code);
    }

    fn put_rst_stream(&mut self, id: u32, code: ErrorCode) {
        self.put_reset_frame(id, code);
        self.remember(id);
    }

    /// Remembers a stream that this side ended: frames that the client still sends on it are ignored.
    pub(super) fn remember(&mut self, id: u32) {
        let due = self.resets.remember(id, &self.limits);
        self.put_late_reset(due);
    }

    /// Remembers a stream that was answered before its request was complete. RST_STREAM follows later: some clients
    /// discard a response that arrives together with it.
    pub(super) fn remember_answered(&mut self, id: u32) {
        self.ticking = true;
        let due = self.resets.remember_answered(id, &self.limits);
        self.put_late_reset(due);
    }

    /// Sends RST_STREAM for a stream that was answered and not ended by the client.
    pub(super) fn put_late_reset(&mut self, due: Option<u32>) {
        if let Some(id) = due {
            self.put_reset_frame(id, ErrorCode::NO_ERROR);
        }
    }

    fn put_reset_frame(&mut self, id: u32, code: ErrorCode) {
        self.counts.resets_sent += 1;
        self.ticking = true;
        frame::put(kind::RST_STREAM, 0, id, &code.to_be_bytes(), &mut self.send.buffer);
    }

    /// Removes a stream, and what it holds from the connection's memory.
    pub(super) fn remove(&mut self, id: u32) -> Option<Box<Stream<S::Body>>> {
        let stream = self.streams.remove(id)?;
        self.recv.held -= stream.held();
        if self.streams.count() == 1 {
            // The one that is left needs to share nothing.
            self.send.ready |= std::mem::take(&mut self.send.blocked);
        }
        Some(stream)
    }
}
