//! WebSocket (RFC 6455), over HTTP/1.1 and over HTTP/2 (RFC 8441).
//!
//! [`WebSocketUpgrade`] turns a request into a [`Socket`]. [`Socket::pump`] writes the messages of a [`MessageSource`],
//! which reads the socket's [`MessageStream`] itself. Framing, size limits, pings, slow readers and the closing
//! handshake are handled here, for every protocol that runs over WebSocket.

mod close;
mod config;
mod frames;
mod handshake;
mod keepalive;
mod pump;
mod socket;
mod stream;
mod writer;

pub use close::CloseReason;
pub use config::SocketConfig;
#[cfg(any(feature = "fuzzing", test))]
pub use frames::fuzzing;
pub use frames::{Text, Violation};
pub use handshake::WebSocketUpgrade;
pub use pump::MessageSource;
pub use socket::{MessageStream, Received, Socket};
pub use writer::{FrameWriter, LongMessage};
