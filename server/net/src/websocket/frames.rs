//! Reads and writes the frames of RFC 6455, section 5, on the server's side: bytes in, messages out, without I/O.
//!
//! Implemented here rather than with a library to save memory and copies: an idle socket holds no buffer, and a message
//! is unmasked in the read buffer.

#[cfg(any(feature = "fuzzing", test))]
pub mod fuzzing;
mod head;
mod mask;
mod message;
mod reader;
#[cfg(test)]
mod tests;
mod text;
mod violation;

pub(super) use head::{Opcode, put_frame, put_head};
pub(super) use message::Message;
pub(super) use reader::Reader;
pub use text::Text;
pub use violation::Violation;
