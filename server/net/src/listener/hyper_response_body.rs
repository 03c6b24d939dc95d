//! Response bodies as hyper's HTTP/2 polls them.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::served::ServedBody;
use super::{ResponseBody, service::BoxError};

/// A response body whose source is polled only after all that it returned before has been sent.
///
/// Before hyper sends a chunk it waits until the stream's window takes one byte of it, hands the whole chunk to h2, which
/// keeps what does not fit, and polls for the next. So the last byte of a chunk travels as a separate chunk: when that
/// has been handed to h2, everything before it has left and it fits into the window.
pub(super) struct HyperResponseBody<B> {
    body: ServedBody<B>,
    /// The last byte of the last chunk, while it has not been returned.
    last: Bytes,
    http2: bool,
}

impl<B> HyperResponseBody<B> {
    pub(super) fn http1(body: ServedBody<B>) -> Self {
        Self { body, last: Bytes::new(), http2: false }
    }

    pub(super) fn http2(body: ServedBody<B>) -> Self {
        Self { http2: true, ..Self::http1(body) }
    }
}

impl<B: ResponseBody> Body for HyperResponseBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if !this.last.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.last)))));
        }
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        if !this.http2 || this.body.is_end_stream() {
            return polled;
        }
        polled.map_ok(|frame| {
            frame.map_data(|mut chunk| {
                if chunk.len() > 1 {
                    this.last = chunk.split_off(chunk.len() - 1);
                }
                chunk
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.last.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (mut hint, last) = (self.body.size_hint(), self.last.len() as u64);
        if last > 0 {
            let upper = hint.upper();
            hint.set_lower(hint.lower() + last);
            if let Some(upper) = upper {
                hint.set_upper(upper + last);
            }
        }
        hint
    }
}
