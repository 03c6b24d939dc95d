//! HEADERS and CONTINUATION: a request begins, or its trailers end it (RFC 9113, sections 6.2, 6.10 and 8.1).

use std::sync::Arc;

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::Connection;
use super::header_block::HeaderBlock;
use super::recv::without_padding;
use super::stream::{RecvHalf, ResponseState, SendHalf, Stream};
use super::{State, stream_slots};
use crate::error::{ErrorCode, FrameError};
use crate::frame::{FrameHeader, MASK_31, flag, leading_u32};
use crate::headers::{Fields, MalformedRequest, RequestHead};
use crate::limits::{MAX_CONTINUATIONS, MAX_HEADER_BLOCK};
use crate::request_body::BodyBuffer;
use crate::stream_handle::{StreamHandle, StreamSignal};
use crate::tunnel::TunnelBuffers;
use crate::{ConnectUpgrade, RequestBody, Service};

impl<S: Service> Connection<S> {
    pub(super) fn recv_headers(&mut self, header: FrameHeader, payload: Bytes) -> Result<(), FrameError> {
        if header.stream == 0 {
            return Err(FrameError::protocol("HEADERS on stream 0"));
        }
        let (mut fragment, mut depends_on_itself) = (without_padding(header, payload)?, false);
        if header.has(flag::PRIORITY) {
            let dependency = leading_u32(&fragment).filter(|_| fragment.len() >= 5);
            let dependency = dependency.ok_or(FrameError::size("HEADERS is too short for its priority fields"))?;
            fragment.advance(5);
            depends_on_itself = dependency & MASK_31 == header.stream;
        }
        let block = HeaderBlock {
            stream: header.stream,
            ends_stream: header.has(flag::END_STREAM),
            depends_on_itself,
            fragment: BytesMut::new(),
            continuations: 0,
        };
        if header.has(flag::END_HEADERS) {
            return self.recv_header_block(&block, &fragment);
        }
        self.recv.header_block = Some(HeaderBlock { fragment: fragment.into(), ..block });
        Ok(())
    }

    pub(super) fn recv_continuation(&mut self, header: FrameHeader, payload: &[u8]) -> Result<(), FrameError> {
        let Some(block) = &mut self.recv.header_block else {
            return Err(FrameError::protocol("CONTINUATION without HEADERS"));
        };
        if block.stream != header.stream {
            return Err(FrameError::protocol("CONTINUATION on another stream than its HEADERS"));
        }
        block.continuations += 1;
        if block.fragment.len() + payload.len() > MAX_HEADER_BLOCK || block.continuations > MAX_CONTINUATIONS {
            return Err(FrameError::Connection(
                ErrorCode::ENHANCE_YOUR_CALM,
                "header block exceeds 65536 bytes or 32 CONTINUATION frames",
            ));
        }
        block.fragment.extend_from_slice(payload);
        match self.recv.header_block.take_if(|_| header.has(flag::END_HEADERS)) {
            Some(block) => self.recv_header_block(&block, &block.fragment),
            None => Ok(()),
        }
    }

