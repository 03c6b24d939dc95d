//! Writes messages as the body of a gRPC response: all that are ready in one chunk, the status in the trailers.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, BufMut as _, Bytes, buf::Chain};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body::{Body, Frame};
use tonic::Status;
use wigwag_http2::{WriteBody, WriteBuf, Written};

use super::request::PREFIX;

/// A chunk is complete once it has this many bytes. With the last message it usually still fits into one HTTP/2 DATA frame
/// of 16 KiB.
const CHUNK_SIZE: usize = 12 * 1024;

/// The most bytes of a chunk for a caller that does not say how much it can send.
const MAX_CHUNK: usize = 16 * 1024;

/// Bytes reserved for the second message of a chunk, and those after it.
const BURST_RESERVE: usize = 4 * 1024;

/// The body of a response. Does not hold buffers while there is nothing to write.
pub struct ResponseMessages<S: MessageSource> {
    source: S,
    /// The message of which only a part is written, because the client's window did not admit the rest.
    // Boxed: most bodies have none.
    partial: Option<Box<<S::Message as OutMessage>::Pieces>>,
    /// The status of the ended source, until the trailers are written.
    end: Option<Status>,
    ended: bool,
}

/// The messages of a response.
pub trait MessageSource: Unpin {
    /// A message.
    type Message: OutMessage;
    /// Why the messages end early.
    type Error;

    /// Polls for the next message. Not called again after `None`, which ends the call with OK, or an error.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Self::Message, Self::Error>>>;

    /// Returns the status, trailers included, of a call that ends with `error`.
    fn status(error: Self::Error) -> Status;

    /// Polls the source while the client's windows are closed. `unwritten`: a message is not written as a whole. Returns
    /// whether [`poll_message`](Self::poll_message) is to be called; the message it returns is kept until it can be written.
    fn poll_blocked(&mut self, cx: &mut Context<'_>, unwritten: bool) -> bool {
        let _ = cx;
        !unwritten
    }

    /// Returns whether there is something to write, after [`poll_blocked`](Self::poll_blocked) said that no message is to
    /// be polled for.
    fn has_unwritten(&self) -> bool {
        true
    }

    /// Notes that a further part of a message can be written.
    fn note_progress(&mut self) {}

    /// Notes that the messages returned so far are in `buf`, except for the rest of `unfinished`.
    fn note_written(&mut self, unfinished: Option<&<Self::Message as OutMessage>::Pieces>, buf: &WriteBuf<'_>) {
        let _ = (unfinished, buf);
    }

    /// Notes that all messages returned so far are sent. For connections that do not count bytes.
    fn note_all_written(&mut self) {}
}

/// A message of a response.
pub trait OutMessage {
    /// The message while it is written piece by piece.
    type Pieces: MessagePieces;

    /// Returns the length of the encoded message.
    fn encoded_len(&self) -> usize;

    /// Appends the encoded message to `out`.
    fn encode(&self, out: &mut Vec<u8>);

    /// Begins to write the message in pieces, after the bytes `prefix`.
    fn into_pieces(self, prefix: &[u8]) -> Self::Pieces;
}

/// A message that is written piece by piece.
pub trait MessagePieces {
    /// Appends the next bytes of the message to `out`, at most `max`. Returns whether more follow.
    fn write(&mut self, out: &mut Vec<u8>, max: usize) -> bool;
}

/// A message that is encoded already.
impl OutMessage for Bytes {
    type Pieces = Chain<Self, Self>;

