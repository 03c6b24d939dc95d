//! A connection as the body of a gRPC response: everything that is ready in one chunk, and the status at the end.

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

use super::request_body::HEAD;
use crate::api::grpc::status::to_status;
use wigwag_http2::{WriteBody, WriteBuf, Written};
use wigwag_node::{
    connection::{Connection, Input},
    error::ApiError,
    frame::OutFrame,
};

/// Bytes after which a chunk is written although more is ready: with what mostly comes then, it fits into a frame of
/// HTTP/2.
const CHUNK: usize = 12 * 1024;

/// Bytes reserved when a second frame is to go with the first.
const BURST: usize = 4 * 1024;

/// The body. Holds no memory while there is nothing to write.
pub(crate) struct SignalBody<I> {
    connection: Connection<I>,
    /// How it ended, to be told in the trailers.
    end: Option<Status>,
    over: bool,
}

impl<I> SignalBody<I> {
    /// A response that streams what the connection writes.
    pub(super) fn response(connection: Connection<I>) -> http::Response<Self> {
        let mut response = http::Response::new(Self { connection, end: None, over: false });
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        // As the router says of every gRPC answer; some calls do not pass it.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
        headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
        response
    }
}

fn write(frame: &OutFrame, buf: &mut WriteBuf<'_>) {
    let len = frame.encoded_len();
    if !buf.is_empty() {
        // One frame gets what it needs; where there are two there are often more.
        buf.reserve(BURST);
    }
    let out = buf.append(HEAD + len);
    out.put_u8(0);
    out.put_u32(u32::try_from(len).unwrap_or(u32::MAX));
    frame.encode(out);
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
        let mut chunk = Vec::new();
        self.poll_write(cx, &mut WriteBuf::new(&mut chunk, 0)).map_ok(|written| match written {
            Written::InPlace => Frame::data(chunk.into()),
            Written::Chunk(chunk) => Frame::data(chunk),
            Written::Trailers(trailers) => Frame::trailers(trailers),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.over
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
        while this.end.is_none() && !this.over && buf.len() < CHUNK {
            match Pin::new(&mut this.connection).poll_next(cx) {
                Poll::Ready(Some(Ok(frame))) => write(&frame, buf),
                Poll::Ready(Some(Err(error))) => this.end = Some(status(Some(error))),
                Poll::Ready(None) => this.end = Some(status(None)),
                Poll::Pending if buf.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        if !buf.is_empty() {
            return Poll::Ready(Some(Ok(Written::InPlace)));
        }
        let Some(end) = this.end.take() else { return Poll::Ready(None) };
        this.over = true;
        let mut trailers = HeaderMap::new();
        if let Err(unspeakable) = end.add_header(&mut trailers) {
            tracing::error!(error = %unspeakable, "a status could not be written");
        }
        Poll::Ready(Some(Ok(Written::Trailers(trailers))))
    }
}
