//! A handle to what carries a request.

use http::Extensions;
use wigwag_http2::StreamHandle;

use super::ConnectionHandle;

/// Ends the transport of a request whose client does not read and would never receive a graceful end.
#[derive(Clone, Debug)]
pub enum RequestHandle {
    /// A stream of an HTTP/2 connection, which other clients may share.
    Stream(StreamHandle),
    /// A connection: over HTTP/1.1, and over HTTP/2 with [`Http2Engine::Hyper`](super::Http2Engine::Hyper), which has no
    /// handle of a stream.
    Connection(ConnectionHandle),
}

impl RequestHandle {
    /// Returns the handle of a request that came from a listener.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        let stream = StreamHandle::of(extensions).map(Self::Stream);
        stream.or_else(|| ConnectionHandle::of(extensions).map(Self::Connection))
    }

    /// Resets the stream, or closes the connection, at once. Discards what was not sent. May be called more than once, and
    /// after the end of the request.
    pub fn abort(&self) {
        match self {
            Self::Stream(stream) => stream.reset(),
            Self::Connection(connection) => connection.abort(),
        }
    }
}
