//! What goes out: responses, as far as windows and room allow.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body::Body as _;

use super::connection::Connection;
use super::error::{Error, ErrorCode};
use super::frame::{self, HEAD, Head, MAX_PAYLOAD, flag, kind};
use super::stream::{End, Service, Stream, Work};
use super::tunnel::TunnelOutput;
use super::{WriteBody as _, WriteBuf, Written, headers, hpack, stream_slots};

/// How far a stream came in its turn.
enum StreamPoll {
    /// It waits for something that will ring for it.
    Pending,
    /// All is sent.
    Done,
    /// It ends with an error.
    Failed(ErrorCode),
}

/// What a stream's work gave.
enum Gave {
    /// Nothing yet.
    Nothing,
    /// Bytes behind the room for a frame's head, which begins here.
    InPlace(usize),
    /// What goes on.
    More,
}

impl<S: Service> Connection<S> {
    /// Gives a stream its turn.
    pub(super) fn poll_stream(&mut self, slot: usize) {
        let Some(mut stream) = self.streams.take(slot) else { return };
        self.output.turn = slot;
        let turn = self.turn(slot, &mut stream);
        let id = stream.id;
        self.streams.put_back(slot, stream);
        self.look_at_buffer(slot);
        match turn {
            StreamPoll::Pending => {}
            StreamPoll::Done => self.done(id),
            StreamPoll::Failed(code) => self.reset(id, code),
        }
    }

    fn turn(&mut self, slot: usize, stream: &mut Stream<S::Body>) -> StreamPoll {
        loop {
            if !self.send_rest(slot, stream) {
                let aborted = matches!(&stream.work, Work::Tunneling(tunnel_buffers) if tunnel_buffers.is_aborted());
                return if aborted { StreamPoll::Failed(ErrorCode::CANCEL) } else { StreamPoll::Pending };
            }
            if let Some(end) = stream.output.end.take() {
                self.send_end(stream.id, end);
                return StreamPoll::Done;
            }
            if self.is_full() {
                self.output.unfinished |= stream_slots::slot_bit(slot);
                return StreamPoll::Pending;
            }
            match self.work(stream) {
                Ok(Gave::Nothing) => return StreamPoll::Pending,
                Ok(Gave::More) => {}
                Ok(Gave::InPlace(start)) => self.frame_what_is_here(start, stream),
                Err(code) => return StreamPoll::Failed(code),
            }
        }
    }

    /// Sends what the body gave before, as far as it fits. `true` when nothing of it is left.
    fn send_rest(&mut self, slot: usize, stream: &mut Stream<S::Body>) -> bool {
        while !stream.output.rest.is_empty() {
            let window = self.output.window.min(stream.output.window);
            if window <= 0 {
                if self.output.window <= 0 {
                    self.output.blocked |= stream_slots::slot_bit(slot);
                }
                return false;
            }
            if self.is_full() {
                self.output.unfinished |= stream_slots::slot_bit(slot);
                return false;
            }
            let rest = &mut stream.output.rest;
            let len = rest.len().min(MAX_PAYLOAD).min(usize::try_from(window).unwrap_or(usize::MAX));
            let part = rest.split_to(len);
            if rest.is_empty() {
                // It would hold the memory it came in.
                *rest = Bytes::new();
            }
            frame::put(kind::DATA, 0, stream.id, &part, &mut self.output.bytes);
            self.sent(len, stream);
        }
        true
    }

    fn sent(&mut self, len: usize, stream: &mut Stream<S::Body>) {
        let len = i64::try_from(len).unwrap_or(i64::MAX);
        self.output.window -= len;
        stream.output.window -= len;
    }

    /// Writes the head before the bytes a body appended at `start`, or keeps what may not be sent yet.
    fn frame_what_is_here(&mut self, start: usize, stream: &mut Stream<S::Body>) {
        let out = &mut self.output.bytes;
        let len = out.len().saturating_sub(start + HEAD);
        let window = self.output.window.min(stream.output.window);
        if len > MAX_PAYLOAD || i64::try_from(len).unwrap_or(i64::MAX) > window {
            stream.output.rest = Bytes::copy_from_slice(&out[start + HEAD..]);
            out.truncate(start);
            return;
        }
        let head = Head { len, kind: kind::DATA, flags: 0, stream: stream.id };
        out[start..start + HEAD].copy_from_slice(&head.bytes());
        self.sent(len, stream);
    }

    fn work(&mut self, stream: &mut Stream<S::Body>) -> Result<Gave, ErrorCode> {
        let cx = &mut Context::from_waker(&stream.waker);
        match &mut stream.work {
            Work::Calling(calling) => match calling.as_mut().poll(cx) {
                Poll::Pending => Ok(Gave::Nothing),
                Poll::Ready(Ok(response)) => {
                    self.answer(stream, response);
                    Ok(Gave::More)
                }
                Poll::Ready(Err(error)) => {
                    tracing::debug!(error, "a call failed");
                    Err(ErrorCode::INTERNAL_ERROR)
                }
            },
            Work::Responding(body) => {
                let mut buf = WriteBuf::new(&mut self.output.bytes, HEAD);
                let gave = Pin::new(body).poll_write(cx, &mut buf);
                let prefix = buf.prefix();
                if let (Poll::Ready(Some(Ok(Written::InPlace))), Some(prefix)) = (&gave, prefix) {
                    return Ok(Gave::InPlace(prefix));
                }
                // A body that writes and then says something else is not to spoil what stands before.
                self.output.bytes.truncate(prefix.unwrap_or(usize::MAX));
                match gave {
                    Poll::Pending => Ok(Gave::Nothing),
                    Poll::Ready(Some(Ok(Written::InPlace))) => Ok(Gave::More),
                    Poll::Ready(Some(Ok(Written::Chunk(chunk)))) => {
                        stream.output.rest = chunk;
                        Ok(Gave::More)
                    }
                    Poll::Ready(Some(Ok(Written::Trailers(trailers)))) => {
                        stream.output.end = Some(End::Trailers(trailers));
                        Ok(Gave::More)
                    }
                    Poll::Ready(None) => {
                        stream.output.end = Some(End::EmptyData);
                        Ok(Gave::More)
                    }
                    // Its reason was logged where it arose.
                    Poll::Ready(Some(Err(_))) => Err(ErrorCode::INTERNAL_ERROR),
                }
            }
            Work::Tunneling(tunnel_buffers) => match tunnel_buffers.take() {
                TunnelOutput::Nothing => Ok(Gave::Nothing),
                TunnelOutput::Bytes(bytes) => {
                    stream.output.rest = bytes.into();
                    Ok(Gave::More)
                }
                TunnelOutput::End => {
                    stream.output.end = Some(End::EmptyData);
                    Ok(Gave::More)
                }
            },
        }
    }