    fn encoded_len(&self) -> usize {
        self.len()
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn into_pieces(self, prefix: &[u8]) -> Self::Pieces {
        Self::copy_from_slice(prefix).chain(self)
    }
}

impl MessagePieces for Chain<Bytes, Bytes> {
    fn write(&mut self, out: &mut Vec<u8>, max: usize) -> bool {
        let len = self.remaining().min(max);
        out.put(self.take(len));
        self.has_remaining()
    }
}

impl<S: MessageSource> ResponseMessages<S> {
    /// Returns a response of gRPC that streams the messages of `source`.
    pub fn response(source: S) -> http::Response<Self> {
        let mut response = http::Response::new(Self { source, partial: None, end: None, ended: false });
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        // The router sets these headers on every gRPC response, but `FastPath` bypasses it.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
        headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
        response
    }
}

/// Appends a message with its prefix. Returns the rest of it if only a part may be sent now.
fn write<M: OutMessage>(message: M, buf: &mut WriteBuf<'_>) -> Option<Box<M::Pieces>> {
    let len = message.encoded_len();
    if PREFIX + len > buf.limit() {
        let mut prefix = [0; PREFIX];
        prefix[1..].copy_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
        let mut pieces = Box::new(message.into_pieces(&prefix));
        return write_part(&mut *pieces, buf).then_some(pieces);
    }
    if !buf.is_empty() {
        // A single message gets exactly the space it needs; after two, more are likely.
        buf.reserve(BURST_RESERVE);
    }
    let out = buf.append(PREFIX + len);
    out.put_u8(0);
    out.put_u32(u32::try_from(len).unwrap_or(u32::MAX));
    message.encode(out);
    None
}

/// Appends as much of a message as may be sent now. Returns whether more is left.
fn write_part(pieces: &mut impl MessagePieces, buf: &mut WriteBuf<'_>) -> bool {
    let limit = buf.limit().min(CHUNK_SIZE);
    if limit == 0 {
        return true;
    }
    let out = buf.append(limit);
    pieces.write(out, limit)
}

impl<S: MessageSource> Body for ResponseMessages<S> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // The caller has sent what it was given before (`HyperResponseBody` of wigwag-net).
        let this = self.get_mut();
        if this.partial.is_none() {
            this.source.note_all_written();
        }
        let mut chunk = Vec::new();
        Pin::new(this).poll_write(cx, &mut WriteBuf::new(&mut chunk, 0).with_limit(MAX_CHUNK)).map_ok(|written| {
            match written {
                Written::InPlace => Frame::data(chunk.into()),
                Written::Chunk(chunk) => Frame::data(chunk),
                Written::Trailers(trailers) => Frame::trailers(trailers),
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}

impl<S: MessageSource> WriteBody for ResponseMessages<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut WriteBuf<'_>,
    ) -> Poll<Option<Result<Written, Infallible>>> {
        let this = &mut *self;
        while this.end.is_none() && !this.ended && buf.len() < CHUNK_SIZE {
            if buf.limit() == 0 {
                let ended = this.source.poll_blocked(cx, this.partial.is_some());
                if !buf.is_empty() {
                    break;
                }
                if !ended || this.partial.is_some() {
                    if this.source.has_unwritten() {
                        buf.note_waiting();
                    }
                    return Poll::Pending;
                }
            }
            if let Some(pieces) = &mut this.partial {
                this.source.note_progress();
                if write_part(&mut **pieces, buf) {
                    continue;
                }
                this.partial = None;
            }
            match this.source.poll_message(cx) {
                Poll::Ready(Some(Ok(message))) => this.partial = write(message, buf),
                Poll::Ready(Some(Err(error))) => this.end = Some(S::status(error)),
                Poll::Ready(None) => this.end = Some(Status::ok("")),
                Poll::Pending if buf.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        if !buf.is_empty() {
            this.source.note_written(this.partial.as_deref(), buf);
            return Poll::Ready(Some(Ok(Written::InPlace)));
        }
        let Some(end) = this.end.take() else { return Poll::Ready(None) };
        this.ended = true;
        let mut trailers = HeaderMap::new();
        if let Err(invalid) = end.add_header(&mut trailers) {
            tracing::error!(error = %invalid, "cannot write a status into trailers");
        }
        Poll::Ready(Some(Ok(Written::Trailers(trailers))))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use tonic::Code;

    use super::*;

    /// Messages that are ready, then an error.
    struct Ready(VecDeque<Bytes>);

    impl MessageSource for Ready {
        type Message = Bytes;
        type Error = Code;

        fn poll_message(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Code>>> {
            Poll::Ready(Some(self.0.pop_front().ok_or(Code::Aborted)))
        }

        fn status(code: Code) -> Status {
            Status::new(code, "100 % over\n")
        }
    }

    fn body(messages: &[Bytes]) -> ResponseMessages<Ready> {
        ResponseMessages::response(Ready(messages.iter().cloned().collect())).into_body()
    }

    fn framed(messages: &[Bytes]) -> Vec<u8> {
        let prefix = |message: &Bytes| [&[0], &u32::try_from(message.len()).expect("short").to_be_bytes()[..]].concat();
        messages.iter().flat_map(|message| [prefix(message), message.to_vec()].concat()).collect()
    }

    fn messages() -> [Bytes; 4] {
        [Bytes::from_static(b"a"), Bytes::new(), Bytes::from(vec![b'x'; 40_000]), Bytes::from_static(b"b")]
    }

    #[test]
    fn messages_are_written_within_any_limit() {
        for limit in [1, 4, 5, 6, 7, 100, 16_384, usize::MAX] {
            let (mut body, mut out) = (body(&messages()), Vec::new());
            let mut cx = Context::from_waker(std::task::Waker::noop());
            let trailers = loop {
                let before = out.len();
                let mut buf = WriteBuf::new(&mut out, 0).with_limit(limit);
                match Pin::new(&mut body).poll_write(&mut cx, &mut buf) {
                    Poll::Ready(Some(Ok(Written::InPlace))) => {}
                    Poll::Ready(Some(Ok(Written::Trailers(trailers)))) => break trailers,
                    other => panic!("{other:?}"),
                }
                assert!(out.len() > before && out.len() - before <= limit, "a limit of {limit}");
            };
            assert!(out == framed(&messages()), "a limit of {limit}");
            assert_eq!(trailers["grpc-status"], "10");
            assert_eq!(trailers["grpc-message"], "100%20%25%20over%0A");
            assert!(Body::is_end_stream(&body));
            assert!(matches!(
                Pin::new(&mut body).poll_write(&mut cx, &mut WriteBuf::new(&mut out, 0)),
                Poll::Ready(None)
            ));
        }
    }

    #[test]
    fn a_message_waits_for_the_window_but_the_status_does_not() {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let (mut waiting, mut out) = (body(&messages()[..1]), Vec::new());
        for _ in 0..3 {
            let mut closed = WriteBuf::new(&mut out, 0).with_limit(0);
            assert!(Pin::new(&mut waiting).poll_write(&mut cx, &mut closed).is_pending());
        }
        let open = Pin::new(&mut waiting).poll_write(&mut cx, &mut WriteBuf::new(&mut out, 0));
        assert!(matches!(open, Poll::Ready(Some(Ok(Written::InPlace)))), "{open:?}");
        assert_eq!(out, framed(&messages()[..1]));
        let mut out = Vec::new();
        let end = Pin::new(&mut body(&[])).poll_write(&mut cx, &mut WriteBuf::new(&mut out, 0).with_limit(0));
        assert!(matches!(end, Poll::Ready(Some(Ok(Written::Trailers(_))))), "{end:?}");
    }
}
