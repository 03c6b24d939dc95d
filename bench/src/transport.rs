//! The transports that carry messages on a socket, written by hand so that the generator costs less than what it measures.

mod http2;
mod tcp;
mod websocket;

use std::ops::Range;

pub(crate) use http2::Http2;
pub(crate) use tcp::Tcp;
pub(crate) use websocket::WebSocket;

/// The server violated the protocol, or ended the connection.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ConnectionError(pub(crate) String);

impl ConnectionError {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

/// What was found in the bytes received.
#[derive(Debug)]
pub(crate) enum Received {
    /// The rest of a frame is missing: more bytes are needed.
    Incomplete,
    /// The handshake is complete: sessions may start.
    Open,
    /// A message on a stream, by its position in the input.
    Message(u32, Range<usize>),
    /// A message on a stream that was assembled from several frames.
    Assembled(u32, Vec<u8>),
}

/// The client's side of one connection. Methods append what is to be written to `out`.
pub(crate) trait Transport {
    /// Starts on a connected socket. Returns whether sessions may start at once.
    fn start(&mut self, out: &mut Vec<u8>) -> bool;

    /// Opens a stream for one session. Transports without streams have one, 0.
    fn open(&mut self, _out: &mut Vec<u8>) -> u32 {
        0
    }

    /// Reads the next item of `input` from `at` on, and advances `at` past it. To be called until it returns
    /// [`Received::Incomplete`].
    fn next(&mut self, input: &[u8], at: &mut usize, out: &mut Vec<u8>) -> Result<Received, ConnectionError>;

    /// Sends one message.
    fn send(&mut self, stream: u32, message: &[u8], out: &mut Vec<u8>);
}