    /// Sends the head of a response.
    fn answer(&mut self, stream: &mut Stream<S::Body>, response: Response<S::Body>) {
        let (mut parts, body) = response.into_parts();
        stream.output.answered = true;
        let tunnel = stream
            .output
            .tunnel_buffers
            .clone()
            .filter(|tunnel_buffers| parts.status.is_success() && tunnel_buffers.is_accepted());
        if let Some(tunnel_buffers) = tunnel {
            self.put_head(stream.id, parts.status, &parts.headers, false);
            stream.work = Work::Tunneling(tunnel_buffers);
            return;
        }
        let ends = body.is_end_stream();
        if let Some(length) = body.size_hint().exact().filter(|_| !ends) {
            parts.headers.entry(header::CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
        }
        self.put_head(stream.id, parts.status, &parts.headers, ends);
        stream.output.end = ends.then_some(End::Sent);
        stream.work = Work::Responding(body);
    }

    /// Sends the header block of a response.
    pub(super) fn put_head(&mut self, id: u32, status: StatusCode, headers: &HeaderMap, ends: bool) {
        let mut block = self.new_block();
        headers::response(status, headers, &mut block);
        frame::put_block(if ends { flag::END_STREAM } else { 0 }, id, &block, &mut self.output.bytes);
    }

    fn new_block(&mut self) -> Vec<u8> {
        let mut block = Vec::with_capacity(128);
        if std::mem::take(&mut self.output.disown_table) {
            hpack::put_empty_table(&mut block);
        }
        block
    }

    fn send_end(&mut self, id: u32, end: End) {
        match end {
            End::Trailers(trailers) => {
                let mut block = self.new_block();
                headers::trailers(&trailers, &mut block);
                frame::put_block(flag::END_STREAM, id, &block, &mut self.output.bytes);
            }
            End::EmptyData => frame::put(kind::DATA, flag::END_STREAM, id, &[], &mut self.output.bytes),
            End::Sent => {}
        }
    }

    /// A stream was answered as a whole.
    fn done(&mut self, id: u32) {
        self.resets.answered();
        let Some(stream) = self.remove(id) else { return };
        if stream.input.open {
            // Section 8.1: what it still wanted to send is not needed.
            self.put_reset(id, ErrorCode::NO_ERROR);
            stream.fail(&Error { code: ErrorCode::NO_ERROR, reason: "the request was answered" });
        }
    }

    /// Ends a stream, if there is one, and tells the peer.
    pub(super) fn reset(&mut self, id: u32, code: ErrorCode) {
        if let Some(stream) = self.remove(id) {
            stream.fail(&Error { code, reason: "the stream was reset" });
        }
        self.put_reset(id, code);
    }

    fn put_reset(&mut self, id: u32, code: ErrorCode) {
        frame::put(kind::RST_STREAM, 0, id, &code.0.to_be_bytes(), &mut self.output.bytes);
        self.resets.remember(id);
    }

    /// Forgets a stream; what of it was not read does not count against the connection's window any more.
    pub(super) fn remove(&mut self, id: u32) -> Option<Box<Stream<S::Body>>> {
        let stream = self.streams.remove(id)?;
        self.give_back(stream.input.held);
        Some(stream)
    }

    /// Notes what was read of a stream's body.
    fn look_at_buffer(&mut self, slot: usize) {
        if let Some(stream) = self.streams.get(slot)
            && let Some(buffer) = &stream.input.buffer
        {
            let read = buffer.look();
            if read > 0 {
                self.was_read(slot, read);
            }
        }
    }

    /// So many bytes of a stream's window are free again.
    pub(super) fn was_read(&mut self, slot: usize, bytes: u32) {
        self.give_back(bytes);
        let half = (self.limits.stream_window / 2).max(1);
        let Some(Stream { id, input, .. }) = self.streams.get(slot) else { return };
        input.held = input.held.saturating_sub(bytes);
        input.credit += bytes;
        if input.open && input.credit >= half {
            let credit = std::mem::take(&mut input.credit);
            input.window += i64::from(credit);
            frame::put(kind::WINDOW_UPDATE, 0, *id, &credit.to_be_bytes(), &mut self.output.bytes);
        }
    }

    /// So many bytes of the connection's window are free again.
    pub(super) fn give_back(&mut self, bytes: u32) {
        self.input.credit += bytes;
        if self.input.credit >= self.limits.connection_window / 2 {
            let credit = std::mem::take(&mut self.input.credit);
            self.input.window += i64::from(credit);
            frame::put(kind::WINDOW_UPDATE, 0, 0, &credit.to_be_bytes(), &mut self.output.bytes);
        }
    }
}
