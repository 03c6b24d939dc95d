//! The frames of RFC 6455, section 5, as a server reads and writes them: bytes in, messages out. No socket and no clock.
//!
//! By hand rather than by a library, because thousands of sockets share a processor's cache: an idle one holds no buffer,
//! and a message is unmasked and handed out where it was read.

#[cfg(any(feature = "fuzzing", test))]
pub mod fuzzing;
mod head;
mod mask;
mod reader;
#[cfg(test)]
mod tests;
mod text;

use bytes::Bytes;

pub(super) use head::{Opcode, put_frame, put_head};
pub(super) use reader::Reader;
pub use text::Text;

/// What a client sent, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Text(Text),
    Binary(Bytes),
    Ping(Bytes),
    Pong(Bytes),
    /// Its payload: nothing, or a code that may be sent and a reason in UTF-8. Nothing may follow.
    Close(Bytes),
}

/// How a client breaks RFC 6455, or our limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A message, or the length a frame announces, is over the limit.
    TooLong,
    /// A text message, or the reason of a close, is not UTF-8.
    NotUtf8,
    /// Anything else: a reserved bit, a missing mask, a wrong fragment.
    Protocol,
}
