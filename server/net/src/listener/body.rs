//! The body of a request, whichever HTTP implementation reads it.

use std::{
    error::Error as StdError,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::http1::Http1Body;

/// The body of a request.
#[derive(Debug)]
pub enum IncomingBody {
    /// Read by hyper over HTTP/2, with [`Http2Engine::Hyper`](super::Http2Engine::Hyper), or complete already.
    Hyper(hyper::body::Incoming),
    /// Read by hyper over HTTP/1.1.
    Http1(Http1Body),
    /// Read by `wigwag-http2`.
    Wigwag(wigwag_http2::RequestBody),
}

impl Body for IncomingBody {
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Hyper(body) => {
                Pin::new(body).poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(Into::into)))
            }
            Self::Http1(body) => Pin::new(body).poll_frame(cx),
            Self::Wigwag(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Hyper(body) => body.is_end_stream(),
            Self::Http1(body) => body.is_end_stream(),
            Self::Wigwag(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Hyper(body) => body.size_hint(),
            Self::Http1(body) => body.size_hint(),
            Self::Wigwag(body) => body.size_hint(),
        }
    }
}
