//! A stream: a request, and its response.

use std::sync::Arc;
use std::task::Waker;

use bytes::Bytes;
use http::HeaderMap;

use crate::ResponseFuture;
use crate::error::Error;
use crate::request_body::BodyBuffer;
use crate::stream_handle::StreamSignal;
use crate::tunnel::TunnelBuffers;

/// A stream that is open or half-closed (remote) (RFC 9113, section 5.1). One that is closed is not kept.
pub(super) struct Stream<B> {
    pub(super) id: u32,
    /// Wakes the stream, through `signal`.
    pub(super) waker: Waker,
    pub(super) signal: Arc<StreamSignal>,
    pub(super) response: ResponseState<B>,
    pub(super) recv: RecvHalf,
    pub(super) send: SendHalf,
}

/// Where the bytes of the response come from.
pub(super) enum ResponseState<B> {
    /// The service has not answered yet.
    Pending(ResponseFuture<B>),
    Body(B),
    Tunnel(Arc<TunnelBuffers>),
}

/// The receiving half: the request.
pub(super) struct RecvHalf {
    /// What was received of the body; `None` for a request without one.
    pub(super) body: Option<Arc<BodyBuffer>>,
    /// END_STREAM was not received: the stream is open, and not half-closed (remote).
    pub(super) open: bool,
    /// The flow-control window: bytes the client may still send.
    pub(super) window: i64,
    /// Bytes received and not read, which count towards the connection's `held`.
    pub(super) unread: u32,
    /// Bytes of the request's header fields, which count too until the request is answered.
    pub(super) head: u32,
    /// Bytes that were read but not yet returned to the client with WINDOW_UPDATE.
    pub(super) released: u32,
    /// Bytes that `content-length` leaves to come.
    pub(super) content_left: Option<u64>,
    /// The client waits for a response with status 100 before it sends the body.
    pub(super) expects_continue: bool,
}

/// The sending half: the response.
pub(super) struct SendHalf {
    /// The flow-control window: bytes that may still be sent.
    pub(super) window: i64,
    /// The header section of the response was sent.
    pub(super) answered: bool,
    /// Bytes of the body that the windows or the send buffer did not admit yet.
    pub(super) pending: Bytes,
    /// The body has more to send than the windows admitted.
    pub(super) body_waits: bool,
    /// The most that the window ever had.
    pub(super) largest_window: i64,
    /// Bytes sent that the client may not have read: at most what it has returned neither to this window nor to that of
    /// the connection.
    pub(super) unread: i64,
    /// The client has returned some of it since the window of the connection became scarce.
    pub(super) returned: bool,
    /// The number of ticks for which the response has waited for the client to read.
    pub(super) stalled: u16,
    /// How to end the stream once `pending` is sent; `None` while the body goes on.
    pub(super) end: Option<StreamEnd>,
    /// The buffers of a tunnel, if the request was an extended CONNECT.
    pub(super) tunnel: Option<Arc<TunnelBuffers>>,
}

/// The frame that carries END_STREAM.
pub(super) enum StreamEnd {
    /// HEADERS with these trailers.
    Trailers(Box<HeaderMap>),
    /// The last DATA frame of what is pending.
    LastData,
    /// An empty DATA frame.
    EmptyData,
    /// A frame that was sent already: the HEADERS frame of the response, or its last DATA frame.
    Sent,
}

impl<B> Stream<B> {
    /// Returns the bytes of the request that the connection holds.
    pub(super) fn held(&self) -> u32 {
        self.recv.unread + self.recv.head
    }

    /// Returns whether the stream is to be polled: it was woken, or has bytes to send.
    pub(super) fn take_due(&self) -> bool {
        self.signal.take_woken() || self.send.is_waiting()
    }

    /// Ends the request body, and the tunnel if there is one, with an error.
    pub(super) fn fail(&self, error: &Error) {
        if let Some(body) = self.recv.body.as_ref().filter(|_| self.recv.open) {
            body.fail(error.clone());
        }
        if let Some(tunnel) = &self.send.tunnel {
            tunnel.fail();
        }
    }
}

impl SendHalf {
    /// Returns whether there is something to send that the windows or the send buffer did not admit.
    pub(super) fn is_waiting(&self) -> bool {
        self.body_waits || !self.pending.is_empty()
    }
}

impl RecvHalf {
    /// Half-closes the stream (remote): END_STREAM was received.
    pub(super) fn end(&mut self, trailers: Option<HeaderMap>) {
        self.open = false;
        if let Some(body) = &self.body {
            body.end(trailers);
        }
    }
}
