//! Encodes the frames of a connection as the body of a gRPC response: all that are ready in one chunk, the status in the
//! trailers.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{BufMut as _, Bytes};
use futures_core::Stream;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body::{Body, Frame};
use tonic::Status;
use wigwag_http2::{WriteBody, WriteBuf, Written};
use wigwag_node::{
    connection::{Connection, Input},
    error::ApiError,
    frame::{FramePieces, OutFrame},
};

use super::request_body::PREFIX;
use crate::api::grpc::status::to_status;

/// A chunk is complete once it has this many bytes. With the last frame it usually still fits into one HTTP/2 DATA frame of
/// 16 KiB.
const CHUNK_SIZE: usize = 12 * 1024;

/// The most bytes of a chunk for a caller that does not say how much it can send.
const MAX_CHUNK: usize = 16 * 1024;

/// Bytes reserved for the second frame of a chunk, and those after it.
const BURST_RESERVE: usize = 4 * 1024;

/// The body of the response to `Signal`. Does not hold buffers while there is nothing to write.
pub(crate) struct SignalBody<I> {
    connection: Connection<I>,
    /// The frame of which only a part is written, because the client's window did not admit the rest.
    partial: Option<Box<FramePieces>>,
    /// The status of the ended connection, until the trailers are written.
    end: Option<Status>,
    ended: bool,
}

impl<I> SignalBody<I> {
    /// Returns a response that streams the frames of `connection`.
    pub(super) fn response(connection: Connection<I>) -> http::Response<Self> {
        let mut response = http::Response::new(Self { connection, partial: None, end: None, ended: false });
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        // The router sets these headers on every gRPC response, but `SignalFastPath` bypasses it.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
        headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
        response
    }
}

impl<I> SignalBody<I> {
    /// Returns the number of the last numbered frame that is written as a whole.
    fn whole_frames(&self) -> u32
    where
        I: Stream<Item = Option<Input>> + Unpin,
    {
        match &self.partial {
            Some(pieces) if pieces.seq() > 0 => pieces.seq() - 1,
            _ => self.connection.yielded(),
        }
    }
}

/// Appends a frame with its gRPC prefix. Returns the rest of it if only a part may be sent now.
fn write(frame: OutFrame, buf: &mut WriteBuf<'_>) -> Option<Box<FramePieces>> {
    let len = frame.encoded_len();
    if PREFIX + len > buf.limit() {
        let mut prefix = [0; PREFIX];
        prefix[1..].copy_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
        let mut pieces = Box::new(FramePieces::new(frame, &prefix));
        return write_part(&mut pieces, buf).then_some(pieces);
    }
    if !buf.is_empty() {
        // A single frame gets exactly the space it needs; after two, more are likely.
        buf.reserve(BURST_RESERVE);
    }
    let out = buf.append(PREFIX + len);
    out.put_u8(0);
    out.put_u32(u32::try_from(len).unwrap_or(u32::MAX));
    frame.encode(out);
    None
}

/// Appends as much of a frame as may be sent now. Returns whether more is left.
fn write_part(pieces: &mut FramePieces, buf: &mut WriteBuf<'_>) -> bool {
    let limit = buf.limit().min(CHUNK_SIZE);
    if limit == 0 {
        return true;
    }
    let out = buf.append(limit);
    pieces.write(out, limit)
}

fn status(end: Option<ApiError>) -> Status {
    end.map_or_else(|| Status::ok(""), |error| to_status(&error))
}

impl<I> Body for SignalBody<I>
where
    I: Stream<Item = Option<Input>> + Unpin,
{
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // The caller has sent what it was given before.
        let this = self.get_mut();
        if this.partial.is_none() {
            this.connection.note_all_written();
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

impl<I> WriteBody for SignalBody<I>
where
    I: Stream<Item = Option<Input>> + Unpin,
{
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut WriteBuf<'_>,
    ) -> Poll<Option<Result<Written, Infallible>>> {
        let this = &mut *self;
        while this.end.is_none() && !this.ended && buf.len() < CHUNK_SIZE {
            if buf.limit() == 0 {
                let ended = this.connection.poll_blocked(cx, this.partial.is_some());
                if !buf.is_empty() {
                    break;
                }
                if !ended || this.partial.is_some() {
                    if this.connection.has_unwritten() {
                        buf.note_waiting();
                    }
                    return Poll::Pending;
                }
            }
            if let Some(pieces) = &mut this.partial {
                this.connection.note_progress();
                if write_part(pieces, buf) {
                    continue;
                }
                this.partial = None;
            }
            match Pin::new(&mut this.connection).poll_next(cx) {
                Poll::Ready(Some(Ok(frame))) => this.partial = write(frame, buf),
                Poll::Ready(Some(Err(error))) => this.end = Some(status(Some(error))),
                Poll::Ready(None) => this.end = Some(status(None)),
                Poll::Pending if buf.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        if !buf.is_empty() {
            if let Some(progress) = buf.progress() {
                this.connection.note_written(this.whole_frames(), buf.position(), progress);
            }
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