    /// Processes a complete header block: a request, or trailers.
    fn recv_header_block(&mut self, block: &HeaderBlock, bytes: &[u8]) -> Result<(), FrameError> {
        let &HeaderBlock { stream: id, ends_stream, depends_on_itself, .. } = block;
        let (mut fields, max) = (Fields::default(), self.limits.max_header_list);
        // Decoded in any case: later blocks refer to what this one adds to the table.
        let decoded = self.recv.decoder.decode(bytes, |field| fields.push(field, max));
        decoded.map_err(|_| FrameError::Connection(ErrorCode::COMPRESSION_ERROR, "header block cannot be decoded"))?;
        if let Some(slot) = self.streams.find(id) {
            return self.recv_trailers(slot, ends_stream, fields);
        }
        if id.is_multiple_of(2) {
            return Err(FrameError::protocol("HEADERS on a stream with an even identifier"));
        }
        if id <= self.recv.last_stream_id {
            let error = FrameError::Connection(ErrorCode::STREAM_CLOSED, "HEADERS on a closed stream");
            return self.recv_late(id, ends_stream, error);
        }
        self.recv.last_stream_id = id;
        if matches!(self.state, State::Closing) {
            // Section 6.8: streams above the one in the final GOAWAY are ignored.
            self.remember(id);
            return Ok(());
        }
        self.recv.last_accepted_id = id;
        if self.streams.count() >= self.limits.max_streams as usize {
            self.counts.refused_streams += 1;
            self.ticking = true;
            self.reset(id, ErrorCode::REFUSED_STREAM);
            return Ok(());
        }
        if self.resets.refuse_request(&self.limits)? {
            self.counts.refused_resets += 1;
            self.ticking = true;
            self.reset(id, ErrorCode::REFUSED_STREAM);
            return Ok(());
        }
        if depends_on_itself {
            return Err(FrameError::Stream(ErrorCode::PROTOCOL_ERROR));
        }
        if fields.exceed(max) {
            self.reject(id, ends_stream, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
            return Ok(());
        }
        let memory = fields.memory();
        let head = match fields.into_request(ends_stream) {
            Ok(head) => head,
            Err(MalformedRequest::Path) => {
                self.reject(id, ends_stream, StatusCode::BAD_REQUEST);
                return Ok(());
            }
            Err(MalformedRequest::Other) => return Err(FrameError::Stream(ErrorCode::PROTOCOL_ERROR)),
        };
        self.open_stream(id, ends_stream, head, memory);
        self.bound_memory();
        Ok(())
    }

    fn recv_trailers(&mut self, slot: usize, ends_stream: bool, fields: Fields) -> Result<(), FrameError> {
        let too_large = fields.exceed(self.limits.max_header_list);
        let Some(stream) = self.streams.get(slot) else { return Ok(()) };
        if !stream.recv.open {
            return Err(FrameError::Stream(ErrorCode::STREAM_CLOSED));
        }
        let body_is_complete = stream.recv.content_left.is_none_or(|left| left == 0);
        let trailers = fields.into_trailers().ok().filter(|_| ends_stream && !too_large && body_is_complete);
        let trailers: HeaderMap = trailers.ok_or(FrameError::Stream(ErrorCode::PROTOCOL_ERROR))?;
        stream.recv.end(Some(trailers));
        Ok(())
    }

    /// Opens a stream, in the state "open" or, if the request has no body, "half-closed (remote)".
    /// `memory`: what its header fields take.
    fn open_stream(&mut self, id: u32, ends_stream: bool, head: RequestHead, memory: u32) {
        let RequestHead { mut request, protocol, content_length } = head;
        let slot = self.streams.next_slot();
        let signal = StreamSignal::new(stream_slots::slot_bit(slot), self.wakes.clone());
        let waker = signal.waker();
        request.extensions_mut().insert(StreamHandle::new(signal.clone()));
        let excess = if self.recv.settings_acknowledged { 0 } else { self.initial_window_excess() };
        let window = i64::from(self.limits.stream_window) + excess;
        let buffer = (!ends_stream).then(|| Arc::new(BodyBuffer::new(content_length, waker.clone())));
        let mut tunnel = None;
        let body = match (protocol, &buffer) {
            (Some(protocol), Some(buffer)) => {
                let tunnel_buffers = tunnel.insert(Arc::new(TunnelBuffers::new(waker.clone()))).clone();
                request.extensions_mut().insert(ConnectUpgrade::new(protocol, buffer.clone(), tunnel_buffers));
                // The bytes belong to the tunnel, if the service accepts it.
                RequestBody::empty()
            }
            (None, Some(buffer)) => RequestBody::new(buffer.clone()),
            (_, None) => RequestBody::empty(),
        };
        let expects_continue = request.headers().get(header::EXPECT).is_some_and(is_continue);
        if let Some(buffer) = buffer.as_ref().filter(|_| expects_continue) {
            buffer.expect_continue();
        }
        let response = ResponseState::Pending(self.service.call(request.map(|()| body)));
        let recv = RecvHalf {
            body: buffer,
            open: !ends_stream,
            window,
            unread: 0,
            head: memory,
            released: 0,
            content_left: content_length,
            expects_continue,
        };
        self.recv.held += memory;
        let send = SendHalf {
            window: self.send.initial_stream_window,
            largest_window: self.send.initial_stream_window,
            unread: 0,
            returned: false,
            answered: false,
            pending: Bytes::new(),
            body_waits: false,
            stalled: 0,
            end: None,
            tunnel,
        };
        self.streams.add(Box::new(Stream { id, waker, signal, response, recv, send }));
        self.send.ready |= stream_slots::slot_bit(slot);
    }

    /// Answers a request whose header list cannot be passed to the service. No other stream is affected.
    fn reject(&mut self, id: u32, ends_stream: bool, status: StatusCode) {
        if status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE {
            self.counts.large_headers += 1;
            self.ticking = true;
        }
        self.put_response_head(id, status, &HeaderMap::new(), true);
        if !ends_stream {
            self.remember_answered(id);
        }
    }
}

/// Returns whether the value of `expect` is the only one that is defined (RFC 9110, section 10.1.1).
fn is_continue(value: &HeaderValue) -> bool {
    value.as_bytes().eq_ignore_ascii_case(b"100-continue")
}
