//! What goes out: responses, as far as windows and room allow.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body::Body as _;

use super::connection::Connection;
use super::error::{Broken, Code};
use super::frame::{self, HEAD, Head, MAX_PAYLOAD, flag, kind};
use super::stream::{End, Service, Stream, Work};
use super::tunnel::Piped;
use super::{Outgoing as _, Page, Written, head, hpack, places};

/// How far a stream came in its turn.
enum Turn {
    /// It waits for something that will ring for it.
    Waits,
    /// All is sent.
    Done,
    /// It ends with an error.
    Broken(Code),
}

/// What a stream's work gave.
enum Gave {
    /// Nothing yet.
    Nothing,
    /// Bytes behind the room for a frame's head, which begins here.
    Here(usize),
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
        self.look_at_inbox(slot);
        match turn {
            Turn::Waits => {}
            Turn::Done => self.done(id),
            Turn::Broken(code) => self.reset(id, code),
        }
    }

    fn turn(&mut self, slot: usize, stream: &mut Stream<S::Body>) -> Turn {
        loop {
            if !self.send_rest(slot, stream) {
                let aborted = matches!(&stream.work, Work::Tunneling(pipe) if pipe.is_aborted());
                return if aborted { Turn::Broken(Code::CANCEL) } else { Turn::Waits };
            }
            if let Some(end) = stream.output.end.take() {
                self.send_end(stream.id, end);
                return Turn::Done;
            }
            if self.is_full() {
                self.output.unfinished |= places::of(slot);
                return Turn::Waits;
            }
            match self.work(stream) {
                Ok(Gave::Nothing) => return Turn::Waits,
                Ok(Gave::More) => {}
                Ok(Gave::Here(start)) => self.frame_what_is_here(start, stream),
                Err(code) => return Turn::Broken(code),
            }
        }
    }

    /// Sends what the body gave before, as far as it fits. `true` when nothing of it is left.
    fn send_rest(&mut self, slot: usize, stream: &mut Stream<S::Body>) -> bool {
        while !stream.output.rest.is_empty() {
            let window = self.output.window.min(stream.output.window);
            if window <= 0 {
                if self.output.window <= 0 {
                    self.output.blocked |= places::of(slot);
                }
                return false;
            }
            if self.is_full() {
                self.output.unfinished |= places::of(slot);
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

    fn work(&mut self, stream: &mut Stream<S::Body>) -> Result<Gave, Code> {
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
                    Err(Code::INTERNAL_ERROR)
                }
            },
            Work::Answering(body) => {
                let mut page = Page::new(&mut self.output.bytes, HEAD);
                let gave = Pin::new(body).poll_write(cx, &mut page);
                let lead = page.lead();
                if let (Poll::Ready(Some(Ok(Written::Here))), Some(lead)) = (&gave, lead) {
                    return Ok(Gave::Here(lead));
                }
                // A body that writes and then says something else is not to spoil what stands before.
                self.output.bytes.truncate(lead.unwrap_or(usize::MAX));
                match gave {
                    Poll::Pending => Ok(Gave::Nothing),
                    Poll::Ready(Some(Ok(Written::Here))) => Ok(Gave::More),
                    Poll::Ready(Some(Ok(Written::Chunk(chunk)))) => {
                        stream.output.rest = chunk;
                        Ok(Gave::More)
                    }
                    Poll::Ready(Some(Ok(Written::Trailers(trailers)))) => {
                        stream.output.end = Some(End::Trailers(trailers));
                        Ok(Gave::More)
                    }
                    Poll::Ready(None) => {
                        stream.output.end = Some(End::Alone);
                        Ok(Gave::More)
                    }
                    // Its reason was logged where it arose.
                    Poll::Ready(Some(Err(_))) => Err(Code::INTERNAL_ERROR),
                }
            }
            Work::Tunneling(pipe) => match pipe.take() {
                Piped::Nothing => Ok(Gave::Nothing),
                Piped::Bytes(bytes) => {
                    stream.output.rest = bytes.into();
                    Ok(Gave::More)
                }
                Piped::End => {
                    stream.output.end = Some(End::Alone);
                    Ok(Gave::More)
                }
            },
        }
    }

    /// Sends the head of a response.
    fn answer(&mut self, stream: &mut Stream<S::Body>, response: Response<S::Body>) {
        let (mut parts, body) = response.into_parts();
        stream.output.answered = true;
        let tunnel = stream.output.pipe.clone().filter(|pipe| parts.status.is_success() && pipe.is_accepted());
        if let Some(pipe) = tunnel {
            self.put_head(stream.id, parts.status, &parts.headers, false);
            stream.work = Work::Tunneling(pipe);
            return;
        }
        let ends = body.is_end_stream();
        if let Some(length) = body.size_hint().exact().filter(|_| !ends) {
            parts.headers.entry(header::CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
        }
        self.put_head(stream.id, parts.status, &parts.headers, ends);
        stream.output.end = ends.then_some(End::Told);
        stream.work = Work::Answering(body);
    }

    /// Sends the header block of a response.
    pub(super) fn put_head(&mut self, id: u32, status: StatusCode, headers: &HeaderMap, ends: bool) {
        let mut block = self.new_block();
        head::response(status, headers, &mut block);
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
                head::trailers(&trailers, &mut block);
                frame::put_block(flag::END_STREAM, id, &block, &mut self.output.bytes);
            }
            End::Alone => frame::put(kind::DATA, flag::END_STREAM, id, &[], &mut self.output.bytes),
            End::Told => {}
        }
    }

    /// A stream was answered as a whole.
    fn done(&mut self, id: u32) {
        self.resets.answered();
        let Some(stream) = self.remove(id) else { return };
        if stream.input.open {
            // Section 8.1: what it still wanted to send is not needed.
            self.put_reset(id, Code::NO_ERROR);
            stream.breaks(&Broken { code: Code::NO_ERROR, why: "the request was answered" });
        }
    }

    /// Ends a stream, if there is one, and tells the peer.
    pub(super) fn reset(&mut self, id: u32, code: Code) {
        if let Some(stream) = self.remove(id) {
            stream.breaks(&Broken { code, why: "the stream was reset" });
        }
        self.put_reset(id, code);
    }

    fn put_reset(&mut self, id: u32, code: Code) {
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
    fn look_at_inbox(&mut self, slot: usize) {
        if let Some(stream) = self.streams.get(slot)
            && let Some(inbox) = &stream.input.inbox
        {
            let read = inbox.look();
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
