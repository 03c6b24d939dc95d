//! How messages travel on a socket, written by hand so that the generator costs less than what it measures.

mod http2;
mod tcp;
mod websocket;

use std::ops::Range;

pub(crate) use http2::Http2;
pub(crate) use tcp::Tcp;
pub(crate) use websocket::WebSocket;

/// The peer does not keep to the protocol, or ended it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Broken(pub(crate) String);

impl Broken {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

/// What came in.
#[derive(Debug)]
pub(crate) enum Arrived {
    /// Nothing whole: more bytes are needed.
    Nothing,
    /// The connection is open: sessions may begin.
    Up,
    /// A message, still where it was read.
    Whole(u32, Range<usize>),
    /// A message put together from pieces.
    Pieced(u32, Vec<u8>),
}

/// A client's side of one connection. All it wants to write it appends to `out`.
pub(crate) trait Transport {
    /// The socket is connected. `true` when sessions may begin at once.
    fn start(&mut self, out: &mut Vec<u8>) -> bool;

    /// Opens a stream for one session. Transports without streams have one, 0.
    fn open(&mut self, _out: &mut Vec<u8>) -> u32 {
        0
    }

    /// The next thing in `input` from `at` on, which is moved behind it. To be called until there is [`Arrived::Nothing`].
    fn next(&mut self, input: &[u8], at: &mut usize, out: &mut Vec<u8>) -> Result<Arrived, Broken>;

    /// Sends one message.
    fn send(&mut self, stream: u32, message: &[u8], out: &mut Vec<u8>);
}
