//! HTTP/1.1 requests that are answered before their body was read (RFC 9112, sections 9.3 and 9.6).
//!
//! The connection is used for another request only if the rest of the body is short. Otherwise the response says
//! `Connection: close`, and the byte stream is read on for a while after it: if it were closed with unread input, the
//! kernel would send a reset, which could overtake the response.

use std::{
    error::Error as StdError,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::io::ConnectionFlags;

/// The most bytes of an unread body that are read before the response, so that the connection can be used again.
const MAX_DRAINED: u64 = 64 * 1024;

/// How long the response waits for them.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(100);

/// The body of an HTTP/1.1 request. What its service does not read goes back to [`Unread`].
#[derive(Debug)]
pub struct Http1Body {
    /// `None` once it was read to its end.
    incoming: Option<Incoming>,
    unread: Arc<Unread>,
}

/// The unread body of a request.
#[derive(Debug)]
pub(super) struct Unread {
    // Locked once when the body is dropped, and once when the response begins.
    dropped: Mutex<Option<Incoming>>,
    /// The client waits for 100 Continue before it sends the body (RFC 9110, section 10.1.1).
    expects_continue: bool,
    flags: Arc<ConnectionFlags>,
}

impl Unread {
    pub(super) fn new(headers: &HeaderMap, flags: Arc<ConnectionFlags>) -> Arc<Self> {
        // That of the request before may have been read after its response.
        flags.set_unread(false);
        let expects_continue = headers.contains_key(header::EXPECT);
        Arc::new(Self { dropped: Mutex::new(None), expects_continue, flags })
    }

    pub(super) fn body(self: &Arc<Self>, incoming: Incoming) -> Http1Body {
        Http1Body { incoming: Some(incoming), unread: self.clone() }
    }

    /// Reads what the service left unread if that is little. Otherwise makes the response the last of its connection.
    pub(super) async fn before_response<B>(&self, response: &mut Response<B>) {
        let Some(rest) = self.dropped().take() else { return };
        // Reading would ask the client to send the body.
        let drained = !self.expects_continue && drain(rest).await;
        if drained {
            self.flags.set_unread(false);
        } else {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }

    fn dropped(&self) -> MutexGuard<'_, Option<Incoming>> {
        self.dropped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the rest of a body. Returns whether it ended.
async fn drain(mut rest: Incoming) -> bool {
    if rest.size_hint().lower() > MAX_DRAINED {
        return false;
    }
    let all = async {
        let mut read = 0;
        while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut rest).poll_frame(cx)).await {
            let Ok(frame) = frame else { return false };
            read += frame.data_ref().map_or(0, Bytes::len) as u64;
            if read > MAX_DRAINED {
                return false;
            }
        }
        true
    };
    timeout(DRAIN_TIMEOUT, all).await.unwrap_or(false)
}

impl Drop for Http1Body {
    fn drop(&mut self) {
        if let Some(incoming) = self.incoming.take().filter(|incoming| !incoming.is_end_stream()) {
            self.unread.flags.set_unread(true);
            *self.unread.dropped() = Some(incoming);
        }
    }
}

impl Body for Http1Body {
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(incoming) = &mut self.incoming else { return Poll::Ready(None) };
        let polled = Pin::new(incoming).poll_frame(cx);
        if let Poll::Ready(None | Some(Err(_))) = &polled {
            self.incoming = None;
        }
        polled.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}
